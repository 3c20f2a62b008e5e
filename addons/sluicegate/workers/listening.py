"""Listening sockets that are made once and may be handed on to other processes."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

BACKLOG = 4096
"""Connections that may wait to be accepted, at most (the system may allow fewer)."""


def open_listeners(host: str, port: int) -> list[socket.socket]:
    """Return bound sockets for a host ('' for all addresses of this machine) and a port (0 for any free one).

    They do not listen yet. All have the same port. Raises OSError.
    """
    for _ in range(20):
        found = _bind(host, port)
        if port == 0 and len({one.getsockname()[1] for one in found}) > 1:
            chosen = found[0].getsockname()[1]
            _close(found)
            with suppress(OSError):  # another process may have the port at one of the addresses
                return _bind(host, chosen)
        else:
            return found
    raise OSError(errno.EADDRINUSE, "found no port that is free at all addresses")


class Listeners:
    """The sockets of several places, made once; each worker is handed all of them, and accepts from the same queues."""

    def __init__(self, places: Sequence[tuple[str, int]]) -> None:
        """Listen at each place. Raises OSError that says where."""
        self._sockets: dict[tuple[str, int], list[socket.socket]] = {}
        for host, port in dict.fromkeys(places):
            try:
                self._sockets[host, port] = found = open_listeners(host, port)
                for one in found:
                    one.listen(BACKLOG)
            except OSError as error:
                self.close()
                raise OSError(error.errno, refused(host, port, error)) from None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where they listen: `127.0.0.1:8080`, `[::1]:8080`, `*:8080` for all addresses."""
        found = [one.getsockname() for sockets in self._sockets.values() for one in sockets if one.fileno() >= 0]
        return tuple(dict.fromkeys(shown(host, port) for host, port, *_ in found))

    @property
    def port(self) -> int:
        """The first port; 0 for none."""
        return next((sockets[0].getsockname()[1] for sockets in self._sockets.values()), 0)

    def for_worker(self) -> Mapping[tuple[str, int], Sequence[socket.socket]]:
        """The sockets to hand over, by the place that was asked for."""
        return self._sockets

    def close(self) -> None:
        """Close them here; whoever was handed them must do so, too."""
        for sockets in self._sockets.values():
            _close(sockets)


def refused(host: str, port: int, error: OSError) -> str:
    """Why nobody can listen at a place."""
    hint = "; --listen-port chooses another" if error.errno == errno.EADDRINUSE else ""
    return f"cannot listen on {host or '*'}:{port}: {error.strerror or error}{hint}"


def shown(host: str, port: int) -> str:
    """An address as people read it."""
    if host in ("0.0.0.0", "::"):
        return f"*:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bind(host: str, port: int) -> list[socket.socket]:
    addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    found: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            try:
                one = socket.socket(family, kind, protocol)
            except OSError:
                continue  # an address family that this system does not have
            found.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                one.bind(address)
            except OSError as error:
                if host == "" and error.errno == errno.EADDRNOTAVAIL and len(addresses) > 1:
                    found.pop().close()  # the family is there but has no address
                    continue
                raise
            one.setblocking(False)
    except OSError:
        _close(found)
        raise
    if not found:
        raise OSError(errno.EADDRNOTAVAIL, f"no address to listen at: {host or 'any'}")
    return found


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()
