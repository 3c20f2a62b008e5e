"""An HTTP/1 client that says exactly what goes on the wire."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

type HeaderList = Sequence[tuple[str, str]]
type Sink = Callable[[bytes], object]

TIMEOUT = 30.0
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
