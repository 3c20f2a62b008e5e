"""Numbers as they were seen: all of them with their counts while they are few, then the outermost at both ends.

What is kept is a function of the values alone, not of their order: two parts merge into what the whole would be.
"""

from __future__ import annotations

import math
from typing import Any, Final

from .rows import mapping, rows, whole

KEPT: Final = 32
"""Different values that are kept with their counts, at most; one more, and only the outermost are."""
_MOMENTS: Final = 20
"""Values with a time before a trend is looked for."""
OUTER: Final = 8
"""Different values kept at each end."""
LARGEST: Final = 2**63
"""Numbers from here on are counted, and no bounds are stated any more: 64-bit numbers are below."""
_TREND: Final = 6
"""Moments of times and values: n, both means, the sums of squares about them, and that of their products."""


class Numbers:
    """What is known of the numbers at one place.

    `fractions`: those that are not whole. `huge`: those of LARGEST and beyond, which are not kept. `table`: values with
    counts, None once they are too many; then `low` and `high` hold the outermost. `secret`: credentials, of which
    nothing is kept but whether they are whole.
    """

    __slots__ = ("_high_edge", "_low_edge", "count", "fractions", "high", "huge", "low", "secret", "table", "trend")

    def __init__(self, *, secret: bool = False) -> None:
        self.secret = secret
        self.count = 0
        self.fractions = 0
        self.huge = 0
        self.table: dict[float, int] | None = {}
        self.low: dict[float, int] = {}
        self.high: dict[float, int] = {}
        self._low_edge = self._high_edge = 0.0
        self.trend: list[float] = []

    def add(self, value: float, times: int = 1, at: float = 0.0) -> None:
        """Count a number; `at` is when it was seen, in days, 0.0 for unknown."""
        self.count += times
        if not -LARGEST < value < LARGEST:  # also what is not a number
            self.huge += times
            return
        if type(value) is float and not value.is_integer():
            self.fractions += times
        if self.secret:
            return
        table = self.table
        if table is not None:
            if value in table:
                table[value] += times
            else:
                table[value] = times
                if len(table) > KEPT:
                    self._fold()
        elif value <= self._low_edge or value >= self._high_edge:
            self._outer(value, times)
        if at:
            self._note_time(value, times, at)

    def merge(self, other: Numbers) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        self.fractions += other.fractions
        self.huge += other.huge
        if self.secret or other.secret:
            self.hide()
            return
        self.trend = _joined(self.trend, other.trend)
        if self.table is not None and other.table is not None:
            for value, times in other.table.items():
                self.table[value] = self.table.get(value, 0) + times
            if len(self.table) > KEPT:
                self._fold()
            return
        if self.table is not None:
            self._fold()
        if other.table is not None:
            other_low = other_high = other.table
        else:
            other_low, other_high = other.low, other.high
        self.low = _outermost(_sum(self.low, other_low), highest=False)
        self.high = _outermost(_sum(self.high, other_high), highest=True)
        self._edges()

    def hide(self) -> None:
        """Forget the values: these are credentials."""
        self.secret = True
        self.table, self.low, self.high, self.trend = {}, {}, {}, []

    def from_below(self) -> list[tuple[float, int]]:
        """The lowest values with their counts, rising."""
        return sorted((self.low if self.table is None else self.table).items())[:OUTER]

    def from_above(self) -> list[tuple[float, int]]:
        """The highest values with their counts, falling."""
        return sorted((self.high if self.table is None else self.table).items(), reverse=True)[:OUTER]

    def drift(self) -> float:
        """How many standard errors the correlation of value and time is from none: ids that are handed out grow."""
        if not self.trend:
            return 0.0
        n, _, _, tt, xx, tx = self.trend
        if n < _MOMENTS or tt <= 0 or xx <= 0:
            return 0.0
        found = tx / math.sqrt(tt) / math.sqrt(xx) * math.sqrt(n)
        return found if math.isfinite(found) else 0.0

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        made: dict[str, Any] = {"n": self.count}
        if self.fractions:
            made["fractions"] = self.fractions
        if self.huge:
            made["huge"] = self.huge
        if self.trend:
            made["trend"] = self.trend
        if self.table is not None:
            made["table"] = [list(row) for row in self.table.items()]
        else:
            made["low"] = [list(row) for row in self.low.items()]
            made["high"] = [list(row) for row in self.high.items()]
        return made

    @classmethod
    def from_members(cls, data: Any, *, secret: bool = False) -> Numbers:
        """What `members` made. Raises ValueError."""
        found, made = mapping(data), cls(secret=secret)
        made.count = whole(found.get("n"))
        made.fractions = whole(found.get("fractions", 0))
        made.huge = whole(found.get("huge", 0))
        if secret:
            return made
        trend = found.get("trend", [])
        if not isinstance(trend, list) or len(trend) not in (0, _TREND):
            raise ValueError("a trend has six moments")
        made.trend = [_number(each) for each in trend]
        if "table" in found:
            made.table = _counts(found["table"], KEPT)
        else:
            made.table = None
            made.low = _counts(found.get("low"), OUTER)
            made.high = _counts(found.get("high"), OUTER)
            if not made.low or not made.high:
                raise ValueError("numbers without any")
            made._edges()
        return made

    def _fold(self) -> None:
        table, self.table = self.table or {}, None
        self.low = _outermost(table, highest=False)
        self.high = _outermost(table, highest=True)
        self._edges()

    def _edges(self) -> None:
        # An end with free places takes any value.
        self._low_edge = max(self.low) if len(self.low) >= OUTER else math.inf
        self._high_edge = min(self.high) if len(self.high) >= OUTER else -math.inf

    def _outer(self, value: float, times: int) -> None:
        if value <= self._low_edge:
            self.low = _outermost(_sum(self.low, {value: times}), highest=False)
        if value >= self._high_edge:
            self.high = _outermost(_sum(self.high, {value: times}), highest=True)
        self._edges()

    def _note_time(self, value: float, times: int, at: float) -> None:
        self.trend = _joined(self.trend, [float(times), at, float(value), 0.0, 0.0, 0.0])


def _joined(one: list[float], two: list[float]) -> list[float]:
    """The moments of two parts together (Chan, Golub and LeVeque 1979): precise also for times that are all alike."""
    if not one or not two:
        return list(one or two)
    n1, t1, x1, tt1, xx1, tx1 = one
    n2, t2, x2, tt2, xx2, tx2 = two
    n = n1 + n2
    dt, dx, share = t2 - t1, x2 - x1, n1 * n2 / n
    return [
        n,
        t1 + dt * n2 / n,
        x1 + dx * n2 / n,
        tt1 + tt2 + dt * dt * share,
        xx1 + xx2 + dx * dx * share,
        tx1 + tx2 + dt * dx * share,
    ]


def _sum(one: dict[float, int], two: dict[float, int]) -> dict[float, int]:
    made = dict(one)
    for value, times in two.items():
        made[value] = made.get(value, 0) + times
    return made


def _outermost(values: dict[float, int], *, highest: bool) -> dict[float, int]:
    return dict(sorted(values.items(), reverse=highest)[:OUTER])


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"a number is expected, not {str(value)[:40]!r}")
    found: float = value
    return found


def _counts(value: Any, most: int) -> dict[float, int]:
    found = {_number(number): whole(times) for number, times in rows(value, 2)}
    if len(found) > most:
        raise ValueError(f"at most {most} values are kept")
    return found
