"""Bounds: tight where a range is filled to its end, beyond the outermost where values thin out."""

from __future__ import annotations

import random

import pytest

from sluicegate.learning.schemas.bounds import confidence, is_settled, lower, upper
from sluicegate.learning.schemas.numbers import Numbers


def numbers(values: list[float]) -> Numbers:
    made = Numbers()
    for value in values:
        made.add(value)
    return made


@pytest.mark.parametrize(
    ("counts", "settled"),
    [
        ([], False),
        ([299], False),
        ([300], True),
        ([50, 50], True),
        ([990, 10], False),  # the next one would be as much rarer again: 0.1 times
        ([900, 100], True),
        ([400, 200, 100, 50, 25], True),
        ([500, 250, 125, 62, 31, 16, 8, 4], False),
        ([30, 30, 30, 1], False),
    ],
)
def test_whether_everything_has_been_seen(counts: list[int], settled: bool) -> None:
    assert is_settled(counts) is settled
    assert is_settled(reversed(counts)) is settled


def test_a_range_that_is_filled_evenly_ends_where_it_ends() -> None:
    found = numbers([value for value in range(1, 11) for _ in range(10)])
    assert (lower(found.from_below()), upper(found.from_above())) == (1, 10)


@pytest.mark.parametrize("tail", ["uniform", "exponential", "log-normal", "Pareto", "normal"])
def test_bounds_of_300_values_hold_for_999_of_1000_fresh_ones(tail: str) -> None:
    rng = random.Random(tail)
    draw = {
        "uniform": lambda: rng.uniform(3, 500),
        "exponential": lambda: rng.expovariate(0.01),
        "log-normal": lambda: rng.lognormvariate(3, 1),
        "Pareto": lambda: rng.paretovariate(1.5),
        "normal": lambda: rng.gauss(0, 20),
    }[tail]
    kept = 0
    for _ in range(20):
        found = numbers([draw() for _ in range(300)])
        low, high = lower(found.from_below()), upper(found.from_above())
        assert low is not None
        assert high is not None
        kept += sum(low <= draw() <= high for _ in range(2000))
    assert kept >= 0.999 * 40_000


def test_bounds_of_an_even_range_are_close_to_it() -> None:
    rng = random.Random(5)
    found = numbers([rng.uniform(100, 1100) for _ in range(1000)])
    high, low = upper(found.from_above()), lower(found.from_below())
    assert high is not None
    assert low is not None
    assert 1099 < high < 1200
    assert 80 < low < 101


def test_what_was_never_negative_has_a_bound_that_is_not() -> None:
    rng = random.Random(5)
    assert lower(numbers([rng.expovariate(1) for _ in range(100)]).from_below()) >= 0  # type: ignore[operator]
    assert lower(numbers([0, 0, 0, *range(100)]).from_below()) == 0
    assert upper(numbers([-rng.expovariate(1) for _ in range(100)]).from_above()) <= 0  # type: ignore[operator]


def test_a_tail_beyond_all_measure_has_no_bound() -> None:
    assert upper([(1e300, 1), (1e-300, 1)]) is None
    assert upper([]) is None


def test_of_one_value_nothing_is_told_before_it_came_hundreds_of_times() -> None:
    assert upper([(1, 299)]) is None
    assert lower([(1, 299)]) is None
    assert upper([(1, 300)]) == 1


def test_confidence_grows_with_the_count() -> None:
    assert confidence(0) == 0.5
    assert confidence(98) == 0.99
