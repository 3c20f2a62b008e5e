"""Numbers: the outermost are kept, parts merge into the whole, and values that grow with time show."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.learning.schemas.numbers import KEPT, OUTER, Numbers

VALUES = st.lists(st.one_of(st.integers(-60, 60), st.floats(-5, 5), st.sampled_from([2**63, -(2**70)])), max_size=120)


def of(values: list[float]) -> Numbers:
    made = Numbers()
    for value in values:
        made.add(value)
    return made


def kept(numbers: Numbers) -> object:
    """What is kept, in an order of its own."""
    members = numbers.members()
    return {key: sorted(map(tuple, value)) if isinstance(value, list) else value for key, value in members.items()}


@settings(deadline=None)
@given(VALUES, st.integers(0, 120), st.randoms(use_true_random=False))
def test_parts_in_any_order_merge_into_what_the_whole_is(values: list[float], cut: int, rng: random.Random) -> None:
    whole = of(values)
    shuffled = list(values)
    rng.shuffle(shuffled)
    one, two = of(shuffled[:cut]), of(shuffled[cut:])
    one.merge(two)
    assert kept(one) == kept(whole)


@settings(deadline=None)
@given(VALUES, VALUES, VALUES)
def test_merging_is_associative(a: list[float], b: list[float], c: list[float]) -> None:
    left, middle = of(a), of(b)
    left.merge(middle)
    left.merge(of(c))
    right, rest = of(a), of(b)
    rest.merge(of(c))
    right.merge(rest)
    assert kept(left) == kept(right)


@settings(deadline=None)
@given(VALUES)
def test_what_is_kept_comes_back(values: list[float]) -> None:
    members = json.loads(json.dumps(of(values).members()))
    assert Numbers.from_members(members).members() == members


def test_of_many_different_values_only_the_outermost_are_kept() -> None:
    values = list(range(1000))
    random.Random(1).shuffle(values)
    numbers = of([*values, *values])
    assert numbers.from_below() == [(value, 2) for value in range(OUTER)]
    assert numbers.from_above() == [(999 - value, 2) for value in range(OUTER)]
    assert numbers.table is None


def test_few_values_are_kept_with_their_counts() -> None:
    numbers = of(list(range(KEPT)) * 3)
    assert numbers.table == dict.fromkeys(range(KEPT), 3)


@pytest.mark.parametrize("value", [2**63, -(2**63), 10**400, float("inf"), float("-inf"), float("nan"), 1e300])
def test_numbers_beyond_64_bits_are_counted_and_not_kept(value: float) -> None:
    numbers = of([1, value])
    assert (numbers.count, numbers.huge, numbers.table) == (2, 1, {1: 1})


def test_ids_that_are_handed_out_grow_with_time_and_picked_ones_do_not() -> None:
    growing, picked, rng = Numbers(), Numbers(), random.Random(1)
    for number in range(200):
        at = 1400 + number / 86400
        growing.add(5000 + number + rng.randrange(30), at=at)
        picked.add(rng.randrange(5000), at=at)
    assert growing.drift() > 8
    assert abs(picked.drift()) < 4


def test_a_trend_survives_merging() -> None:
    parts = [Numbers() for _ in range(5)]
    for number in range(200):
        parts[number % 5].add(number, at=1000 + number / 86400)
    for other in parts[1:]:
        parts[0].merge(other)
    assert parts[0].drift() == pytest.approx(200**0.5, rel=0.01)


def test_credentials_leave_no_number_behind() -> None:
    numbers = Numbers(secret=True)
    numbers.add(4711)
    open_ones = of([1, 2])
    open_ones.merge(numbers)
    for one in (numbers, open_ones):
        assert "4711" not in json.dumps(one.members())
        assert one.table == {}


@pytest.mark.parametrize(
    "nonsense",
    [
        *[None, 7, [], {}, {"n": -1}, {"n": True}, {"n": 1, "table": 7}, {"n": 1, "table": [[1]]}],
        *[{"n": 1, "table": [["1", 1]]}, {"n": 1, "table": [[1, -1]]}, {"n": 1, "low": [], "high": []}],
        *[{"n": 1, "table": [], "trend": [1]}, {"n": 1, "table": [], "trend": ["x"] * 6}],
        {"n": 1, "table": [[value, 1] for value in range(KEPT + 1)]},
    ],
)
def test_nonsense_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError):
        Numbers.from_members(nonsense)
