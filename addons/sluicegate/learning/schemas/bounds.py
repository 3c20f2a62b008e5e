"""How far what was seen reaches: bounds that fresh values keep, and whether everything has been seen.

With n values seen, the chance that the next one exceeds all of them is about 1/n, however they are distributed. So a
bound lies beyond the outermost value, by as much as the outermost values lie apart: that is little where they fill a
range evenly, and much where they thin out. Where the outermost value itself came often, as the last of a row that
does not thin out, the bound is that value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

Counted = Sequence[tuple[float, int]]
"""Values with how often they were seen, the outermost first."""

SETTLED: Final = 5.0
"""Times that a further value would be expected to have been seen, at least, where it is said that there is none: it
would have gone unseen with a chance of e⁻⁵ (Poisson), and would then be 5 in n of what is still to come."""
_CONSTANT: Final = 300
"""Times that a value was seen without any other before it is said to be the only one."""
_REACH: Final = 2.0
"""Distances between the first and the last of the outermost values that a bound lies beyond (our choice): for an
exponential tail, what exceeds it is 1 in 64 n with eight of them."""
_SEEN_OFTEN: Final = 3


def is_settled(counts: Iterable[int]) -> bool:
    """Whether values with these counts are all that there are.

    The counts thin out from the most frequent to the rarest; what comes after the rarest is expected to be as much
    rarer again as the rarest is than the one before it.
    """
    falling = sorted(counts, reverse=True)
    if len(falling) < 2:
        return bool(falling) and falling[0] >= _CONSTANT
    return falling[-1] * falling[-1] / falling[-2] >= SETTLED


def upper(outermost: Counted, settled: float = SETTLED) -> float | None:
    """Return the greatest value that is to be expected, from the greatest seen, falling; None: there is no telling.

    `settled`: times that a further value would be expected, at least, where the greatest seen is taken for a limit.
    """
    if not outermost:
        return None
    first, last = outermost[0][0], outermost[-1][0]
    if _is_edge(outermost, settled):
        return first
    if len(outermost) == 1:
        return None
    if first == 0:
        return first
    try:
        if first > 0 >= last:
            bound = first + _REACH * (first - last)
        else:
            bound = first * (first / last) ** _REACH
    except OverflowError:
        return None
    return _outwards(bound) if math.isfinite(bound) else None


def lower(outermost: Counted, settled: float = SETTLED) -> float | None:
    """Return the least value that is to be expected, from the least seen, rising; None: there is no telling."""
    mirrored = upper([(-value, times) for value, times in outermost], settled)
    return None if mirrored is None else -mirrored + 0.0


def confidence(count: int) -> float:
    """The chance that the next value is as all of so many were (Laplace's rule of succession)."""
    return (count + 1) / (count + 2)


def _is_edge(outermost: Counted, settled: float) -> bool:
    """Whether the first value is a limit: it came often, no rarer than those before it let expect, as they all did."""
    counts = [times for _, times in outermost]
    if len(counts) == 1:
        return counts[0] >= _CONSTANT
    return min(counts) >= _SEEN_OFTEN and counts[0] * min(1.0, counts[0] / counts[1]) >= settled


def _outwards(bound: float) -> float:
    """Round upwards to three digits: further ones say nothing."""
    if bound == 0 or -1000 < bound == int(bound) < 1000:
        return bound
    unit = 10.0 ** (math.floor(math.log10(abs(bound))) - 2)
    return float(f"{math.ceil(bound / unit) * unit:.12g}")
