"""How values spread, milliseconds or bytes: a DDSketch, whose percentiles are within 1 % of the value."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import Any, Final

from ddsketch.ddsketch import BaseDDSketch
from ddsketch.mapping import LogarithmicMapping
from ddsketch.store import CollapsingLowestDenseStore

ACCURACY: Final = 0.01
"""Error of a percentile, relative to the value (DDSketch, VLDB 2019); the mean is exact."""
LEAST: Final = 1e-3
"""Values below count as 0."""
MOST: Final = 1e12
"""Values above are nonsense and not counted: 31 years in milliseconds, a terabyte."""
_BINS: Final = 1792
"""More than LEAST to MOST take at that accuracy (1,727): bins never collapse, so that merging is exact."""
_MAPPING: Final = LogarithmicMapping(ACCURACY)
_PER_KEY: Final = 1 / log(_MAPPING.gamma)
_LOWEST, _HIGHEST = ceil(log(LEAST) * _PER_KEY), ceil(log(MOST) * _PER_KEY)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What values were like: how many, their exact mean, and percentiles."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float


class Spread:
    """Takes in values in constant memory; merging gives the same as taking in all."""

    __slots__ = ("_store", "_zeros", "total")

    def __init__(self) -> None:
        self._store = CollapsingLowestDenseStore(_BINS)
        self._zeros = 0
        self.total = 0.0

    @property
    def count(self) -> int:
        """How many values were taken in."""
        return self._zeros + int(self._store.count)

    def add(self, value: float, times: int = 1) -> None:
        """Take in a value, once or several times; what is negative, no number or beyond MOST is not counted."""
        if LEAST <= value <= MOST:
            key = ceil(log(value) * _PER_KEY)  # as the mapping does, in a third of its time; so with the store's `add`
            store = self._store
            if store.min_key <= key <= store.max_key:
                store.bins[key - store.offset] += times
                store.count += times
            else:
                store.add(key, times)
            self.total += value * times
        elif 0.0 <= value < LEAST:
            self._zeros += times
            self.total += value * times

    def merge(self, other: Spread) -> None:
        """Add what another has taken in."""
        self._store.merge(other._store)
        self._zeros += other._zeros
        self.total += other.total

    def distribution(self) -> Distribution | None:
        """What the values were like; None without any."""
        if not self.count:
            return None
        sketch = BaseDDSketch(_MAPPING, self._store, CollapsingLowestDenseStore(_BINS), self._zeros)
        p50, p90, p95, p99 = (float(sketch.get_quantile_value(q) or 0.0) for q in (0.5, 0.9, 0.95, 0.99))
        return Distribution(self.count, self.total / self.count, p50, p90, p95, p99)

    def members(self) -> list[Any]:
        """As JSON: zeros, total, the first bin's key, and how many values each bin has."""
        store = self._store
        if not store.count:
            return [self._zeros, self.total, 0, []]
        first = store.min_key - store.offset
        bins = store.bins[first : store.max_key - store.offset + 1]
        return [self._zeros, self.total, store.min_key, list(map(int, bins))]

    @classmethod
    def from_members(cls, members: Any) -> Spread:
        """From JSON. Raises ValueError."""
        found = cls()
        try:
            zeros, total, first, bins = members
            if not _counts([zeros, *bins]) or not isinstance(first, int) or not 0 <= total < float("inf"):
                raise ValueError
            if bins and not _LOWEST <= first <= first + len(bins) - 1 <= _HIGHEST:
                raise ValueError
        except (TypeError, ValueError):
            raise ValueError("no spread of values") from None
        found._zeros, found.total = zeros, float(total)
        if bins:
            store = found._store  # as its own `copy` fills it
            store.bins, store.offset, store.count = bins, first, sum(bins)
            store.min_key, store.max_key = first, first + len(bins) - 1
        return found


def _counts(values: list[Any]) -> bool:
    """Whether all are whole numbers of things."""
    return set(map(type, values)) == {int} and min(values) >= 0 and max(values) < 1 << 53
