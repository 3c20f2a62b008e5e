"""Which exchanges the learner is told of, and of which the messages, too: all at first, then as many as it can take.

Exchanges beyond that wait. Those of one endpoint, session and status are told as one that stands for all, so that
counts stay exact however many there are.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Iterator
from itertools import islice
from typing import Any, Final

HEADS: Final = 3_000
"""Exchanges that may be told one by one in a row."""
HEADS_PER_SECOND: Final = 100.0
"""Exchanges that are told, on average, once that many were."""
MOST_HELD: Final = 20_000
"""Different exchanges that wait, at most; what comes then is dropped."""
MOST_HELD_BYTES: Final = 16 << 20
"""Bytes of their records, at most."""
WHOLE: Final = 2_000
"""Exchanges that may be told whole in a row."""
WHOLE_PER_SECOND: Final = 10.0
"""Exchanges that are told whole, on average, once that many were."""
PER_GROUP: Final = 200
"""Of one group, before it has to let others go first."""
PAUSE: Final = 0.5
"""Seconds between two of one group from then on."""
MOST_GROUP: Final = 256
"""Characters of a group's name, without its digest."""
MOST_GROUPS: Final = 4_096
"""Groups that are told apart, at most; then all begin anew."""


# Goes over each segment once: clients choose the path, and this is done beside their requests.
_VALUE: Final = re.compile(r"/[^/0-9%@]*+[0-9%@][^/]*")


def group_of(method: str, host: str, path: str) -> str:
    """What may be one endpoint: a path without the segments that are values by their look; a long one as a digest."""
    group = f"{method} {host}{_VALUE.sub('/*', path)}"
    return group if len(group) <= MOST_GROUP else f"{group[:MOST_GROUP]} {hash(group)}"


class Held:
    """Exchanges that wait for their turn, by what makes them alike, with how many each stands for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(HEADS)
        self._at = clock()
        self._waiting: dict[Hashable, list[Any]] = {}
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def goes(self) -> bool:
        """Whether one more exchange can be told as it is."""
        if self._waiting or self._turns() < 1:
            return False
        self._left -= 1
        return True

    def again(self, key: Hashable) -> bool:
        """Count one more of a kind that waits; False where none does."""
        found = self._waiting.get(key)
        if found is None:
            return False
        found[0] += 1
        return True

    def hold(self, key: Hashable, record: Any, size: int = 0) -> bool:
        """Let the first of a kind wait, a record of so many bytes; False where too many do."""
        if len(self._waiting) >= MOST_HELD or self._bytes + size > MOST_HELD_BYTES:
            return False
        self._waiting[key] = [1, record, size]
        self._bytes += size
        return True

    def due(self, *, everything: bool = False) -> Iterator[tuple[int, Any]]:
        """Give those whose turn it is, those that wait longest first: how many each stands for, and its record."""
        turns = len(self._waiting) if everything else int(self._turns())
        for key in list(islice(self._waiting, max(0, turns))):
            self._left -= 1
            weight, record, size = self._waiting.pop(key)
            self._bytes -= size
            yield weight, record

    def _turns(self) -> float:
        now = self._clock()
        self._left = min(self._left + (now - self._at) * HEADS_PER_SECOND, HEADS)
        self._at = now
        return self._left


class Sampling:
    """Chooses exchanges; a group is what may be one endpoint."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(WHOLE)
        self._at = clock()
        self._groups: dict[str, list[float]] = {}

    def wants(self, group: str) -> bool:
        """Whether an exchange of this group is to be told whole."""
        now = self._clock()
        known = self._groups.get(group)
        if known is None:
            if len(self._groups) >= MOST_GROUPS:
                self._groups.clear()
            known = self._groups[group] = [0.0, now]
        elif known[0] >= PER_GROUP and now - known[1] < PAUSE:
            return False
        self._left = min(self._left + (now - self._at) * WHOLE_PER_SECOND, WHOLE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        known[0] += 1
        known[1] = now
        return True
