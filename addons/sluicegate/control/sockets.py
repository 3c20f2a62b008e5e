"""Listening sockets in a folder: made in one step, never in another gateway's place, gone with their gateway."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .places import MOST_BYTES, socket_name

BACKLOG = 32
"""Connections that wait to be accepted, at most."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening socket, its path, and what tells that the path is still its own (device and inode)."""

    socket: socket.socket
    path: Path
    identity: tuple[int, int]


def listen_in(folder: Path, port: int) -> Listening:
    """Listen in a folder, on a name by the gateway's port, else by its process, too.

    Raises BlockingIOError while another gateway is at the same in this folder, and OSError where it cannot be done.
    """
    first = folder / socket_name(port)
    names = [one for one in (first, folder / socket_name(port, os.getpid())) if len(os.fsencode(one)) <= MOST_BYTES]
    fresh = folder / f".{os.getpid()}.sock"  # shorter than both
    if not names:
        raise OSError(errno.ENAMETOOLONG, f"the path of a socket has {MOST_BYTES} bytes at most", str(first))
    with _locked(folder):
        path = next((one for one in names if _is_free(one)), None)
        if path is None:
            raise FileExistsError(errno.EEXIST, "the names are taken", str(first))
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            with suppress(FileNotFoundError):
                fresh.unlink()
            listener.bind(os.fspath(fresh))
            # Nobody can find it before it is this user's alone and answers; the new name then replaces a stale socket.
            fresh.chmod(0o600)
            listener.listen(BACKLOG)
            fresh.rename(path)
        except BaseException:
            listener.close()
            with suppress(OSError):
                fresh.unlink()
            raise
    return Listening(listener, path, _identity(path))


def remove(listening: Listening) -> None:
    """Close a socket and take its file away, if that is still its own."""
    listening.socket.close()
    with suppress(OSError):
        if _identity(listening.path) == listening.identity:
            listening.path.unlink()


def is_stale(path: Path) -> bool:
    """Whether a path is a socket that nobody listens on any more: its process was killed."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            probe.connect(os.fspath(path))
    except ConnectionRefusedError:
        return True
    except OSError:
        return False  # gone, another user's, or too busy to answer
    return False


def _is_free(path: Path) -> bool:
    return not os.path.lexists(path) or is_stale(path)


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other gateways from choosing a name in this folder meanwhile, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # no locks on this file system
        yield
    finally:
        os.close(descriptor)
