"""An HTTP/2 client on the h2 library, over TLS or with prior knowledge."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .client import TIMEOUT, HeaderList, Response


@dataclass(slots=True)
class H2Response:
    """One HTTP/2 stream as its client sees it; `reset` is the error code of an RST_STREAM or GOAWAY."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    trailers: list[tuple[str, str]] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    ended: bool = False
    reset: int | None = None

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)

    def as_response(self) -> Response:
        """The same in the form of HTTP/1, for `problem()` and the like."""
        complete = self.ended and self.reset is None
        return Response("HTTP/2", self.status, "", tuple(self.headers), bytes(self.body), complete=complete)


class H2Connection:
    """An HTTP/2 client connection to 127.0.0.1: over TLS with ALPN (`tls`) or with prior knowledge."""

    def __init__(
        self,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
        timeout: float = TIMEOUT,
        strict: bool = True,
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.scheme = "http"
        if tls is not None:
            self.scheme = "https"
            wrapped = tls.wrap_socket(self.socket, server_hostname=server_name)
            assert wrapped.selected_alpn_protocol() == "h2", wrapped.selected_alpn_protocol()
            self.socket = wrapped
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8",
            validate_outbound_headers=strict, normalize_outbound_headers=strict,
        )  # fmt: skip
        self._h2 = h2.connection.H2Connection(config)
        self.streams: dict[int, H2Response] = {}
        self.closed = False
        self.pings = 0
        self._h2.initiate_connection()
        self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.close()

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            try:
                self.socket.sendall(data)
            except (ConnectionResetError, BrokenPipeError):
                self._end(0)

    def start(
        self,
        method: str,
        path: str,
        *,
        authority: str | None = "api.hotel.test",
        headers: Iterable[tuple[str, str]] = (),
        end: bool = True,
    ) -> int:
        """Opens a stream with a request head; returns its id."""
        stream = self._h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", self.scheme), (":path", path)]
        if authority is not None:
            pseudo.insert(1, (":authority", authority))
        self.streams[stream] = H2Response()
        self._h2.send_headers(stream, [*pseudo, *headers], end_stream=end)
        self._flush()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Sends body bytes as the flow-control window allows; stops when the stream was reset."""
        view = memoryview(data)
        while view:
            if self._gone(stream):
                return
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            if room <= 0:
                self._pump()
                continue
            self._h2.send_data(stream, bytes(view[:room]))
            view = view[room:]
            self._flush()
        if end and not self._gone(stream):
            self._h2.end_stream(stream)
            self._flush()

    def send_trailers(self, stream: int, trailers: HeaderList) -> None:
        self._h2.send_headers(stream, list(trailers), end_stream=True)
        self._flush()

    def reset(self, stream: int) -> None:
        """Takes a request back."""
        self._h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        self._flush()

    def request(self, method: str, path: str, *, body: bytes | None = None, **options: Any) -> H2Response:
        """One exchange from beginning to end."""
        stream = self.start(method, path, end=body is None, **options)
        if body is not None:
            self.send(stream, body, end=True)
        return self.wait(stream)

    def wait(self, stream: int) -> H2Response:
        """Reads until the stream has ended."""
        self._pump_until(lambda: self._gone(stream) or self.streams[stream].ended)
        return self.streams[stream]

    def wait_head(self, stream: int) -> H2Response:
        """Reads until the final response head is there."""
        self._pump_until(lambda: self._gone(stream) or self.streams[stream].status != 0)
        return self.streams[stream]

    def wait_body(self, stream: int, length: int) -> bytes:
        """Reads until at least `length` body bytes have arrived."""
        state = self.streams[stream]
        self._pump_until(lambda: self._gone(stream) or state.ended or len(state.body) >= length)
        return bytes(state.body)

    def ping(self) -> None:
        """Reads all that the gateway has sent until it answers a ping, or ends the connection."""
        answered = self.pings + 1
        if not self.closed:
            self._h2.ping(b"are here")
            self._flush()
        self._pump_until(lambda: self.closed or self.pings >= answered)

    def _gone(self, stream: int) -> bool:
        return self.closed or self.streams[stream].reset is not None

    def _pump_until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._pump()

    def _pump(self) -> None:
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            data = b""
        if not data:
            self._end(0)
            return
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._end(1)
            return
        for event in events:
            self._on(event)
        self._flush()

    def _end(self, code: int) -> None:
        self.closed = True
        for state in self.streams.values():
            if not state.ended and state.reset is None:
                state.reset = code

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.InformationalResponseReceived():
                self.streams[event.stream_id].interim.append(_status(event.headers))
            case h2.events.ResponseReceived():
                state = self.streams[event.stream_id]
                state.headers = [(str(name), str(value)) for name, value in event.headers]
                state.status = _status(event.headers)
            case h2.events.TrailersReceived():
                self.streams[event.stream_id].trailers = [(str(n), str(v)) for n, v in event.headers]
            case h2.events.DataReceived():
                self.streams[event.stream_id].body += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.streams[event.stream_id].ended = True
            case h2.events.StreamReset() if event.stream_id in self.streams:
                self.streams[event.stream_id].reset = int(event.error_code)
            case h2.events.ConnectionTerminated():
                self._end(int(event.error_code or 0))
            case h2.events.PingAckReceived():
                self.pings += 1


def _status(headers: Iterable[tuple[Any, Any]]) -> int:
    return int(dict(headers)[":status"])
