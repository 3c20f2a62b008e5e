"""Which upstream connections a decided exchange asked for, and how long one may take to come up.

`server_connect` refuses every other one, so nothing undecided is ever forwarded.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from mitmproxy.connection import Server
from mitmproxy.proxy.server import ConnectionHandler

from ..endpoints.targets import Origin

CONNECT_TIMEOUT = 10.0
"""Seconds from the attempt to a usable connection, TLS handshake included."""
TIMED_OUT = "no connection within 10 seconds"
NOT_DECIDED = "refused: no decided exchange asked for this connection"


@dataclass(slots=True)
class Upstream:
    """A connection that was asked for: `served` counts the exchanges that it has answered."""

    origin: Origin
    insecure: bool
    served: int = 0
    used: float = 0.0
    timed_out: bool = False
    timer: asyncio.TimerHandle | None = None


class Upstreams:
    """All upstream connections of live clients, and the addresses that replays asked for."""

    def __init__(self) -> None:
        self._decided: WeakKeyDictionary[Server, Upstream] = WeakKeyDictionary()
        self._replays: Counter[tuple[str, int, bool]] = Counter()

    def decide(self, server: Server, origin: Origin, *, insecure: bool) -> Upstream:
        """Note that a decided exchange asks for this connection."""
        upstream = self._decided[server] = Upstream(origin, insecure)
        return upstream

    def get(self, server: Server) -> Upstream | None:
        """Return what is known of a connection that was asked for."""
        return self._decided.get(server)

    def expect_replay(self, origin: Origin) -> None:
        """Allow the connection of a decided replay, which runs outside the gateway's own layers."""
        self._replays[origin.host, origin.port, origin.scheme == "https"] += 1

    def replay_done(self, origin: Origin) -> None:
        """Take back what `expect_replay` allowed."""
        key = (origin.host, origin.port, origin.scheme == "https")
        self._replays[key] -= 1
        if self._replays[key] <= 0:
            del self._replays[key]

    def is_expected_replay(self, server: Server) -> bool:
        """Whether a decided replay asked for a connection like this one."""
        address = server.address
        return address is not None and (address[0], address[1], server.tls) in self._replays

    def start_timer(self, server: Server, handler: ConnectionHandler) -> None:
        """Give a connection its time to come up; after that its attempt is cancelled."""
        upstream = self._decided.get(server)
        if upstream is None:
            return

        def expire() -> None:
            upstream.timer = None
            upstream.timed_out = True
            transport = handler.transports.get(server)
            if transport is not None and transport.handler is not None:
                transport.handler.cancel(TIMED_OUT)

        upstream.timer = asyncio.get_running_loop().call_later(CONNECT_TIMEOUT, expire)

    def stop_timer(self, server: Server) -> None:
        """The connection is usable, or has failed."""
        upstream = self._decided.get(server)
        if upstream is not None and upstream.timer is not None:
            upstream.timer.cancel()
            upstream.timer = None
