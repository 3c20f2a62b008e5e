"""How this process becomes one of several workers: what it tells their parent, and what it takes from it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from mitmproxy import ctx, exceptions
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.version import VERSION

from ..config.building import Loaded
from ..config.files import routes_folder
from ..forwarding.headers import Hop
from ..pipeline import stages
from ..workers.link import Generation, Link, Plan
from . import GATEWAY, options
from .controlled import Controlled, listeners_are_up, servers
from .gateway import Gateway
from .learning import Teller
from .routes import own_addresses
from .serving import GatewayProxyserver

logger = logging.getLogger(__name__)

UNSHARED: Final = {
    "save_stream_file": "writes one file (-w)",
    "hardump": "writes one file",
    "rfile": "reads flows once (-r)",
    "client_replay": "replays requests once (-C)",
    "server_replay": "serves each recorded response once (-S)",
    "stickycookie": "remembers cookies in one process",
    "stickyauth": "remembers credentials in one process",
}
"""Options that mean something else, or break, where several processes follow each of them."""


class Shared:
    """Refuses what several workers cannot share. Before all other addons: a file that is refused is not opened."""

    name = "sluicegate-shared"

    def configure(self, updated: set[str]) -> None:
        """Raise OptionsError for such an option."""
        for name, what in UNSHARED.items():
            if name in ctx.options and getattr(ctx.options, name):
                raise exceptions.OptionsError(f"{name} {what}, which several workers cannot share: use --workers 1.")
        if not ctx.options.server:
            raise exceptions.OptionsError("Without a listener (-n) several workers have nothing to share.")


def plan(chosen: Options) -> Plan:
    """What the parent needs to know of the options."""
    modes = [ProxyMode.parse(mode) for mode in options.reverse_modes(chosen)]
    notes = []
    if chosen.scripts:
        notes.append(f"each worker runs the scripts for itself: {', '.join(chosen.scripts)}")
    return Plan(
        places=tuple((mode.listen_host(chosen.listen_host) or "", mode.listen_port(chosen.listen_port) or 0)
                     for mode in modes),
        routes=str(routes_folder(chosen.routes)),
        own_addresses=tuple(own_addresses(chosen)),
        polling=chosen.routes_polling,
        state=chosen.state,
        control=chosen.control,
        mitmproxy=VERSION,
        level=_LEVELS.get(chosen.termlog_verbosity, logging.INFO),
        names_sessions=options.names_sessions(chosen),
        learns=chosen.learn,
        notes=tuple(notes),
    )  # fmt: skip


_LEVELS = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "alert": logging.INFO + 1,
    "info": logging.INFO,
    "debug": logging.DEBUG,
}


class Reported(Controlled):
    """Tells the parent when this worker serves; the parent has the control server."""

    def __init__(self, gateway: Gateway, link: Link) -> None:
        super().__init__(gateway.routes)
        self._link = link

    async def _start(self, chosen: Options) -> None:
        await listeners_are_up(chosen)
        if all(server.is_running for server in servers()):
            self._link.send("serving")


def join(master: Master, link: Link, end: Callable[[float | None], None]) -> asyncio.Task[None]:
    """Agree with the parent and follow it from then on; `end` is the link's.

    Raises EOFError or OSError where the parent is gone.
    """
    chosen = master.options
    gateway, server = master.addons.get(GATEWAY), master.addons.get("proxyserver")
    if not isinstance(gateway, Gateway) or not isinstance(server, GatewayProxyserver):
        raise EOFError("the gateway did not start")
    terms, sockets, learner = link.agree(plan(chosen))
    server.listen = lambda host, port: sockets[host or "", port]
    server.shared = True
    gateway.routes.follow(chosen)
    gateway.controlled = Reported(gateway, link)
    if terms.session_key:
        gateway.sessions.use(terms.session_key)
    if learner is not None:
        gateway.teller = Teller(learner, gateway.sessions)
    # One name for all: a request that comes back is known, whichever worker it comes back to.
    gateway.hop = Hop(terms.pseudonym, chosen.forwarded)
    gateway.stages = stages(gateway.hop, gateway._route)

    def take(loaded: Loaded, generation: Generation) -> None:
        gateway.routes.hand_over(loaded, generation.number, generation.at)

    return asyncio.get_running_loop().create_task(link.follow(take, end), name="following the parent")
