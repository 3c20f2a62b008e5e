"""Heads, trailers and handshakes that never end, and streams without number: each is cut off, and none fills memory."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import hpack
import pytest

from tests.e2e.harness import (
    Call,
    ConnectionEnded,
    Gateway,
    H2Call,
    H2Upstream,
    Upstream,
    gateway,
    head,
)

ROUTES = """
host: api.hotel.test
services:
  up: {up}
  h2c: {{url: "{h2c}", h2c: true}}
  raw: {{url: "http://127.0.0.1:{raw}", h2c: true}}
endpoints:
  GET /a/{{x}}: up:/a/{{x}}
  POST /a/{{x}}: up:/a/{{x}}
  GET /h2c/{{x}}: h2c:/{{x}}
  GET /raw/{{x}}: raw:/{{x}}
  GET /quick/{{x}}:
    route: up:/a/{{x}}
    timeout: 1s
"""

MIB = 1 << 20
ROOM = 16
"""MiB that one attack may cost: far less than what it sends, and more than the collector leaves lying about."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 1, 3, 4, 6, 7, 9
END_STREAM, END_HEADERS = 1, 4
PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 1, 11


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    h2c: H2Upstream


@pytest.fixture(scope="module")
def raw_target() -> Iterator[socket.socket]:
    """A listening socket; a test serves its connections itself."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(15)
        yield listening


@pytest.fixture(scope="module")
def world(entry: str, raw_target: socket.socket) -> Iterator[World]:
    with Upstream() as up, H2Upstream() as h2c:
        text = ROUTES.format(up=up.url, h2c=h2c.url, raw=raw_target.getsockname()[1])
        with gateway({"api.yaml": text}) as running:
            yield World(running, up, h2c)


@pytest.fixture(autouse=True)
def _harmless(world: World) -> Iterator[None]:
    """Whatever was tried: memory stays, nothing breaks inside, and others are served."""
    assert world.gateway.get("/a/before").status == 200
    before = world.gateway.peak_mb()
    yield
    assert world.gateway.peak_mb() - before < ROOM
    assert world.gateway.log.partition("has crashed")[2][:3000] == ""
    assert world.gateway.get("/a/after").status == 200


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def request_block(*fields: tuple[str, str]) -> bytes:
    pseudo = [(":method", "GET"), (":scheme", "http"), (":path", "/a/1"), (":authority", "api.hotel.test")]
    encoded: bytes = hpack.Encoder().encode([*pseudo, *fields])
    return encoded


@contextlib.contextmanager
def speaking_h2(world: World) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", world.gateway.port), timeout=15) as connected:
        connected.sendall(PREFACE + frame(SETTINGS, 0, 0, b""))
        yield connected


def send_until_refused(connected: socket.socket, pieces: Iterator[bytes]) -> bool:
    """Whether the peer ended the connection before everything was sent."""
    try:
        for piece in pieces:
            connected.sendall(piece)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def frames(connected: socket.socket) -> Iterator[tuple[int, bytes]]:
    """The kind and payload of each frame that arrives until the connection ends."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while data := connected.recv(65536):
            received += data
            while len(received) >= 9 and len(received) >= (end := 9 + int.from_bytes(received[:3])):
                yield received[3], bytes(received[9:end])
                del received[:end]


def goaway(connected: socket.socket) -> int | None:
    """Reads to the end of the connection; returns the error code of a GOAWAY frame, None where none came."""
    return next((int.from_bytes(payload[4:8]) for kind, payload in frames(connected) if kind == GOAWAY), None)


def answered(connected: socket.socket) -> int | None:
    """Reads up to the answer to a PING, or to a GOAWAY; None where the connection ends without either."""
    return next((kind for kind, _ in frames(connected) if kind in (PING, GOAWAY)), None)


def test_continuation_frames_without_end_are_cut_off(world: World) -> None:
    """Their size is bounded, not only their number: 64 of the largest frames would be 8 MB."""
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            connected = stack.enter_context(speaking_h2(world))
            connected.sendall(frame(HEADERS, END_STREAM, 1, request_block()))
            piece = frame(CONTINUATION, 0, 1, b"x" * 100_000)
            if not send_until_refused(connected, iter([piece] * 60)):
                assert goaway(connected) in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM, None)


def test_the_end_of_a_head_that_does_not_end_is_told_by_a_goaway(world: World) -> None:
    with speaking_h2(world) as connected:
        connected.sendall(frame(HEADERS, END_STREAM, 1, request_block()))
        connected.sendall(frame(CONTINUATION, 0, 1, b"x" * 100_000) * 3)
        assert goaway(connected) in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM)


@pytest.mark.parametrize("size", [0, 1])
def test_tiny_continuation_frames_without_end_are_cut_off(world: World, size: int) -> None:
    with speaking_h2(world) as connected:
        connected.sendall(frame(HEADERS, END_STREAM, 1, request_block()))
        connected.sendall(frame(CONTINUATION, 0, 1, b"x" * size) * 100)
        assert goaway(connected) in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM)


def test_a_small_block_that_unfolds_into_a_huge_head_is_cut_off(world: World) -> None:
    """A field of 4,000 bytes is kept in the table, and then named 16,000 times by one byte each: 64 MB."""
    with speaking_h2(world) as connected:
        connected.sendall(
            frame(HEADERS, END_STREAM | END_HEADERS, 1, request_block(("x", "y" * 4000)) + b"\xbe" * 16000)
        )
        assert goaway(connected) in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM)


def test_a_head_a_little_over_the_limit_is_answered_431_in_continuation_frames_as_well(world: World) -> None:
    with world.gateway.h2(tls=None) as client:
        fields = [(f"x-long-{number}", "x" * 8_000) for number in range(13)]
        assert client.request("GET", "/a/1", headers=fields).status == 431
        assert client.request("GET", "/a/1").status == 200


