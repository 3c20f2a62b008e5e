"""Target Endpoints: origins as Host fields show them, and rendered paths and queries."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sluicegate.endpoints.normalise import normalise, normalise_rfc3986
from sluicegate.endpoints.targets import Origin, UnsafePathError, render_path, render_query
from sluicegate.endpoints.templates import parse_path

from ..tables import target


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("http", "h", 80), "h"),
        (Origin("http", "h", 443), "h:443"),
        (Origin("https", "h", 443), "h"),
        (Origin("https", "h", 80), "h:80"),
        (Origin("http", "127.0.0.1", 9000), "127.0.0.1:9000"),
        (Origin("http", "::1", 80), "[::1]"),
        (Origin("https", "::1", 9000), "[::1]:9000"),
    ],
)
def test_an_origin_shows_its_port_only_where_it_is_not_the_scheme_s_own(origin: Origin, authority: str) -> None:
    assert origin.authority == authority
    assert str(origin) == f"{origin.scheme}://{authority}"


def rendered(source: str, written: str, path: str, host: str = "me.eu.test", query: bytes | None = None) -> str:
    """What the target is asked for, query included; the path is normalised and fits the source."""
    to = target(source, written, "{tenant}.{region}.test")
    segments = normalise(path.encode()).split("/")
    found = render_query(to, query, segments, host)
    return f"{render_path(to, segments, host)}" + ("" if found is None else f"?{found.decode()}")


@pytest.mark.parametrize(
    ("source", "written", "path", "expected"),
    [
        ("/api/{a}/users/{b}", "http://h/{b}/users/{a}", "/api/7/users/9", "/9/users/7"),
        ("/v1/x/{a}", "http://h/{a}/new", "/v1/x/7", "/7/new"),
        ("/v1/x/{a}", "http://h/{a}", "/v1/x/7", "/7"),
        ("/{a}", "http://h/{a}/{a}", "/7", "/7/7"),
        ("/a", "http://h/", "/a", "/"),
        ("/a", "http://h/b/", "/a", "/b/"),
        ("/{a}/", "http://h/{a}", "/7/", "/7"),
        ("/{a}", "http://h/x-{a}.json", "/7", "/x-7.json"),
        ("/{a}.json", "http://h/{a}", "/7.json", "/7"),
        ("/v{a}.json", "http://h/{a}.xml", "/v7.json", "/7.xml"),
        ("/{a}/{b}", "http://h/{a}-{b}", "/1/2", "/1-2"),
        ("/{a}", "http://h/{a}", "/x%2fy", "/x%2Fy"),
        ("/{a}", "http://h/{a}", "/%2541", "/%2541"),
        ("/{a}", "http://h/{a}", "/%C3%A9", "/%C3%A9"),
        ("/{a}", "http://h/{a}", "/a&b=c", "/a&b=c"),
        ("/{a}", "http://h/{tenant}/{region}/{a}", "/7", "/me/eu/7"),
        ("/{a}", "rooms:/{a}/x", "/7", "/v2/7/x"),
        ("/{a}", "rooms:/x/{a}", "/7", "/v2/x/7"),
        ("/{a}", "http://h/é/{a}", "/7", "/%C3%A9/7"),
    ],
)
def test_a_path_is_built_of_literals_and_captured_segments(source: str, written: str, path: str, expected: str) -> None:
    assert rendered(source, written, path) == expected


@pytest.mark.parametrize(
    ("written", "query", "expected"),
    [
        ("http://h/x?id={a}", None, "/x?id=7"),
        ("http://h/x?id={a}", b"", "/x?id=7"),
        ("http://h/x?id={a}", b"q=1&id=8", "/x?id=7&q=1&id=8"),
        ("http://h/{a}?v=2", b"?&%zz=%c3", "/7?v=2&?&%zz=%c3"),
        ("http://h/{a}", b"b=%2f&&a", "/7?b=%2f&&a"),
        ("http://h/{a}", b"", "/7?"),
        ("http://h/{a}", None, "/7"),
        ("http://h/{a}?t={tenant}", None, "/7?t=me"),
    ],
)
def test_the_target_s_own_query_goes_first_then_the_client_s_byte_for_byte(
    written: str, query: bytes | None, expected: str
) -> None:
    assert rendered("/{a}", written, "/7", query=query) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a&b", "id=a%26b"),
        ("/a=b", "id=a%3Db"),
        ("/a+b", "id=a%2Bb"),
        ("/a;b", "id=a%3Bb"),
        ("/a%26b", "id=a%26b"),
        ("/a%23%3Fb", "id=a%23%3Fb"),
        ("/a%2Fb", "id=a%2Fb"),
        ("/a%20b", "id=a%20b"),
    ],
)
def test_a_captured_segment_is_one_value_in_a_query(path: str, expected: str) -> None:
    assert rendered("/{a}", "http://h/x?id={a}", path) == f"/x?{expected}"


@given(st.binary(max_size=20))
def test_any_query_of_the_client_ends_what_the_target_is_asked_for(query: bytes) -> None:
    to = target("/{a}", "http://h/x?id={a}")
    found = render_query(to, query, ["", "7"], "")
    assert found == (b"id=7&" + query if query else b"id=7")
    assert render_query(target("/{a}", "http://h/{a}"), query, ["", "7"], "") == query


@pytest.mark.parametrize("written", ["http://h", "rooms", "http://h?own=1"])
def test_a_target_without_a_path_leaves_the_request_s_own(written: str) -> None:
    assert render_path(target("/{a}", written), ["", "7"], "") is None


@pytest.mark.parametrize(
    ("source", "written", "path"),
    [
        ("/{a}/{b}", "http://h/x/{a}{b}", "/.a/b"),
        ("/x/{a}", "http://h/x/.{a}", "/x/a"),
    ],
)
def test_pieces_that_make_no_dot_segment_pass(source: str, written: str, path: str) -> None:
    assert rendered(source, written, path).startswith("/x/.")


@pytest.mark.parametrize(
    ("source", "written", "path"),
    [
        ("/x{a}", "http://h/v1/{a}/secret", "/x.."),
        ("/x{a}", "http://h/v1/{a}", "/x."),
        ("/{a}.json", "http://h/v1/{a}/y", "/...json"),
        ("/x{a}/y{b}", "http://h/v1/{a}{b}/z", "/x./y."),
        ("/x{a}", "http://h/v1/.{a}/z", "/x."),
        ("/x{a}", "http://h/v1/%2e{a}/z", "/x."),
        ("/x{a}", "http://h/v1/{a}%2E/z", "/x."),
        ("/x{a}", "rooms:/{a}/z", "/x.."),
    ],
)
def test_pieces_that_make_a_dot_segment_in_any_encoding_are_refused(source: str, written: str, path: str) -> None:
    with pytest.raises(UnsafePathError, match="dot segment"):
        rendered(source, written, path)


PIECES = st.text("a.%/", max_size=4).map(lambda text: re.sub("%(?!2[EF])", "%2E", text).replace("/", "%2F"))
AFFIXES = st.sampled_from(["", "", ".", "..", "x", "%2e", "%2E%2e", ".json", "%2F", "-"])


@settings(max_examples=400, deadline=None)
@given(
    st.tuples(AFFIXES, AFFIXES, AFFIXES, AFFIXES),
    st.tuples(AFFIXES, AFFIXES, AFFIXES),
    st.booleans(),
    st.tuples(PIECES, PIECES),
)
@example(("x", "", "x", ""), ("", "", ""), True, (".", "."))
def test_a_rendered_path_never_leaves_the_literal_place_of_its_target(
    around: tuple[str, str, str, str], between: tuple[str, str, str], joined: bool, values: tuple[str, str]
) -> None:
    first, second = f"{around[0]}{{a}}{around[1]}", f"{around[2]}{{b}}{around[3]}"
    source = parse_path(f"/{first}/{second}")
    path = normalise(f"/{first}/{second}".format(a=values[0], b=values[1]).encode())
    segments = path.split("/")
    assume(len(segments) == 3)
    assume(all(own.fits(text) for own, text in zip(source.segments, segments[1:], strict=True)))
    separator = "" if joined else "/"
    to = target(source.text, f"http://h/v1/keep/{between[0]}{{b}}{between[1]}{separator}{{a}}{between[2]}/end")
    try:
        found = render_path(to, segments, "")
    except UnsafePathError:
        return
    assert found is not None
    for form in (normalise, normalise_rfc3986):
        told = form(found.encode())
        assert told.startswith("/v1/keep/")
        assert told.endswith("/end")
        assert told.count("/") == found.count("/")


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "%2F", ".a", "a..", "%25", "=&+;", "..%2F.."]), min_size=3, max_size=3))
def test_whole_segments_are_never_refused_and_arrive_as_they_were_captured(values: list[str]) -> None:
    to = target("/{a}/{b}/{c}", "http://h/v1/{c}/{a}/{b}")
    path = normalise(("/" + "/".join(values)).encode())
    assert render_path(to, path.split("/"), "") == "/v1/{2}/{0}/{1}".format(*values)
