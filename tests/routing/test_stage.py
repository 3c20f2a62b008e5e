"""The routing stage: the route of an endpoint, an origin, or a refusal that says why."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.endpoints.normalise import normalise, normalise_rfc3986
from sluicegate.endpoints.table import Place
from sluicegate.exchange import Exchange
from sluicegate.forwarding.admission import admit
from sluicegate.routing.stage import route
from sluicegate.snapshot import Settings, Snapshot

from ..tables import endpoint, exchange, fallback, snapshot


def routed(request: str, held: Snapshot | None, *headers: tuple[str, str], **options: Any) -> Exchange:
    """An admitted request after the stage."""
    asked = exchange(request, *headers, snapshot=held, **options)
    admit(asked)
    assert asked.problem is None
    route(asked)
    assert (asked.forward is None) is not (asked.problem is None)
    return asked


def url(request: str, held: Snapshot, *headers: tuple[str, str], **options: Any) -> str:
    """Where a request goes, or the status that refuses it."""
    found = routed(request, held, *headers, **options)
    return found.forward.url if found.forward else str(found.problem.status if found.problem else None)


def test_a_request_goes_where_its_endpoint_s_route_says() -> None:
    place = Place("hotel.yaml", 12, 3)
    one = endpoint("GET /hotels/{hotel}/dates", "http://127.0.0.1:9001/availability/{hotel}", place=place)
    found = routed("GET /hotels/7/dates?x=1&y", snapshot(one))
    assert found.endpoint is one
    assert found.segments == ["", "hotels", "7", "dates"]
    assert found.forward is not None
    assert found.forward.url == "http://127.0.0.1:9001/availability/7?x=1&y"
    assert found.forward.host == "127.0.0.1:9001"
    assert found.forward.place == "hotel.yaml:12"
    assert [(verdict.stage, verdict.outcome) for verdict in found.trail] == [("routing", "routed")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/x/7?", "http://h/y/7?own=1"),
        ("/x/7", "http://h/y/7?own=1"),
        ("/x/7?a=%2f&&b", "http://h/y/7?own=1&a=%2f&&b"),
        ("/x/%61%2fb?c", "http://h/y/a%2Fb?own=1&c"),
        ("//x\\.\\7", "http://h/y/7?own=1"),
    ],
)
def test_a_route_rebuilds_the_normalised_path_and_puts_its_own_query_first(asked: str, expected: str) -> None:
    held = snapshot(endpoint("GET /x/{a}", "http://h/y/{a}?own=1"))
    assert url(f"GET {asked}", held) == expected


@pytest.mark.parametrize(
    ("asked", "as_sent", "normalised"),
    [
        ("/%61//b\\c/./d?q=%61", "/%61//b\\c/./d?q=%61", "/a/b/c/d?q=%61"),
        ("/a/../b", "/a/../b", "/b"),
        ("/a%2fb?", "/a%2fb?", "/a%2Fb?"),
        ("/\xe9", "/\\xe9", "/%E9"),
    ],
)
def test_a_path_that_no_route_rebuilds_goes_as_it_was_sent_unless_it_is_to_be_normalised(
    asked: str, as_sent: str, normalised: str
) -> None:
    for option, expected in ((False, as_sent), (True, normalised)):
        origin = snapshot(origins=[(None, fallback("http://h", normalize_to_origin=option))])
        assert url(f"GET {asked}", origin) == f"http://h{expected}"
        path = normalise(asked.partition("?")[0].encode("latin-1"))
        bare = snapshot(endpoint(f"GET {path}", "http://h", normalize_to_origin=option))
        assert url(f"GET {asked}", bare) == f"http://h{expected}"


def test_a_bare_service_keeps_the_path_behind_its_base_path() -> None:
    held = snapshot(endpoint("GET /{a}/{b}", "rooms"))
    assert url("GET /x/%79?z", held) == "http://127.0.0.1:9002/v2/x/%79?z"


@pytest.mark.parametrize(
    "asked",
    ["/../a", "/a/../../b", "/%2e%2e/a", "/.%2E/a", "/a//../../b", "/\\..\\a", "/a\\..\\..\\b", "/a\\b//../.."],
)
def test_a_path_that_is_kept_cannot_climb_out_of_the_base_path(asked: str) -> None:
    held = snapshot(origins=[(None, fallback("rooms"))])
    found = routed(f"GET {asked}", held)
    assert found.problem is not None
    assert (found.problem.status, found.problem.kind) == (400, "unsafe-path")
    plain = snapshot(origins=[(None, fallback("http://h"))])
    assert url(f"GET {asked}", plain) == f"http://h{asked}"
    tidy = snapshot(origins=[(None, fallback("rooms", normalize_to_origin=True))])
    assert url(f"GET {asked}", tidy) == f"http://127.0.0.1:9002/v2{normalise(asked.encode())}"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "..", ".", "%2e%2e", ".%2E", "", "a\\..", "%2F", "\\.."]), max_size=7))
def test_whatever_path_is_kept_stays_behind_the_base_path_in_any_reading(segments: list[str]) -> None:
    held = snapshot(origins=[(None, fallback("rooms"))])
    found = routed("GET /" + "/".join(segments), held)
    if found.forward is not None:
        path = found.forward.path
        assert normalise(path).startswith("/v2/")
        for reading in (path, re.sub(b"/+", b"/", path), path.replace(b"\\", b"/")):
            assert normalise_rfc3986(reading).startswith("/v2/")
    else:
        assert any(".." in segment or "%2" in segment for segment in segments)


def test_a_path_that_pieces_would_turn_into_a_dot_segment_is_refused() -> None:
    found = routed("GET /x..", snapshot(endpoint("GET /x{a}", "http://h/v1/{a}")))
    assert found.problem is not None
    assert (found.problem.status, found.problem.kind) == (400, "unsafe-path")


@pytest.mark.parametrize(
    ("option", "authority", "expected"),
    [
        ("target", "A.test:8080", "h:81"),
        ("source", "A.test:8080", "A.test:8080"),
        ("literal.test:1", "A.test:8080", "literal.test:1"),
    ],
)
def test_the_host_toward_the_target_is_the_target_s_the_client_s_or_a_literal(
    option: str, authority: str, expected: str
) -> None:
    for held in (
        snapshot(endpoint("GET /a", "http://h:81/b", host_header=option)),
        snapshot(origins=[(None, fallback("http://h:81", host_header=option))]),
    ):
        found = routed("GET /a", held, host=authority)
        assert found.forward is not None
        assert found.forward.host == expected


def test_without_any_host_of_the_client_the_target_s_own_is_sent() -> None:
    held = snapshot(endpoint("GET /a", "http://h:81/b", host_header="source"))
    found = routed("GET /a", held, host=None, http_version="HTTP/1.0")
    assert found.forward is not None
    assert found.forward.host == "h:81"


def test_a_managed_endpoint_goes_to_the_origin_of_its_host() -> None:
    managed = endpoint("POST /b", host="a.test", place=Place("hotel.yaml", 9, 3))
    held = snapshot(managed, origins=[("a.test", fallback("http://origin")), (None, fallback("http://any"))])
    found = routed("POST /b?x", held)
    assert found.endpoint is managed
    assert found.forward is not None
    assert (found.forward.url, found.forward.place) == ("http://origin/b?x", "hotel.yaml:9")


def test_a_managed_endpoint_goes_to_its_own_host_s_origin_before_a_more_specific_one() -> None:
    managed = endpoint("POST /b", host="{t}.test")
    held = snapshot(managed, origins=[("a.test", fallback("http://exact")), ("{t}.test", fallback("http://own"))])
    assert url("POST /b", held) == "http://own/b"
    assert url("POST /c", held) == "http://exact/c"


def test_a_managed_endpoint_without_an_origin_is_answered_404() -> None:
    found = routed("POST /b", snapshot(endpoint("POST /b")))
    assert found.problem is not None
    assert (found.problem.status, found.problem.kind) == (404, "no-route")


def test_the_place_of_a_request_that_no_endpoint_took_is_the_origin_s_or_the_option_s() -> None:
    origin = fallback("http://h", place=Place("hotel.yaml", 3, 1))
    named = routed("GET /", snapshot(origins=[(None, origin)]))
    assert named.forward is not None
    assert named.forward.place == "hotel.yaml:3"
    default = routed("GET /", snapshot(default=fallback("http://h")))
    assert default.forward is not None
    assert default.forward.place == "--mode"


def test_the_default_origin_takes_what_no_file_s_origin_takes_for_unknown_hosts_too() -> None:
    held = snapshot(
        endpoint("GET /a", "http://t/a", host="a.test"),
        origins=[("b.test", fallback("http://own"))],
        default=fallback("http://default"),
    )
    assert url("GET /a", held) == "http://t/a"
    assert url("GET /b", held) == "http://default/b"
    assert url("GET /b", held, host="b.test") == "http://own/b"
    assert url("GET /b", held, host="other") == "http://default/b"


def test_an_unknown_host_is_answered_421() -> None:
    found = routed("GET /a", snapshot(endpoint("GET /a", "http://t/a", host="a.test")), host="b.test")
    assert found.problem is not None
    assert (found.problem.status, found.problem.kind) == (421, "unknown-host")


def test_a_path_with_endpoints_for_other_methods_only_is_answered_405_with_allow() -> None:
    held = snapshot(endpoint("GET /a", "http://t/a"), endpoint("DELETE /{x}", "http://t/{x}"))
    found = routed("POST /a", held)
    assert found.problem is not None
    assert found.problem.status == 405
    assert found.problem.headers == (("Allow", "DELETE, GET"),)
    assert routed("POST /a", snapshot(endpoint("GET /a"), origins=[(None, fallback("http://o"))])).forward


def test_an_unknown_path_is_answered_404_with_the_nearest_endpoints_where_internals_may_be_seen() -> None:
    held = snapshot(*(endpoint(f"GET /{name}/{{x}}", "http://t/{x}") for name in ("a", "b", "c", "d")))
    hidden = routed("GET /a/1/2", held)
    assert hidden.problem is not None
    assert (hidden.problem.status, hidden.problem.members) == (404, {})
    shown = routed("GET /a/1/2", held, show_internals=True)
    assert shown.problem is not None
    near = shown.problem.members["nearest"]
    assert isinstance(near, list)
    assert len(near) == 3
    assert near[0] == {"endpoint": "GET /a/{x}", "host": "*", "differs": "the path has 3 segments, not 2"}


def test_without_a_snapshot_every_request_is_answered_503() -> None:
    found = routed("GET /a", None)
    assert found.problem is not None
    assert found.problem.status == 503


PREFLIGHT = (("Origin", "https://app.test"), ("Access-Control-Request-Method", "PUT"))


def test_a_preflight_follows_the_route_of_the_endpoint_that_it_asks_about() -> None:
    asked = endpoint("PUT /a/{x}", "http://put/{x}")
    held = snapshot(endpoint("GET /a/{x}", "http://get/{x}"), asked)
    found = routed("OPTIONS /a/7", held, *PREFLIGHT)
    assert found.endpoint is asked
    assert found.method == "OPTIONS"
    assert found.forward is not None
    assert found.forward.url == "http://put/7"
    assert "preflight" in found.trail[-1].reason


def test_an_options_endpoint_of_its_own_takes_the_preflight() -> None:
    held = snapshot(endpoint("PUT /a", "http://put/"), endpoint("OPTIONS /{x}", "http://options/{x}"))
    assert url("OPTIONS /a", held, *PREFLIGHT) == "http://options/a"


def test_a_preflight_for_a_managed_endpoint_goes_to_the_origin() -> None:
    held = snapshot(endpoint("PUT /a"), origins=[(None, fallback("http://origin"))])
    assert url("OPTIONS /a", held, *PREFLIGHT) == "http://origin/a"


@pytest.mark.parametrize(
    "headers", [(), PREFLIGHT[:1], PREFLIGHT[1:], (*PREFLIGHT, PREFLIGHT[1]), (PREFLIGHT[0], (PREFLIGHT[1][0], "put"))]
)
def test_an_options_request_that_is_no_preflight_for_an_endpoint_follows_none(
    headers: tuple[tuple[str, str], ...],
) -> None:
    assert url("OPTIONS /a", snapshot(endpoint("PUT /a", "http://put/")), *headers) == "405"


def test_another_method_with_the_fields_of_a_preflight_is_none() -> None:
    assert url("POST /a", snapshot(endpoint("PUT /a", "http://put/")), *PREFLIGHT) == "405"


@pytest.mark.parametrize("mapped", [False, True])
def test_locations_are_mapped_back_where_the_route_or_the_origin_says_so(mapped: bool) -> None:
    held = snapshot(
        endpoint("GET /a", "http://t/b", rewrite_location=mapped),
        endpoint("GET /managed", rewrite_location=not mapped),
        origins=[(None, fallback("http://o", rewrite_location=mapped))],
    )
    for path in ("/a", "/other", "/managed"):
        found = routed(f"GET {path}", held)
        assert found.forward is not None
        assert found.forward.rewrite_location is mapped


def test_the_snapshot_s_settings_do_not_change_where_a_request_goes() -> None:
    trusting = Settings((ip_network("127.0.0.0/8"),))
    held = snapshot(endpoint("GET /a", "http://t/b", host="a.test"), settings=trusting)
    assert url("GET /a", held, ("X-Forwarded-Host", "b.test")) == "http://t/b"
