"""Which session a request belongs to."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.sessions.identifiers import DEFAULT, Identifier, Source
from sluicegate.sessions.session import MOST_BODY, MOST_COOKIES, MOST_KNOWN, NOBODY, Session, Sessions, identified
from sluicegate.sessions.tokens import MOST_TOKEN

from .tokens import token

SESSIONS = Sessions(b"k" * 32)
HEADER = Identifier("header", "X-Api-Key")
COOKIE = Identifier("cookie", "sid")
CLAIM = Identifier("jwt", "$.sub")
FIELD = Identifier("body", "/user/id")


def values(*fields: tuple[str, str]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        found.setdefault(name.lower().encode(), []).append(value.encode("latin-1"))
    return found


def named(identifiers: tuple[Identifier, ...], *fields: tuple[str, str], body: bytes | None = None) -> str:
    """What names a request's session, with the value that does: `cookie sid=7`; '' where nothing does."""
    found = identified(identifiers, values(*fields), body)
    return f"{found[0].text}={found[1].decode()}" if found else ""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("x-api-KEY", "7")], "header x-api-key=7"),
        ([("X-Api-Key", "\t 7 ")], "header x-api-key=7"),
        ([("X-Api-Key", "")], ""),
        ([("X-Api-Key", " ")], ""),
        ([("X-Api-Key", ""), ("X-Api-Key", "7"), ("X-Api-Key", "8")], "header x-api-key=7"),
        ([("Cookie", "a=1; sid=7; b=2")], "cookie sid=7"),
        ([("Cookie", "sid=7;sid=8")], "cookie sid=7"),
        ([("Cookie", "sid=; sid=8")], "cookie sid=8"),
        ([("Cookie", 'sid="7"')], "cookie sid=7"),
        ([("Cookie", "sid=a=b==")], "cookie sid=a=b=="),
        ([("Cookie", " sid = 7 ")], "cookie sid=7"),
        ([("Cookie", "a=1"), ("Cookie", "sid=7")], "cookie sid=7"),
        ([("Cookie", "SID=7; xsid=8; sidx=9")], ""),
        ([("Cookie", "sid")], ""),
        ([("Cookie", 'sid=""')], ""),
        ([("Cookie", "sid=")], ""),
        ([("X-Api-Key", "1"), ("Cookie", "sid=7")], "header x-api-key=1"),
        ([("X-Api-Key", ""), ("Cookie", "sid=7")], "cookie sid=7"),
        ([], ""),
    ],
)
def test_headers_and_cookies(fields: list[tuple[str, str]], expected: str) -> None:
    assert named((HEADER, COOKIE), *fields) == expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"sub": "alice"}, "jwt $.sub=alice"),
        ({"sub": 7}, "jwt $.sub=7"),
        ({"sub": True}, "jwt $.sub=true"),
        ({"sub": ""}, ""),
        ({"sub": None}, ""),
        ({"sub": ["alice"]}, ""),
        ({"sub": {"id": 7}}, ""),
        ({"name": "alice"}, ""),
    ],
)
def test_a_claim_is_one_value_read_as_a_text(claims: Any, expected: str) -> None:
    assert named((CLAIM,), ("Authorization", f"Bearer {token(claims)}")) == expected


@pytest.mark.parametrize("size", [10, MOST_KNOWN, MOST_TOKEN * 3 // 4 - 200])
def test_tokens_of_all_sizes_are_read_again_and_again(size: int) -> None:
    for name in ("alice", "bob", "alice"):
        told = ("Authorization", f"Bearer {token({'sub': name, 'more': 'x' * size})}")
        assert named((CLAIM,), told) == f"jwt $.sub={name}"
        assert named((Identifier("jwt", "$.other"), CLAIM), told) == f"jwt $.sub={name}"


def test_a_token_can_stand_elsewhere_and_is_then_looked_for_only_there() -> None:
    in_header = Identifier("jwt", "$.sub", Source("header", "x-token"))
    in_cookie = Identifier("jwt", "$.sub", Source("cookie", "t"))
    alice = token({"sub": "alice"})
    assert named((in_header,), ("X-Token", alice)) == "jwt $.sub from header x-token=alice"
    assert named((in_cookie,), ("Cookie", f"t={alice}")) == "jwt $.sub from cookie t=alice"
    assert named((in_header, in_cookie), ("Authorization", f"Bearer {alice}")) == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"user": {"id": 7}}', "body /user/id=7"),
        (b'\n {"user": {"id": "a"}}', "body /user/id=a"),
        (b'{"user": {"id": null}}', ""),
        (b'{"user": {}}', ""),
        (b"[]", ""),
        (b"user=7", ""),
        (b"", ""),
        (None, ""),
        (b'{"user": {"id": 7}', ""),
        (b"\xff\xfe", ""),
        (b"[" * MOST_BODY, ""),
        (b'{"user":' * 5000, ""),
        (b'{"user": {"id": ' + b"9" * 5000 + b"}}", ""),
    ],
    ids=range(13),
)
def test_a_field_of_a_body(body: bytes | None, expected: str) -> None:
    assert named((FIELD,), body=body) == expected


def test_a_giant_body_is_not_looked_at() -> None:
    start = b'{"user": {"id": 7}, "more": "'
    assert named((FIELD,), body=start + b"x" * (MOST_BODY - len(start) - 2) + b'"}') == "body /user/id=7"
    assert named((FIELD,), body=start + b"x" * (MOST_BODY - len(start) - 1) + b'"}') == ""


