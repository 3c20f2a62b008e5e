"""An upstream that reads whatever is sent to it and answers 200."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Sink:
    """A server thread on a free port; it serves one connection at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.received = 0
        """Bytes of bodies so far."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    self._connection(connection)

    def _connection(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        while reader.readline():
            left = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    left = int(value)
            while left:
                piece = reader.read1(min(left, 1 << 18))
                if not piece:
                    return
                left -= len(piece)
                self.received += len(piece)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
