"""WebSockets through a rewritten route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import websockets.exceptions

from tests.e2e.harness import (
    Gateway,
    Upstream,
    WebSocketUpstream,
    gateway,
    wait_until,
    websocket_client,
    websocket_upstream,
)

ROUTES = """
host: api.hotel.test
endpoints:
  GET /chat/{{room}}: http://{authority}/inner/{{room}}/socket?v=1
  GET /plain: {plain}/plain
"""


@dataclass
class World:
    gateway: Gateway
    upstream: WebSocketUpstream
    plain: Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with websocket_upstream(["chat.v2"]) as up, Upstream() as plain:
        files = {"api.yaml": ROUTES.format(authority=up.authority, plain=plain.url)}
        with gateway(files) as running:
            yield World(running, up, plain)


def test_messages_travel_both_ways_through_a_rewritten_route(world: World) -> None:
    with websocket_client(world.gateway.port, "/chat/7?x=2") as client:
        for number in range(50):
            client.send(f"message {number}")
            assert client.recv(timeout=10) == f"message {number}"
        client.send(b"\x00\xff binary")
        assert client.recv(timeout=10) == b"\x00\xff binary"
    target, headers = world.upstream.handshakes[-1]
    assert target == "/inner/7/socket?v=1&x=2"
    assert [value for name, value in headers if name.lower() == "host"] == [world.upstream.authority]
    assert [value for name, value in headers if name.lower() == "x-forwarded-host"] == ["api.hotel.test"]


def test_the_subprotocol_is_negotiated_end_to_end(world: World) -> None:
    with websocket_client(world.gateway.port, "/chat/7", subprotocols=["chat.v1", "chat.v2"]) as client:
        assert client.subprotocol == "chat.v2"


def test_a_message_of_ten_megabytes_passes(world: World) -> None:
    message = "x" * 10_000_000
    with websocket_client(world.gateway.port, "/chat/7") as client:
        client.send(message)
        assert client.recv(timeout=20) == message


def test_the_close_code_of_the_upstream_reaches_the_client(world: World) -> None:
    with websocket_client(world.gateway.port, "/chat/7") as client:
        client.send("close")
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            client.recv(timeout=10)
        assert (client.close_code, client.close_reason) == (4001, "told to")


def test_the_close_code_of_the_client_reaches_the_upstream(world: World) -> None:
    with websocket_client(world.gateway.port, "/chat/7") as client:
        client.close(4002, "enough")
    wait_until(lambda: 4002 in world.upstream.close_codes, what="the close code at the upstream")


def test_a_websocket_over_tls_works(world: World) -> None:
    context = world.gateway.tls_context("http/1.1")
    with websocket_client(world.gateway.port, "/chat/7", tls=context) as client:
        client.send("secret")
        assert client.recv(timeout=10) == "secret"


def test_a_websocket_to_no_endpoint_is_refused_with_a_404(world: World) -> None:
    before = len(world.upstream.handshakes)
    opening = websocket_client(world.gateway.port, "/nothing")
    with pytest.raises(websockets.exceptions.InvalidStatus) as caught, opening:
        pass
    assert caught.value.response.status_code == 404
    assert len(world.upstream.handshakes) == before


def test_an_upstream_that_declines_the_upgrade_answers_for_itself(world: World) -> None:
    opening = websocket_client(world.gateway.port, "/plain")
    with pytest.raises(websockets.exceptions.InvalidStatus) as caught, opening:
        pass
    assert caught.value.response.status_code == 200
    assert (world.plain.last.header("upgrade") or "").lower() == "websocket"


def test_only_the_websocket_of_several_upgrades_is_passed_on(world: World) -> None:
    headers = [
        ("Connection", "Upgrade, X-Drop"), ("X-Drop", "1"), ("Upgrade", "h2c, websocket"),
        ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]  # fmt: skip
    assert world.gateway.get("/plain", headers=headers).status == 200
    request = world.plain.last
    assert "h2c" not in (request.header("upgrade") or "")
    assert request.header("x-drop") is None


def test_the_memory_of_a_long_conversation_does_not_grow_with_its_messages(world: World) -> None:
    """Bare mitmproxy: messages are kept for the life of the connection."""
    message = b"x" * 1_000_000
    with websocket_client(world.gateway.port, "/chat/7") as client:
        for _ in range(20):
            client.send(message)
            client.recv(timeout=10)
        before = world.gateway.peak_mb()
        for _ in range(100):
            client.send(message)
            client.recv(timeout=10)
        assert world.gateway.peak_mb() - before < 50
