"""The addresses that the gateway itself listens on: no target may be one of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from ..endpoints.targets import Origin


class Listeners:
    """The gateway's own listeners, as hosts and ports; an empty host listens on every address."""

    def __init__(self, addresses: Iterable[tuple[str, int]]) -> None:
        self._hosts: dict[int, set[str]] = {}
        self._local: set[int] = set()
        for host, port in addresses:
            name = host.strip("[]").lower()
            self._hosts.setdefault(port, set()).add(name)
            if is_local(name):
                self._local.add(port)

    def take(self, origin: Origin) -> bool:
        """Whether a connection to an origin would arrive at the gateway."""
        if origin.host in self._hosts.get(origin.port, ()):
            return True
        return origin.port in self._local and is_local(origin.host)


def is_local(host: str) -> bool:
    """Whether a host is this machine: a loopback name or address, the unspecified address, or ''."""
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
