"""Which identifiers hold for an exchange."""

from __future__ import annotations

import pytest

from sluicegate.exchange import Exchange
from sluicegate.observing.sessions import hides_body, identifier_of, identifiers_of, secret_fields, session_of
from sluicegate.sessions.identifiers import DEFAULT, Identifier, Source
from sluicegate.sessions.session import NOBODY, Sessions
from sluicegate.snapshot import Settings, Snapshot
from sluicegate.trial import Request, decided
from tests.tables import endpoint, exchange, fallback, snapshot

OWN = (Identifier("header", "X-Own"),)
ORIGIN = (Identifier("header", "X-Origin"),)
GENERAL = (Identifier("header", "X-General"),)


def table(**options: object) -> Snapshot:
    return snapshot(
        endpoint("GET /own", "http://h/", host="a.test", session_identifiers=OWN),
        endpoint("GET /managed", None, host="a.test", session_identifiers=OWN),
        endpoint("GET /other", "http://h/", host="a.test"),
        endpoint("GET /none", "http://h/", host="a.test", session_identifiers=()),
        endpoint("GET /b", "http://h/", host="b.test"),
        origins=[("a.test", fallback("http://o", session_identifiers=ORIGIN))],
        **options,
    )


def asked(path: str, under: Snapshot, host: str = "a.test") -> Exchange:
    return decided(Request("GET", host, path.encode()), under)


@pytest.mark.parametrize(
    ("path", "host", "expected"),
    [
        ("/own", "a.test", OWN),
        ("/managed", "a.test", OWN),
        ("/other", "a.test", GENERAL),
        ("/none", "a.test", ()),
        ("/unknown", "a.test", ORIGIN),
        ("/b", "b.test", GENERAL),
        ("/unknown", "b.test", GENERAL),
        ("/own", "c.test", GENERAL),
    ],
)
def test_the_list_is_that_of_the_file_that_takes_the_request_else_the_gateway_s(
    path: str, host: str, expected: tuple[Identifier, ...]
) -> None:
    under = table(settings=Settings(session_identifiers=GENERAL))
    assert identifiers_of(asked(path, under, host)) == expected


def test_where_nobody_says_anything_the_list_is_the_default() -> None:
    assert identifiers_of(asked("/b", table(), "b.test")) is DEFAULT
    assert identifiers_of(exchange("GET /b", snapshot=None)) is DEFAULT


def test_an_empty_list_of_the_gateway_names_nobody() -> None:
    request = Request("GET", "b.test", b"/b", ((b"Authorization", b"secret"),))
    under = table(settings=Settings(session_identifiers=()))
    assert session_of(decided(request, under), Sessions(b"key")) == NOBODY


def test_the_fields_that_can_name_a_session_are_told_whichever_names_it() -> None:
    listed = (
        Identifier("header", "X-Api-Key"),
        Identifier("cookie", "sid"),
        Identifier("jwt", "$.sub"),
        Identifier("jwt", "$.sub", Source("header", "x-token")),
        Identifier("jwt", "$.sub", Source("cookie", "t")),
        Identifier("body", "/id"),
    )
    found = secret_fields(asked("/b", table(settings=Settings(session_identifiers=listed)), "b.test"))
    assert found == {b"x-api-key", b"authorization", b"x-token"}
    assert secret_fields(asked("/own", table())) == {b"x-own"}


@pytest.mark.parametrize(
    ("named_by", "body", "expected"),
    [
        ("body /id", b'{"id": 7, "other": 8}', False),
        ("body /id", b'{"id": 7, "user": 8}', True),
        ("header x-api-key", b'{"id": 7}', True),
        ("header x-api-key", b'{"other": 7}', False),
        ("header x-api-key", b"", False),
        ("header x-api-key", None, False),
        ("", b"id=7", False),
    ],
)
def test_a_body_with_a_value_that_could_have_named_the_session_and_did_not_is_to_be_hidden(
    named_by: str, body: bytes | None, expected: bool
) -> None:
    listed = (Identifier("header", "X-Api-Key"), Identifier("body", "/id"), Identifier("body", "/user"))
    under = table(settings=Settings(session_identifiers=listed))
    assert hides_body(asked("/b", under, "b.test"), named_by, body) is expected
    assert not hides_body(asked("/b", table(), "b.test"), named_by, body)


def test_a_coded_body_that_could_name_a_session_is_to_be_hidden() -> None:
    under = table(settings=Settings(session_identifiers=(Identifier("body", "/id"),)))
    request = Request("GET", "b.test", b"/b", ((b"Content-Encoding", b"gzip"),))
    assert hides_body(decided(request, under), "", b"\x1f\x8b")


def test_a_coded_body_names_nobody() -> None:
    under = table(settings=Settings(session_identifiers=(Identifier("body", "/id"),)))
    body = b'{"id": 7}'
    plain, coded = (
        decided(Request("GET", "b.test", b"/b", fields), under) for fields in ((), ((b"Content-Encoding", b"gzip"),))
    )
    assert identifier_of(plain, body) == Identifier("body", "/id")
    assert session_of(plain, Sessions(b"key"), body).identifier == "body /id"
    assert identifier_of(coded, body) is None
    assert session_of(coded, Sessions(b"key"), body) == NOBODY
