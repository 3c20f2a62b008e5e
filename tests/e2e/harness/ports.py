"""Loopback addresses that are free, that refuse, and that never answer a connection attempt."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from tests.ports import free_port

__all__ = ["free_port", "refusing_port", "silent_port"]


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port that is taken but not listened on: every connection to it is refused."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port whose queue of connections is full: an attempt to connect is neither taken nor refused."""
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(socket.socket())
        holder.bind(("127.0.0.1", 0))
        holder.listen(0)
        port: int = holder.getsockname()[1]
        while True:
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.3)
            try:
                filler.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        yield port
