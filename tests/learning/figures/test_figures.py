"""The figures of one endpoint: what is counted, by hour and day, in any order, at any time."""

from __future__ import annotations

import json
import math
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.learning.figures.figures import DAYS, HOURS, Figures
from sluicegate.learning.figures.windows import Span, Window, end_of
from sluicegate.learning.observation import Observation

from .exchanges import DAY, HOUR, START, exchange, figures

EXCHANGES = st.lists(
    st.builds(
        lambda hour, second, status, who, ms: exchange(
            START + hour * HOUR + second, status=status, who=who, ms=ms, size=None if ms is None else int(ms)
        ),
        st.integers(0, 14 * 24),
        st.integers(0, 3599),
        st.sampled_from([None, 101, 200, 204, 301, 404, 500]),
        st.one_of(st.none(), st.integers(0, 5)),
        st.one_of(st.none(), st.floats(0.1, 1e5)),
    ),
    max_size=80,
)


def told(window: Window) -> Any:
    """A window without what adding up in another order changes: the last bits of a sum."""
    spreads = [one and (one.count, one.p50, one.p90, one.p95, one.p99) for one in (window.latency, window.size)]
    return window.statuses, window.named, window.sessions, window.successes, spreads


def both(found: Figures, until: float) -> Any:
    return told(found.window(Span.DAY, until)), told(found.window(Span.WEEK, until))


def test_requests_errors_latency_sizes_sessions_and_identifiers_are_counted() -> None:
    found = figures(
        [
            exchange(START, who="a", ms=10.0, size=100),
            exchange(START + 1, who="b", identifier="cookie sid", ms=20.0, size=300),
            exchange(START + 2, ms=30.0),
            exchange(START + 3, status=404, who="a", size=0),
            exchange(START + 4, status=503),
            exchange(START + 5, status=None, who="c"),
        ]
    ).window(Span.DAY, START + 60)
    assert found.requests == 6
    assert found.statuses == (1, 0, 3, 0, 1, 1)
    assert (found.client_errors, found.server_errors, found.errors) == (1 / 6, 1 / 6, 2 / 6)
    assert found.latency is not None
    assert (found.latency.count, found.latency.mean) == (3, 20.0)
    assert found.size is not None
    assert (found.size.count, found.size.mean) == (3, 400 / 3)
    assert (found.sessions, found.named) == (3, 4)
    assert found.successes == {"header authorization": 1, "cookie sid": 1, "": 1}


def test_latency_is_empty_where_no_origin_answered() -> None:
    assert figures([exchange(), exchange(status=404)]).window(Span.DAY, START).latency is None


def test_an_endpoint_without_traffic_has_zeros_and_no_shares() -> None:
    found = Figures().window(Span.WEEK, START)
    assert (found.requests, found.sessions, found.latency, found.size) == (0, 0, None, None)
    assert (found.client_errors, found.server_errors, found.errors, found.authentication) == (None,) * 4


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        ([exchange(who="a"), exchange(who="b")], "all"),
        ([exchange(who="a"), exchange()], "mixed"),
        ([exchange(), exchange()], "none"),
        ([exchange(status=404), exchange(status=500, who="a"), exchange(status=301, who="a")], None),
        ([exchange(who="a"), exchange(status=401)], "all"),
        ([exchange(who="a", identifier="")], "none"),
    ],
)
def test_authentication_looks_at_successful_requests_alone(exchanges: list[Observation], expected: str | None) -> None:
    assert figures(exchanges).window(Span.DAY, START).authentication == expected


def test_an_answer_with_an_impossible_status_counts_as_none() -> None:
    found = figures([exchange(status=status) for status in (0, 99, 600, 1000, -7)]).window(Span.DAY, START)
    assert found.statuses == (5, 0, 0, 0, 0, 0)


def test_an_exchange_that_stands_for_several_counts_as_many() -> None:
    found, whole = Figures(), Figures()
    for one in [exchange(START, who="a", ms=10.0, size=7), exchange(START + 9, status=404, who="b", ms=0.0)]:
        for _ in range(5):
            whole.observe(one)
        one.weight = 5
        found.observe(one)
    assert found.members() == whole.members()


# Windows


