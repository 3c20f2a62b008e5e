"""When a process that has died is started again."""

from __future__ import annotations

from typing import Final

FIRST: Final = 0.1
"""Seconds before the next start of a process that died young."""
LONGEST: Final = 10.0
"""Seconds before the next start, at most; a process that lived as long did not die young."""


class BackOff:
    """Waits twice as long after each young death in a row; whatever lived a while is started again at once."""

    def __init__(self) -> None:
        self._next = FIRST

    def after(self, lived: float) -> float:
        """Return the seconds to wait after a process lived for `lived` seconds.

        Dying young again and again gives 0.1, 0.2, 0.4 … 10; living 10 seconds or longer gives 0, and starts anew.
        """
        if lived >= LONGEST:
            self._next = FIRST
            return 0.0
        delay, self._next = self._next, min(2 * self._next, LONGEST)
        return delay
