"""Names looked up in parallel, within a time for all of them."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterable
from time import monotonic

SECONDS = 5.0
"""Time for all look-ups together."""
_AT_ONCE = 32
"""Look-ups at the same time, at most."""


def lookup(name: str) -> None:
    """Look a name up as a connection to it would. Raises OSError."""
    socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)


def resolve(names: Iterable[str], seconds: float = SECONDS, look_up: Callable[[str], None] = lookup) -> dict[str, str]:
    """Return why names do not resolve, by name; those that do are left out. What takes too long does not resolve.

    The threads are daemons: a look-up has no deadline of its own, and none may keep the program from its end.
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    failed = dict.fromkeys(names, f"no answer within {seconds:g} seconds")
    for name in failed:
        waiting.put(name)
    for _ in range(min(len(failed), _AT_ONCE)):
        threading.Thread(target=_work, args=(waiting, done, look_up), daemon=True).start()
    end = monotonic() + seconds
    for _ in range(len(failed)):
        try:
            name, problem = done.get(timeout=max(end - monotonic(), 0))
        except queue.Empty:
            break
        if problem:
            failed[name] = problem
        else:
            del failed[name]
    return failed


def _work(
    waiting: queue.SimpleQueue[str], done: queue.SimpleQueue[tuple[str, str]], look_up: Callable[[str], None]
) -> None:
    while True:
        try:
            name = waiting.get_nowait()
        except queue.Empty:
            return
        done.put((name, _problem(name, look_up)))


def _problem(name: str, look_up: Callable[[str], None]) -> str:
    try:
        look_up(name)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    except UnicodeError:  # a label that is too long for a name
        return "it is not a name"
    return ""
