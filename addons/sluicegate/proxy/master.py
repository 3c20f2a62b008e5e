"""The gateway's own entry: mitmdump's options and command line around mitmproxy's own classes, quicker.

What is quicker: addons that have nothing to do stay out of the way (`chain`), and the levers of `speed`, which
`--set speed=off` takes away.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from functools import partial
from typing import Any

from mitmproxy import eventsequence
from mitmproxy.addonmanager import Loader
from mitmproxy.addons import proxyserver, termlog
from mitmproxy.flow import Flow
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.tools import cmdline
from mitmproxy.tools.main import run as run_master

from ..workers.link import Link
from . import options, speed
from .chain import Chain, mitmdump_addons
from .door import Door
from .draining import Draining
from .joining import Shared, join
from .serving import GatewayProxyserver


class Entry:
    """Brings the gateway in, and the option that only this entry has."""

    name = "sluicegate-entry"

    def load(self, loader: Loader) -> None:
        loader.add_option("speed", str, "on", "The quick ways past mitmproxy's slow ones.", choices=["on", "off"])
        Door().load(loader)


class GatewayMaster(Master):
    """mitmdump with the gateway in it."""

    def __init__(self, opts: Options, drain: float, link: Link | None = None) -> None:
        """`drain`: seconds for what is in flight at SIGTERM. `link` leads to the parent, where this is a worker."""
        super().__init__(opts)
        self._link = link
        self._following: asyncio.Task[None] | None = None
        self.addons = self.chain = Chain(self)
        self.proxyserver = GatewayProxyserver()
        self._termlog_addon = termlog.TermLog()
        self.addons.add(self._termlog_addon)
        if link is not None:
            self.addons.add(Shared())
        for addon in mitmdump_addons():
            own = isinstance(addon, proxyserver.Proxyserver)
            self.addons.add(self.proxyserver if own else addon)
        self.addons.add(Entry())  # last, where the script's gateway is as well
        self._draining = Draining(self, self.proxyserver, drain)

    async def run(self) -> None:
        """Serve until it is told to end."""
        # Never a forward proxy, not for a moment.
        self.options.update(mode=options.reverse_modes(self.options))
        speed.apply(self, on=self.options.speed == "on")
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._draining.begin_or_end)
        if self._link is not None:
            # What comes to the whole process group comes by way of the parent, too, and the parent decides.
            loop.add_signal_handler(signal.SIGTERM, partial(self._draining.begin, for_good=False))
            loop.add_signal_handler(signal.SIGINT, lambda: None)
            await self._join(self._link)
        await super().run()

    async def _join(self, link: Link) -> None:
        """Become one of several workers, where the options allow that."""
        errors = self.addons.get("errorcheck")
        if errors is not None:
            await errors.shutdown_if_errored()
        self._following = join(self, link, self._draining.begin)

    async def load_flow(self, f: Flow) -> None:
        """Offer a saved flow to the addons; as it is, unless `--mode` gives a target that it should go to."""
        if self.options.mode != [options.NOWHERE]:
            await super().load_flow(f)  # type: ignore[no-untyped-call]
            return
        for event in eventsequence.iterate(f):
            await self.addons.handle_lifecycle(event)


def main(arguments: Sequence[str], *, drain: float, link: Link | None = None) -> None:
    """Run the gateway in this process; returns when it was told to end. Exits with 1 when it cannot start.

    `drain` is how long exchanges in flight may take after SIGTERM, in seconds. `link` leads to the parent, where this
    process is one of several workers; raises EOFError where that is gone.
    """
    master: Any = partial(GatewayMaster, drain=drain, link=link)
    run_master(master, cmdline.mitmdump, arguments, _filters)


def _filters(arguments: Any) -> dict[str, str]:
    """What a filter behind the options means to mitmdump (`mitmproxy.tools.main.mitmdump`)."""
    if not arguments.filter_args:
        return {}
    text = " ".join(arguments.filter_args)
    return {"save_stream_filter": text, "readfile_filter": text, "dumper_filter": text}
