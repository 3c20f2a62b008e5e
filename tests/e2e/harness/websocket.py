"""A WebSocket server that echoes, and a client for it through the gateway."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from .client import HeaderList


@dataclass(slots=True)
class WebSocketUpstream:
    """`handshakes` holds target and header fields of each opening, `close_codes` how each ended."""

    port: int
    handshakes: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    close_codes: list[int | None] = field(default_factory=list)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def websocket_upstream(subprotocols: list[str] | None = None) -> Iterator[WebSocketUpstream]:
    """An echo server; the message "close" makes it close with code 4001."""
    shown = WebSocketUpstream(0)

    def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        shown.handshakes.append((connection.request.path, list(connection.request.headers.raw_items())))
        with contextlib.suppress(ConnectionClosedError):  # a close with a code of the test's own
            for message in connection:
                if message == "close":
                    connection.close(4001, "told to")
                    break
                connection.send(message)
        shown.close_codes.append(connection.close_code)

    def choose(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((name for name in offered if name in (subprotocols or ())), None)

    with serve(handle, "127.0.0.1", 0, select_subprotocol=choose, max_size=None, compression=None) as server:
        shown.port = server.socket.getsockname()[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield shown


@contextlib.contextmanager
def websocket_client(
    port: int,
    path: str,
    *,
    host: str = "api.hotel.test",
    headers: HeaderList = (),
    subprotocols: list[str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ClientConnection]:
    """An open WebSocket to the gateway under the public host name."""
    scheme = "wss" if tls else "ws"
    with connect(
        f"{scheme}://{host}{path}",
        sock=socket.create_connection(("127.0.0.1", port), timeout=30),
        ssl=tls,
        server_hostname=host if tls else None,
        additional_headers=list(headers),
        subprotocols=[Subprotocol(name) for name in subprotocols or ()] or None,
        max_size=None,
        compression=None,
        proxy=None,
        close_timeout=5,
    ) as client:
        yield client
