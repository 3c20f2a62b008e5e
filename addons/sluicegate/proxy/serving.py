"""The listener of the gateway's own entry: sockets that may come from elsewhere, handlers of its own.

Connections wait in the socket's queue, and are not refused, until the gateway can serve them.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar, cast

from mitmproxy import ctx
from mitmproxy.addons.proxyserver import Proxyserver, Servers
from mitmproxy.proxy import layers, mode_specs
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ProxyConnectionHandler, ServerManager

from ..workers.listening import BACKLOG, open_listeners, refused, shown

logger = logging.getLogger(__name__)

Listen = Callable[[str, int], list[socket.socket]]
"""Gives bound sockets for a host and a port. Raises OSError."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
ALONE = 100
SHARED = 1
"""Connections accepted in one turn of the event loop, at most. Who is alone takes what is there: a new client is not to
wait for a turn of all others. Processes that share a socket take turns."""
_REST = 1.0
"""Seconds without accepting after the system had no room for a further connection."""

# A type variable keeps mitmproxy from taking the class below for the one of a mode.
_Mode = TypeVar("_Mode", bound=mode_specs.ProxyMode)


class GatewayInstance(AsyncioServerInstance[_Mode]):
    """A listener in reverse mode. It listens when it is started, and accepts once it is told to."""

    manager: GatewayProxyserver

    def __init__(self, mode: _Mode, manager: GatewayProxyserver) -> None:
        super().__init__(mode, cast(ServerManager, manager))
        self.accepting = False

    def make_top_layer(self, context: Context) -> Layer:
        return layers.modes.ReverseProxy(context)

    async def start(self) -> None:
        """Listen, and say where; mitmproxy's line would name a target that nothing goes to. Raises OSError."""
        self.last_exception = None
        try:
            await self._start()
        except Exception as error:
            self.last_exception = error
            raise
        found = dict.fromkeys(shown(host, port) for host, port, *_ in self.listen_addrs)
        logger.info("listening at %s", " and ".join(found))

    async def _start(self) -> None:
        host = self.mode.listen_host(ctx.options.listen_host)
        port = cast(int, self.mode.listen_port(ctx.options.listen_port))  # no mode of ours is without
        try:
            self._servers = await self.listen(host, port)
        except OSError as error:
            # mitmproxy's own advice is a --mode of the target that a gateway never goes to.
            message = refused(host, port or 0, error)
            raise OSError(error.errno, message) from error

    async def listen(self, host: str, port: int) -> list[Any]:
        sockets = self.manager.listen(host, port)
        for one in sockets:
            one.listen(BACKLOG)
        return [Listener(one, self.serve, SHARED if self.manager.shared else ALONE) for one in sockets]

    def accept(self) -> None:
        """Accept connections from now on."""
        for listener in self._servers:
            cast(Listener, listener).start()
        self.accepting = True

    def close(self, *, for_good: bool) -> None:
        """Accept no more. `for_good`: no other process listens on the same sockets."""
        for listener in self._servers:
            if for_good:
                cast(Listener, listener).accept_waiting()
            listener.close()
        self.accepting = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client connection to its end (as mitmproxy's `handle_stream` for reverse mode)."""
        handler = self.manager.handler(ctx.master, reader, writer, ctx.options, self.mode)
        handler.layer = self.make_top_layer(handler.layer.context)
        with self.manager.register_connection(handler.layer.context.client.id, handler):
            await handler.handle_client()


class Listener:
    """Accepts on one socket, up to `at_once` connections in a turn of the event loop."""

    def __init__(
        self,
        listening: socket.socket,
        serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any],
        at_once: int,
    ) -> None:
        self.sockets = (listening,)
        self._at_once = at_once
        self._listening = listening
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._accepting = False

    def start(self) -> None:
        """Accept connections from now on."""
        self._timer = None
        if not self._accepting and self._listening.fileno() >= 0:
            self._accepting = True
            self._loop.add_reader(self._listening, self._accept_several, self._at_once)

    def stop(self) -> None:
        """Accept no more; the socket still listens."""
        if self._timer is not None:
            self._timer.cancel()
        if self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._listening)

    def close(self) -> None:
        """Accept no more, and close the socket."""
        self.stop()
        self._listening.close()

    def accept_waiting(self) -> None:
        """Accept what has connected already: it would be reset when the socket is closed for good."""
        if self._accepting:
            self._accept_several(BACKLOG)

    def _accept_several(self, most: int) -> None:
        for _ in range(most):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Accept a connection; False where there is none."""
        try:
            accepted, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False  # another process was quicker, or the client has left
        except OSError as error:
            self.stop()
            logger.error("accepting connections: %s%s", error, _then(error))
            if error.errno in _EXHAUSTED:
                self._timer = self._loop.call_later(_REST, self.start)
            return False
        accepted.setblocking(False)
        task = self._loop.create_task(self._connected(accepted))
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    async def _connected(self, accepted: socket.socket) -> None:
        reader = asyncio.StreamReader(loop=self._loop)
        try:
            await self._loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, self._serve, loop=self._loop), accepted
            )
        except OSError:
            accepted.close()  # the client has left


def _then(error: OSError) -> str:
    return f"; trying again in {_REST:g} s" if error.errno in _EXHAUSTED else ""


class GatewayServers(Servers):
    """The listeners of the gateway. Its modes never change: a first update listens, the next ones accept."""

    async def update(self, modes: Iterable[mode_specs.ProxyMode]) -> bool:
        """Start what is missing, stop what is not wanted, accept on what was started before."""
        wanted = list(modes) if ctx.options.server else []
        async with self._lock:
            instances = cast(dict[mode_specs.ProxyMode, GatewayInstance[Any]], self._instances)
            started = [mode for mode in wanted if mode not in instances]
            stopped = [instances.pop(mode) for mode in list(instances) if mode not in wanted]
            for instance in stopped:
                await instance.stop()
            for instance in instances.values():
                if instance.is_running:
                    instance.accept()
            for mode in started:
                instances[mode] = instance = GatewayInstance(mode, cast(GatewayProxyserver, self._manager))
                with suppress(OSError):
                    await instance.start()
                if instance.last_exception:
                    logger.error("%s", instance.last_exception)
        if started or stopped:
            await self.changed.send()
        return not any(instance.last_exception for instance in instances.values())


class GatewayProxyserver(Proxyserver):
    """mitmproxy's proxy server with the gateway's listeners."""

    name = "proxyserver"

    def __init__(self, listen: Listen = open_listeners) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.listen = listen
        self.shared = False
        """Other processes accept on the same sockets."""
        self.handler: type[ProxyConnectionHandler] = ProxyConnectionHandler
        self.servers = GatewayServers(cast(ServerManager, self))
