"""Real HTTP/1 servers that record every request as it arrived and answer as a test tells them to."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from .client import HeaderList

KEPT_BODY = 1 << 20


@dataclass(slots=True)
class Recorded:
    """One request as the upstream received it; the body's first MiB, its length and its SHA-256."""

    head: bytes
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    connection: int
    server_name: str | None = None
    body: bytes = b""
    body_length: int = 0
    body_sha256: str = ""
    body_complete: bool = False
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def names(self) -> list[str]:
        return [name.lower() for name, _ in self.headers]


class PeerGone(Exception):
    """The gateway ended the connection while the upstream was reading or writing."""


class Call:
    """A request in progress, in the hands of a handler: it reads, answers or misbehaves as it likes."""

    def __init__(self, request: Recorded, wire: _Wire, upstream: Upstream) -> None:
        self.request = request
        self.upstream = upstream
        self.ended = False
        self._wire = wire

    def read_body(self, pause: Callable[[int], object] | None = None) -> bytes:
        """Reads the request's body to its end (`pause` is told the length so far); returns what was kept."""
        recorded, sha256 = self.request, hashlib.sha256()
        if recorded.body_complete:
            return recorded.body
        for piece in self._wire.body(recorded):
            sha256.update(piece)
            recorded.body_length += len(piece)
            if len(recorded.body) < KEPT_BODY:
                recorded.body += piece[: KEPT_BODY - len(recorded.body)]
            if pause:
                pause(recorded.body_length)
        recorded.body_sha256 = sha256.hexdigest()
        recorded.body_complete = True
        return recorded.body

    def send(self, *data: bytes) -> None:
        """Raw bytes, for whatever the helpers below do not say."""
        for part in data:
            self._wire.send(part)

    def start(self, status: int, headers: HeaderList = (), reason: str = "Told") -> None:
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def respond(self, status: int = 200, headers: HeaderList = (), body: bytes = b"") -> None:
        """A whole response of known length."""
        self.read_body()
        lengths = [] if status in (101, 204, 304) else [("Content-Length", str(len(body)))]
        self.start(status, [("X-Upstream", self.upstream.name), *headers, *lengths])
        if self.request.method != "HEAD":
            self.send(body)

    def start_chunked(self, status: int = 200, headers: HeaderList = ()) -> None:
        self.start(status, [("X-Upstream", self.upstream.name), *headers, ("Transfer-Encoding", "chunked")])

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def end_chunks(self, trailers: HeaderList = ()) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        self.send(f"0\r\n{lines}\r\n".encode("latin-1"))

    def stream(self, length: int, data: Iterable[bytes], headers: HeaderList = ()) -> None:
        """A response of known length whose body is made while it is sent."""
        self.read_body()
        self.start(200, [("X-Upstream", self.upstream.name), *headers, ("Content-Length", str(length))])
        for piece in data:
            self.send(piece)

    def peer_left(self, timeout: float = 30) -> bool:
        """Waits for the gateway to end this connection."""
        return self._wire.peer_left(timeout)

    def close(self) -> None:
        self.ended = True

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        self.ended = True
        self._wire.reset()


type Handler = Callable[[Call], None]


def answer(status: int = 200, headers: HeaderList = (), body: bytes = b"") -> Handler:
    """A handler that always gives this response."""
    return lambda call: call.respond(status, headers, body)


