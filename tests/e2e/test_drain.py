"""SIGTERM to the gateway's own entry: what is in flight is finished, idle connections end, and all within a limit."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import pytest
from h2.errors import ErrorCodes
from hpack import Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.e2e.harness import Call, Connection, ConnectionEnded, Gateway, Upstream, gateway, wait_until
from tests.e2e.harness.processes import children
from tests.e2e.harness.websocket import websocket_client, websocket_upstream

pytestmark = pytest.mark.entry("gateway")
WORKERS = pytest.mark.parametrize("workers", ["1", "2"])


class Held(NamedTuple):
    """A gateway before a target that answers `/held` once `release` is set."""

    gateway: Gateway
    upstream: Upstream
    release: threading.Event

    def term(self) -> None:
        self.gateway.process.send_signal(signal.SIGTERM)

    def begin(self, connection: Connection, path: str = "/held") -> None:
        """Starts a request and waits until it has reached the target."""
        before = len(self.upstream.seen("/held"))
        connection.send(f"GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
        self.upstream.wait_seen("/held", before + 1)


@contextlib.contextmanager
def held(workers: str, drain: str) -> Iterator[Held]:
    release = threading.Event()

    def late(call: Call) -> None:
        assert release.wait(60)
        call.respond(200, body=b"late")

    with Upstream() as upstream:
        upstream.on("/held", late)
        files = {"a.yaml": f"endpoints:\n  GET /held: {upstream.url}/held\n  GET /a: {upstream.url}/a\n"}
        try:
            with gateway(files, "--workers", workers, "--drain", drain, "--set", "control=off") as running:
                if workers != "1":
                    running.wait_log("workers serve at")
                yield Held(running, upstream, release)
        finally:
            release.set()


class Frames:
    """An HTTP/2 client that shows the frames it gets: the h2 library knows no life after a GOAWAY."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.got: list[Frame] = []
        self.at_end = False
        self._encoder = Encoder()
        self._next = 1
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def start(self, path: str) -> int:
        """Opens a stream with a GET."""
        stream, self._next = self._next, self._next + 2
        fields = [(":method", "GET"), (":scheme", "http"), (":authority", "a.test"), (":path", path)]
        head = HeadersFrame(stream, self._encoder.encode(fields), flags=["END_HEADERS", "END_STREAM"])
        self.socket.sendall(head.serialize())
        return stream

    def read_until(self, wanted: Callable[[Frame], bool]) -> Frame | None:
        """Reads frames up to one that is wanted; None at the end of the connection."""
        while True:
            header = self._exactly(9)
            if len(header) < 9:
                self.at_end = True
                return None
            frame, length = Frame.parse_frame_header(memoryview(header))
            frame.parse_body(memoryview(self._exactly(length)))
            self.got.append(frame)
            if wanted(frame):
                return frame

    def body(self, stream: int) -> bytes:
        """Reads up to the end of a stream; returns what it carried."""
        self.read_until(lambda one: one.stream_id == stream and "END_STREAM" in one.flags)
        return b"".join(one.data for one in self.got if isinstance(one, DataFrame) and one.stream_id == stream)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (part := self.socket.recv(size - len(data))):
            data += part
        return data


