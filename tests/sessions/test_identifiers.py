"""What can identify a session."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.sessions.identifiers import (
    AUTHORIZATION,
    DEFAULT,
    KINDS,
    MOST_NAME,
    Identifier,
    IdentifierError,
    Source,
    read_source,
)


def test_the_name_of_a_header_has_no_case_and_that_of_a_cookie_has() -> None:
    assert Identifier("header", "X-API-Key") == Identifier("header", "x-api-KEY")
    assert Identifier("cookie", "Sid") != Identifier("cookie", "sid")


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        (Identifier("header", "Authorization"), "header authorization"),
        (Identifier("cookie", "connect.sid"), "cookie connect.sid"),
        (Identifier("jwt", "$.sub"), "jwt $.sub"),
        (Identifier("jwt", "$.sub", Source("cookie", "token")), "jwt $.sub from cookie token"),
        (Identifier("jwt", "$.sub", Source("header", "x-token")), "jwt $.sub from header x-token"),
        (Identifier("body", "/user/id"), "body /user/id"),
    ],
)
def test_an_identifier_reads_as_it_was_configured(identifier: Identifier, text: str) -> None:
    assert str(identifier) == identifier.text == text


@pytest.mark.parametrize(
    ("kind", "name", "offset"),
    [
        ("header", "", 0),
        ("header", "a b", 1),
        ("header", "größe", 2),
        ("cookie", "a=b", 1),
        ("cookie", "a;b", 1),
        ("cookie", 'a"', 1),
        ("cookie", "a,b", 1),
        ("jwt", "$.a[*]", 3),
        ("body", "/a~", 2),
        ("body", "/a\nb", 0),
        ("body", "/" + "a" * MOST_NAME, MOST_NAME),
    ],
)
def test_a_name_that_its_kind_does_not_have_is_refused_at_its_place(kind: str, name: str, offset: int) -> None:
    with pytest.raises(IdentifierError) as caught:
        Identifier(kind, name)  # type: ignore[arg-type]
    assert caught.value.offset == offset


def test_a_name_has_128_characters() -> None:
    assert Identifier("header", "a" * 128).field_name == b"a" * 128
    with pytest.raises(IdentifierError):
        Identifier("header", "a" * 129)


def test_authorization_comes_first_where_nothing_is_configured_and_then_cookies_once_each() -> None:
    assert DEFAULT[0] == Identifier("header", "Authorization")
    assert {one.kind for one in DEFAULT[1:]} == {"cookie"}
    assert len(set(DEFAULT)) == len(DEFAULT)


def test_a_place_of_a_token_is_read_as_its_identifier_would_be() -> None:
    assert read_source("header", "Authorization") == AUTHORIZATION
    assert read_source("cookie", "T") == Source("cookie", "T")


@given(st.sampled_from(KINDS), st.text(max_size=150))
def test_any_name_makes_an_identifier_that_can_be_made_again_or_an_error_inside_it(kind: str, name: str) -> None:
    made, offset = None, 0
    try:
        made = Identifier(kind, name)  # type: ignore[arg-type]
    except IdentifierError as error:
        offset = error.offset
    assert 0 <= offset <= len(name)
    if made is not None:
        again = Identifier(*(getattr(made, field.name) for field in fields(made) if field.init))
        assert (again, again.text, again.salt) == (made, made.text, made.salt)
        assert made.text.isprintable()
