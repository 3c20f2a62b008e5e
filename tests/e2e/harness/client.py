"""Clients that say exactly what goes on the wire: HTTP/1 over raw sockets, HTTP/2 over the h2 library."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

type HeaderList = Sequence[tuple[str, str]]
type Sink = Callable[[bytes], object]

TIMEOUT = 15.0
"""Seconds a read may wait: far beyond any honest answer, so that running into it means "hangs"."""

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response as it arrived. `complete` is False when the connection ended inside the message."""

    version: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    trailers: tuple[tuple[str, str], ...] = ()
    interim: tuple[Response, ...] = ()
    complete: bool = True
    head: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a header field, in the order of arrival."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The first value of a header field, or None."""
        return next(iter(self.all(name)), None)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self, status: int | None = None) -> dict[str, Any]:
        """The RFC 9457 document of an answer of the gateway's own, its promised members checked."""
        media_type = (self.header("content-type") or "").partition(";")[0].strip()
        shown = f"{self.status} {media_type!r}: {self.text[:400]!r}"
        assert media_type == "application/problem+json", f"not a problem document: {shown}"
        document = self.json()
        assert isinstance(document, dict), shown
        assert document.keys() >= PROBLEM_MEMBERS, f"lacks {PROBLEM_MEMBERS - document.keys()}: {shown}"
        assert document["status"] == self.status, shown
        assert "mitmproxy" not in (self.header("server") or "").lower(), self.headers
        if status is not None:
            assert self.status == status, f"expected {status}: {shown}"
        return document


class ConnectionEnded(Exception):
    """The peer closed or reset the connection before a response head was complete."""


class Connection:
    """A keep-alive HTTP/1 connection to 127.0.0.1; nothing is added to or repaired in what a test sends."""

    def __init__(
        self,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.close()

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def send_chunk(self, data: bytes) -> None:
        """One chunk of a chunked body; empty data ends the body."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def end_output(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def request(
        self,
        method: str,
        target: str,
        *,
        host: str | None = "api.hotel.test",
        headers: HeaderList = (),
        body: bytes | None = None,
        read: bool = True,
    ) -> Response:
        """Sends a request and reads its response. A body is announced by Content-Length."""
        self.send(head(method, target, host=host, headers=headers, body=body), body or b"")
        return self.read_response(method)

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False
        self._buffer += data
        return bool(data)

    def read_until(self, mark: bytes) -> bytes:
        """Everything up to and with `mark`."""
        while (end := self._buffer.find(mark)) < 0:
            if not self._more():
                raise ConnectionEnded(bytes(self._buffer))
        taken = bytes(self._buffer[: end + len(mark)])
        del self._buffer[: end + len(mark)]
        return taken

    def read_some(self) -> bytes:
        """The next bytes that arrive; empty at the end of the connection."""
        if not self._buffer:
            self._more()
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken

    def read_to_end(self) -> bytes:
        """Everything until the peer ends the connection."""
        while self._more():
            pass
        return self.read_some() if self._buffer else b""

    def at_end(self) -> bool:
        """Waits for the peer: True when it closed or reset the connection, False when it sent bytes."""
        return not self._buffer and not self._more()

    def read_head(self) -> Response:
        """The next response head, interim ones (1xx except 101) included as they come."""
        raw = self.read_until(b"\r\n\r\n")
        first, *rest = raw[:-4].decode("latin-1").split("\r\n")
        version, _, tail = first.partition(" ")
        code, _, reason = tail.partition(" ")
        pairs = (line.partition(":") for line in rest)
        headers = tuple((name, value.strip()) for name, _, value in pairs)
        return Response(version, int(code), reason, headers, head=raw)

    def read_response(self, method: str = "GET", sink: Sink | None = None) -> Response:
        """One final response with its body, which goes to `sink` piece by piece when there is one."""
        interim: list[Response] = []
        answer = self.read_head()
        while 100 <= answer.status < 200 and answer.status != 101:
            interim.append(answer)
            answer = self.read_head()
        kept = bytearray()
        trailers: tuple[tuple[str, str], ...] = ()
        complete = True
        if not (method == "HEAD" or answer.status in (101, 204, 304)):
            try:
                trailers = self._read_body(answer, sink or kept.extend)
            except ConnectionEnded:
                complete = False
        return Response(
            answer.version, answer.status, answer.reason, answer.headers, bytes(kept), trailers,
            tuple(interim), complete, answer.head,
        )  # fmt: skip

    def _read_body(self, answer: Response, sink: Sink) -> tuple[tuple[str, str], ...]:
        if "chunked" in (answer.header("transfer-encoding") or "").lower():
            return self._read_chunks(sink)
        if (length := answer.header("content-length")) is not None:
            self._read_exactly(int(length), sink)
            return ()
        while data := self.read_some():
            sink(data)
        return ()

    def read_chunk(self) -> bytes:
        """One chunk of a chunked body, as framed; empty for the last one (its trailers are left unread)."""
        kept = bytearray()
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        self._read_exactly(size, kept.extend)
        if size:
            self.read_until(b"\r\n")
        return bytes(kept)

    def _read_chunks(self, sink: Sink) -> tuple[tuple[str, str], ...]:
        while size := int(self.read_until(b"\r\n").split(b";")[0], 16):
            self._read_exactly(size, sink)
            self.read_until(b"\r\n")
        lines: list[tuple[str, str]] = []
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").strip().partition(":")
            lines.append((name, value.strip()))
        return tuple(lines)

    def _read_exactly(self, length: int, sink: Sink) -> None:
        while length:
            if not self._buffer and not self._more():
                raise ConnectionEnded(f"{length} bytes of the body are missing")
            piece = bytes(self._buffer[:length])
            del self._buffer[: len(piece)]
            length -= len(piece)
            sink(piece)


def head(
    method: str,
    target: str,
    *,
    host: str | None = "api.hotel.test",
    headers: HeaderList = (),
    body: bytes | None = None,
    version: str = "HTTP/1.1",
) -> bytes:
    """A request head as bytes; text is written as latin-1, so that any byte can be put in."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Digest:
    """A sink that keeps the length and SHA-256 of what it was given, not the bytes."""

    def __init__(self) -> None:
        self.length = 0
        self._sha256 = hashlib.sha256()

    def __call__(self, data: bytes) -> None:
        self.length += len(data)
        self._sha256.update(data)

    @property
    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


def pieces(length: int, piece: int = 262_144) -> Iterator[bytes]:
    """`length` bytes that are not all alike, a piece at a time."""
    pattern = bytes(range(256)) * (piece // 256)
    while length > 0:
        yield pattern[: min(piece, length)]
        length -= piece


def digest_of(length: int) -> str:
    """The SHA-256 of what `pieces(length)` gives."""
    digest = Digest()
    for piece in pieces(length):
        digest(piece)
    return digest.hexdigest


def upload(connection: Connection, request_head: bytes, length: int) -> int:
    """Sends a head and `length` bytes of `pieces`; returns how many the peer took before it hung up."""
    connection.send(request_head)
    sent = 0
    try:
        for piece in pieces(length):
            connection.send(piece)
            sent += len(piece)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return sent


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


def _status(headers: Iterable[tuple[Any, Any]]) -> int:
    return int(dict(headers)[":status"])
