"""Bodies on their way: what streams in both directions, what is refused early, what it costs in memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import (
    Call,
    Connection,
    ConnectionEnded,
    Digest,
    Gateway,
    Upstream,
    digest_of,
    gateway,
    head,
    pieces,
    upload,
)

MIB = 1 << 20
LARGE = 200 * MIB
GROWTH_MB = 5
CHUNKED = [("Transfer-Encoding", "chunked")]

ROUTES = """
host: api.hotel.test
services: {{up: {up}}}
endpoints:
  GET /a/{{x}}: up:/b/{{x}}
  POST /a/{{x}}: up:/b/{{x}}
  PUT /a/{{x}}: up:/b/{{x}}
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, gateway({"api.yaml": ROUTES.format(up=up.url)}) as running:
        yield World(running, up)


@contextlib.contextmanager
def lean() -> Iterator[World]:
    """A gateway of its own, warm: its peak memory is that of an idle one."""
    with Upstream() as up, gateway({"api.yaml": ROUTES.format(up=up.url)}) as running:
        for _ in range(20):
            assert running.request("POST", "/a/warm", body=b"x" * 1000).status == 200
            assert running.get("/a/warm").status == 200
            running.get("/nothing").problem(404)
        yield World(running, up)


def test_server_sent_events_arrive_event_by_event(world: World) -> None:
    """Bare mitmproxy: buffered by default."""
    go = threading.Semaphore(0)

    def tell(call: Call) -> None:
        call.start_chunked(200, [("Content-Type", "text/event-stream")])
        for number in range(3):
            assert go.acquire(timeout=15)
            call.chunk(b"data: %d\n\n" % number)
        call.end_chunks()

    world.upstream.on("/b/events", tell)
    with world.gateway.connection() as client:
        client.send(head("GET", "/a/events", headers=[("Accept", "text/event-stream")]))
        assert client.read_head().status == 200
        for number in range(3):
            go.release()
            assert client.read_chunk() == b"data: %d\n\n" % number
        assert client.read_chunk() == b""


def test_a_stream_that_ends_with_the_connection_arrives_as_it_comes(world: World) -> None:
    go = threading.Event()

    def tell(call: Call) -> None:
        call.start(200, [("Content-Type", "text/event-stream")])
        call.send(b"first")
        if go.wait(10):
            call.send(b"second")
        call.close()

    world.upstream.on("/b/until-close", tell)
    with world.gateway.connection() as client:
        client.send(head("GET", "/a/until-close"))
        seen = bytearray()

        def note(data: bytes) -> None:
            seen.extend(data)
            go.set()

        assert client.read_response(sink=note).status == 200
        assert bytes(seen) == b"firstsecond"


def test_a_long_response_of_known_length_arrives_while_it_is_sent(world: World) -> None:
    go = threading.Event()

    def tell(call: Call) -> None:
        def halves() -> Iterator[bytes]:
            yield b"a" * 60_000
            assert go.wait(15)
            yield b"b" * 60_000

        call.stream(120_000, halves())

    world.upstream.on("/b/long", tell)
    with world.gateway.connection() as client:
        client.send(head("GET", "/a/long"))
        assert client.read_head().header("content-length") == "120000"
        first = client.read_some()
        assert first.startswith(b"a")
        go.set()
        rest = b""
        while len(first) + len(rest) < 120_000:
            rest += client.read_some()
        assert first + rest == b"a" * 60_000 + b"b" * 60_000


def test_a_chunked_upload_reaches_the_upstream_while_it_is_sent(world: World) -> None:
    """Bare mitmproxy opens the connection before the `request` hook when a body is streamed; it is routed, too."""
    first = threading.Event()

    def take(call: Call) -> None:
        call.read_body(lambda length: first.set() if length >= 5 else None)
        call.respond(200, body=str(call.request.body_length).encode())

    world.upstream.on("/b/chunks", take)
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/chunks", headers=CHUNKED))
        client.send_chunk(b"first")
        assert first.wait(10)
        client.send_chunk(b"second")
        client.send_chunk(b"")
        assert client.read_response().body == b"11"


def test_a_long_upload_of_known_length_reaches_the_upstream_while_it_is_sent(world: World) -> None:
    first = threading.Event()

    def take(call: Call) -> None:
        call.read_body(lambda length: first.set() if length >= 1000 else None)
        call.respond(200, body=call.request.body_sha256.encode())

    world.upstream.on("/b/upload", take)
    with world.gateway.connection() as client:
        client.send(head("PUT", "/a/upload", headers=[("Content-Length", str(MIB))]))
        whole = b"".join(pieces(MIB))
        client.send(whole[:1000])
        assert first.wait(10)
        client.send(whole[1000:])
        assert client.read_response().body.decode() == digest_of(MIB)


def test_a_response_that_comes_before_the_upload_has_ended_arrives(world: World) -> None:
    def early(call: Call) -> None:
        call.start(413, [("Content-Length", "4"), ("Connection", "close")])
        call.send(b"long")
        call.read_body()  # hanging up on unread bytes would be a reset, which may overtake the answer

    world.upstream.on("/b/early", early)
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/early", headers=[("Content-Length", str(MIB))]), b"x" * 70_000)
        answer = client.read_response()
        assert (answer.status, answer.body) == (413, b"long")


