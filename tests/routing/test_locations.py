"""Locations that name the target: said in the public API's words, or left alone."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sluicegate.endpoints.normalise import normalise
from sluicegate.endpoints.table import Endpoint
from sluicegate.endpoints.targets import UnsafePathError, render_path
from sluicegate.routing.locations import map_back

from ..tables import endpoint, target


def mapped(location: str, source: str, route: str, host: str | None = None) -> str | None:
    one = endpoint(f"GET {source}", route, host="{tenant}.test" if host else None)
    assert one.route is not None
    return map_back(location, one.route, one, host or "")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://dates:9001/availability/8", "/hotels/8/dates"),
        ("http://dates:9001/availability/8?x=1&y#z", "/hotels/8/dates?x=1&y#z"),
        ("HTTP://DATES:9001/availability/8", "/hotels/8/dates"),
        ("//dates:9001/availability/8", "/hotels/8/dates"),
        ("/availability/8", "/hotels/8/dates"),
        ("/availability/8#f", "/hotels/8/dates#f"),
        ("/availability/a%2fb", "/hotels/a%2Fb/dates"),
        ("/%61vailability//8", "/hotels/8/dates"),
        ("/availability/caf\udce9", "/hotels/caf%E9/dates"),
        ("/availability/café", "/hotels/caf%C3%A9/dates"),
    ],
)
def test_a_location_of_the_target_is_mapped_back_through_the_route(location: str, expected: str) -> None:
    assert mapped(location, "/hotels/{hotel}/dates", "http://dates:9001/availability/{hotel}") == expected


@pytest.mark.parametrize(
    "location",
    [
        "http://other:9001/availability/8",
        "http://dates:9002/availability/8",
        "http://dates/availability/8",
        "https://dates:9001/availability/8",
        "http://user@dates:9001/availability/8",
        "http://dates:9001.evil.test/availability/8",
        "ftp://dates:9001/availability/8",
        "//other/availability/8",
        "availability/8",
        "?x=1",
        "#top",
        "",
        "mailto:a@dates",
        "/other/8",
        "/availability",
        "/availability/",
        "/availability/8/9",
        "/AVAILABILITY/8",
        "/availability/%zz",
        "/availability/a b",
        "/availability/%00",
        "/availability/a\x00",
        "/availability/../8",
        "http://dates:9001",
    ],
)
def test_a_location_that_names_no_page_of_the_route_is_left_alone(location: str) -> None:
    assert mapped(location, "/hotels/{hotel}/dates", "http://dates:9001/availability/{hotel}") is None


@pytest.mark.parametrize(
    ("route", "location"),
    [
        ("http://dates/{x}", "http://dates:80/8"),
        ("http://dates:80/{x}", "http://dates/8"),
        ("https://dates/{x}", "https://dates:443/8"),
        ("https://dates:443/{x}", "https://dates/8"),
        ("http://[::1]:9000/{x}", "http://[::1]:9000/8"),
        ("http://[::A]/{x}", "http://[::a]:80/8"),
    ],
)
def test_the_scheme_s_own_port_may_be_named_or_not(route: str, location: str) -> None:
    assert mapped(location, "/a/{x}", route) == "/a/8"


@pytest.mark.parametrize(
    ("source", "route", "location", "expected"),
    [
        ("/{a}/{b}", "http://h/{b}/{a}", "/1/2", "/2/1"),
        ("/{a}", "http://h/{a}/{a}", "/1/1", "/1"),
        ("/{a}", "http://h/{a}/{a}", "/1/2", None),
        ("/items/{id}.json", "http://h/i/{id}", "/i/7", "/items/7.json"),
        ("/items/{id}", "http://h/i/x-{id}.json", "/i/x-7.json", "/items/7"),
        ("/items/{id}", "http://h/i/x-{id}.json", "/i/7.json", None),
        ("/items/{id}", "http://h/i?id={id}", "/i?id=7", None),
        ("/items/{id}/", "http://h/{id}", "/7", "/items/7/"),
        ("/all", "http://h/a.b", "/a.b", "/all"),
        ("/all", "http://h/a.b", "/axb", None),
        ("/{a}", "http://h/%7Euser//x/{a}", "/~user/x/7", "/7"),
        ("/{a}", "http://h/%2fx|y/{a}", "/%2fx|y/7", "/7"),
        ("/{a}", "rooms:/{a}", "/v2/7", "/7"),
        ("/{a}", "rooms:/{a}", "/7", None),
    ],
)
def test_each_shape_of_a_route_is_read_backwards(source: str, route: str, location: str, expected: str | None) -> None:
    assert mapped(location, source, route) == expected


@pytest.mark.parametrize(
    ("source", "route", "location"),
    [
        ("/items/{id}/x", "http://h/i-{id}", "/i-.."),
        ("/items/{id}/x", "http://h/i-{id}", "/i-."),
        ("/items/{id}", "http://h/{id}F", "/x%2F"),
        ("/items/{id}2F", "http://h/{id}F", "/%2F"),
        ("/items/.{id}", "http://h/i-{id}", "/i-."),
    ],
)
def test_a_location_whose_source_path_would_mean_another_one_is_left_alone(
    source: str, route: str, location: str
) -> None:
    assert mapped(location, source, route) is None


def test_a_location_of_another_host_s_variable_is_left_alone() -> None:
    assert mapped("/me/7", "/{a}", "http://h/{tenant}/{a}", host="me.test") == "/7"
    assert mapped("/you/7", "/{a}", "http://h/{tenant}/{a}", host="me.test") is None


@pytest.mark.parametrize(
    ("route", "location", "expected"),
    [
        ("http://h", "http://h/a/b?c", "/a/b?c"),
        ("http://h", "http://h", "/"),
        ("http://h", "http://h?x", "/?x"),
        ("http://h", "/a", "/a"),
        ("http://h", "http://h//evil.test/a", "/evil.test/a"),
        ("http://h", "/\\evil.test", "/evil.test"),
        ("http://h", "http://other/a", None),
        ("rooms", "http://127.0.0.1:9002/v2/a?b", "/a?b"),
        ("rooms", "/v2", "/"),
        ("rooms", "/v2/", "/"),
        ("rooms", "/v2//evil.test", "/evil.test"),
        ("rooms", "/v2x/a", None),
        ("rooms", "/a", None),
        ("rooms", "/v2/../a", None),
    ],
)
def test_where_paths_are_kept_only_the_origin_and_its_base_path_go(
    route: str, location: str, expected: str | None
) -> None:
    assert map_back(location, target("/", route), None) == expected
    assert mapped(location, "/{a}", route) == expected


def test_without_an_endpoint_a_built_path_cannot_be_mapped_back() -> None:
    assert map_back("/7", target("/{a}", "http://h/{a}"), None) is None


VALUES = st.sampled_from(["a", "b.c", "%2F", "a%2Fb", "%C3%A9", "..a", "-", "a-b", "F", "2F", "x.json", "~"])
SOURCES = st.sampled_from(
    ["/{a}/{b}", "/x/{a}/y/{b}/", "/{a}.json/{b}", "/v{a}/-{b}-", "/é/{a}/%2F{b}", "/{a}/.{b}", "/{a}2F/{b}F"]
)


def asked(one: Endpoint, values: tuple[str, str]) -> list[str]:
    path = normalise(one.path.text.format(a=values[0], b=values[1]).encode())
    segments = path.split("/")
    assume(one.fits_path(segments))
    return segments


@settings(deadline=None)
@given(
    SOURCES, st.sampled_from(["/{a}/{b}", "/{b}/k/{a}", "/x-{b}/{a}.json/", "/{a}/{b}/{a}"]), st.tuples(VALUES, VALUES)
)
def test_what_was_rendered_is_mapped_back_to_the_path_that_was_asked_for(
    source: str, route: str, values: tuple[str, str]
) -> None:
    one = endpoint(f"GET {source}", f"http://h:81{route}")
    assert one.route is not None
    segments = asked(one, values)
    location = render_path(one.route, segments, "")
    assert map_back(f"http://h:81{location}?q", one.route, one) == "/".join(segments) + "?q"


@settings(max_examples=300, deadline=None)
@given(
    SOURCES,
    st.sampled_from(["/{a}{b}", "/{b}-{a}", "/.{a}/{b}", "/{a}F{b}", "/%2F{b}/{a}2F"]),
    st.tuples(VALUES, VALUES),
)
@example("/{a}2F/{b}F", "/{a}F{b}", ("%2F", "2F"))
def test_whatever_is_mapped_back_leads_to_the_same_place_of_the_target(
    source: str, route: str, values: tuple[str, str]
) -> None:
    one = endpoint(f"GET {source}", f"http://h{route}")
    assert one.route is not None
    try:
        location = render_path(one.route, asked(one, values), "")
    except UnsafePathError:
        return
    assert location is not None
    found = map_back(location, one.route, one)
    if found is not None:
        assert normalise(found.encode()) == found
        assert one.fits_path(found.split("/"))
        assert render_path(one.route, found.split("/"), "") == normalise(location.encode())
