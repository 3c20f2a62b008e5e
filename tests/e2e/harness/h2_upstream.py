"""A recording HTTP/2 server, over TLS or with prior knowledge: a thread per connection and per stream."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .client import HeaderList


@dataclass(slots=True)
class H2Recorded:
    """One request as received: pseudo-headers apart, the other fields in order."""

    pseudo: dict[str, str]
    headers: list[tuple[str, str]]
    connection: int
    body: bytearray = field(default_factory=bytearray)
    trailers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.pseudo.get(":method", "")

    @property
    def target(self) -> str:
        return self.pseudo.get(":path", "")

    @property
    def authority(self) -> str:
        return self.pseudo.get(":authority", "")

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)


class H2Call:
    """A request in progress. `chunks` gives the body's pieces as they arrive and None at its end."""

    def __init__(self, request: H2Recorded, stream: int, connection: _Connection) -> None:
        self.request = request
        self.chunks: queue.Queue[bytes | None] = queue.Queue()
        self._stream = stream
        self._connection = connection
        self._whole = False

    def read_body(self) -> bytes:
        while not self._whole:
            self._whole = self.chunks.get(timeout=30) is None
        return bytes(self.request.body)

    def start(self, status: int = 200, headers: HeaderList = ()) -> None:
        self._connection.headers(self._stream, [(":status", str(status)), *headers])

    def data(self, data: bytes) -> None:
        self._connection.data(self._stream, data)

    def end(self, trailers: HeaderList = ()) -> None:
        self._connection.end(self._stream, trailers)

    def respond(
        self, status: int = 200, headers: HeaderList = (), body: bytes = b"", trailers: HeaderList = ()
    ) -> None:
        self.read_body()
        self.start(status, headers)
        if body:
            self.data(body)
        self.end(trailers)

    def reset(self, code: int = h2.errors.ErrorCodes.INTERNAL_ERROR) -> None:
        self._connection.reset(self._stream, code)


type H2Handler = Callable[[H2Call], None]


class _Connection:
    """One accepted connection: the reader runs here, the handlers write from their own threads."""

    def __init__(self, upstream: H2Upstream, connected: socket.socket, number: int) -> None:
        self._upstream = upstream
        self._socket = connected
        self._number = number
        self._lock = threading.Condition()
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self._calls: dict[int, H2Call] = {}
        self._over = False

    def run(self) -> None:
        with self._lock:
            self._h2.initiate_connection()
            self._flush()
        try:
            while data := self._socket.recv(65536):
                with self._lock:
                    for event in self._h2.receive_data(data):
                        self._on(event)
                    self._flush()
                    self._lock.notify_all()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        with self._lock:
            self._over = True
            self._lock.notify_all()
            for call in self._calls.values():
                call.chunks.put(None)

    def _flush(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(self._h2.data_to_send())

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                fields = [(str(name), str(value)) for name, value in event.headers]
                pseudo = {name: value for name, value in fields if name.startswith(":")}
                plain = [(name, value) for name, value in fields if not name.startswith(":")]
                call = H2Call(H2Recorded(pseudo, plain, self._number), event.stream_id, self)
                self._calls[event.stream_id] = call
                self._upstream.take(call)
            case h2.events.DataReceived():
                call = self._calls[event.stream_id]
                call.request.body += event.data
                call.chunks.put(event.data)
                if self._upstream.reading:
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.TrailersReceived():
                trailers = [(str(name), str(value)) for name, value in event.headers]
                self._calls[event.stream_id].request.trailers = trailers
            case h2.events.StreamEnded() | h2.events.StreamReset() if event.stream_id in self._calls:
                self._calls[event.stream_id].chunks.put(None)

    def headers(self, stream: int, fields: HeaderList, *, end: bool = False) -> None:
        with self._lock, contextlib.suppress(h2.exceptions.ProtocolError):
            self._h2.send_headers(stream, list(fields), end_stream=end)
            self._flush()

    def data(self, stream: int, data: bytes) -> None:
        view = memoryview(data)
        with self._lock, contextlib.suppress(h2.exceptions.ProtocolError):
            while view and not self._over:
                room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
                if room <= 0:
                    self._lock.wait(5)
                    continue
                self._h2.send_data(stream, bytes(view[:room]))
                view = view[room:]
                self._flush()

    def end(self, stream: int, trailers: HeaderList) -> None:
        if trailers:
            self.headers(stream, trailers, end=True)
            return
        with self._lock, contextlib.suppress(h2.exceptions.ProtocolError):
            self._h2.end_stream(stream)
            self._flush()

    def reset(self, stream: int, code: int) -> None:
        with self._lock, contextlib.suppress(h2.exceptions.ProtocolError):
            self._h2.reset_stream(stream, code)
            self._flush()


class H2Upstream:
    """A recording HTTP/2 server on an ephemeral port; `tls` None means h2c with prior knowledge.

    `on(path, handler)` programs one path (query left out); others are answered 200 with the server's name.
    One that is not `reading` never opens its flow-control windows again.
    """

    def __init__(self, name: str = "h2-upstream", *, tls: ssl.SSLContext | None = None, reading: bool = True) -> None:
        self.name = name
        self.reading = reading
        self._tls = tls
        if tls is not None:
            tls.set_alpn_protocols(["h2"])
        self._handlers: dict[str, H2Handler] = {}
        self._lock = threading.Lock()
        self._requests: list[H2Recorded] = []
        self._open: list[socket.socket] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def on(self, path: str, handler: H2Handler) -> None:
        self._handlers[path] = handler

    @property
    def requests(self) -> list[H2Recorded]:
        with self._lock:
            return list(self._requests)

    @property
    def last(self) -> H2Recorded:
        return self.requests[-1]

    def take(self, call: H2Call) -> None:
        """Records a request and hands it to its handler on a thread of its own."""
        with self._lock:
            self._requests.append(call.request)
        handler = self._handlers.get(call.request.target.partition("?")[0], self._default)
        threading.Thread(target=handler, args=(call,), daemon=True).start()

    def _default(self, call: H2Call) -> None:
        call.respond(200, [("x-upstream", self.name)], self.name.encode())

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connected, self.connections), daemon=True).start()

    def _serve(self, connected: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connected = self._tls.wrap_socket(connected, server_side=True)
            self._open.append(connected)
            with connected:
                _Connection(self, connected, number).run()
