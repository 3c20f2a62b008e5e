"""What differs between two tables, and the requests that show it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from sluicegate.comparing import tables
from sluicegate.comparing.tables import TableChange, TableDiff, compare
from sluicegate.endpoints.table import Endpoint, Place
from sluicegate.endpoints.targets import Connection
from sluicegate.sessions.identifiers import Identifier
from sluicegate.snapshot import Settings, Snapshot
from tests.tables import endpoint, fallback, snapshot

HOST = "a.test"


def at(text: str, route: str | None = "http://one.test/", host: str | None = HOST, **options: Any) -> Endpoint:
    return endpoint(text, route, host, **options)


def only(diff: TableDiff) -> TableChange:
    (change,) = diff.changes
    return change


def told(change: TableChange) -> str:
    """A change in one line: kind, subject, request, old and new."""
    request = change.request.text if change.request else "-"
    old, new = (outcome.text if outcome else "-" for outcome in (change.old, change.new))
    return f"{change.kind} {change.subject} | {request} | {old} | {new}"


def aspects(change: TableChange) -> list[str]:
    return [f"{aspect.name}: {aspect.old} → {aspect.new}" for aspect in change.aspects]


def test_equal_tables_do_not_differ_wherever_their_endpoints_stand() -> None:
    old = snapshot(at("GET /x", place=Place("a.yaml", 1, 1)))
    new = snapshot(at("GET /x", place=Place("b.yaml", 7, 3)))
    assert compare(old, new) == TableDiff([], 1)


def test_an_endpoint_that_came_is_shown_with_a_request_that_is_its_own() -> None:
    change = only(compare(snapshot(at("GET /x")), snapshot(at("GET /x"), at("GET /x/{id}", "http://two.test/{id}"))))
    assert told(change) == "added GET a.test/x/{id} | GET http://a.test/x/id1 | 404 | http://two.test/id1"
    assert change.new_place == Place("hotel.yaml", 1, 3)
    assert change.old_place is None


def test_an_endpoint_that_went_is_shown_with_a_request_that_was_its_own() -> None:
    change = only(compare(snapshot(at("GET /x"), at("PUT /y")), snapshot(at("GET /x"))))
    assert told(change) == "removed PUT a.test/y | PUT http://a.test/y | http://one.test/ | 404"


def test_another_value_shows_an_endpoint_beside_one_that_has_the_first_as_its_text() -> None:
    before = [at("GET /{id}x", "http://two.test/{id}"), at("GET /id1")]
    change = only(compare(snapshot(*before), snapshot(*before, at("GET /{id}", "http://three.test/{id}"))))
    assert told(change) == "added GET a.test/{id} | GET http://a.test/id2 | 404 | http://three.test/id2"


def test_an_endpoint_that_no_request_was_found_for_is_told_without_one() -> None:
    before = [at(f"GET /id{number}") for number in range(1, 10)]
    change = only(compare(snapshot(*before), snapshot(*before, at("GET /{id}", "http://two.test/{id}"))))
    assert told(change) == "added GET a.test/{id} | - | - | -"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            at("GET /x"), at("GET /x", "http://two.test/"), ["target: http://one.test/ → http://two.test/"], id="target"
        ),
        pytest.param(at("GET /x", None), at("GET /x"), ["route: none → http://one.test/"], id="a route that came"),
        pytest.param(at("GET /x"), at("GET /x", None), ["route: http://one.test/ → none"], id="a route that went"),
        pytest.param(
            at("GET /x"), at("GET /x", host_header="source"), ["host_header: target → source"], id="Host field"
        ),
        pytest.param(
            at("GET /x"), at("GET /x", rewrite_location=True), ["rewrite_location: false → true"], id="Location"
        ),
        pytest.param(
            at("GET /x"), at("GET /x", normalize_to_origin=True), ["normalize_to_origin: false → true"], id="form"
        ),
        pytest.param(
            at("GET /{x}", "http://one.test/{x}"),
            at("GET /{y}", "http://one.test/{y}"),
            ["path: /{x} → /{y}", "target: http://one.test/{x} → http://one.test/{y}"],
            id="the name of a variable",
        ),
        pytest.param(
            at("GET /x", host="{a}.test"), at("GET /x", host="{b}.test"), ["host: {a}.test → {b}.test"], id="host"
        ),
    ],
)
def test_what_changed_of_an_endpoint_is_named(old: Endpoint, new: Endpoint, expected: list[str]) -> None:
    diff = compare(snapshot(old), snapshot(new))
    assert only(diff).kind == "changed"
    assert aspects(only(diff)) == expected
    assert diff.unchanged == 0


def test_timeout_and_connection_of_a_target_are_named() -> None:
    old = at("GET /x")
    assert old.route is not None
    new = replace(old, route=replace(old.route, timeout=0.5, connection=Connection(insecure=True, h2c=True)))
    assert aspects(only(compare(snapshot(old), snapshot(new)))) == [
        "timeout: 60s → 0.5s",
        "insecure: false → true",
        "h2c: false → true",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, "http://two.test", "added origin of a.test | GET http://a.test/ | 404 | http://two.test/"),
        ("http://two.test", None, "removed origin of a.test | GET http://a.test/ | http://two.test/ | 404"),
        (
            "http://two.test",
            "http://three.test",
            "changed origin of a.test | GET http://a.test/ | http://two.test/ | http://three.test/",
        ),
    ],
)
def test_an_origin_is_shown_with_a_request_that_no_endpoint_matches(
    old: str | None, new: str | None, expected: str
) -> None:
    def side(url: str | None) -> Snapshot:
        return snapshot(at("GET /x"), origins=[(HOST, fallback(url))] if url else [])

    assert told(only(compare(side(old), side(new)))) == expected


def test_a_host_without_an_origin_that_hides_the_origin_of_all_hosts_is_a_difference() -> None:
    everywhere = (None, fallback("http://two.test"))
    old = snapshot(origins=[everywhere])
    new = snapshot(origins=[everywhere])
    new.table.add_host(at("GET /x").host)
    assert told(only(compare(old, new))) == "added host a.test | GET http://a.test/ | http://two.test/ | 404"


def test_a_host_that_sends_nothing_elsewhere_is_no_difference() -> None:
    new = snapshot(at("GET /x"))
    new.table.add_host(at("GET /x", host="b.test").host)
    assert compare(snapshot(at("GET /x")), new).changes == []


def test_a_setting_of_the_gateway_is_told_without_a_request() -> None:
    change = only(compare(snapshot(), snapshot(settings=Settings((IPv4Network("10.0.0.0/8"),)))))
    assert told(change) == "changed trusted_proxies | - | - | -"
    assert aspects(change) == ["trusted_proxies:  → 10.0.0.0/8"]


@pytest.mark.parametrize(
    ("now", "words"), [((), ""), ((Identifier("header", "X-A"), Identifier("jwt", "$.sub")), "header x-a, jwt $.sub")]
)
def test_identifiers_of_sessions_are_told_as_they_are_configured(now: tuple[Identifier, ...], words: str) -> None:
    change = only(compare(snapshot(), snapshot(settings=Settings(session_identifiers=now))))
    assert aspects(change) == [f"session_identifiers: (not said) → {words}"]
    routed = at("GET /x", "http://h")
    change = only(compare(snapshot(routed), snapshot(replace(routed, session_identifiers=now))))
    assert aspects(change) == [f"session_identifiers: (not said) → {words}"]
    origin = fallback("http://two.test")
    change = only(
        compare(
            snapshot(origins=[("a.test", origin)]),
            snapshot(origins=[("a.test", replace(origin, session_identifiers=now))]),
        )
    )
    assert told(change).startswith("changed origin of a.test")
    assert aspects(change) == [f"session_identifiers: (not said) → {words}"]


BROAD = at("GET /{id}", "http://broad.test/{id}")
NARROW = at("GET /seven", "http://narrow.test/")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([BROAD], [BROAD, NARROW], "GET http://a.test/seven | http://broad.test/seven | http://narrow.test/"),
        ([BROAD, NARROW], [BROAD], "GET http://a.test/seven | http://narrow.test/ | http://broad.test/seven"),
    ],
)
def test_an_endpoint_that_loses_or_wins_requests_moves_in_precedence(
    old: list[Endpoint], new: list[Endpoint], expected: str
) -> None:
    diff = compare(snapshot(*old), snapshot(*new))
    (moved,) = [change for change in diff.changes if change.kind == "precedence"]
    assert told(moved) == f"precedence GET a.test/{{id}} | {expected}"
    assert moved.other == "GET a.test/seven"
    assert diff.unchanged == 0
    assert diff.number("added", "removed") == 1


def test_an_endpoint_on_a_narrower_host_takes_precedence() -> None:
    broad = at("GET /x", "http://broad.test/", host="{tenant}.test")
    diff = compare(snapshot(broad), snapshot(broad, at("GET /x")))
    (moved,) = [change for change in diff.changes if change.kind == "precedence"]
    assert told(moved) == "precedence GET {tenant}.test/x | GET http://a.test/x | http://broad.test/ | http://one.test/"


def test_an_endpoint_that_overlaps_and_loses_moves_nothing() -> None:
    diff = compare(snapshot(NARROW), snapshot(NARROW, BROAD))
    assert [change.kind for change in diff.changes] == ["added"]
    assert diff.unchanged == 1


def test_no_precedence_is_claimed_where_a_third_endpoint_takes_what_both_fit() -> None:
    third = at("GET /a/b", "http://third.test/")
    one = at("GET /a/{y}", "http://one.test/{y}")
    other = at("GET /{x}/b", "http://other.test/{x}")
    diff = compare(snapshot(third, other), snapshot(third, other, one))
    assert [change.kind for change in diff.changes] == ["added"]


def test_too_many_overlaps_are_not_all_looked_at_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_PAIRS", 8)
    side = 3
    there = [at(f"GET /a{number}/{{y}}", "http://one.test/{y}") for number in range(side)]
    came = [at(f"GET /{{x}}/b{number}", "http://other.test/{x}") for number in range(side)]
    diff = compare(snapshot(*there), snapshot(*there, *came))
    assert not diff.complete
    assert diff.number("added") == side
    monkeypatch.setattr(tables, "MOST_PAIRS", 9)
    assert compare(snapshot(*there), snapshot(*there, *came)).complete
