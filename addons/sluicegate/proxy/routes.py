"""The snapshot in force: loaded when the gateway starts, swapped when route files change."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mitmproxy import ctx
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode

from ..config.diagnostics import Diagnostic
from ..config.files import routes_folder
from ..config.loading import Loaded
from ..config.reloading import Reloader
from ..endpoints.table import Fallback
from ..endpoints.targets import Origin, Target
from ..problems import Problem
from ..snapshot import Snapshot
from . import options
from .preview import Preview

logger = logging.getLogger(__name__)

MOST_LOGGED = 100
"""Findings in the log for one load, at most."""
FIRST_LOAD = 60.0
"""Seconds for which the listener waits for the first load; then it answers 503 until there is one."""


@dataclass(frozen=True, slots=True)
class LastLoad:
    """The last load that said something new: when it was over (seconds since the epoch), what came of it, how long."""

    at: float
    taken_over: bool
    seconds: float


class Routes:
    """Holds the snapshot, and says in the log what became of each change."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.folder = Path("routes")
        self._errors: tuple[Diagnostic, ...] = ()
        self._default: Fallback | None = None
        self._reloader: Reloader | None = None
        self._first = asyncio.Event()
        self.last_load: LastLoad | None = None
        self.preview: Preview | None = None
        """Keeps the last requests, where that is asked for."""
        self.has_loaded = False
        """The first load is over, whatever came of it: the listener may serve."""

    async def start(self, chosen: Options) -> None:
        """Load the route files a first time, and watch them from then on."""
        self.folder = routes_folder(chosen.routes)
        self._default = _default_fallback(chosen)
        self.preview = Preview(chosen.route_preview) if chosen.route_preview else None
        self._reloader = Reloader(
            self.folder, self._take, own_addresses=_own_addresses(chosen), polling=chosen.routes_polling
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
        return [one for one in self._errors if one.severity == "error"]

    def problem(self) -> Problem:
        """The answer while there is no valid snapshot yet: which file to mend, and where."""
        errors = self.errors
        if not errors:
            return Problem(503, "no-routes", "The gateway has not read its route files yet.")
        if errors[0].code == "routes-folder":
            return Problem(503, "no-routes", "The folder of route files is missing.")
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return Problem(503, "bad-route-files", f"The route files are not valid: {errors[0]}{more}")

    def _take(self, loaded: Loaded) -> None:
        """Swap in what was loaded, or keep the last good snapshot; either way say so once."""
        # mitmproxy exits when an error is logged while it starts: a bad file must not keep the gateway from mending.
        level = logging.ERROR if self.has_loaded else logging.WARNING
        self._first.set()
        self._errors = loaded.diagnostics
        self.last_load = LastLoad(time.time(), loaded.table is not None, loaded.seconds)
        if loaded.fault:
            logger.log(level, "reading the route files failed: %s", loaded.fault)
        for diagnostic in loaded.diagnostics[:MOST_LOGGED]:
            logger.log(level if diagnostic.severity == "error" else logging.WARNING, "%s", diagnostic)
        if len(loaded.diagnostics) > MOST_LOGGED:
            logger.log(level, "route files: %d more findings", len(loaded.diagnostics) - MOST_LOGGED)
        if loaded.table is None:
            if not loaded.unchanged:
                kept = f"generation {self.snapshot.generation} stays" if self.snapshot else "no routes yet"
                logger.log(level, "route files not taken over: %s", kept)
            return
        before = self.snapshot
        generation = before.generation + 1 if before else 1
        self.snapshot = Snapshot(
            generation, loaded.table, loaded.settings, loaded.files, time.time(), default=self._default
        )
        self._log_receipt(generation, loaded)
        if self.preview is not None and before is not None:
            self.preview.reloaded(before, self.snapshot)

    def _log_receipt(self, generation: int, loaded: Loaded) -> None:
        table = loaded.table
        receipt = loaded.receipt
        told = [
            f"{what} {listed.count}: {listed}" if generation > 1 else f"{what} {listed.count}"
            for what, listed in (
                ("added", receipt.added),
                ("removed", receipt.removed),
                ("changed", receipt.changed),
            )
            if listed.count
        ]
        logger.info(
            "routes generation %d: %s, %s, %s, %.0f ms",
            generation,
            _count(len(loaded.files), "file"),
            _count(len(table) if table is not None else 0, "endpoint"),
            "; ".join(told) or "no endpoint differs",
            loaded.seconds * 1000,
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _own_addresses(chosen: Options) -> list[tuple[str, int]]:
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
