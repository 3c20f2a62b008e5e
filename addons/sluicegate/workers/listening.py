"""Listening sockets that are made once and may be handed on to other processes."""

from __future__ import annotations

import errno
import socket
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