def test_an_upload_that_its_client_breaks_off_is_not_passed_as_whole(world: World) -> None:
    arrived, over = threading.Event(), threading.Event()

    def take(call: Call) -> None:
        try:
            call.read_body(lambda _: arrived.set())
        finally:
            over.set()

    world.upstream.on("/b/broken-off", take)
    for fields in (CHUNKED, [("Content-Length", str(MIB))]):
        arrived.clear()
        over.clear()
        with world.gateway.connection() as client:
            client.send(head("POST", "/a/broken-off", headers=fields))
            client.send(b"11170\r\n" + b"x" * 70_000 + b"\r\n")
            assert arrived.wait(10)
        assert over.wait(10)
    assert [request.body_complete for request in world.upstream.seen("/b/broken-off")] == [False, False]


def test_an_upstream_that_breaks_off_in_an_upload_is_a_502_problem(world: World) -> None:
    def leave(call: Call) -> None:
        call.reset()

    world.upstream.on("/b/leaves", leave)
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/leaves", headers=[("Content-Length", str(MIB))]), b"x" * 70_000)
        client.read_response().problem(502)


def test_a_chunked_response_reaches_a_client_of_http_1_0_without_chunks(world: World) -> None:
    """RFC 9112 6.1: no transfer coding toward HTTP/1.0."""

    def tell(call: Call) -> None:
        call.start_chunked()
        call.chunk(b"one ")
        call.chunk(b"two")
        call.end_chunks()

    world.upstream.on("/b/old", tell)
    answer = world.gateway.send(b"GET /a/old HTTP/1.0\r\nHost: api.hotel.test\r\n\r\n")
    assert answer.header("transfer-encoding") is None
    assert answer.body == b"one two"


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_bodies_around_the_limit_of_buffering_arrive_whole_both_ways(world: World, length: int) -> None:
    body = b"".join(pieces(length)) if length else b""
    world.upstream.on("/b/echo", lambda call: call.respond(200, body=call.read_body()))
    with world.gateway.connection() as client:
        for _ in range(2):
            answer = client.request("POST", "/a/echo", body=body)
            assert (answer.status, answer.body == body, answer.header("content-length")) == (
                200, True, str(length)
            )  # fmt: skip
        client.send(head("POST", "/a/echo", headers=CHUNKED))
        if body:
            client.send_chunk(body)
        client.send_chunk(b"")
        assert client.read_response().body == body


def test_a_client_that_expects_100_continue_gets_it_and_is_served(world: World) -> None:
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/expected", headers=[("Content-Length", "4"), ("Expect", "100-continue")]))
        assert client.read_head().status == 100
        client.send(b"body")
        assert client.read_response().status == 200
    assert world.upstream.last.body == b"body"


def test_a_refused_upload_that_waits_for_100_continue_is_answered_without_it(world: World) -> None:
    """Bare mitmproxy: `100 Continue` is sent regardless."""
    with world.gateway.connection() as client:
        fields = [("Content-Length", str(LARGE)), ("Expect", "100-continue")]
        client.send(head("POST", "/nothing", headers=fields))
        answer = client.read_response()
        answer.problem(404)
        assert answer.interim == ()


def test_a_refused_upload_is_answered_before_its_body_has_come(world: World) -> None:
    """Bare mitmproxy: answering early."""
    for fields in ([("Content-Length", str(LARGE))], CHUNKED):
        with world.gateway.connection() as client:
            client.send(head("POST", "/nothing", headers=fields))
            client.read_response().problem(404)


def test_an_upload_of_200_mb_costs_no_memory() -> None:
    with lean() as world:
        before = world.gateway.peak_mb()
        with world.gateway.connection() as client:
            sent = upload(client, head("POST", "/a/large", headers=[("Content-Length", str(LARGE))]), LARGE)
            assert sent == LARGE
            assert client.read_response().status == 200
        (request,) = world.upstream.seen("/b/large")
        assert (request.body_length, request.body_sha256) == (LARGE, digest_of(LARGE))
        assert world.gateway.peak_mb() - before <= GROWTH_MB


def test_a_download_of_200_mb_costs_no_memory() -> None:
    with lean() as world:
        world.upstream.on("/b/large", lambda call: call.stream(LARGE, pieces(LARGE)))
        before = world.gateway.peak_mb()
        with world.gateway.connection() as client:
            client.send(head("GET", "/a/large"))
            digest = Digest()
            assert client.read_response(sink=digest).complete
        assert (digest.length, digest.hexdigest) == (LARGE, digest_of(LARGE))
        assert world.gateway.peak_mb() - before <= GROWTH_MB


def flood(client: Connection, request_head: bytes) -> int:
    """Sends a 200 MB upload whatever is answered; returns how much of it was taken."""
    with contextlib.suppress(OSError):
        return upload(client, request_head, LARGE)
    return 0


def test_refused_uploads_of_200_mb_are_answered_early_and_cost_no_memory() -> None:
    with lean() as world:
        before = world.gateway.peak_mb()
        for target, status in (("/nothing", 404), ("/a/%zz", 400)):
            with world.gateway.connection() as client:
                taken = flood(client, head("POST", target, headers=[("Content-Length", str(LARGE))]))
                assert taken < LARGE
                with contextlib.suppress(ConnectionEnded):  # the reset may have overtaken the answer
                    client.read_response().problem(status)
        assert world.gateway.peak_mb() - before <= GROWTH_MB
        assert world.upstream.seen("/b/large") == []
        assert world.gateway.get("/a/after").status == 200
