"""Which exchanges are told, and which are told whole: everything at first, then as much as there is room for."""

from __future__ import annotations

import time

import pytest

from sluicegate.learning import sampling
from sluicegate.learning.budget import Budget
from sluicegate.learning.sampling import (
    HEADS,
    HEADS_PER_SECOND,
    MOST_GROUP,
    MOST_HELD,
    MOST_HELD_BYTES,
    WHOLE,
    Held,
    Sampling,
    group_of,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def used_up(clock: Clock) -> Held:
    held = Held(clock)
    assert all(held.goes() for _ in range(HEADS))
    assert not held.goes()
    return held


def test_at_first_all_are_told_and_then_so_many_a_second() -> None:
    clock = Clock()
    held = used_up(clock)
    clock.now += 1
    assert sum(held.goes() for _ in range(1_000)) == HEADS_PER_SECOND


def test_those_alike_wait_as_one_that_stands_for_all() -> None:
    clock = Clock()
    held = used_up(clock)
    assert not held.again("a")
    assert held.hold("a", "first a")
    assert held.again("a")
    assert held.hold("b", "first b")
    assert held.again("a")
    assert list(held.due()) == []
    clock.now += 1.5 / HEADS_PER_SECOND
    assert list(held.due()) == [(3, "first a")]
    clock.now += 1
    assert list(held.due()) == [(1, "first b")]
    assert not held
    assert held.goes()


def test_nobody_overtakes_those_who_wait() -> None:
    clock = Clock()
    held = used_up(clock)
    held.hold("a", "a")
    clock.now += 1
    assert not held.goes()


def test_at_the_end_all_are_told() -> None:
    held = used_up(Clock())
    for one in range(500):
        held.hold(one, one)
    assert [record for _, record in held.due(everything=True)] == list(range(500))
    assert not held


def test_too_many_that_differ_do_not_wait() -> None:
    held = used_up(Clock())
    assert all(held.hold(one, one) for one in range(MOST_HELD))
    assert not held.hold("more", "more")
    assert held.again(7)


def test_messages_are_told_of_all_at_first_and_then_of_few() -> None:
    clock = Clock()
    chosen = Sampling(clock)
    assert sum(chosen.wants(f"group {one}") for one in range(2 * WHOLE)) == WHOLE
    clock.now += 2
    assert sum(chosen.wants(f"late {one}") for one in range(1_000)) == 2 * sampling.WHOLE_PER_SECOND


def test_one_that_is_asked_for_all_the_time_leaves_room_for_the_others() -> None:
    clock = Clock()
    chosen = Sampling(clock)
    assert sum(chosen.wants("busy") for _ in range(10_000)) == sampling.PER_GROUP
    assert chosen.wants("rare")
    clock.now += sampling.PAUSE
    assert [chosen.wants("busy"), chosen.wants("busy")] == [True, False]


def test_groups_beyond_their_number_begin_anew() -> None:
    clock = Clock()
    chosen = Sampling(clock)
    for one in range(sampling.MOST_GROUPS + 10):
        clock.now += 1
        assert chosen.wants(f"group {one}")
    assert len(chosen._groups) == 10


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/hotels/7/rooms/12", "GET a.test/hotels/*/rooms/*"),
        ("/users/3f2a-99", "GET a.test/users/*"),
        ("/users/ann%40a.test", "GET a.test/users/*"),
        ("/users/ann", "GET a.test/users/ann"),
        ("/", "GET a.test/"),
    ],
)
def test_what_may_be_one_endpoint_is_told_by_the_look_of_its_segments(path: str, group: str) -> None:
    assert group_of("GET", "a.test", path) == group


def test_a_budget_has_a_reserve_and_is_filled_again_by_its_share() -> None:
    clock = Clock()
    budget = Budget(share=0.1, reserve=1.0, clock=clock)
    assert budget.allows()
    budget.spend(1.5)
    assert not budget.allows()
    clock.now += 4
    assert not budget.allows()
    clock.now += 2
    assert budget.allows()


def test_a_budget_saves_up_no_more_than_its_reserve() -> None:
    clock = Clock()
    budget = Budget(share=0.1, reserve=1.0, clock=clock)
    clock.now += 1_000
    assert budget.allows()
    budget.spend(1.0)
    assert not budget.allows()


@pytest.mark.parametrize("path", ["/" + "a" * 60_000, "/a" * 30_000, "/" + "a/1" * 20_000, "/%" * 30_000])
def test_a_long_path_is_grouped_at_once_and_takes_little_room(path: str) -> None:
    began = time.process_time()
    group = group_of("GET", "a.test", path)
    assert time.process_time() - began < 0.2  # what looks back at each character takes half a minute
    assert len(group) < 2 * MOST_GROUP
    assert group != group_of("GET", "a.test", path + "/a")


def test_those_who_wait_take_a_bounded_room() -> None:
    clock = Clock()
    held = used_up(clock)
    size = MOST_HELD_BYTES // 4
    assert [held.hold(number, number, size) for number in range(6)] == [True] * 4 + [False] * 2
    clock.now += 2.5 / HEADS_PER_SECOND
    assert len(list(held.due())) == 2
    assert [held.hold(number, number, size) for number in range(6, 10)] == [True] * 2 + [False] * 2
