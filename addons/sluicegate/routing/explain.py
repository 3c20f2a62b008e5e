"""Why a request matched the endpoint that it did: the variables it gave, and what lost to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from ..endpoints.table import Endpoint, Table
from ..endpoints.templates import Segment

MOST_LOSERS = 20


class Loser(NamedTuple):
    """An endpoint that fits a request, too, and why another one took it."""

    endpoint: Endpoint
    reason: str


def losers(table: Table, method: str, host: str, path: str) -> list[Loser]:
    """Return the endpoints that fit a request and lost, best first; the first that fits is the winner."""
    fitting = list(islice(table.matches(method, host, path), MOST_LOSERS + 1))
    return [Loser(endpoint, reason(fitting[0], endpoint)) for endpoint in fitting[1:]]


def reason(winner: Endpoint, loser: Endpoint) -> str:
    """Say in what the winner is the more specific of two endpoints that fit the same request."""
    if winner.host.labels != loser.host.labels:
        return f"host '{loser.host.text}' is less specific than '{winner.host.text}'"
    for number, (own, other) in enumerate(zip(winner.path.segments, loser.path.segments, strict=True), 1):
        if own.rank != other.rank:
            return f"segment {number}: '{shown(other)}' is less specific than '{shown(own)}'"
    return "defined later"


def shown(segment: Segment) -> str:
    """A segment as a route file has it."""
    return segment.prefix + (f"{{{segment.variable}}}" if segment.variable else "") + segment.suffix


def variables(endpoint: Endpoint, segments: Sequence[str], host: str) -> dict[str, str]:
    """Return what a request gave for each variable of its endpoint; `segments` is the path split at slashes."""
    found = {
        segment.variable: text[len(segment.prefix) : len(text) - len(segment.suffix)]
        for segment, text in zip(endpoint.path.segments, segments[1:], strict=False)
        if segment.variable
    }
    names = iter(endpoint.host.variables)
    for own, label in zip(endpoint.host.labels, host.split("."), strict=False):
        if own is None:
            found[next(names)] = label
    return found
