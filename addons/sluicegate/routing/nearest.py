"""The endpoints that a request nearly matched, the first thing in which each differs, and what would match.

What comes nearest is our choice: the fewest segments and methods to change.
"""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from ..endpoints.table import Endpoint, HostTable, Table
from ..endpoints.templates import Segment
from .explain import shown

MOST_COMPARED = 20_000
"""Endpoints looked at for one request, at most: about 10 ms."""


class Near(NamedTuple):
    """An endpoint and the first thing in which the request differs from it."""

    endpoint: Endpoint
    difference: str


def nearest(table: Table, method: str, host: str, path: str, count: int = 3) -> list[Near]:
    """Return the endpoints of a host that need the fewest changes to a request, nearest first."""
    return _nearest(table.serving(host), method, path, count)


def nearest_of_any_host(table: Table, method: str, host: str, path: str, count: int = 3) -> list[Near]:
    """Return the endpoints of the hosts most like one that no endpoint serves, nearest first."""
    known = {served.pattern.text: served for served in table.hosts}
    like = difflib.get_close_matches(host, known, n=3, cutoff=0.6) or list(known)
    return [
        Near(near.endpoint, f"the host is '{host}', not '{near.endpoint.host.text}'")
        for near in _nearest([known[text] for text in like], method, path, count)
    ]


def near_misses(table: Table, method: str, host: str, path: str, count: int) -> list[Near]:
    """Return the endpoints of a host that fit a request but for one thing, its method or one segment."""
    segments = path.split("/")[1:]
    found: list[Near] = []
    for near in nearest(table, method, host, path, 2 * count):
        changes = _distance(near.endpoint, segments) // 2 + (near.endpoint.method != method)
        if changes == 1:
            found.append(near)
    return found[:count]


def _nearest(hosts: Iterable[HostTable], method: str, path: str, count: int) -> list[Near]:
    segments = path.split("/")[1:]
    endpoints = (endpoint for served in hosts for endpoint in served.endpoints)
    count_of_segments = len(segments)

    def changes(endpoint: Endpoint) -> tuple[int, bool, bool]:
        is_as_long = len(endpoint.path.parts) == count_of_segments
        return _distance(endpoint, segments), endpoint.method != method, not is_as_long

    best = heapq.nsmallest(count, islice(endpoints, MOST_COMPARED), key=changes)
    return [Near(endpoint, difference(endpoint, method, segments)) for endpoint in best]


def _distance(endpoint: Endpoint, segments: list[str]) -> int:
    """Twice the number of segments to change; one too many or too few may stand at the beginning or at the end."""
    own = endpoint.path.segments
    equal = sum(map(Segment.fits, own, segments))
    if len(own) != len(segments):
        equal = max(equal, sum(map(Segment.fits, own[::-1], segments[::-1])))
    return 2 * max(len(own), len(segments)) - 2 * equal


def difference(endpoint: Endpoint, method: str, segments: Iterable[str]) -> str:
    """Say the first thing in which a request (path in segments, without the leading empty one) differs."""
    own = endpoint.path.segments
    asked = list(segments)
    for number, (segment, text) in enumerate(zip(own, asked, strict=False), 1):
        if not segment.fits(text):
            expected = shown(segment)
            return f"segment {number} is '{text}', not '{expected}'"
    if len(own) != len(asked):
        return f"the path has {len(asked)} segments, not {len(own)}"
    return f"the method is {method}, not {endpoint.method}"


def mended(endpoint: Endpoint, path: str) -> str:
    """Return the path nearest to a request's that is one of an endpoint's: what fits stays where it stands."""
    own = endpoint.path.segments
    asked = path.split("/")[1:]
    # Fewest changes from the first i segments of the template and the first j of the path, and how they are made.
    best: list[list[tuple[int, tuple[str, ...]]]] = [[(j, ()) for j in range(len(asked) + 1)]]
    for i, segment in enumerate(own, 1):
        row = [(i, (*best[i - 1][0][1], _filled(segment)))]
        for j, text in enumerate(asked, 1):
            fits = segment.fits(text)
            cost, made = best[i - 1][j - 1]
            ways = [
                (row[j - 1][0] + 1, row[j - 1][1]),  # of equally short ways, the one that keeps what stands first
                (cost + (not fits), (*made, text if fits else _filled(segment))),
                (best[i - 1][j][0] + 1, (*best[i - 1][j][1], _filled(segment))),
            ]
            row.append(min(ways, key=lambda way: way[0]))
        best.append(row)
    return "/" + "/".join(best[-1][-1][1])


def _filled(segment: Segment) -> str:
    """A text that fits a segment: its variable is filled with the variable's own name."""
    return f"{segment.prefix}{segment.variable or ''}{segment.suffix}"
