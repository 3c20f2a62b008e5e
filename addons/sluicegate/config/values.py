"""Typed values out of YAML nodes: what is not what was expected becomes a finding that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..endpoints.hosts import parse_authority
from .diagnostics import Findings, Mark, excerpt, suggest
from .documents import Entry, entries, is_null, kind_of, mark_of
from .durations import parse_duration

MAX_TIMEOUT = 3600.0
"""Seconds of a timeout, at most."""
IGNORED_PREFIX = "x-"
"""Keys that begin so are the author's own, such as a place for anchors."""

_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class Text(NamedTuple):
    """A text and its place."""

    value: str
    mark: Mark


class Flag(NamedTuple):
    """True or false, and the place that says so."""

    value: bool
    mark: Mark


def mapping(node: Node, what: str, findings: Findings) -> list[Entry] | None:
    """Return the entries of a node that must be a mapping, or None with a finding."""
    if isinstance(node, MappingNode):
        return entries(node, findings)
    findings.error(mark_of(node), "wrong-type", f"{what} is a mapping ('key: value' lines), not {kind_of(node)}")
    return None


def known(
    listed: Sequence[Entry],
    keys: Sequence[str],
    what: str,
    findings: Findings,
    elsewhere: Mapping[str, str] | None = None,
) -> dict[str, Entry]:
    """Return the entries with known keys by key; others become findings, except those that begin with `x-`.

    `elsewhere` says of keys that belong to another place which one it is.
    """
    kept: dict[str, Entry] = {}
    for entry in listed:
        if entry.key in keys:
            kept[entry.key] = entry
        elif elsewhere and entry.key in elsewhere:
            findings.error(entry.key_mark, "misplaced-key", f"'{entry.key}' is not for {what}: {elsewhere[entry.key]}")
        elif not entry.key.startswith(IGNORED_PREFIX):
            findings.error(
                entry.key_mark,
                "unknown-key",
                f"'{excerpt(entry.key)}' is not a key of {what}{suggest(entry.key, keys)}",
            )
    return kept


def text(node: Node, what: str, findings: Findings, *, environment: bool = False) -> Text | None:
    """Return a node's text, or None with a finding; `${…}` may stand in it where `environment` is true."""
    mark = mark_of(node)
    if not isinstance(node, ScalarNode) or is_null(node):
        findings.error(mark, "wrong-type", f"{what} is a text, not {kind_of(node)}{quotes_hint(node)}")
        return None
    value: str = node.value
    if not environment and "${" in value:
        findings.error(
            mark.at(value.index("${")),
            "environment-place",
            f"'{excerpt(value)}': '${{…}}' works in the URLs of 'services' only: define a service, use it here",
        )
        return None
    return Text(value, mark)


def texts(node: Node, what: str, findings: Findings) -> list[Text]:
    """Return the texts of a node that is one text or a list of texts; what is neither becomes a finding."""
    nodes = node.value if isinstance(node, SequenceNode) and not _is_bracketed(node) else [node]
    read = (text(part, what, findings) for part in nodes)
    return [part for part in read if part is not None]


def _is_bracketed(node: Node) -> bool:
    """Whether a node reads as a list only because a text begins with a bracket: `[::1]`."""
    return (
        isinstance(node, SequenceNode)
        and bool(node.flow_style)
        and len(node.value) == 1
        and isinstance(node.value[0], ScalarNode)
        and not node.value[0].style
        and node.value[0].value.count(":") > 1
    )


def quotes_hint(node: Node) -> str:
    """Return the hint that belongs to a text which YAML reads as something else for want of quotes, or ''."""
    if isinstance(node, SequenceNode) and _is_bracketed(node):
        return f': put it in quotes, "[{node.value[0].value}]"'
    if isinstance(node, MappingNode) and node.flow_style and len(node.value) == 1:
        key, value = node.value[0]
        if isinstance(key, ScalarNode) and is_null(value):
            return f': put it in quotes, "{{{key.value}}}"'
    return ""


def flag(node: Node, what: str, findings: Findings) -> Flag | None:
    """Return true or false, or None with a finding."""
    mark = mark_of(node)
    if isinstance(node, ScalarNode) and not node.style and node.value in _BOOLEANS:
        return Flag(_BOOLEANS[node.value], mark)
    findings.error(mark, "wrong-type", f"{what} is true or false, not {kind_of(node)}")
    return None


def seconds(node: Node, what: str, findings: Findings) -> float | None:
    """Return a timeout in seconds, or None with a finding: `500ms`, `5s`, `2m`, or a number of seconds."""
    mark = mark_of(node)
    value = parse_duration(node.value) if isinstance(node, ScalarNode) else None
    if value is None:
        findings.error(
            mark,
            "timeout",
            f"{what} is a time like '500ms', '5s', '2m' or a number of seconds, not {kind_of(node)}",
        )
        return None
    if not 0 < value <= MAX_TIMEOUT:
        findings.error(mark, "timeout", f"{what} is more than 0 and at most 1 hour, not {kind_of(node)}")
        return None
    return value


def host_header(node: Node, what: str, findings: Findings) -> str | None:
    """Return `target`, `source` or a literal authority, or None with a finding."""
    read = text(node, what, findings)
    if read is None:
        return None
    if read.value in ("target", "source") or parse_authority(read.value) is not None:
        return read.value
    findings.error(
        read.mark,
        "host-header",
        f"{what} is 'target', 'source' or a host like 'api.example.com:8080', not '{excerpt(read.value)}'",
    )
    return None


def optional[Value](
    found: Mapping[str, Entry],
    key: str,
    findings: Findings,
    read: Callable[[Node, str, Findings], Value | None],
) -> Value | None:
    """Return what `read` makes of the value under a key; None where the key is left out or the value wrong."""
    entry = found.get(key)
    return None if entry is None else read(entry.node, f"'{key}'", findings)