def is_refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@WORKERS
def test_what_is_in_flight_is_finished_and_what_is_idle_is_closed_before(workers: str) -> None:
    with held(workers, "50s") as started, contextlib.ExitStack() as stack:
        running = started.gateway
        idle, silent, busy = (stack.enter_context(running.connection()) for _ in range(3))
        idle_h2, busy_h2 = (stack.enter_context(Frames(running.port)) for _ in range(2))
        idle.request("GET", "/a")
        idle_h2.body(idle_h2.start("/a"))
        busy.request("GET", "/a")  # its connection to the target is there when it asks again
        started.begin(busy)
        held_stream = busy_h2.start("/held")
        started.upstream.wait_seen("/held", 2)
        started.term()
        assert idle.read_to_end() == b""
        assert silent.read_to_end() == b""
        goaway = idle_h2.read_until(lambda one: isinstance(one, GoAwayFrame))
        assert isinstance(goaway, GoAwayFrame)
        assert (goaway.last_stream_id, goaway.error_code) == (1, 0)
        assert idle_h2.read_until(lambda _: True) is None
        assert busy_h2.read_until(lambda one: isinstance(one, GoAwayFrame)) is not None
        wait_until(lambda: is_refused(running.port), what="the end of listening")
        late = busy_h2.start("/a")
        reset = busy_h2.read_until(lambda one: one.stream_id == late)
        assert isinstance(reset, RstStreamFrame)
        assert reset.error_code == ErrorCodes.REFUSED_STREAM  # it may be asked again elsewhere
        assert running.process.poll() is None
        started.release.set()
        answer = busy.read_response()
        assert (answer.status, answer.body, answer.header("Connection")) == (200, b"late", "close")
        assert busy.at_end()
        assert busy_h2.body(held_stream) == b"late"
        assert busy_h2.read_until(lambda one: not isinstance(one, WindowUpdateFrame)) is None
        assert running.wait_exit() == 0
        assert "cut off" not in running.log


@WORKERS
def test_at_the_limit_what_is_left_is_cut_off_and_counted(workers: str) -> None:
    with held(workers, "300ms") as started, started.gateway.connection() as busy, websocket_upstream() as echo:
        started.gateway.write("ws.yaml", f"endpoints:\n  GET /ws: http://{echo.authority}/\n")
        started.gateway.wait_log("routes generation 2")
        with websocket_client(started.gateway.port, "/ws") as client:
            client.send("hello")
            assert client.recv() == "hello"
            started.begin(busy)
            started.term()
            assert started.gateway.wait_exit() == 0
        with contextlib.suppress(ConnectionEnded, OSError):
            assert busy.read_response().status == 502
        log = started.gateway.log
        counts = [line.partition("drain: ")[2] for line in log.splitlines() if "drain: " in line]
        both = ["2 exchanges were cut off after 0.3 s"]
        assert counts in (both, ["1 exchange was cut off after 0.3 s"] * 2)


@WORKERS
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(workers: str, second: signal.Signals) -> None:
    with held(workers, "1h") as started, started.gateway.connection() as busy, started.gateway.connection() as idle:
        idle.request("GET", "/a")
        started.begin(busy)
        started.term()
        assert idle.read_to_end() == b""  # it drains
        started.gateway.process.send_signal(second)
        assert started.gateway.wait_exit() == 0


def test_a_signal_that_all_processes_get_is_one_signal() -> None:
    with held("2", "50s") as started, started.gateway.connection() as busy, started.gateway.connection() as idle:
        idle.request("GET", "/a")
        started.begin(busy)
        for pid in [*children(started.gateway.pid), started.gateway.pid]:
            os.kill(pid, signal.SIGTERM)
        assert idle.read_to_end() == b""
        started.release.set()
        assert busy.read_response().body == b"late"
        assert started.gateway.wait_exit() == 0


@WORKERS
def test_ctrl_c_does_not_wait(workers: str) -> None:
    with held(workers, "1h") as started, started.gateway.connection() as busy:
        started.begin(busy)
        started.gateway.process.send_signal(signal.SIGINT)
        assert started.gateway.wait_exit() == 0


def test_a_request_that_is_half_sent_is_answered_and_its_connection_then_closed() -> None:
    with held("1", "50s") as started, started.gateway.connection() as half, started.gateway.connection() as idle:
        idle.request("GET", "/a")
        half.request("GET", "/a")
        half.send(b"GET /a HTTP/1.1\r\nHo")
        with started.gateway.connection() as busy:
            started.begin(busy)
            started.term()
            assert idle.read_to_end() == b""
            half.send(b"st: a.test\r\n\r\n")
            answer = half.read_response()
            assert answer.header("Connection") == "close"
            assert half.at_end()
            started.release.set()
            assert busy.read_response().body == b"late"
        assert started.gateway.wait_exit() == 0
