"""JSONPath of literal keys and indexes, JSON pointers, and the one value that they lead to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.sessions.steps import PathError, parse_json_path, parse_pointer, text_at

DOCUMENT = {
    "sub": "alice",
    "": "empty key",
    "a/b": 1,
    "m~n": 2.5,
    "c%d": True,
    "user": {"id": 7, "name.first": "Al", "ids": ["x", {"y": False}], "0": "digits"},
    "nothing": None,
    "blank": "",
}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.sub", ("sub",)),
        ("$.foo.bar[0].baz", ("foo", "bar", 0, "baz")),
        ("$['foo'][\"bar\"][10]", ("foo", "bar", 10)),
        ("$['https://example.com/id']", ("https://example.com/id",)),
        ("$['it\\'s']", ("it's",)),
        ('$["a\\"b"]', ('a"b',)),
        ("$['a\"b']", ('a"b',)),
        ('$["it\'s"]', ("it's",)),
        ("$['\\u00e9\\\\']", ("é\\",)),
        ("$['a]b']['.c']", ("a]b", ".c")),
        ("$.größe._x.user-id", ("größe", "_x", "user-id")),
        ("$[0]", (0,)),
        ("$['']", ("",)),
    ],
)
def test_a_json_path_is_keys_and_indexes_in_either_form(path: str, steps: tuple[str | int, ...]) -> None:
    assert parse_json_path(path) == steps


@pytest.mark.parametrize(
    ("path", "offset", "part"),
    [
        ("", 0, "begins with '$'"),
        ("sub", 0, "begins with '$'"),
        ("$", 0, "whole document"),
        ("$sub", 1, "'.' or '['"),
        ("$.", 1, "a key of letters"),
        ("$.1a", 1, "brackets"),
        ("$.a b", 3, "'.' or '['"),
        ("$..a", 1, "no '..'"),
        ("$.*", 1, "no '*'"),
        ("$.a[*]", 3, "no '*'"),
        ("$.a[?(@.b)]", 3, "no filters"),
        ("$.a[0:2]", 3, "slices"),
        ("$.a[0,1]", 3, "slices"),
        ("$.a[-1]", 3, "negative"),
        ("$.a[01]", 3, "slices"),
        ("$[sub]", 1, "quotes"),
        ("$['a", 1, "quotes"),
        ("$['\\q']", 1, "escapes"),
        ("$.a[", 3, "quotes"),
    ],
)
def test_what_is_no_path_to_one_value_is_refused_at_its_place(path: str, offset: int, part: str) -> None:
    with pytest.raises(PathError) as caught:
        parse_json_path(path)
    assert (caught.value.offset, part in str(caught.value)) == (offset, True), caught.value


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/sub", "alice"),
        ("/", "empty key"),
        ("/a~1b", "1"),
        ("/m~0n", "2.5"),
        ("/c%d", "true"),
        ("/user/id", "7"),
        ("/user/name.first", "Al"),
        ("/user/ids/0", "x"),
        ("/user/ids/1/y", "false"),
        ("/user/0", "digits"),
        ("/user/ids/00", ""),
        ("/user/ids/-", ""),
        ("/user/ids/2", ""),
        ("/user/ids/-1", ""),
        ("/user/ids/99999999999999999999", ""),
        ("/user/ids/٠", ""),
        ("/user", ""),
        ("/user/ids", ""),
        ("/nothing", ""),
        ("/blank", ""),
        ("/missing", ""),
        ("/sub/0", ""),
        ("/nothing/x", ""),
    ],
)
def test_a_pointer_leads_to_one_scalar_or_to_nothing(pointer: str, text: str) -> None:
    assert text_at(DOCUMENT, parse_pointer(pointer)) == text


def test_the_escapes_of_a_pointer_are_undone_in_the_order_of_the_standard() -> None:
    assert parse_pointer("/~01/~10") == ("~1", "/0")  # RFC 6901 section 4: `~01` is `~1`, never `/`


def test_an_index_of_a_json_path_is_none_of_an_object() -> None:
    assert text_at({"0": "x", "a": ["y"]}, parse_json_path("$[0]")) == ""
    assert text_at({"0": "x", "a": ["y"]}, parse_json_path("$.a[0]")) == "y"
    assert text_at(["y"], parse_json_path("$['0']")) == "y"


@pytest.mark.parametrize(
    ("pointer", "offset", "part"),
    [
        ("", 0, "begins with '/'"),
        ("a", 0, "begins with '/'"),
        ("#/a", 0, "'#'"),
        ("/a~", 2, "'~0'"),
        ("/~2", 1, "'~0'"),
    ],
)
def test_what_is_no_pointer_is_refused_at_its_place(pointer: str, offset: int, part: str) -> None:
    with pytest.raises(PathError) as caught:
        parse_pointer(pointer)
    assert (caught.value.offset, part in str(caught.value)) == (offset, True), caught.value


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.one_of(st.text(min_size=1, max_size=5), st.integers(), st.booleans())


@st.composite
def nested(draw: st.DrawFn) -> tuple[Any, list[str | int], Any]:
    """A document, the steps to one of its scalars, and that scalar."""
    scalar: Any = draw(SCALARS)
    document = scalar
    steps: list[str | int] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            key = draw(KEYS)
            document = {**draw(st.dictionaries(KEYS, SCALARS, max_size=2)), key: document}
            steps.insert(0, key)
        else:
            before = draw(st.lists(SCALARS, max_size=3))
            document = [*before, document]
            steps.insert(0, len(before))
    return document, steps, scalar


def as_text(scalar: Any) -> str:
    return scalar if isinstance(scalar, str) else json.dumps(scalar)


@given(nested())
def test_every_scalar_of_a_document_is_found_by_its_pointer(case: tuple[Any, list[str | int], Any]) -> None:
    document, steps, scalar = case
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    assert text_at(document, parse_pointer(pointer)) == as_text(scalar)


@given(nested())
def test_every_scalar_of_a_document_is_found_by_its_json_path(case: tuple[Any, list[str | int], Any]) -> None:
    document, steps, scalar = case
    path = "$" + "".join(f"[{step}]" if isinstance(step, int) else f"[{json.dumps(step)}]" for step in steps)
    assert text_at(document, parse_json_path(path)) == as_text(scalar)
    quoted = [json.dumps(step)[1:-1].replace('\\"', '"').replace("'", "\\'") for step in steps if isinstance(step, str)]
    texts = iter(quoted)
    single = "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{next(texts)}']" for step in steps)
    assert text_at(document, parse_json_path(single)) == as_text(scalar)


@given(st.text(max_size=20) | st.text("$.[]'\"\\0a~/*-u", max_size=12).map("$".__add__))
@example("$['\\u']")
def test_any_text_is_read_or_refused_inside_itself(text: str) -> None:
    for parse in (parse_json_path, parse_pointer):
        steps, offset = None, 0
        try:
            steps = parse(text)
        except PathError as error:
            offset = error.offset
        assert 0 <= offset <= len(text)
        assert steps is None or len(steps) > 0
