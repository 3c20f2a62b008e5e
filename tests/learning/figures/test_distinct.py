"""How many different sessions there were."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.learning.figures.distinct import MOST_EXACT, Distinct, number_of

# Two sizes of sets: those that are kept as they are, and those that become registers.
NUMBERS = st.one_of(
    st.sets(st.integers(0, 2**64 - 1), max_size=20),
    st.builds(lambda seed, size: some(size, seed), st.integers(0, 1000), st.integers(100, 400)),
)


def some(size: int, seed: int = 1) -> set[int]:
    chance = Random(seed)
    return {chance.getrandbits(64) for _ in range(size)}


def counted(numbers: set[int]) -> Distinct:
    found = Distinct()
    for number in numbers:
        found.add(number)
    return found


def merged(*parts: Distinct) -> Distinct:
    found = Distinct()
    for part in parts:
        found.merge(part)
    return found


@pytest.mark.parametrize("size", [0, 1, 2, 77, MOST_EXACT])
def test_few_sessions_are_counted_exactly(size: int) -> None:
    assert counted(some(size)).estimate() == size


@pytest.mark.parametrize("size", [MOST_EXACT + 1, 300, 1_000, 2_000, 4_000, 10_000, 100_000])
def test_many_sessions_are_counted_within_the_stated_error(size: int) -> None:
    errors = [counted(some(size, seed)).estimate() / size - 1 for seed in range(8)]
    assert max(map(abs, errors)) < 4 * 0.033
    assert (sum(error * error for error in errors) / len(errors)) ** 0.5 < 1.5 * 0.033
    assert abs(sum(errors) / len(errors)) < 0.033


def test_what_comes_again_does_not_count() -> None:
    numbers = some(1_000)
    once, twice = counted(numbers), counted(numbers)
    for number in numbers:
        twice.add(number)
    assert once.estimate() == twice.estimate()


@given(NUMBERS, NUMBERS, NUMBERS)
def test_merging_gives_what_the_whole_gives_in_any_order_and_again(a: set[int], b: set[int], c: set[int]) -> None:
    one, two, three = counted(a), counted(b), counted(c)
    whole = counted(a | b | c).members()
    assert merged(one, two, three).members() == whole
    assert merged(three, merged(two, one)).members() == whole
    assert merged(one, two, three, two).members() == whole


@given(NUMBERS)
def test_members_give_back_what_was_counted(numbers: set[int]) -> None:
    found = counted(numbers)
    assert Distinct.from_members(found.members()).members() == found.members()


@pytest.mark.parametrize(
    "members",
    [
        None,
        7,
        "x",
        [1.5],
        [-1],
        [2**64],
        [True, "a"],
        list(range(MOST_EXACT + 1)),
        {},
        {"registers": [0] * 1023},
        {"registers": [56] * 1024},
        {"registers": [300] * 1024},
        {"registers": "a" * 1024},
        {"registers": [1.5] * 1024},
        {"registers": None},
    ],
)
def test_nonsense_is_refused(members: object) -> None:
    with pytest.raises(ValueError):
        Distinct.from_members(members)


def test_a_keyed_hash_is_its_own_number_and_anything_else_is_spread_evenly() -> None:
    assert number_of("00000000000000ff") == 255
    assert number_of("ffffffffffffffff") == 2**64 - 1
    others = ["", "a", "1", "0x0000000000000f", "-00000000000000f", "\udc80", "é" * 16, "session-0123456z"]
    numbers = [number_of(one) for one in others]
    assert all(0 <= number < 2**64 for number in numbers)
    assert len(set(numbers)) == len(others)
