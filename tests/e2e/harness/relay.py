"""A TCP pipe that hides one address behind another, and keeps what went through it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

from .waiting import wait_until


class Relay:
    """A dumb TCP pipe from its own port to another one: an address that the server there does not know.

    `taken` holds what each connection's client has sent, in the order of the connections.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.taken: list[bytearray] = []
        self._open = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def connections(self) -> int:
        return len(self.taken)

    def wait_closed(self) -> None:
        """Waits until the clients of all connections have left."""
        wait_until(lambda: self._open == 0, what=f"the end of {self._open} connections")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                kept = bytearray()
                with self._lock:
                    self._open += 1
                    self.taken.append(kept)
                far = socket.create_connection(("127.0.0.1", self._to))
                for arguments in ((near, far, kept), (far, near, None)):
                    threading.Thread(target=self._pipe, args=arguments, daemon=True).start()

    def _pipe(self, source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if kept is not None:
            with self._lock:
                self._open -= 1
