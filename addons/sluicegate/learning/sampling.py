"""Of which exchanges the messages are told to the learner: so many at first, then few, and of each endpoint some."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

RESERVE: Final = 2_000
"""Exchanges that may be told whole in a row."""
PER_SECOND: Final = 50.0
"""Exchanges that are told whole, on average, once the reserve is used up."""
PER_GROUP: Final = 200
"""Of one group, before it has to let others go first."""
PAUSE: Final = 0.5
"""Seconds between two of one group from then on."""
MOST_GROUPS: Final = 4_096
"""Groups that are told apart, at most; then all begin anew."""


class Sampling:
    """Chooses exchanges; a group is what may be one endpoint."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(RESERVE)
        self._at = clock()
        self._groups: dict[str, list[float]] = {}

    def wants(self, group: str, now: float | None = None) -> bool:
        """Whether an exchange of this group is to be told whole; `now` is the clock's time, where it is at hand."""
        if now is None:
            now = self._clock()
        known = self._groups.get(group)
        if known is None:
            if len(self._groups) >= MOST_GROUPS:
                self._groups.clear()
            known = self._groups[group] = [0.0, now]
        elif known[0] >= PER_GROUP and now - known[1] < PAUSE:
            return False
        self._left = min(self._left + (now - self._at) * PER_SECOND, RESERVE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        known[0] += 1
        known[1] = now
        return True
