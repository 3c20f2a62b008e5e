"""Requests whose reused upstream connection died under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Call, Gateway, Handler, Upstream, gateway

ROUTES = """
host: api.hotel.test
services: {{up: {up}}}
endpoints:
  GET /a/{{x}}: up:/a/{{x}}
  HEAD /a/{{x}}: up:/a/{{x}}
  POST /a/{{x}}: up:/a/{{x}}
  PUT /a/{{x}}: up:/a/{{x}}
  DELETE /a/{{x}}: up:/a/{{x}}
  OPTIONS /a/{{x}}: up:/a/{{x}}
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, gateway({"api.yaml": ROUTES.format(up=up.url)}) as running:
        yield World(running, up)


def dies_when_reused(attempts: list[str], *, before_death: bytes = b"") -> Handler:
    """A handler whose connection dies at its second request."""
    used: set[int] = set()

    def handle(call: Call) -> None:
        call.read_body()
        attempts.append(call.request.method)
        if call.request.connection in used:
            call.send(before_death)
            call.close()
            return
        used.add(call.request.connection)
        call.respond(200, body=b"alive")

    return handle


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_an_idempotent_request_is_tried_once_more_when_a_reused_connection_died(world: World, method: str) -> None:
    attempts: list[str] = []
    world.upstream.on("/a/dying", dies_when_reused(attempts))
    body = b"small" if method == "PUT" else None
    with world.gateway.connection() as client:
        for _ in range(2):
            answer = client.request(method, "/a/dying", body=body)
            assert answer.status == 200
            assert answer.body == (b"" if method == "HEAD" else b"alive")
    assert attempts == [method] * 3


def test_a_post_is_never_tried_again(world: World) -> None:
    attempts: list[str] = []
    world.upstream.on("/a/dying", dies_when_reused(attempts))
    with world.gateway.connection() as client:
        assert client.request("POST", "/a/dying", body=b"x").status == 200
        client.request("POST", "/a/dying", body=b"x").problem(502)
    assert attempts == ["POST", "POST"]


def test_an_upload_that_was_streamed_is_not_tried_again(world: World) -> None:
    attempts: list[str] = []
    world.upstream.on("/a/dying", dies_when_reused(attempts))
    with world.gateway.connection() as client:
        assert client.request("PUT", "/a/dying", body=b"x").status == 200
        client.request("PUT", "/a/dying", body=b"x" * 100_000).problem(502)
    assert attempts == ["PUT", "PUT"]


def test_a_request_is_not_tried_again_after_the_first_byte_of_a_response(world: World) -> None:
    attempts: list[str] = []
    world.upstream.on("/a/dying", dies_when_reused(attempts, before_death=b"HTTP/1.1 200"))
    with world.gateway.connection() as client:
        assert client.request("GET", "/a/dying").status == 200
        client.request("GET", "/a/dying").problem(502)
    assert attempts == ["GET", "GET"]


def test_a_request_on_a_new_connection_is_not_tried_again(world: World) -> None:
    attempts: list[str] = []

    def die(call: Call) -> None:
        attempts.append(call.request.method)
        call.close()

    world.upstream.on("/a/dead", die)
    world.gateway.get("/a/dead").problem(502)
    assert attempts == ["GET"]


def test_the_second_try_is_the_last(world: World) -> None:
    attempts: list[str] = []

    def die_after_the_first(call: Call) -> None:
        attempts.append(call.request.method)
        if len(attempts) == 1:
            call.respond(200)
        else:
            call.close()

    world.upstream.on("/a/dead", die_after_the_first)
    with world.gateway.connection() as client:
        assert client.request("GET", "/a/dead").status == 200
        client.request("GET", "/a/dead").problem(502)
    assert attempts == ["GET", "GET", "GET"]


def test_a_connection_that_the_upstream_closed_between_two_requests_is_replaced(world: World) -> None:
    def close_after(call: Call) -> None:
        call.respond(200, [("Connection", "close")], b"once")
        call.close()

    world.upstream.on("/a/once", close_after)
    with world.gateway.connection() as client:
        for _ in range(3):
            assert client.request("POST", "/a/once", body=b"x").body == b"once"
