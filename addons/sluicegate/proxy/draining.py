"""The end of serving: what is in flight is finished, within a limit; what is not is closed at once."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Final

from mitmproxy.master import Master
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler

from .layers.drain import Drain
from .layers.http import GatewayHttpLayer
from .serving import GatewayInstance, GatewayProxyserver

logger = logging.getLogger(__name__)

FIRST_BYTES: Final = 0.5
"""Seconds in which a connection that was accepted just before may still begin its first request."""
_LOOK: Final = 0.02
"""Seconds between two looks at what is left."""


class Draining:
    """Ends a master gently."""

    def __init__(self, master: Master, server: GatewayProxyserver, seconds: float) -> None:
        """`seconds` is how long exchanges in flight may take."""
        self._master = master
        self._server = server
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._told: set[ProxyConnectionHandler] = set()

    def begin(self, seconds: float | None = None, *, for_good: bool = True) -> None:
        """Drain, within the time given here, else that of the start; then shut the master down.

        0 seconds: at once, also where it drains already. `for_good`: no other process accepts on these sockets.
        """
        seconds = self._seconds if seconds is None else seconds
        if seconds <= 0:
            self._master.shutdown()
        elif self._task is None:
            work = self._drain(seconds, for_good=for_good)
            self._task = asyncio.get_running_loop().create_task(work, name="drain")

    def begin_or_end(self) -> None:
        """Drain; asked a second time, end at once."""
        self.begin(None if self._task is None else 0)

    async def _drain(self, seconds: float, *, for_good: bool) -> None:
        started = monotonic()
        try:
            for instance in self._server.servers:
                if isinstance(instance, GatewayInstance):
                    instance.close(for_good=for_good)
            while self._server.connections and (elapsed := monotonic() - started) < seconds:
                await self._close_idle(elapsed)
                await asyncio.sleep(_LOOK)
            self._say_what_is_cut(seconds)
        except Exception:
            logger.exception("draining failed; the gateway ends at once")
        finally:
            self._master.shutdown()

    async def _close_idle(self, elapsed: float) -> None:
        """Tell connections to end after their exchanges; close what never asked for anything."""
        for handler in list(self._server.connections.values()):
            if handler in self._told:
                continue
            if _http_layer(handler) is not None:
                self._told.add(handler)
                await handler.server_event(Drain())
            elif elapsed >= FIRST_BYTES:
                self._told.add(handler)
                io = handler.transports.get(handler.client)
                if io is not None and io.handler is not None:
                    io.handler.cancel("draining")

    def _say_what_is_cut(self, seconds: float) -> None:
        layers = [_http_layer(handler) for handler in self._server.connections.values()]
        count = sum(len(layer.streams) for layer in layers if layer is not None)
        if count:
            what = "1 exchange was" if count == 1 else f"{count} exchanges were"
            logger.warning("drain: %s cut off after %g s", what, seconds)


def _http_layer(handler: ProxyConnectionHandler) -> GatewayHttpLayer | None:
    """The HTTP layer of a connection; None while it has not asked for anything."""
    return next((own for own in handler.layer.context.layers if isinstance(own, GatewayHttpLayer)), None)
