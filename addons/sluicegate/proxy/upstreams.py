"""Which upstream connections a decided exchange asked for, how long one may take to come up, and how long it may idle.

`server_connect` refuses every other one, so nothing undecided is ever forwarded.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from mitmproxy.connection import Server
from mitmproxy.proxy.server import ConnectionHandler

from ..endpoints.targets import Origin

CONNECT_TIMEOUT = 10.0
"""Seconds from the attempt to a usable connection, TLS handshake included."""
TIMED_OUT = "no connection within 10 seconds"
NOT_DECIDED = "refused: no decided exchange asked for this connection"
_ATTRIBUTE = "sluicegate_upstream"
_EARLY = 0.01
"""Seconds by which an idle connection may be closed too early: timers are not exact."""


@dataclass(slots=True)
class Upstream:
    """A connection that was asked for: `served` counts the exchanges that it has answered.

    `used` is when the last one ended, by the monotonic clock; `timer` runs while it comes up, and then while it idles.
    """

    origin: Origin
    insecure: bool
    served: int = 0
    used: float = 0.0
    timed_out: bool = False
    timer: asyncio.TimerHandle | None = None


class Upstreams:
    """All upstream connections of live clients, and the addresses that replays asked for.

    A connection that carries no exchange for `idle_limit` seconds is closed; 0 lets it live as long as its client's.
    """

    def __init__(self) -> None:
        self.idle_limit = 0.0
        self._replays: Counter[tuple[str, int, bool]] = Counter()

    def decide(self, server: Server, origin: Origin, *, insecure: bool) -> Upstream:
        """Note that a decided exchange asks for this connection."""
        upstream = server.__dict__[_ATTRIBUTE] = Upstream(origin, insecure)
        return upstream

    def get(self, server: Server) -> Upstream | None:
        """Return what is known of a connection that was asked for."""
        found: Upstream | None = server.__dict__.get(_ATTRIBUTE)
        return found

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
        upstream = self.get(server)
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
        upstream = self.get(server)
        if upstream is not None and upstream.timer is not None:
            upstream.timer.cancel()
            upstream.timer = None

    def watch_idle(self, server: Server, expired: Callable[[], None]) -> None:
        """Call `expired` when no exchange has ended on a connection for as long as one may idle.

        An exchange that is under way then is not known here: who is called looks, and may watch anew. The timer is not
        set again by each exchange, but when it runs out too early.
        """
        upstream = self.get(server)
        if upstream is None or self.idle_limit <= 0:
            return
        self.stop_timer(server)
        loop, limit = asyncio.get_running_loop(), self.idle_limit
        upstream.used = time.monotonic()

        def look() -> None:
            left = upstream.used + limit - time.monotonic()
            upstream.timer = loop.call_later(left, look) if left > _EARLY else None
            if upstream.timer is None:
                expired()

        upstream.timer = loop.call_later(limit, look)
