"""Reloading: watches the route files, loads them again after a change, and hands over what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from .building import Loaded
from .loading import Loader
from .watching import Watch

logger = logging.getLogger(__name__)

QUIET: Final = 0.05
"""Seconds without a further change after which files are loaded."""
LONGEST_WAIT: Final = 0.5
"""Seconds after the first change in which files are loaded although they go on changing."""
LONGEST_WRITE: Final = 5.0
"""Seconds after the first change in which a file that is being written is waited for."""
LONGEST_RACE: Final = 2.0
"""Seconds after the first change in which a load that a further change overtook is thrown away for the next one."""
_RACE: Final = 0.01
"""Seconds in which a change that happened during a load makes itself known."""


class Reloader:
    """Loads once at the start and after each change, never two at a time; a change during a load asks for one more."""

    def __init__(
        self,
        folder: Path,
        on_loaded: Callable[[Loaded], None],
        *,
        own_addresses: Sequence[tuple[str, int]] = (),
        polling: bool = False,
        raw: bool = False,
    ) -> None:
        """Reload a folder; `on_loaded` is called on the event loop with each load that says something new.

        `own_addresses` are this gateway's listeners; `polling` watches without file system events; `raw` is Loader's.
        """
        self._on_loaded = on_loaded
        self._loader = Loader(folder, own_addresses=own_addresses, raw=raw)
        self._watch = Watch(folder, self._notice, polling=polling)
        self._wanted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._said: object = None

    def start(self) -> None:
        """Begin, on the running event loop: the first load follows soon."""
        self._loop = asyncio.get_running_loop()
        self._watch.start()
        self._task = self._loop.create_task(self._run(), name="reloading route files")

    def reload(self, own_addresses: Sequence[tuple[str, int]] | None = None) -> None:
        """Load again soon, though no file changed; with these listeners from now on, where given."""
        if own_addresses is not None:
            self._loader.own_addresses = tuple(own_addresses)
        self._wanted.set()

    @property
    def worker(self) -> int | None:
        """The process id of what reads the files; None while there is none."""
        return self._loader.pid

    async def close(self) -> None:
        """Stop watching and loading, and end the worker."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await asyncio.to_thread(self._watch.close)
        await self._loader.close()

    def _notice(self) -> None:
        """Take a change in, on the watching thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._wanted.set)

    async def _run(self) -> None:
        with suppress(OSError):  # the load says it again
            await self._loader.start()
        await self._wanted.wait()  # until watching has begun, so that no change falls between
        since = monotonic()
        while True:
            try:
                await self._load(since)
            except Exception:
                logger.exception("loading the route files failed")
            await self._wanted.wait()
            since = monotonic()
            await self._quiet(since)

    async def _quiet(self, since: float) -> None:
        """Wait until nothing changes any more and no file is being written, within bounds."""
        while monotonic() < since + (LONGEST_WRITE if self._watch.is_writing else LONGEST_WAIT):
            self._wanted.clear()
            try:
                async with asyncio.timeout(QUIET):
                    await self._wanted.wait()
            except TimeoutError:
                if not self._watch.is_writing:
                    return

    async def _load(self, since: float) -> None:
        """Load and hand over; what may have been read in the middle of a change is read again instead."""
        self._wanted.clear()
        loaded = await self._loader.load()
        await asyncio.sleep(_RACE)
        while self._is_outrun(monotonic() - since):
            await self._quiet(monotonic())
            self._wanted.clear()
            loaded = await self._loader.load()
            await asyncio.sleep(_RACE)
        said = loaded.table is None, loaded.diagnostics, dict(loaded.files)
        if not loaded.unchanged and said != self._said:
            self._said = said
            try:
                self._on_loaded(loaded)
            except Exception:
                logger.exception("taking over the route files failed")
        await self._loader.keep()

    def _is_outrun(self, elapsed: float) -> bool:
        if self._watch.is_writing:
            return elapsed < LONGEST_WRITE
        return self._wanted.is_set() and elapsed < LONGEST_RACE
