"""Connections to targets that carry no exchange: closed after a while, whatever their client does."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.e2e.harness import (
    Call,
    Connection,
    Gateway,
    H2Call,
    H2Upstream,
    Upstream,
    authority_file,
    gateway,
    server_context,
    websocket_client,
    websocket_upstream,
)

ROUTES = """
host: api.hotel.test
services:
  plain: {plain}
  tls: https://localhost:{tls}
  h2: https://localhost:{h2}
  h2c: {{url: "{h2c}", h2c: true}}
endpoints:
  GET /plain/{{x}}: plain:/{{x}}
  POST /plain/{{x}}: plain:/{{x}}
  GET /tls/{{x}}: tls:/{{x}}
  GET /h2/{{x}}: h2:/{{x}}
  GET /h2c/{{x}}: h2c:/{{x}}
  GET /socket: http://{socket}/
"""

CLIENTS = 60


@dataclass
class World:
    """A gateway whose limit is short, and its targets. `left` counts connections that ended while they idled."""

    gateway: Gateway
    plain: Upstream
    tls: Upstream
    h2: H2Upstream
    h2c: H2Upstream
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def upstream(self, name: str) -> Upstream | H2Upstream:
        found: Upstream | H2Upstream = getattr(self, name)
        return found

    def watch(self, call: Call | H2Call) -> None:
        """Answers, and waits until the gateway has ended the connection."""
        call.respond(200, body=b"answered")
        if isinstance(call, H2Call):
            if call.chunks.get(timeout=15) is None:
                self.left.release()
        elif call.peer_left(15):
            call.close()
            self.left.release()

    def let_time_pass(self) -> None:
        """Returns when the limit is over several times: other connections were closed one after the other."""
        with self.gateway.connection() as client:
            for _ in range(4):
                assert client.request("GET", "/plain/watched").status == 200
                assert self.left.acquire(timeout=15)


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with (
        Upstream("plain") as plain,
        Upstream("tls", tls=server_context()) as tls,
        H2Upstream("h2", tls=server_context()) as h2,
        H2Upstream("h2c") as h2c,
        websocket_upstream() as socket,
    ):
        text = ROUTES.format(plain=plain.url, tls=tls.port, h2=h2.port, h2c=h2c.url, socket=socket.authority)
        options = ("--set", f"ssl_verify_upstream_trusted_ca={authority_file()}", "--set", "upstream_idle=100ms")
        with gateway({"api.yaml": text}, *options) as running:
            world = World(running, plain, tls, h2, h2c)
            plain.on("/watched", world.watch)
            tls.on("/watched", world.watch)
            h2.on("/watched", world.watch)
            h2c.on("/watched", world.watch)
            yield world
            _, _, crash = running.log.partition("has crashed")
            if crash:
                pytest.fail(crash[:6000])


every_target = pytest.mark.parametrize("target", ["plain", "tls", "h2", "h2c"])


@every_target
def test_an_idle_connection_is_closed_while_its_client_stays(world: World, target: str) -> None:
    upstream = world.upstream(target)
    before = upstream.connections
    with world.gateway.connection() as client:
        for number in range(1, 4):
            assert client.request("GET", f"/{target}/watched").body == b"answered"
            assert world.left.acquire(timeout=15)
            assert upstream.connections == before + number


@every_target
def test_the_same_holds_for_a_client_that_speaks_http_2(world: World, target: str) -> None:
    upstream = world.upstream(target)
    with world.gateway.h2() as client:
        for _ in range(3):
            before = upstream.connections
            assert client.request("GET", f"/{target}/watched").status == 200
            assert world.left.acquire(timeout=15)
            assert upstream.connections == before + 1


def test_many_idle_clients_hold_no_connection_to_a_target(world: World) -> None:
    with contextlib.ExitStack() as open_clients:
        clients = [open_clients.enter_context(world.gateway.connection()) for _ in range(CLIENTS)]
        for client in clients:
            assert client.request("GET", "/plain/watched").status == 200
        for _ in clients:
            assert world.left.acquire(timeout=15)
        for client in clients:
            assert client.request("GET", "/plain/after").status == 200


def test_a_request_that_finds_its_connection_closed_gets_a_new_one_though_it_may_not_be_repeated(world: World) -> None:
    with world.gateway.connection() as client:
        for _ in range(10):
            assert client.request("POST", "/plain/watched", body=b"once").status == 200
            assert world.left.acquire(timeout=15)


@every_target
def test_an_exchange_that_waits_long_for_its_answer_keeps_its_connection(world: World, target: str) -> None:
    go = threading.Event()

    def wait(call: Call | H2Call) -> None:
        assert go.wait(30)
        call.respond(200, body=b"late")

    world.upstream(target).on("/slow", wait)
    with world.gateway.connection() as client:
        client.send(b"GET /%b/slow HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n" % target.encode())
        world.let_time_pass()
        go.set()
        assert client.read_response().body == b"late"


@every_target
def test_a_stream_that_is_long_silent_keeps_its_connection(world: World, target: str) -> None:
    """Such as events that a server sends: between two of them nothing goes either way."""
    go = threading.Event()

    def one(call: Call) -> None:
        call.start_chunked(headers=[("Content-Type", "text/event-stream")])
        call.chunk(b"data: 1\n\n")
        assert go.wait(30)
        call.chunk(b"data: 2\n\n")
        call.end_chunks()

    def two(call: H2Call) -> None:
        call.start(200, [("content-type", "text/event-stream")])
        call.data(b"data: 1\n\n")
        assert go.wait(30)
        call.data(b"data: 2\n\n")
        call.end()

    upstream = world.upstream(target)
    if isinstance(upstream, H2Upstream):
        upstream.on("/events", two)
    else:
        upstream.on("/events", one)
    with world.gateway.connection() as client:
        client.send(b"GET /%b/events HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n" % target.encode())
        assert client.read_head().status == 200
        assert client.read_chunk() == b"data: 1\n\n"
        world.let_time_pass()
        go.set()
        assert client.read_chunk() == b"data: 2\n\n"
        assert client.read_chunk() == b""


@pytest.mark.parametrize("target", ["h2", "h2c"])
def test_one_silent_stream_keeps_a_connection_that_others_have_left(world: World, target: str) -> None:
    go = threading.Event()

    def wait(call: H2Call) -> None:
        assert go.wait(30)
        call.respond(200, body=b"late")

    upstream = world.upstream(target)
    assert isinstance(upstream, H2Upstream)
    upstream.on("/beside", wait)
    with world.gateway.h2() as client:
        before = upstream.connections
        slow = client.start("GET", f"/{target}/beside")
        for _ in range(2):
            assert client.request("GET", f"/{target}/quick").status == 200
            world.let_time_pass()
        go.set()
        assert bytes(client.wait(slow).body) == b"late"
        assert upstream.connections == before + 1


def test_an_upload_that_rests_keeps_its_connection(world: World) -> None:
    world.plain.on("/upload", lambda call: call.respond(200, body=call.read_body()))
    with world.gateway.connection() as client:
        client.send(b"POST /plain/upload HTTP/1.1\r\nHost: api.hotel.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send_chunk(b"first ")
        world.plain.wait_seen("/upload")
        world.let_time_pass()
        client.send_chunk(b"second")
        client.send_chunk(b"")
        assert client.read_response().body == b"first second"


def test_a_web_socket_without_messages_keeps_its_connection(world: World) -> None:
    with websocket_client(world.gateway.port, "/socket") as socket:
        socket.send("before")
        assert socket.recv(timeout=15) == "before"
        world.let_time_pass()
        socket.send("after")
        assert socket.recv(timeout=15) == "after"


def test_nothing_is_closed_without_a_limit(world: World) -> None:
    """The gateway with a limit serves as the clock."""
    files = {"api.yaml": f"endpoints:\n  GET /a: {world.plain.url}/kept\n"}
    with gateway(files, "--set", "upstream_idle=0") as running, running.connection() as client:
        for _ in range(2):
            assert client.request("GET", "/a").status == 200
            world.let_time_pass()
    first, second = world.plain.seen("/kept")[-2:]
    assert first.connection == second.connection


@pytest.mark.parametrize("value", ["soon", "-1s", "50ms", "2h"])
def test_a_limit_that_is_no_sensible_time_is_refused_with_what_is_right(upstream: Upstream, value: str) -> None:
    files = {"api.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n"}
    with gateway(files, "--set", f"upstream_idle={value}", ready=False) as running:
        running.wait_log(f"upstream_idle: '{value}' is not a time from 100ms to 1h, such as 4s, nor 0", timeout=45)


def test_a_connection_in_use_is_kept(world: World) -> None:
    """Each exchange begins the time anew."""
    with Connection(world.gateway.port) as client:
        before = world.plain.connections
        for _ in range(200):
            assert client.request("GET", "/plain/busy").status == 200
        assert world.plain.connections <= before + 2
