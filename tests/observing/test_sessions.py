"""Which identifiers hold for an exchange."""

from __future__ import annotations

import pytest

from sluicegate.exchange import Exchange
from sluicegate.observing.sessions import identifier_of, identifiers_of, session_of
from sluicegate.sessions.identifiers import DEFAULT, Identifier
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
