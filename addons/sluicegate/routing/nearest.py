"""The endpoints that a request nearly matched, and the first thing in which each differs."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from ..endpoints.table import Endpoint, Table
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
    segments = path.split("/")[1:]
    endpoints = (endpoint for served in table.serving(host) for endpoint in served.endpoints)
    best = heapq.nsmallest(
        count,
        islice(endpoints, MOST_COMPARED),
        key=lambda endpoint: (_distance(endpoint, segments), endpoint.method != method),
    )
    return [Near(endpoint, difference(endpoint, method, segments)) for endpoint in best]


def _distance(endpoint: Endpoint, segments: list[str]) -> int:
    own = endpoint.path.segments
    equal = sum(map(Segment.fits, own, segments))
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
