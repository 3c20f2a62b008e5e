"""Bodies whose receiver is slower than their sender: memory stays what it is for an idle gateway."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.e2e.harness import (
    Call,
    Gateway,
    H2Call,
    H2Upstream,
    Upstream,
    gateway,
    head,
    pieces,
    silent_port,
    wait_until,
)

MIB = 1 << 20
LENGTH = 64 * MIB
GROWTH_MB = 10
"""MiB: the sockets' and the flow-control windows' worth, far from the length of the body."""

ROUTES = """
host: api.hotel.test
endpoints:
  GET /a: {up}/down
  POST /a: {up}/up
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    sent: int = 0
    go: threading.Event = field(default_factory=threading.Event)


def stalled(progress: Callable[[], int]) -> None:
    """Waits until the sender has come no further for a while: what fits in between is full."""
    last = [-1, 0]

    def still() -> bool:
        last[1] = last[1] + 1 if progress() == last[0] else 0
        last[0] = progress()
        return last[1] >= 15

    wait_until(still, 25, "a stalled sender")


@pytest.fixture
def running() -> Iterator[tuple[Gateway, Upstream]]:
    """A gateway of each test's own, because its peak memory is the measure."""
    with Upstream() as up, gateway({"api.yaml": ROUTES.format(up=up.url)}) as started:
        for _ in range(20):
            started.get("/a")
            started.request("POST", "/a", body=b"x" * 1000)
            with started.h2() as client:
                client.request("GET", "/a")
        yield started, up


@pytest.fixture
def world(running: tuple[Gateway, Upstream]) -> Iterator[World]:
    shown = World(*running)

    def down(call: Call) -> None:
        def counted() -> Iterator[bytes]:
            for piece in pieces(LENGTH):
                yield piece
                shown.sent += len(piece)

        call.stream(LENGTH, counted())

    def up(call: Call) -> None:
        shown.go.wait(30)
        call.respond()

    shown.upstream.on("/down", down)
    shown.upstream.on("/up", up)
    yield shown
    shown.go.set()


def test_a_client_that_does_not_read_holds_the_upstream_back(world: World) -> None:
    before = world.gateway.peak_mb()
    with world.gateway.connection() as client:
        client.send(head("GET", "/a"))
        assert client.read_head().status == 200
        stalled(lambda: world.sent)
        assert world.gateway.peak_mb() - before <= GROWTH_MB


def test_an_http_2_client_that_does_not_read_holds_the_upstream_back(world: World) -> None:
    before = world.gateway.peak_mb()
    with world.gateway.h2() as client:
        stream = client.start("GET", "/a")
        assert client.wait_head(stream).status == 200
        stalled(lambda: world.sent)
        assert world.gateway.peak_mb() - before <= GROWTH_MB


def test_an_upstream_that_does_not_read_holds_the_client_back(world: World) -> None:
    before = world.gateway.peak_mb()
    sent = [0]
    with world.gateway.connection(timeout=40) as client:

        def send() -> None:
            client.send(head("POST", "/a", headers=[("Content-Length", str(LENGTH))]))
            for piece in pieces(LENGTH):
                client.send(piece)
                sent[0] += len(piece)

        sender = threading.Thread(target=send)
        sender.start()
        stalled(lambda: sent[0])
        growth = world.gateway.peak_mb() - before
        world.go.set()
        sender.join(30)
        assert client.read_response().status == 200
    assert growth <= GROWTH_MB


class LateTarget(H2Upstream):
    """An HTTP/2 server that takes the first piece of a body only when it is told to go on."""

    def __init__(self) -> None:
        self.go = threading.Event()
        super().__init__()

    @property
    def reading(self) -> bool:
        return self.go.wait(40)

    @reading.setter
    def reading(self, value: bool) -> None:
        pass


@contextlib.contextmanager
def to(url: str, *, h2c: bool = True) -> Iterator[Gateway]:
    """A gateway that sends /a to a target, warm: it has loaded what it needs."""
    text = f"services: {{target: {{url: '{url}', h2c: {str(h2c).lower()}}}}}\nendpoints:\n"
    text += "  GET /a: target:/down\n  POST /a: target:/up\n"
    with gateway({"api.yaml": text}) as running:
        for _ in range(20):
            running.get("/nothing")
            with running.h2(tls=None) as client:
                client.request("GET", "/nothing")
        yield running


@dataclass
class Upload:
    """An upload to /a, which counts the bytes that were taken; `timeout` is for one of its steps."""

    gateway: Gateway
    protocol: str
    timeout: float = 60
    sent: int = 0

    def run(self, body: Iterable[bytes], length: int = LENGTH) -> int:
        """Returns the status; raises TimeoutError when it is held back for too long."""
        if self.protocol == "HTTP/1":
            with self.gateway.connection(timeout=self.timeout) as client:
                client.send(head("POST", "/a", headers=[("Content-Length", str(length))]))
                for piece in body:
                    client.send(piece)
                    self.sent += len(piece)
                return client.read_response().status
        with self.gateway.h2(tls=None) as client:
            client.socket.settimeout(self.timeout)
            stream = client.start("POST", "/a", end=False)
            for piece in body:
                client.send(stream, piece)
                self.sent += len(piece)
            client.send(stream, b"", end=True)
            return client.wait(stream).status


