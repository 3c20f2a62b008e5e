"""The snapshot in force: loaded when the gateway starts, swapped when route files change."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mitmproxy import ctx
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode

from ..config.building import Loaded
from ..config.diagnostics import Diagnostic
from ..config.files import routes_folder
from ..config.reloading import Reloader
from ..config.telling import LastLoad, findings, no_routes, taken_over
from ..endpoints.table import Fallback
from ..endpoints.targets import Origin, Target
from ..problems import Problem
from ..snapshot import Snapshot
from . import options
from .preview import Preview

logger = logging.getLogger(__name__)

FIRST_LOAD = 60.0
"""Seconds for which the listener waits for the first load; then it answers 503 until there is one."""


class Routes:
    """Holds the snapshot, and says in the log what became of each change."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.folder = Path("routes")
        self._last = Loaded()
        self._default: Fallback | None = None
        self._is_following = False
        self._reloader: Reloader | None = None
        self._first = asyncio.Event()
        self.last_load: LastLoad | None = None
        self.preview: Preview | None = None
        """Keeps the last requests, where that is asked for."""
        self.has_loaded = False
        """The first load is over, whatever came of it: the listener may serve."""

    async def start(self, chosen: Options) -> None:
        """Load the route files a first time, and watch them from then on, where no other process does so."""
        if not self._is_following:
            self._prepare(chosen)
            self._reloader = Reloader(
                self.folder, self._take, own_addresses=own_addresses(chosen), polling=chosen.routes_polling
            )
            self._reloader.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOAD):
                await self._first.wait()
        # What is here now stays: later collections need not walk it, which would stop the world for 100 ms at 10,000
        # endpoints. Tables that are replaced go by their reference counts.
        gc.collect()
        gc.freeze()
        self.has_loaded = True

    async def stop(self) -> None:
        """Stop watching, and end what reads the files."""
        if self.preview is not None:
            self.preview.stop()
        if self._reloader is not None:
            await self._reloader.close()

    @property
    def errors(self) -> list[Diagnostic]:
        """What was wrong with the route files when they were last loaded; nothing when they were taken over."""
        return self._last.errors

    def problem(self) -> Problem:
        """The answer while there is no valid snapshot yet: which file to mend, and where."""
        return no_routes(self.errors)

    def follow(self, chosen: Options) -> None:
        """Load nothing and watch nothing: another process does so, tells it in the log, and hands it over."""
        self._is_following = True
        self._prepare(chosen)

    def hand_over(self, loaded: Loaded, generation: int, at: float) -> None:
        """Take over what another process has loaded; `at` is seconds since the epoch."""
        self._first.set()
        self._last = replace(loaded, table=None)
        if loaded.table is not None:
            self._swap(loaded, generation, at)

    def _prepare(self, chosen: Options) -> None:
        self.folder = routes_folder(chosen.routes)
        self._default = _default_fallback(chosen)
        self.preview = Preview(chosen.route_preview) if chosen.route_preview else None

    def _take(self, loaded: Loaded) -> None:
        """Swap in what was loaded, or keep the last good snapshot; either way say so once."""
        # mitmproxy exits when an error is logged while it starts: a bad file must not keep the gateway from mending.
        level = logging.ERROR if self.has_loaded else logging.WARNING
        before = self.snapshot.generation if self.snapshot else 0
        now = time.time()
        self._first.set()
        self._last = replace(loaded, table=None)
        self.last_load = LastLoad(now, loaded.table is not None, loaded.seconds)
        for urgency, line in findings(loaded, before, level):
            logger.log(urgency, "%s", line)
        if loaded.table is not None:
            logger.info("%s", taken_over(loaded, before + 1, loaded.seconds, len(loaded.table)))
            self._swap(loaded, before + 1, now)

    def _swap(self, loaded: Loaded, generation: int, at: float) -> None:
        if loaded.table is None:
            return
        before = self.snapshot
        self.snapshot = Snapshot(generation, loaded.table, loaded.settings, loaded.files, at, default=self._default)
        if self.preview is not None and before is not None:
            self.preview.reloaded(before, self.snapshot)


def own_addresses(chosen: Options) -> list[tuple[str, int]]:
    """Host and port of each listener; '' for all addresses of this machine."""
    modes = [ProxyMode.parse(mode) for mode in options.reverse_modes(chosen)]
    ports = [(mode.listen_host(chosen.listen_host) or "", mode.listen_port(chosen.listen_port)) for mode in modes]
    return [(host, port) for host, port in ports if port is not None] or [("", ctx.options.listen_port or 8080)]


def _default_fallback(chosen: Options) -> Fallback | None:
    """An explicit reverse URL as the origin of whatever no file takes."""
    url = options.default_url(chosen)
    if url is None:
        return None
    origin = Origin(*url)
    return Fallback(Target(origin, text=str(origin)))
