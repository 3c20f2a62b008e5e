"""Percentiles of milliseconds and bytes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.learning.figures.spreads import ACCURACY, LEAST, MOST, Spread

VALUES = st.lists(st.floats(0, 1e12, allow_subnormal=False), max_size=60)


def spread(values: list[float]) -> Spread:
    found = Spread()
    for value in values:
        found.add(value)
    return found


def exactly(values: list[float], share: float) -> float:
    """The value of that rank among all, the lower one between two."""
    return sorted(values)[math.floor(share * (len(values) - 1))]


@given(st.lists(st.floats(LEAST, MOST), min_size=1, max_size=200))
def test_percentiles_are_within_one_percent_and_the_mean_is_exact(values: list[float]) -> None:
    found = spread(values).distribution()
    assert found is not None
    assert found.count == len(values)
    assert found.mean == pytest.approx(math.fsum(values) / len(values))
    for share, value in ((0.5, found.p50), (0.9, found.p90), (0.95, found.p95), (0.99, found.p99)):
        assert value == pytest.approx(exactly(values, share), rel=ACCURACY * 1.0001)


def test_a_thousand_different_values_have_the_percentiles_one_expects() -> None:
    found = spread([float(ms) for ms in range(1, 1001)]).distribution()
    assert found is not None
    assert (found.count, found.mean) == (1000, 500.5)
    expected = pytest.approx([500, 900, 950, 990], rel=0.011)
    assert [found.p50, found.p90, found.p95, found.p99] == expected


def test_without_values_there_is_nothing_to_tell() -> None:
    assert Spread().distribution() is None


def test_zero_is_a_value_as_others_are() -> None:
    found = spread([0.0, 0.0, 0.0, 8.0]).distribution()
    assert found is not None
    assert (found.count, found.mean, found.p50) == (4, 2.0, 0.0)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, -math.inf, 1e13, 1e300])
def test_what_cannot_be_is_not_counted(value: float) -> None:
    found = spread([5.0, value])
    assert (found.count, found.total) == (1, 5.0)


@given(VALUES, VALUES, VALUES)
def test_merging_gives_what_the_whole_gives_in_any_order(a: list[float], b: list[float], c: list[float]) -> None:
    whole = spread(a + b + c)
    left, right = spread(a), spread(c)
    for part in (spread(b), spread(c)):
        left.merge(part)
    inner = spread(b)
    inner.merge(spread(a))
    right.merge(inner)
    for found in (left, right):
        assert _bins(found) == _bins(whole)
        assert found.total == pytest.approx(whole.total)


def _bins(found: Spread) -> list[Any]:
    zeros, _, first, bins = found.members()
    return [zeros, first, bins]


@given(VALUES)
def test_members_give_back_what_was_taken_in(values: list[float]) -> None:
    found = spread(values)
    again = Spread.from_members(found.members())
    assert again.members() == found.members()
    assert again.distribution() == found.distribution()
    again.add(7.0)
    found.add(7.0)
    assert again.members() == found.members()


def test_the_widest_range_keeps_its_percentiles() -> None:
    found = spread([LEAST] * 98 + [1.0, MOST]).distribution()
    assert found is not None
    assert found.p50 == pytest.approx(LEAST, rel=ACCURACY)
    assert found.p99 == pytest.approx(1.0, rel=ACCURACY)


@pytest.mark.parametrize(
    "members",
    [
        None,
        [],
        [1, 2.0, 3],
        [-1, 0.0, 0, []],
        [0, -1.0, 0, []],
        [0, math.nan, 0, []],
        [0, 1.0, "0", [1]],
        [0, 1.0, 0, [1.5]],
        [0, 1.0, 0, [True]],
        [0, 1.0, 0, [2**60]],
        [0, 1.0, 10**9, [1]],
        [0, 1.0, -400, [1]],
        [0, 1.0, 0, [1] * 5000],
    ],
)
def test_nonsense_is_refused(members: object) -> None:
    with pytest.raises(ValueError, match="no spread"):
        Spread.from_members(members)
