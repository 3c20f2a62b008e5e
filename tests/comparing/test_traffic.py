"""Traffic under two tables: counts, words, and the first changes of each kind."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sluicegate.comparing import traffic
from sluicegate.comparing.outcomes import Group
from sluicegate.comparing.traffic import Comparison, TrafficDiff
from sluicegate.snapshot import Snapshot
from sluicegate.trial import Request
from tests.tables import endpoint, snapshot

OLD = snapshot(
    endpoint("GET /stays", "http://one.test/s", "a.test"),
    endpoint("GET /moves/{id}", "http://one.test/{id}", "a.test"),
    endpoint("GET /goes", "http://one.test/g", "a.test"),
)
NEW = snapshot(
    endpoint("GET /stays", "http://one.test/s", "a.test"),
    endpoint("GET /moves/{id}", "http://two.test/{id}", "a.test"),
    endpoint("GET /comes", "http://two.test/c", "a.test"),
    endpoint("PUT /else", "http://two.test", "a.test"),
)


def get(path: str, *headers: tuple[bytes, bytes]) -> Request:
    return Request("GET", "a.test", path.encode(), headers)


def compared(requests: Iterable[Request], most: int = 2, old: Snapshot = OLD, new: Snapshot = NEW) -> TrafficDiff:
    comparison = Comparison(old, new, most)
    for position, request in enumerate(requests, 1):
        comparison.take(request, position, f"line {position}")
    return comparison.diff


MIXED = [
    *[get("/stays")] * 3,
    *[get(f"/moves/{number}") for number in range(4)],
    get("/goes"),
    get("/comes"),
    get("/else"),
    get("/nowhere"),
]


def test_the_summary_counts_every_kind() -> None:
    diff = compared(MIXED)
    assert diff.words == (
        "4 unchanged, 4 move from http://one.test to http://two.test, 1 becomes 404, "
        "1 goes to http://two.test instead of 404, 1 becomes 405 instead of 404"
    )
    assert diff.total == len(MIXED)
    assert [diff.number(kind) for kind in ("unchanged", "moved", "unmatched", "newly_matched")] == [4, 4, 1, 1]  # type: ignore[arg-type]


def test_the_first_changes_of_each_kind_are_kept_in_their_order() -> None:
    assert [f"{change.place} {change.kind} {change.request.target.decode()}" for change in compared(MIXED).changes] == [
        "line 4 moved /moves/0",
        "line 5 moved /moves/1",
        "line 8 unmatched /goes",
        "line 9 newly_matched /comes",
        "line 10 answered_otherwise /else",
    ]


def test_parts_merged_in_any_order_make_the_whole() -> None:
    parts = []
    for start in (0, 5, 9):
        comparison = Comparison(OLD, NEW, 2)
        for position, request in enumerate(MIXED[start : {0: 5, 5: 9, 9: 99}[start]], start + 1):
            comparison.take(request, position, f"line {position}")
        parts.append(comparison.taken())
    merged = TrafficDiff(2)
    for part in reversed(parts):
        merged.merge(part)
    whole = compared(MIXED)
    assert (merged.words, merged.changes) == (whole.words, whole.changes)


def test_a_request_that_comes_again_is_told_as_often_as_it_comes() -> None:
    diff = compared([get("/moves/1")] * 5, most=3)
    assert diff.number("moved") == 5
    assert [change.position for change in diff.changes] == [1, 2, 3]


def test_no_change_is_kept_where_none_is_asked_for() -> None:
    diff = compared(MIXED, most=0)
    assert diff.changes == []
    assert diff.number("moved") == 4


def test_header_fields_decide_and_are_not_taken_for_a_request_without() -> None:
    preflight = (b"Origin", b"http://b.test"), (b"Access-Control-Request-Method", b"GET")
    options = Request("OPTIONS", "a.test", b"/moves/1")
    assert compared([options, options._replace(headers=preflight), options]).words == (
        "2 unchanged, 1 moves from http://one.test to http://two.test"
    )


def test_what_was_remembered_is_forgotten_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "MOST_REMEMBERED", 2)
    diff = compared([get(f"/moves/{number % 5}") for number in range(50)])
    assert diff.number("moved") == 50


def test_groups_without_end_are_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "MOST_GROUPS", 3)
    diff = TrafficDiff(0)
    for number in range(10):
        diff.count(Group("moved", f"a{number}", "b"))
    assert len(diff.groups) <= 4
    assert diff.number("moved") == 10
    assert (
        diff.words
        == "0 unchanged, 1 moves from a0 to b, 1 moves from a1 to b, 1 moves from a2 to b, 7 go elsewhere in other ways"
    )


def test_a_summary_names_the_largest_groups_and_counts_the_others() -> None:
    diff = TrafficDiff(0)
    for number in range(1, traffic.MOST_TOLD + 3):
        diff.count(Group("moved", f"a{number}", "b"), number)
    assert diff.words.startswith("0 unchanged, 10 move from a10 to b, 9 move from a9 to b")
    assert diff.words.endswith("3 move from a3 to b, 3 go elsewhere in other ways")
    assert traffic.MOST_TOLD == 8


def test_hosts_that_traffic_makes_up_make_no_groups() -> None:
    old = snapshot(endpoint("GET /x", "http://one.test", "{any}.test", host_header="source"))
    new = snapshot(endpoint("GET /x", "http://two.test", "{any}.test", host_header="source"))
    diff = compared([Request("GET", f"h{number}.test", b"/x") for number in range(100)], old=old, new=new)
    assert list(diff.groups) == [Group("moved", "http://one.test", "http://two.test")]
