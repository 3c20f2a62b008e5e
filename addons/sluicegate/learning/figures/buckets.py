"""What an endpoint did in one span of time, such as an hour."""

from __future__ import annotations

import json
import zlib
from typing import Any, Final

from .distinct import Distinct
from .spreads import Spread

MOST_IDENTIFIERS: Final = 16
"""Identifiers of sessions that are told apart, at most: ten can be configured; further ones count as OTHER."""
OTHER: Final = "other"
_LARGEST: Final = 1 << 20
"""Bytes of a packed bucket when it is unpacked, at most: a full one has a tenth of that."""


class Bucket:
    """Counts, spreads and sessions of one span.

    `statuses`: requests by the first digit of the answer's status, 0 for none. `named`: requests that named a session.
    `successes`: requests answered with 2xx, by what identified their session, '' for those without one.
    """

    __slots__ = ("latency", "named", "sessions", "size", "statuses", "successes")

    def __init__(self) -> None:
        self.statuses = [0, 0, 0, 0, 0, 0]
        self.named = 0
        self.successes: dict[str, int] = {}
        self.latency = Spread()
        self.size = Spread()
        self.sessions = Distinct()

    def succeed(self, identifier: str, count: int = 1) -> None:
        """Count answers with 2xx to requests whose session an identifier named."""
        if identifier not in self.successes and identifier and len(self.successes) >= MOST_IDENTIFIERS:
            identifier = OTHER
        self.successes[identifier] = self.successes.get(identifier, 0) + count

    def merge(self, other: Bucket) -> None:
        """Add what another has counted."""
        self.statuses = [one + more for one, more in zip(self.statuses, other.statuses, strict=True)]
        self.named += other.named
        for identifier, count in other.successes.items():
            self.succeed(identifier, count)
        self.latency.merge(other.latency)
        self.size.merge(other.size)
        self.sessions.merge(other.sessions)

    def packed(self) -> bytes:
        """In few bytes."""
        members = [
            self.statuses,
            self.named,
            self.successes,
            self.latency.members(),
            self.size.members(),
            self.sessions.members(),
        ]
        return zlib.compress(json.dumps(members, separators=(",", ":")).encode("ascii"), 1)

    @classmethod
    def unpacked(cls, data: bytes) -> Bucket:
        """From what `packed` gave. Raises ValueError."""
        found = cls()
        reader = zlib.decompressobj()
        try:
            statuses, named, successes, latency, size, sessions = json.loads(reader.decompress(data, _LARGEST))
        except (zlib.error, TypeError, ValueError, RecursionError):
            raise ValueError("a span of time cannot be read") from None
        _check(statuses, named, successes)
        found.statuses, found.named, found.successes = statuses, named, successes
        found.latency, found.size = Spread.from_members(latency), Spread.from_members(size)
        found.sessions = Distinct.from_members(sessions)
        return found


def _check(statuses: Any, named: Any, successes: Any) -> None:
    if not isinstance(statuses, list) or len(statuses) != 6 or not isinstance(successes, dict):
        raise ValueError("no counts of requests")
    if not all(type(one) is int and one >= 0 for one in (*statuses, named, *successes.values())):
        raise ValueError("a count of requests is no number")
