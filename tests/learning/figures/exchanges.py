"""Exchanges for tests of figures, at times that are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from sluicegate.learning.figures.figures import Figures
from sluicegate.learning.observation import Observation

START = 1_700_000_000.0 - 1_700_000_000 % 86_400
"""A midnight (UTC) in the past."""
HOUR = 3600.0
DAY = 86_400.0


def session(name: object) -> str:
    """A session's hash, as sessions are named."""
    return blake2b(str(name).encode(), digest_size=8).hexdigest()


def exchange(
    at: float = START,
    *,
    status: int | None = 200,
    who: object = None,
    identifier: str = "header authorization",
    ms: float | None = None,
    size: int | None = None,
) -> Observation:
    return Observation(
        "GET",
        "hotel.test",
        "/hotels",
        status,
        at,
        session="" if who is None else session(who),
        identifier="" if who is None else identifier,
        origin_ms=ms,
        body_bytes=size,
    )


def figures(exchanges: Iterable[Observation]) -> Figures:
    found = Figures()
    for one in exchanges:
        found.observe(one)
    return found


def largest(times: Sequence[float], seconds: float) -> int:
    """The largest number of times within any window (t - seconds, t]."""
    return max((sum(end - seconds < one <= end for one in times) for end in times), default=0)
