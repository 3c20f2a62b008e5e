"""This gateway as one hop: loops, trailers, upgrades, and the fields of responses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.forwarding.headers import Hop, changes, response_fields, wants_websocket

from ..tables import exchange, snapshot
from .test_headers import HOP, others, sent, values

Fields = tuple[tuple[bytes, bytes], ...]


@pytest.mark.parametrize(("version", "shown"), [("HTTP/1.0", "1.0"), ("HTTP/1.1", "1.1"), ("HTTP/2.0", "2.0")])
def test_via_gets_the_gateway_s_mark_behind_those_that_were_there(version: str, shown: str) -> None:
    found = sent(("Via", "1.1 other"), http_version=version)
    assert values(found, "Via") == ["1.1 other", f"{shown} sluicegate-0a1b2c3d"]


@pytest.mark.parametrize(
    ("via", "loops"),
    [
        ([], False),
        (["1.1 other"], False),
        (["1.1 sluicegate-ffffffff"], False),
        (["1.1 sluicegate-0a1b2c3d"], True),
        (["1.1 other, 2.0 sluicegate-0a1b2c3d (x), 1.1 last"], True),
        (["1.1 other", "1.1 sluicegate-0a1b2c3d"], True),
    ],
)
def test_a_request_that_bears_this_gateway_s_mark_is_refused_with_508(via: list[str], loops: bool) -> None:
    asked = exchange("GET /", *(("Via", value) for value in via))
    HOP.refuse_loop(asked)
    assert (asked.problem.status if asked.problem else None) == (508 if loops else None)


def test_what_was_sent_on_is_known_again_but_not_by_another_gateway() -> None:
    again = exchange("GET /", *others(sent()), *(("Via", value) for value in values(sent(), "Via")))
    Hop("sluicegate-11111111").refuse_loop(again)
    assert again.problem is None
    HOP.refuse_loop(again)
    assert again.problem is not None


@pytest.mark.parametrize(
    ("version", "asked", "passed"),
    [
        ("HTTP/2.0", "trailers", ["trailers"]),
        ("HTTP/2.0", "gzip, Trailers", ["trailers"]),
        ("HTTP/2.0", "gzip", []),
        ("HTTP/1.1", "trailers", []),
    ],
)
def test_te_trailers_passes_in_http_2_only(version: str, asked: str, passed: list[str]) -> None:
    assert values(sent(("TE", asked), http_version=version), "te") == passed


def test_in_http_2_there_is_no_host_field_and_names_are_in_lower_case() -> None:
    found = sent(("host", "a.test"), ("accept", "a"), host=None, authority="a.test", http_version="HTTP/2.0")
    assert values(found, "host") == []
    assert values(found, "x-forwarded-host") == ["a.test"]
    assert [name for name, _ in found] == [name.lower() for name, _ in found]


def upgrading(*headers: tuple[str, str], **options: Any) -> bool:
    return wants_websocket(exchange("GET /", *headers, snapshot=snapshot(), **options))


KEY = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
WEBSOCKET = (("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket"), KEY)


def test_the_upgrade_to_websocket_passes() -> None:
    assert upgrading(*WEBSOCKET)
    assert others(sent(*WEBSOCKET, ("Sec-WebSocket-Version", "13"))) == [
        KEY,
        ("Sec-WebSocket-Version", "13"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        (("Connection", "Upgrade"), ("Upgrade", "h2c")),
        (("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AA")),
        (("Connection", "Upgrade"), ("Upgrade", "websocket, h2c")),
        (("Connection", "Upgrade"), ("Upgrade", "h2c, websocket")),
        (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Upgrade", "h2c")),
        (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Upgrade", "websocket")),
        (("Connection", "Upgrade"), ("Upgrade", "websocket/13")),
        (("Connection", "Upgrade"), ("Upgrade", "TLS/1.0")),
        (("Connection", "Upgrade"), ("Upgrade", "")),
        (("Connection", "close"), ("Upgrade", "websocket")),
        (("Upgrade", "websocket"),),
        (("Connection", "Upgrade"),),
    ],
)
def test_no_other_upgrade_passes(headers: tuple[tuple[str, str], ...]) -> None:
    assert not upgrading(*headers, KEY)
    assert others(sent(*headers, KEY)) == [KEY]


@pytest.mark.parametrize("method", ["POST", "CONNECT", "get"])
def test_another_method_than_get_does_not_upgrade(method: str) -> None:
    assert not wants_websocket(exchange(f"{method} /", *WEBSOCKET, snapshot=snapshot()))


def test_an_upgrade_without_its_key_does_not_pass() -> None:
    assert not upgrading(*WEBSOCKET[:2])


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/2.0"])
def test_other_versions_of_http_have_no_upgrade(version: str) -> None:
    assert not upgrading(*WEBSOCKET, http_version=version)
    assert values(sent(*WEBSOCKET, http_version=version), "upgrade") == []


def test_the_response_s_hop_by_hop_fields_end_here() -> None:
    fields: Fields = (
        (b"Server", b"s"), (b"Connection", b"close, X-One, Content-Length"), (b"X-One", b"1"), (b"Keep-Alive", b"9"),
        (b"Proxy-Connection", b"p"), (b"Proxy-Authenticate", b"Basic"), (b"Upgrade", b"h2c"),
        (b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked"), (b"Set-Cookie", b"a"), (b"set-cookie", b"b"),
    )  # fmt: skip
    assert response_fields(fields, upgraded=False) == (
        (b"Server", b"s"), (b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked"), (b"Set-Cookie", b"a"),
        (b"set-cookie", b"b"),
    )  # fmt: skip


def test_a_response_without_hop_by_hop_fields_passes_untouched() -> None:
    fields: Fields = ((b"Server", b"s"), (b"WWW-Authenticate", b"Basic"))
    assert response_fields(fields, upgraded=False) is fields


def test_a_switch_to_websocket_keeps_its_upgrade() -> None:
    fields: Fields = ((b"Upgrade", b"WebSocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", b"x"))
    assert response_fields(fields, upgraded=True) == (
        (b"Sec-WebSocket-Accept", b"x"), (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"),
    )  # fmt: skip


NAMES = st.sampled_from(["A", "B", "Host", "Content-Length", "Via", "Keep-Alive", "TE", "Upgrade", "Connection"])


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_of_a_response_only_what_connection_names_and_hop_by_hop_fields_are_lost(fields: list[tuple[str, str]]) -> None:
    raw = tuple((name.encode(), value.encode()) for name, value in fields)
    found = [name.decode() for name, _ in response_fields(raw, upgraded=False)]
    nominated = {value for name, value in fields if name == "Connection"} - {"Host", "Content-Length"}
    ended = nominated | {"Connection", "Keep-Alive", "Upgrade"}
    assert found == [name for name, _ in fields if name not in ended]


def test_changes_name_fields_that_were_added_removed_or_changed() -> None:
    before: Fields = ((b"Host", b"a"), (b"X", b"1"), (b"x", b"2"), (b"Gone", b"g"), (b"Same", b"s"))
    after: Fields = ((b"same", b"s"), (b"Host", b"h"), (b"X", b"1"), (b"New", b"n"))
    assert changes(before, after) == {"added": ["new"], "removed": ["gone"], "changed": ["host", "x"]}
    assert changes(before, before) == {}
