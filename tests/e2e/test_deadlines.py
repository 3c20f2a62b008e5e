"""How long the gateway waits for an upstream, and what a client gets when the time is up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Call, Gateway, Handler, Upstream, gateway, head, silent_port

ROUTES = """
host: api.hotel.test
services:
  hurried: {{url: "{up}", timeout: 1s}}
endpoints:
  GET /hurried/{{x}}: hurried:/{{x}}
  POST /hurried/{{x}}: hurried:/{{x}}
  GET /patient/{{x}}:
    route: hurried:/{{x}}
    timeout: 30s
  GET /silent: http://127.0.0.1:{silent}/
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    ports: tuple[int, ...]


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with (
        Upstream() as up,
        silent_port() as silent,
        gateway({"api.yaml": ROUTES.format(up=up.url, silent=silent)}) as running,
    ):
        yield World(running, up, (up.port, silent))


def held_until(released: threading.Event) -> Handler:
    """A handler that answers only when it is let go."""

    def hold(call: Call) -> None:
        released.wait(20)
        call.respond()

    return hold


def late(call: Call) -> None:
    """Answers after twice the time that a hurried endpoint has."""
    call.peer_left(2)
    call.respond(200, body=b"late")


def hidden(world: World, path: str) -> None:
    """The answer is a 504 problem that names no internal address."""
    response = world.gateway.get(path)
    response.problem(504)
    assert "127.0.0.1" not in response.text
    assert not [port for port in world.ports if str(port) in response.text]


def test_no_connection_within_ten_seconds_is_a_504_problem(world: World) -> None:
    """Bare mitmproxy: there is no upstream deadline."""
    hidden(world, "/silent")


def test_no_first_byte_within_the_timeout_is_a_504_problem(world: World) -> None:
    released = threading.Event()
    world.upstream.on("/slow", held_until(released))
    try:
        hidden(world, "/hurried/slow")
    finally:
        released.set()


def test_a_connection_serves_on_after_a_504(world: World) -> None:
    released = threading.Event()
    world.upstream.on("/slow-3", held_until(released))
    try:
        with world.gateway.connection() as client:
            client.request("GET", "/hurried/slow-3").problem(504)
            assert client.request("GET", "/hurried/quick").body == b"upstream"
    finally:
        released.set()


def test_an_endpoints_timeout_goes_before_its_services(world: World) -> None:
    world.upstream.on("/late", late)
    assert world.gateway.get("/patient/late").body == b"late"


def test_the_timeout_ends_with_the_first_byte_of_the_response(world: World) -> None:
    def trickle(call: Call) -> None:
        call.start_chunked()
        call.chunk(b"one ")
        call.peer_left(2)
        call.chunk(b"two")
        call.end_chunks()

    world.upstream.on("/trickle", trickle)
    answer = world.gateway.get("/hurried/trickle")
    assert (answer.status, answer.body, answer.complete) == (200, b"one two", True)


def test_the_timeout_starts_with_the_last_byte_of_the_request(world: World) -> None:
    pause = threading.Event()
    with world.gateway.connection() as client:
        client.send(head("POST", "/hurried/upload", headers=[("Transfer-Encoding", "chunked")]))
        client.send_chunk(b"one ")
        assert not pause.wait(2)
        client.send_chunk(b"two")
        client.send_chunk(b"")
        assert client.read_response().status == 200
    assert world.upstream.last.body == b"one two"


def test_a_504_of_one_stream_leaves_the_others_of_its_connection_alone(world: World) -> None:
    released = threading.Event()
    world.upstream.on("/slow-2", held_until(released))
    world.upstream.on("/late-2", late)
    try:
        with world.gateway.h2() as client:
            slow = client.start("GET", "/hurried/slow-2")
            other = client.start("GET", "/patient/late-2")
            client.wait(slow).as_response().problem(504)
            assert bytes(client.wait(other).body) == b"late"
    finally:
        released.set()
