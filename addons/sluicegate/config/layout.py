"""The canonical layout of route files, and the proof that a text means the same in it.

Indentation is two blanks a level, lists stand below their key; targets and comments stand in columns (`columns`);
at most one empty line in a row and none at the ends; LF; one line end at the end. Order, quotes, brackets and line
breaks stay the author's.
"""

from __future__ import annotations

import codecs
from itertools import zip_longest

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from . import rows as written
from .columns import align
from .diagnostics import START, Findings, Mark
from .documents import mark_of, read_document
from .tokens import Part, StrayTextError, parts

_BYTE_ORDER_MARK = "\ufeff"


def laid_out(content: bytes, findings: Findings) -> bytes | None:
    """Return a route file's content in canonical layout, or None: it is no YAML, and findings say why.

    What is returned was proven to hold the same keys and values, comments and anchors in the same order, and to stay
    as it is when it is laid out again. Where that fails, a finding `layout` names the line, and the file is to be left
    as it is.
    """
    before = read_document(content, findings)
    if findings.found:
        return None
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    try:
        new = layout(text)
        encoded = new.encode()
        if new == text:
            return encoded
        checked = Findings(findings.file)
        after = read_document(encoded, checked)
        changed = (
            (checked.found and Mark(checked.found[0].line, 1))
            or first_difference(before, after)
            or _first_part_that_differs(text, new)
            or _first_line_that_moves(new)
        )
    except StrayTextError as error:
        changed = Mark(text.count("\n", 0, error.index) + 1, 1)
    if changed:
        message = "the canonical layout would change what this line says: the file is left as it is"
        findings.error(changed, "layout", message)
        return None
    return encoded


def layout(text: str) -> str:
    """Return a text in canonical layout, unproven. `read_document` accepts it, and it has no byte order mark.

    Raises StrayTextError.
    """
    rows = written.rows(text)
    align(rows)
    return "".join(" " * row.indent + row.text + "\n" if row.text else "\n" for row in rows)


def first_difference(one: Node | None, other: Node | None) -> Mark | None:
    """Return where two documents first differ in keys, values, styles or in what their aliases share, or None."""
    paired: dict[int, int] = {}
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if left is None or right is None:
            if left is not right:
                return START
            continue
        known = paired.get(id(left))
        if known is not None:
            if known != id(right):
                return mark_of(left)
            continue
        paired[id(left)] = id(right)
        mine, its = _children(left), _children(right)
        if _own(left) != _own(right) or len(mine) != len(its):
            return mark_of(left)
        waiting.extend(reversed(list(zip(mine, its, strict=True))))
    return None


def _own(node: Node) -> tuple[object, ...]:
    """What a node says without its children."""
    if isinstance(node, ScalarNode):
        return node.tag, node.style, node.value
    return node.tag, type(node), node.flow_style if isinstance(node, MappingNode | SequenceNode) else None


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _first_part_that_differs(old: str, new: str) -> Mark | None:
    nothing = Part("", "", 1)
    for mine, its in zip_longest(parts(old), parts(new), fillvalue=nothing):
        if mine[:2] != its[:2]:
            return Mark(mine.line, 1)
    return None


def _first_line_that_moves(text: str) -> Mark | None:
    again = layout(text)
    if again == text:
        return None
    pairs = zip_longest(text.split("\n"), again.split("\n"))
    return next((Mark(number, 1) for number, (mine, its) in enumerate(pairs, 1) if mine != its), START)
