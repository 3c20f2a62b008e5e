"""Bodies whose receiver is slower than their sender: memory stays what it is for an idle gateway."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.e2e.harness import Call, Gateway, H2Upstream, Upstream, gateway, head, pieces, wait_until

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

    def stalled(self, progress: Callable[[], int]) -> None:
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
        world.stalled(lambda: world.sent)
        assert world.gateway.peak_mb() - before <= GROWTH_MB


def test_an_http_2_client_that_does_not_read_holds_the_upstream_back(world: World) -> None:
    before = world.gateway.peak_mb()
    with world.gateway.h2() as client:
        stream = client.start("GET", "/a")
        assert client.wait_head(stream).status == 200
        world.stalled(lambda: world.sent)
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
        world.stalled(lambda: sent[0])
        growth = world.gateway.peak_mb() - before
        world.go.set()
        sender.join(30)
        assert client.read_response().status == 200
    assert growth <= GROWTH_MB


def test_an_http_2_target_that_does_not_read_holds_the_client_back() -> None:
    with H2Upstream(reading=False) as stalled:
        text = f"services: {{clear: {{url: '{stalled.url}', h2c: true}}}}\nendpoints:\n  POST /a: clear:/up\n"
        with gateway({"api.yaml": text}) as running:
            for _ in range(20):
                running.get("/nothing")
            before = running.peak_mb()
            sent = [0]
            held_back = contextlib.suppress(OSError)  # the sender's time-out
            with running.connection(timeout=5) as client, held_back:
                client.send(head("POST", "/a", headers=[("Content-Length", str(LENGTH))]))
                for piece in pieces(LENGTH):
                    client.send(piece)
                    sent[0] += len(piece)
            assert sent[0] < LENGTH
            assert running.peak_mb() - before <= GROWTH_MB
