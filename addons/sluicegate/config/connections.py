"""`insecure` and `h2c` belong to an origin: all places agree, since connections are shared by address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..endpoints.table import Place
from ..endpoints.targets import Connection, Origin
from .diagnostics import Findings
from .values import Flag

_SCHEMES = {"insecure": "https", "h2c": "http"}
_REASONS = {
    "insecure": "there is no certificate to accept",
    "h2c": "over TLS, HTTP/2 is agreed on without it",
}


class Stated(NamedTuple):
    """What one place says about the connections to an origin; `kind` is `insecure` or `h2c`."""

    origin: Origin
    kind: str
    flag: Flag


def agree(stated: Iterable[tuple[Stated, Findings]]) -> dict[Origin, Connection]:
    """Return the connection of each origin that something is stated about.

    Statements come with the findings of their file, in the order of files and lines. One that contradicts an
    earlier one, or that its scheme has no use for, becomes a finding.
    """
    first: dict[tuple[Origin, str], tuple[bool, Place]] = {}
    for (origin, kind, flag), findings in stated:
        if flag.value and origin.scheme != _SCHEMES[kind]:
            findings.error(
                flag.mark,
                f"{kind}-scheme",
                f"'{kind}: true' is for {_SCHEMES[kind]}, and {origin} is {origin.scheme}: {_REASONS[kind]}",
            )
            continue
        place = Place(findings.file, flag.mark.line, flag.mark.column)
        value, where = first.setdefault((origin, kind), (flag.value, place))
        if value != flag.value:
            findings.error(
                flag.mark,
                f"{kind}-disagrees",
                f"'{kind}' of {origin} is {_shown(flag.value)} here and {_shown(value)} at {where}: "
                "an origin has one value",
            )
    connections: dict[Origin, Connection] = {}
    for origin in dict.fromkeys(origin for origin, _ in first):
        insecure = first.get((origin, "insecure"), (False, None))[0]
        h2c = first.get((origin, "h2c"), (False, None))[0]
        connections[origin] = Connection(insecure, h2c)
    return connections


def _shown(value: bool) -> str:
    return "true" if value else "false"
