"""The proof that a text with endpoints added says what it said before, and these endpoints."""

from __future__ import annotations

from collections.abc import Sequence

from yaml.nodes import MappingNode, Node, ScalarNode

from ..diagnostics import Findings
from ..documents import is_null, read_document
from ..layout.proof import first_difference
from ..layout.tokens import parts
from .places import TABLE, EditError

_CHANGED = "adding to this file would change what it says: add the endpoint by hand"


def prove(old: str, before: Node | None, new: str, added: Sequence[tuple[str, str, str]]) -> None:
    """Check a new text: the same document with these endpoints (key, target, comment), and the same comments in order.

    `before` is the old text's document. Raises EditError, StrayTextError.
    """
    findings = Findings("")
    after = read_document(new.encode(), findings)
    if findings.found or not isinstance(after, MappingNode):
        raise EditError(findings.found[0].message if findings.found else _CHANGED)
    table = _value(after, TABLE)
    if not isinstance(table, MappingNode):
        raise EditError(_CHANGED)
    _take_out(table, [(key, target) for key, target, _ in added])
    old_table = _value(before, TABLE) if isinstance(before, MappingNode) else None
    if not table.value:
        after.value = [
            (key, value if value is not table else old_table)
            for key, value in after.value
            if value is not table or old_table is not None
        ]
    if before is None or is_null(before):
        if after.value:
            raise EditError(_CHANGED)
    elif (differs := first_difference(before, after)) is not None:
        raise EditError(_CHANGED, differs.line)
    _check_comments(_comments(old), _comments(new), [f"# {comment}" for *_, comment in added if comment])


def _value(root: MappingNode, name: str) -> Node | None:
    for key, value in root.value:
        if isinstance(key, ScalarNode) and key.value == name:
            found: Node = value
            return found
    return None


def _take_out(table: MappingNode, added: Sequence[tuple[str, str]]) -> None:
    """Take the new entries out of the table that was read. Raises EditError where one is there twice or not at all."""
    wanted = dict(added)
    kept, taken = [], 0
    for key, value in table.value:
        target = wanted.get(key.value) if isinstance(key, ScalarNode) else None
        if target is None:
            kept.append((key, value))
            continue
        taken += 1
        if not isinstance(value, ScalarNode) or value.value != target:
            raise EditError(f"'{key.value}' stands in the file already")
    if taken != len(added) or len(wanted) != len(added):
        raise EditError(_CHANGED)
    table.value = kept


def _comments(text: str) -> list[str]:
    return [part.text for part in parts(text) if part.kind.endswith("comment")]


def _check_comments(old: Sequence[str], new: Sequence[str], added: Sequence[str]) -> None:
    left = list(added)
    at = 0
    for comment in new:
        if at < len(old) and comment == old[at]:
            at += 1
        elif comment in left:
            left.remove(comment)
        else:
            raise EditError(_CHANGED)
    if at < len(old) or left:
        raise EditError(_CHANGED)
