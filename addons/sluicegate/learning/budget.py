"""How much of the learner's time goes into messages: a reserve at first, then a share of one processor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SHARE: Final = 0.01
"""Of one processor, on average."""
RESERVE: Final = 1.0
"""Seconds of work that may be saved up: more than the first thousand exchanges need."""


class Budget:
    """Says whether there is time for the messages of one more exchange."""

    def __init__(
        self, share: float = SHARE, reserve: float = RESERVE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._share, self._reserve, self._clock = share, reserve, clock
        self._left = reserve
        self._at = clock()

    def allows(self) -> bool:
        """Whether there is time left."""
        now = self._clock()
        self._left = min(self._left + (now - self._at) * self._share, self._reserve)
        self._at = now
        return self._left > 0

    def spend(self, seconds: float) -> None:
        """Say how long it took."""
        self._left -= seconds
