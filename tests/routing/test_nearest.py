"""The endpoints that a request nearly matched, and the first thing that differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.routing import nearest as room
from sluicegate.routing.nearest import difference, mended, near_misses, nearest, nearest_of_any_host

from ..tables import endpoint, table


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /hotels/7/room", "segment 3 is 'room', not 'rooms'"),
        ("GET /hotel/7/room", "segment 1 is 'hotel', not 'hotels'"),
        ("GET /hotels//rooms", "segment 2 is '', not '{hotel}'"),
        ("GET /hotels/7/rooms/", "the path has 4 segments, not 3"),
        ("GET /hotels/7", "the path has 2 segments, not 3"),
        ("POST /hotels/7/rooms", "the method is POST, not GET"),
        ("POST /hotels/7/room", "segment 3 is 'room', not 'rooms'"),
    ],
)
def test_the_first_thing_that_differs_is_said(request_line: str, expected: str) -> None:
    method, _, path = request_line.partition(" ")
    found = difference(endpoint("GET /hotels/{hotel}/rooms"), method, path.split("/")[1:])
    assert found == expected


def test_a_segment_with_text_beside_its_variable_is_shown_as_it_is_written() -> None:
    assert difference(endpoint("GET /v{x}.json"), "GET", ["v1"]) == "segment 1 is 'v1', not 'v{x}.json'"


def test_the_nearest_come_first_and_no_more_than_asked_for() -> None:
    made = table(
        endpoint("GET /x/y/z/w"), endpoint("GET /hotels/{h}"), endpoint("GET /hotels/{h}/rooms"), endpoint("GET /q")
    )
    found = nearest(made, "GET", "a.test", "/hotels/7/rooms/1", count=2)
    assert [near.endpoint.text for near in found] == ["GET /hotels/{h}/rooms", "GET /hotels/{h}"]
    assert len(nearest(made, "GET", "a.test", "/hotels/7/rooms/1", count=9)) == 4


def test_of_two_equally_near_the_one_of_the_same_method_comes_first() -> None:
    made = table(endpoint("POST /hotels/{h}/rooms"), endpoint("GET /hotels/{h}/rooms"))
    found = nearest(made, "GET", "a.test", "/hotels/7/room")
    assert [near.endpoint.method for near in found] == ["GET", "POST"]


def test_only_endpoints_of_hosts_that_fit_are_named() -> None:
    made = table(
        endpoint("GET /a", host="a.test"),
        endpoint("GET /b", host="b.test"),
        endpoint("GET /c"),
        endpoint("GET /d", host="{t}.test"),
    )
    found = nearest(made, "GET", "a.test", "/e")
    assert sorted(near.endpoint.text for near in found) == ["GET /a", "GET /c", "GET /d"]


def test_a_table_without_endpoints_for_a_host_has_none_near() -> None:
    assert nearest(table(endpoint("GET /a", host="b.test")), "GET", "a.test", "/a") == []


def test_of_a_huge_table_only_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_COMPARED", 10)
    made = table(*(endpoint(f"GET /a{number}") for number in range(20)))
    assert {near.endpoint.text for near in nearest(made, "GET", "a.test", "/x", count=20)} == {
        f"GET /a{number}" for number in range(10)
    }


SEGMENTS = st.lists(st.sampled_from(["a", "b", "{}", "{}.json", "x.json", ""]), min_size=1, max_size=4)


@given(st.lists(SEGMENTS, max_size=6), SEGMENTS, st.sampled_from(["GET", "POST"]))
def test_whatever_does_not_match_is_told_a_true_difference(
    known: list[list[str]], asked: list[str], method: str
) -> None:
    paths = {
        "/" + "/".join(one.replace("{}", f"{{v{number}}}") for number, one in enumerate(segments)) for segments in known
    }
    made = table(*{one.operation_id: one for one in (endpoint(f"GET {path}") for path in paths)}.values())
    path = "/" + "/".join(asked).replace("{}", "a")
    for near in nearest(made, method, "a.test", path, count=6):
        own, segments = near.endpoint.path.segments, path.split("/")[1:]
        match near.difference.split()[0:2]:
            case ["segment", number]:
                place = int(number) - 1
                assert not own[place].fits(segments[place])
                assert all(one.fits(text) for one, text in zip(own[:place], segments[:place], strict=True))
            case ["the", "path"]:
                assert len(own) != len(segments)
            case _:
                assert near.endpoint.fits_path(path.split("/"))
                assert method != near.endpoint.method or made.lookup(method, "a.test", path) is not None


def test_a_path_of_the_same_length_is_nearer_than_a_shorter_one() -> None:
    made = table(endpoint("GET /hotels/{h}"), endpoint("GET /hotels/{h}/dates"))
    found = nearest(made, "GET", "a.test", "/hotels/7/date")
    assert [near.endpoint.text for near in found] == ["GET /hotels/{h}/dates", "GET /hotels/{h}"]


def test_a_missing_base_path_is_one_segment_too_few_and_nothing_else() -> None:
    made = table(endpoint("GET /x/{h}/dates/all"), endpoint("GET /v1/hotels/{h}/dates"), endpoint("GET /x/y/z"))
    assert nearest(made, "GET", "a.test", "/hotels/7/dates")[0].endpoint.text == "GET /v1/hotels/{h}/dates"


def test_near_misses_differ_in_one_thing() -> None:
    made = table(
        endpoint("POST /a/b"), endpoint("GET /a/c"), endpoint("GET /a/b/"), endpoint("GET /a"),
        endpoint("POST /a/c"), endpoint("GET /x/y"), endpoint("GET /a/{x}"),
    )  # fmt: skip
    found = near_misses(made, "GET", "a.test", "/a/b", 9)
    assert {near.endpoint.text for near in found} == {"POST /a/b", "GET /a/c", "GET /a/b/", "GET /a"}


def test_hosts_like_the_one_asked_for_are_named_when_nobody_serves_it() -> None:
    made = table(endpoint("GET /a", host="api.hotel.test"), endpoint("GET /a/{x}", host="{t}.shop.example"))
    (near,) = nearest_of_any_host(made, "GET", "api.hotl.test", "/a", count=1)
    assert (near.endpoint.text, near.difference) == ("GET /a", "the host is 'api.hotl.test', not 'api.hotel.test'")


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/hotels/{hotel}/dates", "/hotels/7/date", "/hotels/7/dates"),
        ("/hotels/{hotel}/dates", "/v1/hotels/7/dates", "/hotels/7/dates"),
        ("/v1/hotels/{hotel}", "/hotels/7", "/v1/hotels/7"),
        ("/hotels/{hotel}", "/hotels/7/", "/hotels/7"),
        ("/hotels/{hotel}/", "/hotels/7", "/hotels/7/"),
        ("/hotels/{hotel}", "/hotels/", "/hotels/hotel"),
        ("/items/{id}.json", "/items/7.xml", "/items/id.json"),
        ("/hotels/{hotel}/bookings", "/hotels/7/dates/", "/hotels/7/bookings"),
        ("/a", "/a", "/a"),
        ("/", "/x/y/z", "/"),
    ],
)
def test_a_mended_path_keeps_what_fits(template: str, path: str, expected: str) -> None:
    assert mended(endpoint(f"GET {template}"), path) == expected


_TEXTS = st.sampled_from(["", "a", "b", "{x}", "v{x}", "{x}.json"])


@given(st.lists(_TEXTS, min_size=1, max_size=5), st.lists(st.sampled_from(["", "a", "b", "7", "v7"]), max_size=5))
def test_a_mended_path_is_always_one_of_the_endpoint(template: list[str], asked: list[str]) -> None:
    named = [text.replace("x", f"x{number}") for number, text in enumerate(template)]
    one = endpoint("GET /" + "/".join(named))
    assert one.fits_path(mended(one, "/" + "/".join(asked)).split("/"))