@given(EXCHANGES, st.integers(0, 14 * 24))
def test_the_last_24_hours_are_24_clock_hours(exchanges: list[Observation], age: int) -> None:
    """With any number of exchanges, as long as no more hours are kept than are told apart."""
    newest = max([one.at for one in exchanges], default=START)
    until = newest
    hours = range(int(until // HOUR) - 23, int(until // HOUR) + 1)
    expected = sum(int(one.at // HOUR) in hours for one in exchanges)
    assert figures(exchanges).window(Span.DAY, until).requests == expected


@given(EXCHANGES)
def test_seven_days_are_at_least_seven_and_at_most_eight(exchanges: list[Observation]) -> None:
    until = max([one.at for one in exchanges], default=START)
    last = int(until // HOUR)
    least = sum(last - 168 < int(one.at // HOUR) <= last for one in exchanges)
    most = sum(last - 192 < int(one.at // HOUR) <= last for one in exchanges)
    assert least <= figures(exchanges).window(Span.WEEK, until).requests <= most


def test_windows_slide() -> None:
    found = figures(exchange(START + hour * HOUR) for hour in range(24 * 12))
    for hour in range(24 * 12 - 1, 24 * 12 + 24):
        until = START + hour * HOUR + 1800
        left = 24 * 12 - 1 - hour
        assert found.window(Span.DAY, until).requests == 24 + left
        # Days that are over count whole.
        assert 168 + left <= found.window(Span.WEEK, until).requests < 192 + left
    assert found.window(Span.DAY, START + 60 * DAY).requests == 0
    assert found.window(Span.WEEK, START + 60 * DAY).requests == 0


def test_a_window_ends_now_or_where_that_shows_nothing_with_the_newest_exchange() -> None:
    assert end_of(Span.DAY, START - 3 * HOUR, START) == START
    assert end_of(Span.DAY, START - 25 * HOUR, START) == START - 25 * HOUR
    assert end_of(Span.WEEK, START - 25 * HOUR, START) == START
    assert end_of(Span.WEEK, 0.0, START) == START


# Order, merging, what is kept


@given(EXCHANGES, st.randoms(use_true_random=False))
def test_exchanges_may_come_in_any_order(exchanges: list[Observation], chance: Random) -> None:
    other = list(exchanges)
    chance.shuffle(other)
    one, two = figures(exchanges), figures(other)
    until = START + 14 * DAY
    assert both(one, until) == both(two, until)
    assert set(one._buckets) == set(two._buckets)
    assert one.totals().statuses == two.totals().statuses


@given(EXCHANGES, EXCHANGES, EXCHANGES)
def test_merging_gives_what_the_whole_gives_in_any_order(
    a: list[Observation], b: list[Observation], c: list[Observation]
) -> None:
    whole = figures(a + b + c)
    left, right, inner = figures(a), figures(c), figures(b)
    left.merge(figures(b))
    left.merge(figures(c))
    inner.merge(figures(a))
    right.merge(inner)
    for until in (START + 14 * DAY, whole.newest):
        assert both(left, until) == both(right, until) == both(whole, until)
        assert left.pace.maxima(until) == right.pace.maxima(until) == whole.pace.maxima(until)
    assert left.newest == right.newest == whole.newest
    assert left.totals().statuses == right.totals().statuses == whole.totals().statuses


@given(EXCHANGES, EXCHANGES)
def test_members_give_back_all_and_counting_goes_on(before: list[Observation], after: list[Observation]) -> None:
    kept, other = figures(before), figures(before)
    again = Figures.from_members(json.loads(json.dumps(kept.members())))
    for one in after:
        for each in (kept, again, other):
            each.observe(one)
    assert again.members() == kept.members() == other.members()


def test_what_is_kept_is_bounded_and_no_request_is_lost_from_the_totals() -> None:
    chance = Random(3)
    found = Figures()
    for step in range(5000):
        found.observe(exchange(START + step * 1800, who=chance.random(), ms=chance.lognormvariate(3, 1)))
    assert len(found._buckets) <= HOURS + DAYS + 2
    assert len(json.dumps(found.members())) < 200_000
    totals = found.totals()
    assert totals.statuses == (0, 0, 5000, 0, 0, 0)
    assert totals.latencies == 5000


def test_what_was_not_used_for_long_rests_packed() -> None:
    found = figures(exchange(START + hour * HOUR) for hour in range(40))
    assert sum(not isinstance(one, bytes) for one in found._buckets.values()) <= 2
    found.members()
    assert all(isinstance(one, bytes) for one in found._buckets.values())


# Clocks


@pytest.mark.parametrize("at", [0.0, -5.0, 100.0, math.nan, math.inf, -math.inf, 1e300, 1e10])
def test_a_time_that_cannot_be_is_none(at: float) -> None:
    found = figures([exchange(at, who="a", ms=3.0)])
    assert found.newest == 0.0
    assert found.window(Span.DAY, START).requests == 1
    assert found.window(Span.WEEK, START + 99 * DAY).requests == 1
    found.observe(exchange(START))
    assert found.newest == START
    assert found.window(Span.DAY, START).requests == 1
    assert found.totals().statuses[2] == 2


def test_a_clock_that_jumps_ahead_and_back_does_no_harm() -> None:
    now = time.time()
    first = now - 10 * HOUR
    steady = [exchange(first + step * 60) for step in range(600)]
    wrong = [exchange(now + 20 * HOUR + step) for step in range(50)] + [exchange(1e10), exchange(86_400.0 * 400)]
    found = figures(steady[:300] + wrong + steady[300:])
    assert found.window(Span.DAY, now).requests == 600


def test_a_clock_that_was_long_ago_does_not_push_out_what_is_new() -> None:
    found = figures(exchange(START + hour * HOUR) for hour in range(24))
    for day in range(400):
        found.observe(exchange(START - day * DAY - HOUR))
    assert found.window(Span.DAY, START + 23.5 * HOUR).requests == 24
    assert found.totals().statuses[2] == 424


# Nonsense


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"newest": "x"},
        {"newest": math.nan},
        {"newest": -1.0},
        {"buckets": None},
        {"buckets": []},
        {"buckets": {"x": ""}},
        {"buckets": {"1": "!"}},
        {"buckets": {"1": 7}},
        {"buckets": {str(number): "" for number in range(99)}},
        {"pace": None},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    members = figures([exchange()]).members()
    Figures.from_members(members)
    with pytest.raises(ValueError):
        Figures.from_members(members | change)


@pytest.mark.parametrize("members", [None, 7, [], {}, "x"])
def test_what_is_no_object_is_refused(members: object) -> None:
    with pytest.raises(ValueError):
        Figures.from_members(members)


def test_a_damaged_hour_leaves_the_others() -> None:
    members = figures([exchange(START), exchange(START + HOUR)]).members()
    members["buckets"][min(members["buckets"])] = "AAAA"
    found = Figures.from_members(members)
    assert found.window(Span.DAY, START + HOUR).requests == 1
    found.observe(exchange(START))
    assert found.window(Span.DAY, START + HOUR).requests == 2