def test_the_last_of_too_many_cookies_is_not_looked_at() -> None:
    many = [f"c{number}=1" for number in range(MOST_COOKIES - 1)]
    assert named((COOKIE,), ("Cookie", "; ".join([*many, "sid=7"]))) == "cookie sid=7"
    assert named((COOKIE,), ("Cookie", "; ".join([*many, "one=more", "sid=7"]))) == ""
    apart = [("Cookie", one) for one in [*many, "one=more", "sid=7"]]
    assert named((COOKIE,), *apart) == ""


def test_the_first_present_identifier_in_their_order_names_the_session() -> None:
    fields = (
        ("Cookie", "sid=c"),
        ("X-Api-Key", "h"),
        ("Authorization", token({"sub": "t"})),
    )
    body = b'{"user": {"id": "b"}}'
    all_of_them = (HEADER, COOKIE, CLAIM, FIELD)
    for order in itertools.permutations(all_of_them):
        assert named(order, *fields, body=body).startswith(f"{order[0].text}=")
        left = [field for field in fields if field[0] != "X-Api-Key"]
        first = next(one for one in order if one is not HEADER)
        assert named(order, *left, body=body).startswith(f"{first.text}=")


def test_without_configuration_authorization_goes_before_well_known_cookies() -> None:
    assert named(DEFAULT, ("Cookie", "JSESSIONID=7"), ("Authorization", "Basic x")) == "header authorization=Basic x"
    assert named(DEFAULT, ("Cookie", "a=1; JSESSIONID=7")) == "cookie JSESSIONID=7"
    assert named(DEFAULT, ("Cookie", "_ga=GA1.2.3")) == ""


# The name


def session(value: str, identifier: Identifier = HEADER, key: bytes = b"k" * 32) -> Session:
    return Sessions(key).session(
        (identifier,), values(("X-Api-Key", value), ("X-B", value), ("Cookie", f"sid={value}"))
    )


def test_the_name_of_a_session_is_16_hex_digits_and_says_what_named_it() -> None:
    found = session("secret")
    assert re.fullmatch("[0-9a-f]{16}", found.key)
    assert found.identifier == "header x-api-key"


def test_nobody_has_no_name() -> None:
    assert SESSIONS.session((HEADER,), {}) == NOBODY == ("", "")
    assert SESSIONS.session((), values(("X-Api-Key", "7"))) == NOBODY


def test_the_same_value_has_the_same_name_and_another_one_another() -> None:
    assert session("secret") == session("secret")
    assert session("secret") != session("secret2")


def test_equal_values_of_different_identifiers_are_different_sessions() -> None:
    found = [session("v", one).key for one in (HEADER, COOKIE, Identifier("header", "X-B"))]
    alice = values(("Authorization", token({"sub": "v", "b": "v"})), ("Cookie", f"t={token({'sub': 'v'})}"))
    for identifier in (CLAIM, Identifier("jwt", "$.b"), Identifier("jwt", "$.sub", Source("cookie", "t"))):
        found.append(SESSIONS.session((identifier,), alice).key)
    found.append(SESSIONS.session((FIELD,), {}, b'{"user": {"id": "v"}}').key)
    assert len(set(found)) == len(found) == 7


def test_another_key_gives_other_names() -> None:
    assert session("secret").key != session("secret", key=b"l" * 32).key


def test_what_follows_a_name_is_not_taken_for_part_of_it() -> None:
    """Where name and value were only put one behind the other, these two would be one session."""
    one = SESSIONS.session((Identifier("header", "x-a"),), {b"x-a": [b"b"]})
    other = SESSIONS.session((Identifier("header", "x-ab"),), {b"x-ab": [b"\0"]})
    assert one.key != other.key


FIELDS = st.dictionaries(
    st.sampled_from([b"authorization", b"cookie", b"x-api-key"]), st.lists(st.binary(max_size=40), max_size=3)
)
LISTS = st.lists(st.sampled_from([HEADER, COOKIE, CLAIM, FIELD, *DEFAULT[:4]]), unique=True, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["user", "id", "x"]), inner, max_size=3)
    ),
)


@given(LISTS, FIELDS, st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()) | st.none())
def test_whatever_a_client_sends_it_is_somebody_named_without_the_value_or_nobody(
    identifiers: list[Identifier], fields: dict[bytes, list[bytes]], body: bytes | None
) -> None:
    found = SESSIONS.session(identifiers, fields, body)
    present = identified(identifiers, fields, body)
    if present is None:
        assert found == NOBODY
    else:
        assert present[1]
        assert found.identifier == present[0].text
        assert re.fullmatch("[0-9a-f]{16}", found.key)


@given(FIELDS, st.binary(min_size=1, max_size=20).filter(lambda value: value.strip(b" \t")))
def test_what_comes_behind_the_identifier_that_is_there_does_not_matter(
    fields: dict[bytes, list[bytes]], value: bytes
) -> None:
    alone = SESSIONS.session((HEADER,), {b"x-api-key": [value]})
    assert SESSIONS.session((HEADER, COOKIE, CLAIM, FIELD), {**fields, b"x-api-key": [value]}) == alone


def test_lone_halves_of_characters_in_json_do_no_harm() -> None:
    assert SESSIONS.session((FIELD,), {}, b'{"user": {"id": "\\ud800"}}') != NOBODY
