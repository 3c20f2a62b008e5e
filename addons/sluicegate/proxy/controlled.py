"""The control server of a running gateway: begins when the listener is up, and never stands in the gateway's way."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mitmproxy import ctx
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.utils import human
from mitmproxy.version import VERSION

from ..control.addresses import OFF
from ..state import state_folder
from ..version import version
from . import options
from .routes import Routes

if TYPE_CHECKING:
    from ..control.server import ControlServer
    from ..control.status import LearningStatus, Status

logger = logging.getLogger(__name__)


class Controlled:
    """Tells how the gateway is to whoever asks on its control socket; it only looks."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._started_at = time.time()
        self._server: ControlServer | None = None
        self._task: asyncio.Task[None] | None = None
        self.learning: Callable[[], LearningStatus] | None = None
        """Tells how learning goes, where anything is learned."""

    def start(self, chosen: Options) -> None:
        """Begin to serve, beside what else there is to do."""
        self._task = asyncio.get_running_loop().create_task(self._start(chosen), name="control server")

    async def stop(self) -> None:
        """End serving, and take the socket away."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._server is not None:
            await self._server.close()

    async def _start(self, chosen: Options) -> None:
        if chosen.control == OFF:
            return
        try:
            await listeners_are_up(chosen)
            from ..control.starting import start

            state = state_folder(chosen.state, self._routes.folder)
            self._server = await start(self.status, chosen.control, state, _port() or chosen.listen_port or 8080)
        except Exception:
            logger.warning("the control server did not start; the gateway runs without it", exc_info=True)

    def status(self) -> Status:
        """How the gateway is at this moment."""
        from ..control.status import MOST_ERRORS, Reload, Status, WorkerStatus

        routes = self._routes
        snapshot = routes.snapshot
        last = routes.last_load
        errors = routes.errors
        not_ready = self._not_ready()
        generation = snapshot.generation if snapshot else 0
        return Status(
            pid=os.getpid(),
            started_at=self._started_at,
            now=time.time(),
            version=version(),
            mitmproxy=VERSION,
            routes=str(routes.folder),
            listeners=tuple(dict.fromkeys(human.format_address(address) for address in _addresses())),
            not_ready=not_ready,
            generation=generation,
            files=snapshot.files if snapshot else {},
            endpoints=len(snapshot.table) if snapshot else 0,
            loaded_at=snapshot.loaded_at if snapshot else None,
            errors=tuple(one.members() for one in errors[:MOST_ERRORS]),
            error_count=len(errors),
            last_reload=Reload(last.at, last.taken_over, last.seconds * 1000) if last else None,
            workers=(WorkerStatus(os.getpid(), generation, not not_ready),),
            learning=self.learning() if self.learning is not None else None,
        )

    def _not_ready(self) -> str:
        """Why requests are not served; '' where they are."""
        if self._routes.snapshot is None:
            return self._routes.problem().detail
        listening = servers()
        if not listening or not all(server.is_running for server in listening):
            return "The listener is not up."
        return ""


def servers() -> list[Any]:
    """The listeners of this process."""
    proxyserver = ctx.master.addons.get("proxyserver")
    return list(proxyserver.servers) if proxyserver is not None else []


def _addresses() -> list[tuple[Any, ...]]:
    return [address for server in servers() for address in server.listen_addrs]


def _port() -> int | None:
    return next((address[1] for address in _addresses()), None)


async def listeners_are_up(chosen: Options) -> None:
    """Wait until mitmproxy has done with its listeners, which it starts on the side when their option changes."""
    proxyserver = ctx.master.addons.get("proxyserver")
    if proxyserver is not None:
        await proxyserver.servers.update([ProxyMode.parse(mode) for mode in options.reverse_modes(chosen)])
