"""The time that a whole run may take."""

from __future__ import annotations

import time

WHOLE = 470.0
"""Seconds of a full run: under eight minutes with what comes before and after."""


class Clock:
    """What is left of a run's time; a run whose length the user chose has no limit."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def has(self, seconds: float) -> bool:
        """Whether so many seconds are left."""
        return self._end is None or time.monotonic() + seconds <= self._end
