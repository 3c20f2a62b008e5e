"""How many requests a session should be able to send in ten minutes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.learning.figures.figures import Figures
from sluicegate.learning.figures.recommendation import (
    PRESETS,
    Recommendation,
    Thresholds,
    percentile,
    recommend,
    recommended,
    suggested,
)

from .exchanges import DAY, HOUR, START, exchange, figures

Counts = Sequence[tuple[int, int]]

COUNTS = st.dictionaries(st.integers(1, 500), st.integers(1, 20), min_size=1, max_size=12).map(
    lambda found: sorted(found.items())
)


def spread_out(counts: Counts) -> list[int]:
    return [value for value, count in counts for _ in range(count)]


def traffic(rates: Sequence[int], *, at: float = START) -> Figures:
    """Each session sends so many requests evenly in each of three stretches of ten minutes."""
    events = [
        (at + stretch * 600 + (step + 0.5) * 600 / rate, who)
        for who, rate in enumerate(rates)
        for stretch in range(3)
        for step in range(rate)
    ]
    return figures(exchange(moment, who=who) for moment, who in sorted(events))


def test_between_people_who_send_1_and_scrapers_who_send_37_it_is_7() -> None:
    """The example of API Shield's announcement, which tells no value."""
    found = recommend(traffic([1] * 95 + [37] * 5), START + HOUR, PRESETS["api-shield"])
    assert found is not None
    assert 1 < found.suggested_threshold < 37
    assert found.suggested_threshold == 7
    assert (found.p50, found.p90, found.p99, found.period_seconds) == (1, 1, 37, 600)
    assert (found.auth_id_tokens, found.data_points) == (100, 100)
    assert found.requests == 3 * (95 + 5 * 37)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(1, 3), (37, 1)], 7),  # ceil(sqrt(37))
        ([(2, 50), (5, 40), (20, 5), (90, 1)], 43),  # gaps 2.5, 4 and 4.5: between 20 and 90, ceil(42.4)
        ([(1, 1), (10, 90), (12, 9)], 18),  # the gap lies below the median; 1.5 · 12
        ([(4, 10), (11, 1)], 17),  # 2.75 is no gap; 1.5 · 11 = 16.5
        ([(5, 100)], 8),  # 7.5
        ([(1, 1)], 2),
        ([(value, 1) for value in range(10, 30)], 49),  # median 19, MAD 5: 19 + 4 · 1.4826 · 5 = 48.7 > 1.5 · 29
    ],
)
def test_it_lies_in_the_widest_gap_or_above_the_fastest(counts: Counts, expected: int) -> None:
    assert suggested(counts) == expected


@given(COUNTS)
def test_percentiles_are_those_of_all_values(counts: Counts) -> None:
    values = spread_out(counts)
    for share in (0.0, 0.25, 0.5, 0.9, 0.99, 1.0):
        found = percentile(counts, share)
        assert found in values
        assert sum(one <= found for one in values) >= share * len(values) - 1e-9
        assert sum(one < found for one in values) <= max(ceil(share * len(values)) - 1, 0)


@given(COUNTS)
def test_a_recommendation_lets_the_median_session_through_and_is_the_same_each_time(counts: Counts) -> None:
    values = spread_out(counts)
    found = recommended(values, requests=7)
    assert found == recommended(values[::-1], requests=7)
    assert found.suggested_threshold > found.p50
    assert found.p50 <= found.p90 <= found.p99
    for interval in (found.p99_interval, *found.intervals.values()):
        assert interval.lower <= interval.upper
    p90, p95, p99 = (found.intervals[name] for name in ("p90", "p95", "p99"))
    assert p99.lower <= p95.lower <= p90.lower <= p90.upper <= p95.upper <= p99.upper


@pytest.mark.parametrize(("preset", "least"), [("api-shield", 50), ("laptop", 5)])
def test_too_few_sessions_give_none(preset: str, least: int) -> None:
    assert recommend(traffic([2] * (least - 1)), START + HOUR, PRESETS[preset]) is None
    found = recommend(traffic([2] * least), START + HOUR, PRESETS[preset])
    assert found is not None
    assert found.auth_id_tokens == least


def test_without_sessions_there_is_none() -> None:
    found = figures(exchange(START + step) for step in range(500))
    assert recommend(found, START + HOUR, Thresholds(sessions=0)) is None


def test_only_the_last_day_counts() -> None:
    found = traffic([9] * 60)
    assert recommend(found, START + HOUR, PRESETS["api-shield"]) is not None
    assert recommend(found, START + 2 * DAY, PRESETS["api-shield"]) is None


def _rated(values: Sequence[int]) -> Recommendation:
    return recommended(values, requests=0)


def test_it_tells_how_sure_it_is() -> None:
    chance = Random(1)
    assert _rated([3] * 99).confidence == "low"  # fewer than 100 sessions
    assert _rated([3] * 100).confidence == "medium"  # fewer than 500
    assert _rated([3] * 500).confidence == "high"
    # 1 % of the sessions far away: drawn anew, p99 may lie with either.
    assert _rated([3] * 990 + [300] * 10).confidence == "low"
    assert _rated([chance.randint(90, 110) for _ in range(1000)]).confidence == "high"


def test_sessions_that_stand_for_others_count_for_all() -> None:
    found = recommended([3] * 200, requests=0, each=4)
    assert (found.auth_id_tokens, found.data_points, found.confidence) == (800, 200, "high")


def test_the_interval_holds_the_percentile_of_all_sessions_that_could_have_come() -> None:
    """Of samples from one population, about 95 of 100 intervals hold its own p99."""
    chance = Random(2)
    population = sorted(ceil(chance.lognormvariate(2, 0.5)) for _ in range(100_000))
    truth = population[99_000 - 1]
    held = 0
    for seed in range(40):
        sample = Random(seed).sample(population, 400)
        interval = recommended(sample, requests=0).p99_interval
        held += interval.lower <= truth <= interval.upper
    assert held >= 33