def test_streams_that_are_opened_and_reset_without_end_do_not_pile_up(world: World) -> None:
    """They are dealt with as they come, or the connection ends."""

    def pairs() -> Iterator[bytes]:
        block, cancel = request_block(), struct.pack(">I", 8)
        for start in range(1, 40_001, 2000):
            streams = range(start, start + 2000, 2)
            yield b"".join(
                frame(HEADERS, END_STREAM | END_HEADERS, number, block) + frame(RST_STREAM, 0, number, cancel)
                for number in streams
            )

    with speaking_h2(world) as connected:
        ping = frame(PING, 0, 0, b"answered")
        if not send_until_refused(connected, itertools.chain(pairs(), [ping])):
            assert answered(connected) in (PING, GOAWAY, None)


def test_many_requests_over_one_connection_are_all_served(world: World) -> None:
    """Far more than the streams that are looked through at a time for those that are over."""
    for path in ("/a/1", "/h2c/1"):
        with world.gateway.h2(tls=None) as client:
            for _ in range(12):
                streams = [client.start("GET", path) for _ in range(60)]
                assert {client.wait(stream).status for stream in streams} == {200}


def test_a_client_hello_without_end_is_cut_off(world: World) -> None:
    """Its length field holds 16 MB, and the core reads what there is anew with each piece."""
    with socket.create_connection(("127.0.0.1", world.gateway.port), timeout=15) as connected:
        record = b"\x16\x03\x01\x40\x00"
        first = record + b"\x01\xff\xff\xff" + b"x" * 16380
        rest = (record + b"x" * 16384 for _ in range(1000))
        if not send_until_refused(connected, iter([first])):
            assert send_until_refused(connected, rest)


@pytest.mark.parametrize("tail", [b"5;" + b"x" * 1000, b"0\r\nX: " + b"y" * 1000], ids=["extension", "trailers"])
def test_chunk_extensions_and_trailers_of_a_request_without_end_are_cut_off(world: World, tail: bytes) -> None:
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/1", headers=[("Transfer-Encoding", "chunked")]), tail)
        more = b"z" * 1000 if tail.startswith(b"5") else b"\r\nX: " + b"z" * 1000
        if not send_until_refused(client.socket, iter([more * 100] * 300)):
            with contextlib.suppress(ConnectionEnded):
                assert client.read_response().status >= 400


def without_end(start: bytes, more: bytes) -> tuple[threading.Event, object]:
    cut = threading.Event()

    def handle(call: Call) -> None:
        call.read_body()
        with contextlib.ExitStack() as stack:
            stack.callback(cut.set)
            call.send(start)
            while True:
                call.send(more)

    return cut, handle


@pytest.mark.parametrize(
    ("start", "more", "status"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1000 + b"\r\n", 502, id="head"),
        pytest.param(b"HTTP/1.1 200 ", b"x" * 1000, 502, id="status line"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x" * 1000, None, id="chunk extension"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: " + b"y" * 1000 + b"\r\n", None,
            id="trailers",
        ),
    ],
)  # fmt: skip
def test_a_targets_head_or_framing_without_end_is_cut_off(
    world: World, start: bytes, more: bytes, status: int | None
) -> None:
    cut, handle = without_end(start, more)
    world.upstream.on("/a/endless", handle)  # type: ignore[arg-type]
    with world.gateway.connection() as client, contextlib.suppress(ConnectionEnded):
        answer = client.request("GET", "/a/endless")
        if status is not None:
            answer.problem(status)
        else:
            assert answer.status == 502 or not answer.complete
    assert cut.wait(15)


@pytest.mark.parametrize("version", [1, 2])
def test_interim_responses_without_end_end_with_the_deadline(world: World, version: int) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </" + b"x" * 500 + b">\r\n\r\n"
    cut, handle = without_end(interim, interim)
    world.upstream.on("/a/hints", handle)  # type: ignore[arg-type]
    if version == 2:
        with world.gateway.h2(tls=None) as client:
            assert client.wait(client.start("GET", "/quick/hints")).status == 504
    else:
        with world.gateway.connection() as client:
            assert client.request("GET", "/quick/hints").status == 504
    assert cut.wait(15)


def test_continuation_frames_of_a_target_without_end_are_cut_off(world: World, raw_target: socket.socket) -> None:
    cut = threading.Event()

    def serve() -> None:
        connected, _ = raw_target.accept()
        with connected:
            connected.sendall(frame(SETTINGS, 0, 0, b""))
            connected.recv(65536)
            connected.sendall(frame(HEADERS, 0, 1, hpack.Encoder().encode([(":status", "200")])))
            if send_until_refused(connected, iter([frame(CONTINUATION, 0, 1, b"x" * 16_000)] * 60)):
                cut.set()
            else:
                with contextlib.suppress(ConnectionResetError):
                    while connected.recv(65536):
                        pass
                cut.set()

    threading.Thread(target=serve, daemon=True).start()
    world.gateway.get("/raw/1").problem(502)
    assert cut.wait(15)


def test_a_stream_that_a_target_resets_on_a_used_connection_is_tried_once_more(world: World) -> None:
    attempts: list[int] = []

    def reset_the_first(call: H2Call) -> None:
        attempts.append(call.request.connection)
        if len(attempts) == 1:
            call.reset()
        else:
            call.respond(200, body=b"at last")

    world.h2c.on("/resets", reset_the_first)
    with world.gateway.connection() as client:
        assert client.request("GET", "/h2c/first").status == 200
        assert client.request("GET", "/h2c/resets").body == b"at last"
    assert len(attempts) == 2