class _Wire:
    """The upstream's end of one connection."""

    def __init__(self, connected: socket.socket, tape: bytearray | None = None) -> None:
        self.socket = connected
        self._buffer = bytearray()
        self._tape = tape

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise PeerGone from error

    def _more(self) -> bool:
        try:
            data = self.socket.recv(262_144)
        except OSError:
            return False
        self._keep(data)
        self._buffer += data
        return bool(data)

    def _keep(self, data: bytes) -> None:
        if self._tape is not None:
            self._tape += data

    def until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            if not self._more():
                raise PeerGone
        taken = bytes(self._buffer[: end + len(mark)])
        del self._buffer[: end + len(mark)]
        return taken

    def exactly(self, length: int) -> Iterator[bytes]:
        while length:
            if not self._buffer and not self._more():
                raise PeerGone
            piece = bytes(self._buffer[:length])
            del self._buffer[: len(piece)]
            length -= len(piece)
            yield piece

    def body(self, recorded: Recorded) -> Iterator[bytes]:
        if "chunked" not in (recorded.header("transfer-encoding") or "").lower():
            yield from self.exactly(int(recorded.header("content-length") or 0))
            return
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            yield from self.exactly(size)
            self.until(b"\r\n")
        while (line := self.until(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").strip().partition(":")
            recorded.trailers.append((name, value.strip()))

    def peer_left(self, timeout: float) -> bool:
        self.socket.settimeout(timeout)
        try:
            while data := self.socket.recv(65536):  # a close with unread bytes would be a reset
                self._keep(data)
            return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(None)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Upstream:
    """A recording server on an ephemeral loopback port; a thread per connection.

    `on(path, handler)` programs one path (query left out); every other path is answered 200 with the server's
    name as body and in `X-Upstream`, or as `otherwise` has it. A `greeting` is said at once to whoever connects, and
    then hung up. With `taped`, `tapes` holds all that each connection has brought, in their order.
    """

    def __init__(
        self,
        name: str = "upstream",
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        greeting: bytes = b"",
        taped: bool = False,
    ) -> None:
        self.name = name
        self.host = host
        self._tls = tls
        self._greeting = greeting
        self._handlers: dict[str, Handler] = {}
        self._changed = threading.Condition()
        self._requests: list[Recorded] = []
        self._open: set[socket.socket] = set()
        self.connections = 0
        self._serving = 0
        self.tapes: list[bytearray] = []
        self.otherwise = answer(body=name.encode())
        self._taped = taped
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True, name=f"upstream {name}").start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def on(self, path: str, handler: Handler) -> None:
        self._handlers[path] = handler

    @property
    def requests(self) -> list[Recorded]:
        with self._changed:
            return list(self._requests)

    def seen(self, path: str) -> list[Recorded]:
        """The requests for one path, oldest first."""
        return [request for request in self.requests if request.path == path]

    @property
    def last(self) -> Recorded:
        return self.requests[-1]

    def wait_seen(self, path: str, count: int = 1, timeout: float = 30) -> list[Recorded]:
        """Waits until `count` request heads for `path` have arrived."""
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: sum(request.path == path for request in self._requests) >= count, timeout
            )
        shown = [f"{request.method} {request.target}" for request in self.requests]
        assert arrived, f"{self.name} saw {shown}, not {count} x {path}"
        return self.seen(path)

    @property
    def closed(self) -> int:
        """How many connections have ended."""
        return self.connections - self._serving

    def wait_closed(self, count: int | None = None, timeout: float = 30) -> None:
        """Waits until so many connections have ended, or all."""
        with self._changed:
            over = self._changed.wait_for(
                lambda: self.closed >= (self.connections if count is None else count), timeout
            )
        assert over, f"{self.name} is still connected"

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            connected = list(self._open)
        for each in connected:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self.connections += 1
                self._serving += 1
                number = self.connections
                if self._taped:
                    self.tapes.append(bytearray())
            threading.Thread(target=self._serve, args=(connected, number), daemon=True).start()

    def _serve(self, connected: socket.socket, number: int) -> None:
        server_name: list[str | None] = [None]
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connected = self._handshake(connected, server_name)
            with self._changed:
                self._open.add(connected)
            wire = _Wire(connected, self.tapes[number - 1] if self._taped else None)
            if self._greeting:
                wire.send(self._greeting)
                return
            while self._one(wire, number, server_name[0]):
                pass
        except (PeerGone, OSError):
            pass
        finally:
            connected.close()
            with self._changed:
                self._open.discard(connected)
                self._serving -= 1
                self._changed.notify_all()

    def _handshake(self, connected: socket.socket, server_name: list[str | None]) -> socket.socket:
        assert self._tls is not None

        def note(_: ssl.SSLObject | ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> None:
            server_name[0] = name

        self._tls.sni_callback = note
        return self._tls.wrap_socket(connected, server_side=True)

    def _one(self, wire: _Wire, number: int, server_name: str | None) -> bool:
        raw = wire.until(b"\r\n\r\n")
        first, *rest = raw[:-4].decode("latin-1").split("\r\n")
        method, target, version = first.split(" ", 2)
        pairs = (line.partition(":") for line in rest)
        headers = [(name, value.strip()) for name, _, value in pairs]
        recorded = Recorded(raw, method, target, version, headers, number, server_name)
        call = Call(recorded, wire, self)
        with self._changed:
            self._requests.append(recorded)
            self._changed.notify_all()
        self._handlers.get(recorded.path, self.otherwise)(call)
        if not call.ended:
            call.read_body()
        return not call.ended
