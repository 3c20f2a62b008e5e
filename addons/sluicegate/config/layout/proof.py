"""The proof that a change of layout changes nothing else."""

from __future__ import annotations

from itertools import zip_longest

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..diagnostics import START, Findings, Mark
from ..documents import mark_of, read_document
from .tokens import Part, parts
from .writer import layout


def first_change(old: str, before: Node | None, new: str) -> Mark | None:
    """Return where a new layout of a text would do harm, or None: it is safe to write.

    It must be read as the same document (`before` is the old text's), hold the same tokens and comments in the same
    order, and be its own layout. Raises StrayTextError.
    """
    findings = Findings("")
    after = read_document(new.encode(), findings)
    return (
        next((Mark(problem.line, 1) for problem in findings.found), None)
        or first_difference(before, after)
        or _first_part_that_differs(old, new)
        or _first_line_that_moves(new)
    )


def first_difference(one: Node | None, other: Node | None) -> Mark | None:
    """Return where two documents first differ in keys, values, styles or in what their aliases share, or None."""
    paired: dict[int, int] = {}
    paired_back: dict[int, int] = {}
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if left is None or right is None:
            if left is not right:
                return START
            continue
        known, known_back = paired.get(id(left)), paired_back.get(id(right))
        if known is not None or known_back is not None:
            if (known, known_back) != (id(right), id(left)):
                return mark_of(left)
            continue
        paired[id(left)], paired_back[id(right)] = id(right), id(left)
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
