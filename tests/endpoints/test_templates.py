"""Path templates of Source Endpoints: how they are stored, what fits them, and every rule that they can break."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.endpoints.hosts import HostPattern
from sluicegate.endpoints.normalise import normalise
from sluicegate.endpoints.table import operation_id
from sluicegate.endpoints.templates import MAX_PATH, Segment, TemplateError, parse_path


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("/users/{userId}/posts/{postId}", "/users/{var1}/posts/{var2}"),
        ("/{b}/{a}/", "/{var1}/{var2}/"),
        ("/items/{id}.json", "/items/{var1}.json"),
        ("/items/v{id}", "/items/v{var1}"),
        ("/%68ello//pa\\th", "/hello/pa/th"),
        ("/hello//../path", "/path"),
        ("/a/./{x}", "/a/{var1}"),
        ("/{x}/../{y}", "/{var1}"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..", "/"),
        ("/..", "/"),
        ("/a/{x}/.", "/a/{var1}/"),
        ("/a%2fb/%7e{x}%2f", "/a%2Fb/~{var1}%2F"),
        ("/häuser", "/h%C3%A4user"),
        ("//", "/"),
    ],
)
def test_a_path_is_stored_normalised_with_numbered_variables(text: str, stored: str) -> None:
    found = parse_path(text)
    assert found.stored == stored
    assert found.text == text


def test_variables_are_named_left_to_right() -> None:
    assert parse_path("/{b}/x-{a}.json/{c}").variables == ("b", "a", "c")


def test_a_variable_that_a_dot_segment_takes_away_is_none_of_the_path() -> None:
    assert parse_path("/{x}/../{y}").variables == ("y",)


@pytest.mark.parametrize(
    ("text", "code", "offset", "part"),
    [
        ("a", "path-slash", 0, "'/a'"),
        ("", "path-slash", 0, "does not begin with '/'"),
        ("{x}/a", "path-slash", 0, "'/{x}/a'"),
        ("/" + "a" * MAX_PATH, "path-length", 0, "4097 characters"),
        ("/a?b", "path-query", 2, "a query"),
        ("/a#b", "path-query", 2, "a fragment"),
        ("/a/{x}/{x}", "variable-repeated", 7, "'{x}' stands twice"),
        ("/a/{x}/%61{x}", "variable-repeated", 10, "'{x}' stands twice"),
        ("/a/{x}-{y}", "segment-variables", 7, "2 variables"),
        ("/a/{x}{y}{z}", "segment-variables", 6, "3 variables"),
        ("/a/{", "path-brace", 3, "brace without its pair"),
        ("/a/b}", "path-brace", 4, "brace without its pair"),
        ("/a/{x}}", "path-brace", 6, "brace without its pair"),
        ("/a/{x/y}", "path-brace", 3, "brace without its pair"),
        ("/a/{{x}}", "path-brace", 3, "brace without its pair"),
        ("/{}", "variable-name", 1, "'{}' is not a variable name"),
        ("/{1x}", "variable-name", 1, "'{1x}'"),
        ("/b/{a-b}", "variable-name", 3, "'{a-b}'"),
        ("/{a b}", "variable-name", 1, "'{a b}'"),
        ("/{*}", "variable-name", 1, "'{*}'"),
        ("/{ä}", "variable-name", 1, "'{ä}'"),
        ("/a/100%", "path-text", 3, "malformed percent escape"),
        ("/a b", "path-text", 1, "a space"),
        ("/a/{x}%zz", "path-text", 6, "malformed percent escape"),
        ("/%{x}41", "path-text", 1, "malformed percent escape"),
        ("/a%00", "path-text", 1, "NUL"),
        ("/a\x07", "path-text", 1, "control character"),
    ],
)
def test_a_path_that_breaks_a_rule_is_refused_with_code_and_place(text: str, code: str, offset: int, part: str) -> None:
    with pytest.raises(TemplateError) as raised:
        parse_path(text)
    assert (raised.value.code, raised.value.offset) == (code, offset)
    assert part in str(raised.value)


def test_the_longest_path_that_is_allowed_is_read() -> None:
    assert parse_path("/" + "a" * (MAX_PATH - 1)).stored == "/" + "a" * (MAX_PATH - 1)


@pytest.mark.parametrize(
    ("path", "text", "fits"),
    [
        ("/a", "a", True),
        ("/a", "A", False),
        ("/a", "", False),
        ("/{x}", "a", True),
        ("/{x}", "%2F", True),
        ("/{x}", "", False),
        ("/{x}.json", "1.json", True),
        ("/{x}.json", ".json", False),
        ("/{x}.json", "1.JSON", False),
        ("/v{x}", "v1", True),
        ("/v{x}", "v", False),
        ("/a{x}a", "aa", False),
        ("/a{x}a", "aaa", True),
        ("/{id}F", "%2F", False),
        ("/{id}F", "x%2FF", True),
        ("/{id}2F", "%2F", False),
        ("/{id}2F", "%252F", True),
        ("/{id}%2F", "x%2F", True),
        ("/%25{id}", "%252F", True),
    ],
)
def test_a_segment_fits_whole_characters_only(path: str, text: str, fits: bool) -> None:
    (segment,) = parse_path(path).segments
    assert segment.fits(text) is fits


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,3}", fullmatch=True)
TEXTS = st.text("ab.-~%{}é=", max_size=3).map(lambda text: re.sub("[%{}]", "%2F", text))


@st.composite
def paths(draw: st.DrawFn) -> str:
    names = iter(draw(st.lists(NAMES, min_size=5, max_size=5, unique=True)))
    pieces = [
        draw(TEXTS) + (f"{{{next(names)}}}" + draw(TEXTS) if draw(st.booleans()) else "")
        for _ in range(draw(st.integers(1, 5)))
    ]
    return "/" + "/".join(pieces)


@given(paths())
def test_the_stored_form_of_a_stored_form_is_itself(path: str) -> None:
    stored = parse_path(path).stored
    assert parse_path(stored).stored == stored


@given(paths())
def test_a_path_with_its_variables_filled_in_normalises_to_segments_that_fit(path: str) -> None:
    filled = re.sub(r"\{\w+\}", "v", path)
    segments = normalise(filled.encode()).split("/")[1:]
    template = parse_path(path)
    assert len(segments) == len(template.segments)
    assert all(map(Segment.fits, template.segments, segments))


@given(paths(), paths(), st.sampled_from(["GET", "POST"]), st.sampled_from(["a.test", "{x}.test", "{y}.test"]))
def test_an_operation_id_is_the_same_for_the_same_stored_triple_only(
    one: str, other: str, method: str, host: str
) -> None:
    def triple(method: str, host: str, path: str) -> tuple[str, str, str]:
        return method, HostPattern.parse(host).stored, parse_path(path).stored

    def operation(method: str, host: str, path: str) -> str:
        return operation_id(method, HostPattern.parse(host), parse_path(path))

    first = ("GET", "{x}.test", one)
    second = (method, host, other)
    assert (operation(*first) == operation(*second)) is (triple(*first) == triple(*second))


def test_an_operation_id_is_a_uuid_of_version_5_and_does_not_change_between_releases() -> None:
    found = operation_id("GET", HostPattern.parse("{tenant}.hotel.test"), parse_path("/hotels/{hotel}"))
    renamed = operation_id("GET", HostPattern.parse("{t}.HOTEL.test"), parse_path("/hotels//{h}"))
    assert uuid.UUID(found).version == 5
    assert found == renamed == "864eed3c-4ecd-5929-8389-f16194f04504"
