"""A client with one kept connection, for what wrk cannot do: single requests, steady rates, large bodies."""

from __future__ import annotations

import socket
import threading
import time
from typing import NamedTuple, Self

from .endpoints import as_bytes

_PIECE = bytes(1 << 18)


class ClientError(Exception):
    """An answer was not complete, or not 200."""


class Client:
    """Requests one after the other on one connection. Raises OSError and ClientError where one fails."""

    def __init__(self, port: int, timeout: float = 60) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._socket.close()

    def get(self, host: str, path: str) -> bytes:
        """Return the body of an answer."""
        self._socket.sendall(as_bytes(host, path))
        return self._reader.read(self._head())

    def download(self, host: str, path: str) -> int:
        """Read a body without keeping it; returns its bytes."""
        self._socket.sendall(as_bytes(host, path))
        size = left = self._head()
        while left:
            piece = self._reader.read1(min(left, len(_PIECE)))
            if not piece:
                raise ClientError(f"the body ended {left} bytes early")
            left -= len(piece)
        return size

    def upload(self, host: str, path: str, size: int) -> None:
        """Send a body of zeros."""
        self._socket.sendall(as_bytes(host, path, method="POST", fields=f"Content-Length: {size}\r\n"))
        for first in range(0, size, len(_PIECE)):
            self._socket.sendall(_PIECE[: size - first])
        self._reader.read(self._head())

    def _head(self) -> int:
        status = self._reader.readline()
        length = 0
        while (line := self._reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if status[9:12] != b"200":
            raise ClientError(status.decode("latin-1").strip() or "the connection ended")
        return length


class Answer(NamedTuple):
    """One request of a steady client, in seconds of `time.perf_counter`: when it was due and when it was answered.

    A request that waits for the one before it counts from when it was due. `body` is empty where it failed.
    """

    due: float
    answered: float
    body: bytes

    @property
    def delay(self) -> float:
        """Seconds from when it was due to its answer."""
        return self.answered - self.due


class Steady:
    """Asks the same list of requests round and round at a steady rate, in a thread, while a test does something."""

    def __init__(self, port: int, requests: list[tuple[str, str]], per_second: int) -> None:
        self.answers: list[Answer] = []
        self._port = port
        self._requests = requests
        self._pause = 1 / per_second
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(70)

    def _run(self) -> None:
        client = None
        due = time.perf_counter()
        while not self._over.wait(max(0, due - time.perf_counter())):
            body = b""
            try:
                client = client or Client(self._port)
                body = client.get(*self._requests[len(self.answers) % len(self._requests)])
            except (OSError, ClientError):
                client = None
            self.answers.append(Answer(due, time.perf_counter(), body))
            due += self._pause
        if client:
            client.__exit__()
