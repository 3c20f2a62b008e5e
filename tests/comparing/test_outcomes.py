"""What becomes of a request under two tables, and of what kind the difference is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sluicegate.comparing.outcomes import Group, Outcome, group_of, kind_of
from sluicegate.snapshot import Snapshot
from sluicegate.trial import Decision, Request, decided, decisions
from tests.tables import endpoint, fallback, snapshot

ONE = snapshot(endpoint("GET /x", "http://one.test/a", "a.test"))
TWO = snapshot(endpoint("GET /x", "http://two.test/a", "a.test"))
NONE = snapshot(endpoint("PUT /y", "http://one.test", "a.test"))
ELSEWHERE = snapshot(endpoint("GET /x", "http://one.test", "b.test"))
POST = snapshot(endpoint("POST /x", "http://one.test", "a.test"))
SAME_PLACE = snapshot(endpoint("GET /{x}", "http://one.test/{x}", "a.test"))
REQUEST = Request("GET", "a.test", b"/x")


def pair(old: Snapshot, new: Snapshot, request: Request = REQUEST) -> tuple[Decision, Decision]:
    first, second = decisions(request, (old, new))
    return first, second


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (ONE, ONE, "unchanged"),
        (NONE, NONE, "unchanged"),
        (ONE, TWO, "moved"),
        (ONE, SAME_PLACE, "moved"),
        (ONE, NONE, "unmatched"),
        (NONE, ONE, "newly_matched"),
        (NONE, ELSEWHERE, "answered_otherwise"),
        (NONE, POST, "answered_otherwise"),
    ],
)
def test_the_kind_of_a_difference(old: Snapshot, new: Snapshot, expected: str) -> None:
    assert kind_of(*pair(old, new)) == expected


def test_another_endpoint_that_leads_to_the_same_place_is_no_change() -> None:
    old = snapshot(endpoint("GET /a", "http://one.test/a", "a.test"))
    new = snapshot(endpoint("GET /{x}", "http://one.test/{x}", "a.test"))
    assert kind_of(*pair(old, new, Request("GET", "a.test", b"/a"))) == "unchanged"


def test_another_host_field_is_a_move() -> None:
    new = snapshot(endpoint("GET /x", "http://one.test/a", "a.test", host_header="source"))
    assert kind_of(*pair(ONE, new)) == "moved"


def test_decisions_are_those_that_live_traffic_would_come_to() -> None:
    for request in (
        REQUEST,
        Request("GET", None, b"/x"),
        Request("GET", "a.test", b"no-path"),
        Request("PUT", "b.test", b"/y"),
    ):
        for found, alone in zip(
            decisions(request, (ONE, NONE, TWO)), (decided(request, one) for one in (ONE, NONE, TWO)), strict=True
        ):
            assert found == (alone.endpoint, alone.forward, alone.problem)


def labelled(route: str, service: str = "", **options: str) -> Snapshot:
    one = endpoint("GET /x", route, "a.test", **options)
    assert one.route is not None
    return snapshot(replace(one, route=replace(one.route, service=service)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (ONE, TWO, "9 move from http://one.test to http://two.test"),
        (labelled("http://one.test", "v1"), labelled("http://two.test", "v2"), "9 move from v1 to v2"),
        (
            labelled("http://one.test/a", "v1"),
            labelled("http://one.test/b", "v1"),
            "9 move from http://one.test/a to http://one.test/b",
        ),
        (
            labelled("http://one.test/a", "v1"),
            labelled("http://one.test/a", "v1", host_header="source"),
            "9 move from http://one.test/a with host_header target to http://one.test/a with host_header source",
        ),
        (ONE, NONE, "9 become 404"),
        (NONE, labelled("http://one.test", "v1"), "9 go to v1 instead of 404"),
        (NONE, POST, "9 become 405 instead of 404"),
    ],
)
def test_changes_are_told_with_the_shortest_names_that_differ(old: Snapshot, new: Snapshot, words: str) -> None:
    assert group_of(*pair(old, new)).words(9) == words


def test_one_change_is_told_in_the_singular() -> None:
    assert Group("moved", "v1", "v2").words(1) == "1 moves from v1 to v2"
    assert Group("unmatched", "forwarded", "404").words(1) == "1 becomes 404"


def test_an_outcome_names_endpoint_target_service_and_place() -> None:
    old, new = pair(labelled("http://one.test/a", "v1"), NONE)
    assert Outcome.of(old) == Outcome("GET a.test/x", "http://one.test/a", "one.test", "v1", None, "hotel.yaml", 1)
    assert Outcome.of(new) == Outcome(status=404)


def test_an_outcome_of_an_origin_names_no_endpoint() -> None:
    with_origin = snapshot(origins=[("a.test", fallback("http://origin.test"))])
    assert Outcome.of(pair(with_origin, NONE)[0]) == Outcome("", "http://origin.test/x", "origin.test")


def test_an_outcome_of_an_endpoint_without_a_route_names_its_place() -> None:
    managed = snapshot(endpoint("GET /x", None, "a.test"))
    assert Outcome.of(pair(managed, NONE)[0]) == Outcome("GET a.test/x", status=404, file="hotel.yaml", line=1)
