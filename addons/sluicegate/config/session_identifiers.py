"""`session_identifiers`: what names a session, in a route file for its endpoints, in the gateway's file for all."""

from __future__ import annotations

from collections.abc import Mapping

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..sessions.identifiers import (
    AUTHORIZATION,
    KINDS,
    MOST_IDENTIFIERS,
    Identifier,
    IdentifierError,
    Kind,
    Source,
    read_source,
)
from . import values
from .diagnostics import Findings, excerpt
from .documents import Entry, is_null, kind_of, mark_of

IDENTIFIER_KEYS = (*KINDS, "from")
_CODE = "session-identifier"
_EXAMPLES = {"header": "Authorization", "cookie": "session", "jwt": "$.sub", "body": "/user/id"}


def read_identifiers(node: Node, what: str, findings: Findings) -> tuple[Identifier, ...] | None:
    """Return the identifiers in their order; None where nothing is said. An empty list says that there are none."""
    if is_null(node):
        return None
    if not isinstance(node, SequenceNode):
        findings.error(
            mark_of(node), "wrong-type", f"{what} is a list of entries like '- header: X-Api-Key', not {kind_of(node)}"
        )
        return None
    if len(node.value) > MOST_IDENTIFIERS:
        findings.error(
            mark_of(node.value[MOST_IDENTIFIERS]),
            _CODE,
            f"{what} has {len(node.value)} entries, and at most {MOST_IDENTIFIERS} are allowed: take out from here on",
        )
    lines: dict[Identifier, int] = {}
    for entry in node.value[:MOST_IDENTIFIERS]:
        identifier = _read_identifier(entry, findings)
        if identifier is None:
            continue
        mark = mark_of(entry)
        if identifier in lines:
            line = lines[identifier]
            findings.error(
                mark, "duplicate-identifier", f"'{identifier.text}' is in the list already, in line {line}: keep one"
            )
        lines.setdefault(identifier, mark.line)
    return tuple(lines)


def _read_identifier(node: Node, findings: Findings) -> Identifier | None:
    if isinstance(node, ScalarNode) and not is_null(node):
        findings.error(mark_of(node), _CODE, f"'{excerpt(node.value)}' does not say what it names: {_fix(node.value)}")
        return None
    if not isinstance(node, MappingNode):
        findings.error(mark_of(node), "wrong-type", f"a session identifier is one of {_forms()}, not {kind_of(node)}")
        return None
    before = len(findings.found)
    listed = values.mapping(node, "a session identifier", findings) or []
    found = values.known(listed, IDENTIFIER_KEYS, "a session identifier", findings)
    kinds = [kind for kind in KINDS if kind in found]
    if len(kinds) != 1:
        if kinds:
            findings.error(
                found[kinds[1]].key_mark, _CODE, f"'{kinds[0]}' and '{kinds[1]}' are two identifiers: two entries"
            )
        elif len(findings.found) == before:
            findings.error(mark_of(node), _CODE, f"a session identifier is one of {_forms()}")
        return None
    return _named(kinds[0], found, findings)


def _fix(text: str) -> str:
    """What an entry without a kind was probably meant to be."""
    kind, name = next(
        ((one, text[len(one) + 1 :]) for one in KINDS if text.startswith((f"{one} ", f"{one}:"))), ("", "")
    )
    if name:
        return f"write '{kind}: {excerpt(name.strip())}'"
    kind = "jwt" if text.startswith("$") else "body" if text.startswith("/") else "header"
    return f"write '{kind}: {excerpt(text)}'" + (" or 'cookie: …'" if kind == "header" else "")


def _forms() -> str:
    return ", ".join(f"'{kind}: {name}'" for kind, name in _EXAMPLES.items())


def _named(kind: Kind, found: Mapping[str, Entry], findings: Findings) -> Identifier | None:
    """The identifier of an entry with one kind. What YAML read as a number or the like is taken as it is written."""
    name = values.text(found[kind].node, f"'{kind}'", findings)
    source: Source | None = AUTHORIZATION
    if "from" in found:
        if kind != "jwt":
            findings.error(
                found["from"].key_mark, _CODE, f"'from' says where a token stands: it is for 'jwt', not for '{kind}'"
            )
            return None
        source = _source(found["from"].node, findings)
    if name is None or source is None:
        return None
    try:
        identifier = Identifier(kind, name.value, source)
    except IdentifierError as error:
        findings.error(name.mark.at(error.offset), _CODE, f"{kind} '{excerpt(name.value)}': {error}")
        return None
    if (identifier.kind, identifier.name) == ("header", "cookie"):
        findings.warn(
            name.mark,
            _CODE,
            "the header Cookie changes with every cookie in it: name one, like 'cookie: session'",
        )
    return identifier


def _source(node: Node, findings: Findings) -> Source | None:
    read = values.text(node, "'from'", findings)
    if read is None:
        return None
    kind, blank, name = read.value.partition(" ")
    if kind not in ("header", "cookie") or not blank:
        findings.error(read.mark, _CODE, f"'from' is 'header NAME' or 'cookie NAME', not '{excerpt(read.value)}'")
        return None
    try:
        return read_source(kind, name.strip())
    except IdentifierError as error:
        findings.error(read.mark.at(len(kind) + 1 + error.offset), _CODE, f"'from': {error}")
        return None