def assert_held_back(running: Gateway, protocol: str) -> None:
    before = running.peak_mb()
    upload = Upload(running, protocol, timeout=3)
    with pytest.raises(TimeoutError):
        upload.run(pieces(LENGTH))
    assert upload.sent < LENGTH
    assert running.peak_mb() - before <= GROWTH_MB


@pytest.mark.parametrize("protocol", ["HTTP/1", "HTTP/2"])
def test_an_http_2_target_that_does_not_read_holds_the_client_back(protocol: str) -> None:
    with H2Upstream(reading=False) as target, to(target.url) as running:
        assert_held_back(running, protocol)


def test_an_http_1_target_that_does_not_read_holds_an_http_2_client_back(world: World) -> None:
    assert_held_back(world.gateway, "HTTP/2")


@pytest.mark.parametrize("protocol", ["HTTP/1", "HTTP/2"])
def test_a_target_that_does_not_accept_holds_the_client_back(protocol: str) -> None:
    """Until there is a connection, the body has nowhere to go."""
    with silent_port() as port, to(f"http://127.0.0.1:{port}", h2c=False) as running:
        assert_held_back(running, protocol)


@pytest.mark.parametrize("protocol", ["HTTP/1", "HTTP/2"])
def test_an_upload_that_was_held_back_arrives_whole(protocol: str) -> None:
    length = 16 * MIB
    body = random.Random(1).randbytes(length)
    with LateTarget() as late, to(late.url) as running, ThreadPoolExecutor() as threads:
        upload = Upload(running, protocol)
        cut = [body[start : start + 100_000] for start in range(0, length, 100_000)]
        sending = threads.submit(upload.run, cut, length)
        try:
            stalled(lambda: upload.sent)
            assert upload.sent < length
        finally:
            late.go.set()
        assert sending.result(60) == 200
        assert bytes(late.last.body) == body


@pytest.mark.parametrize("h2c", [False, True], ids=["HTTP/1", "HTTP/2"])
def test_a_download_that_was_held_back_arrives_whole(h2c: bool) -> None:
    body = random.Random(2).randbytes(LENGTH)
    cut = [body[start : start + 100_000] for start in range(0, LENGTH, 100_000)]
    sent = [0]

    def counted() -> Iterator[bytes]:
        for piece in cut:
            yield piece
            sent[0] += len(piece)

    def over_two(call: H2Call) -> None:
        call.start(200)
        for piece in counted():
            call.data(piece)
        call.end()

    with Upstream() as one, H2Upstream() as two:
        one.on("/down", lambda call: call.stream(LENGTH, counted()))
        two.on("/down", over_two)
        with to(two.url if h2c else one.url, h2c=h2c) as running, running.h2(tls=None) as client:
            before = running.peak_mb()
            stream = client.start("GET", "/a")
            assert client.wait_head(stream).status == 200
            stalled(lambda: sent[0])
            assert sent[0] < LENGTH
            assert bytes(client.wait(stream).body) == body
            assert running.peak_mb() - before <= GROWTH_MB


def test_an_upload_that_is_held_back_does_not_hold_other_streams_back() -> None:
    with H2Upstream(reading=False) as slow, H2Upstream() as quick:
        text = f"services: {{slow: {{url: '{slow.url}', h2c: true}}, quick: {{url: '{quick.url}', h2c: true}}}}\n"
        text += "endpoints:\n  POST /a: slow:/up\n  POST /b: quick:/up\n"
        with gateway({"api.yaml": text}) as running, running.h2(tls=None) as client:
            client.socket.settimeout(2)
            held = client.start("POST", "/a", end=False)
            with pytest.raises(TimeoutError):
                client.send(held, bytes(4 * MIB))
            client.socket.settimeout(15)
            body = random.Random(3).randbytes(4 * MIB)
            assert client.request("POST", "/b", body=body).status == 200
            assert bytes(quick.last.body) == body


def test_an_upload_in_tiny_pieces_costs_little_more_than_its_bytes() -> None:
    with silent_port() as port, to(f"http://127.0.0.1:{port}", h2c=False) as running:
        before = running.peak_mb()
        with running.h2(tls=None) as client:
            stream = client.start("POST", "/a", end=False)
            tiny = b"\0\0\1\0\0" + stream.to_bytes(4, "big") + b"x"
            client.socket.settimeout(90)
            client.socket.sendall(tiny * 120_000)
            assert client.request("GET", "/nothing").status == 404  # all of them were read before
        assert running.peak_mb() - before <= GROWTH_MB


def test_a_client_is_read_again_when_the_target_that_held_it_back_is_gone() -> None:
    length = 16 * MIB
    with H2Upstream(reading=False) as target, to(target.url) as running, ThreadPoolExecutor() as threads:
        upload = Upload(running, "HTTP/1")
        sending = threads.submit(upload.run, pieces(length), length)
        try:
            stalled(lambda: upload.sent)
            assert upload.sent < length
        finally:
            target.__exit__()
        assert sending.result(30) == 502
        assert upload.sent == length
