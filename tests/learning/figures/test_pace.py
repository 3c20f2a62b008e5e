"""The largest count of each session within any ten minutes of a day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.learning.figures.pace import MOST, PERIOD, SLOT, Pace

from .exchanges import DAY, HOUR, START, largest

Event = tuple[int, float]

TIMES = st.floats(0, 3 * HOUR).map(lambda seconds: START + seconds)
EVENTS = st.lists(st.tuples(st.integers(0, 3), TIMES), max_size=60)
UNTIL = START + 4 * HOUR


def pace(events: Sequence[Event]) -> Pace:
    found = Pace()
    for session, at in events:
        found.add(session, at)
    return found


def by_session(events: Sequence[Event]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for session, at in events:
        found.setdefault(session, []).append(at)
    return found


@given(EVENTS)
def test_a_maximum_lies_between_the_exact_ones_of_590_and_of_600_seconds(events: list[Event]) -> None:
    for session, times in by_session(events).items():
        (found,), each = pace([(session, at) for at in times]).maxima(UNTIL)
        assert each == 1
        assert largest(times, PERIOD - SLOT) <= found <= largest(times, PERIOD)


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_requests_does_not_matter(events: list[Event], chance: Random) -> None:
    other = list(events)
    chance.shuffle(other)
    assert pace(other).maxima(UNTIL) == pace(events).maxima(UNTIL)


@given(EVENTS, EVENTS, EVENTS)
def test_merging_gives_what_the_whole_gives(a: list[Event], b: list[Event], c: list[Event]) -> None:
    left, right = pace(a), pace(c)
    left.merge(pace(b))
    left.merge(pace(c))
    inner = pace(b)
    inner.merge(pace(a))
    right.merge(inner)
    assert left.maxima(UNTIL) == right.maxima(UNTIL) == pace(a + b + c).maxima(UNTIL)


@given(EVENTS)
def test_members_give_back_what_was_counted(events: list[Event]) -> None:
    found = pace(events)
    again = Pace.from_members(json.loads(json.dumps(found.members())))
    assert again.maxima(UNTIL) == found.maxima(UNTIL) == pace(events).maxima(UNTIL)
    assert again.members() == found.members()


def test_what_is_older_than_a_day_does_not_count() -> None:
    found = pace([(1, START + step) for step in range(9)] + [(1, START + DAY + 2 * HOUR), (2, START + DAY)])
    assert found.maxima(START + 2 * HOUR) == ([9], 1)
    assert found.maxima(START + DAY + 3 * HOUR) == ([1, 1], 1)
    assert found.maxima(START + 3 * DAY) == ([], 1)


def steady(sessions: int, seconds: float, every: float) -> list[Event]:
    """Sessions that all ask again and again, with as many requests on top in some ten minutes as their number says."""
    chance = Random(7)
    events = []
    for session in range(sessions):
        at = START + chance.random() * every
        while at < START + seconds:
            events.append((session, at))
            at += every
        begin = START + chance.random() * (seconds - PERIOD)
        events += [(session, begin + chance.random() * PERIOD) for _ in range(session % 20)]
    return sorted(events, key=lambda event: event[1])


def test_with_more_slots_than_are_kept_the_maxima_stay_as_they_are() -> None:
    events = steady(60, 20 * HOUR, 400.0)
    found = pace(events)
    slots = {(session, at // SLOT) for session, at in events}
    assert len(slots) > 2 * MOST
    maxima, each = found.maxima(START + 20 * HOUR)
    assert each == 1
    # Counted by slots, exactly.
    expected = [largest([at // SLOT for at in times], PERIOD // SLOT) for times in by_session(events).values()]
    assert maxima == sorted(expected)


def test_with_more_sessions_than_are_kept_a_fair_part_of_them_is_kept() -> None:
    chance = Random(5)
    events = []
    for session in (chance.getrandbits(32) for _ in range(20_000)):
        at = START + chance.random() * 6 * HOUR
        events += [(session, at)] * chance.choice([1, 1, 1, 2, 2, 9])
    events.sort(key=lambda event: event[1])
    maxima, each = pace(events).maxima(START + 6 * HOUR)
    assert each > 1
    assert len(maxima) <= MOST
    # A sample of n sessions of all tells a share of p within 4 standard errors.
    n = len(maxima)
    assert n * each == pytest.approx(20_000, rel=4 / n**0.5)
    for value, share in ((1, 1 / 2), (2, 1 / 3), (9, 1 / 6)):
        assert maxima.count(value) / n == pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


def test_what_is_kept_is_bounded_whatever_comes() -> None:
    chance = Random(11)
    found = Pace()
    for step in range(60_000):
        found.add(chance.getrandbits(32), START + step)
    size = len(json.dumps(found.members()))
    assert size < MOST * 12 * 4 / 3 + 1000
    assert sum(map(len, (found._slots[0], found._peaks[0], found._fresh))) <= MOST


def test_hours_later_every_session_is_taken_in_again() -> None:
    chance = Random(11)
    found = Pace()
    for step in range(30_000):
        found.add(chance.getrandbits(32), START + step / 10)
    assert found.maxima(START + HOUR)[1] > 1
    later = START + 2 * DAY
    found.begin(int(later // 3600))
    for session in range(100):
        found.add(session, later)
    assert found.maxima(later + 60) == ([1] * 100, 1)


@pytest.mark.parametrize("seed", range(4))
def test_sessions_that_were_halved_stay_halved_when_written_and_read(seed: int) -> None:
    chance = Random(seed)
    found = Pace()
    for step in range(9_000):
        found.add(chance.getrandbits(32), START + step / 10)
    again = Pace.from_members(json.loads(json.dumps(found.members())))
    for one in (found, again):
        one.begin(int(START // 3600) + 1)
        for session in range(64):
            one.add(session, START + HOUR)
    assert again.maxima(START + HOUR) == found.maxima(START + HOUR)


@pytest.mark.parametrize(
    "members",
    [
        None,
        {},
        {"slots": "", "peaks": "", "thinned": []},
        {"slots": "!", "peaks": "!", "thinned": []},
        Pace().members() | {"thinned": [[1, 99]]},
        Pace().members() | {"thinned": [["1", 1]]},
        Pace().members() | {"thinned": [[hour, 1] for hour in range(5000)]},
        Pace().members() | {"thinned": 7},
        Pace().members() | {"slots": [1]},
    ],
)
def test_nonsense_is_refused(members: object) -> None:
    with pytest.raises(ValueError, match="no counts"):
        Pace.from_members(members)
