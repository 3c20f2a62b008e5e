"""How many requests a session may send in ten minutes: recommended from what the sessions of an endpoint do.

API Shield, Volumetric abuse detection, says what is recommended; it does not say how it is computed, which is our
choice. The value lies where the sessions part: between people who send 1 request and scrapers who send 37, it is 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt
from random import Random
from typing import Final, Literal

from .figures import Figures
from .pace import PERIOD
from .windows import Span, Window

Confidence = Literal["low", "medium", "high"]
Counts = Sequence[tuple[int, int]]
"""Values in ascending order, and how many sessions have each."""

_DRAWS: Final = 200
"""How many times the sessions are drawn anew for the intervals."""
_SEED: Final = 600
"""Each recommendation draws the same: the same figures give the same intervals."""
_PARTED: Final = 3
"""How many times as much the next faster sessions send where sessions part."""
_SPREAD: Final = 4 * 1.4826
"""Four standard deviations, from a median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on a rate is recommended. `sessions`: different ones within 24 hours, at least."""

    sessions: int


PRESETS: Final = {
    "api-shield": Thresholds(sessions=50),  # API Shield, Volumetric abuse detection
    "laptop": Thresholds(sessions=5),
}
"""Thresholds by name: as documented of API Shield, and for what one person sends."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Between what a value lies."""

    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Requests in `period_seconds` by one session; the names are API Shield's.

    `p50`, `p90`, `p99`: that share of sessions had a largest count of at most so many. `auth_id_tokens`: different
    sessions in 24 hours; `requests`: those that named one; `data_points`: windows that were compared, the largest of
    each session that was kept track of. `p99_interval`: in which p99 lies with a probability of 95 %. `mean`: of the
    suggestions from sessions drawn anew, and `intervals`: in which these lie, by p90, p95 and p99.
    """

    suggested_threshold: int
    p50: int
    p90: int
    p99: int
    auth_id_tokens: int
    requests: int
    data_points: int
    confidence: Confidence
    p99_interval: Interval
    mean: float
    intervals: dict[str, Interval]
    period_seconds: int = PERIOD


def recommend(
    figures: Figures, until: float, thresholds: Thresholds, day: Window | None = None
) -> Recommendation | None:
    """Recommend a rate from the 24 hours before a time; None where there are too few sessions.

    `day`: the window of these hours, where it is at hand.
    """
    maxima, each = figures.pace.maxima(until)
    if not maxima or len(maxima) * each < thresholds.sessions:
        return None
    return recommended(maxima, requests=(day or figures.window(Span.DAY, until)).named, each=each)


def recommended(maxima: Sequence[int], *, requests: int, each: int = 1) -> Recommendation:
    """Recommend a rate from the largest count of each session; `each` of them stands for so many sessions."""
    sessions = len(maxima) * each
    counts = sorted(Counter(maxima).items())
    draws = list(_drawn(counts))
    suggestions = sorted(suggested(one) for one in draws)
    interval = _interval(sorted(percentile(one, 0.99) for one in draws), 0.95)
    p99 = percentile(counts, 0.99)
    return Recommendation(
        suggested_threshold=suggested(counts),
        p50=percentile(counts, 0.5),
        p90=percentile(counts, 0.9),
        p99=p99,
        auth_id_tokens=sessions,
        requests=requests,
        data_points=len(maxima),
        confidence=_confidence(interval, p99, sessions),
        p99_interval=interval,
        mean=sum(suggestions) / len(suggestions),
        intervals={f"p{share * 100:.0f}": _interval(suggestions, share) for share in (0.9, 0.95, 0.99)},
    )


def percentile(counts: Counts, share: float) -> int:
    """Return the least value that a share of all do not exceed.

    percentile([(1, 2), (2, 1), (37, 1)], 0.5)  →  1
    """
    rank = max(ceil(share * sum(count for _, count in counts)), 1)
    for value, count in counts:
        rank -= count
        if rank <= 0:
            return value
    return counts[-1][0]


def suggested(counts: Counts) -> int:
    """Suggest a rate.

    Where sessions part, at or above the median, by a factor of 3 or more: the geometric mean across the widest gap.
    Else what leaves room above the fastest: half more than p99, or four standard deviations above the median.

    suggested([(1, 3), (37, 1)])  →  7
    """
    median = percentile(counts, 0.5)
    ratio, gap = max(
        ((high / low, (low, high)) for (low, _), (high, _) in pairwise(counts) if low >= median), default=(0.0, (0, 0))
    )
    if ratio >= _PARTED:
        return ceil(sqrt(gap[0] * gap[1]))
    deviation = percentile(sorted((abs(value - median), count) for value, count in counts), 0.5)
    return ceil(max(1.5 * percentile(counts, 0.99), median + _SPREAD * deviation))


def _drawn(counts: Counts) -> Iterator[Counts]:
    """Draw as many sessions as there are, with the same chance each, again and again (the bootstrap)."""
    chance = Random(_SEED)
    for _ in range(_DRAWS):
        left = among = sum(count for _, count in counts)
        drawn = []
        for value, count in counts:
            taken = chance.binomialvariate(left, count / among)
            if taken:
                drawn.append((value, taken))
            left -= taken
            among -= count
        yield drawn


def _interval(values: Sequence[int], share: float) -> Interval:
    """Between what the middle of some values lies, in order; `share` of them."""
    last = len(values) - 1
    outside = round((1 - share) / 2 * last)
    return Interval(values[outside], values[last - outside])


def _confidence(interval: Interval, p99: int, sessions: int) -> Confidence:
    width = (interval.upper - interval.lower) / p99
    if width > 0.6 or sessions < 100:
        return "low"
    return "high" if width < 0.2 and sessions >= 500 else "medium"
