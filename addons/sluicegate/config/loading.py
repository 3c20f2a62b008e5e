"""The gateway's end of the worker: asks it to read the route files, and has the new table built."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Final

from ..comparing.contents import Contents
from .building import Loaded, Raw, Reply, failure, let_go
from .process import WorkerProcess
from .receipts import receipt
from .transfer import Request

DEADLINE: Final = 60.0
"""Seconds that one load may take."""


class Loader:
    """Owns the worker process: started on first use, started again when it died."""

    def __init__(
        self,
        folder: Path,
        *,
        own_addresses: Sequence[tuple[str, int]] = (),
        deadline: float = DEADLINE,
        raw: bool = False,
    ) -> None:
        """Load from a folder; `own_addresses` are this gateway's listeners, `deadline` is seconds for one load.

        `raw`: keep the frames of a reply in what was loaded, and build no table from them.
        """
        self.own_addresses = tuple(own_addresses)
        self._folder = folder
        self._deadline = deadline
        self._raw = raw
        self._lock = asyncio.Lock()
        self._worker: WorkerProcess | None = None
        self._kept: Contents | None = None
        self._offered: Contents | None = None
        self._keep = False

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is none."""
        return self._worker.pid if self._worker is not None else None

    async def start(self) -> None:
        """Start the worker ahead of its use. Raises OSError."""
        async with self._lock:
            if self._worker is None:
                self._worker = await WorkerProcess.start(self._folder)

    async def load(self) -> Loaded:
        """Read the route files again. What is wrong with them, or with reading them, is in the diagnostics."""
        async with self._lock:
            started = perf_counter()
            try:
                async with asyncio.timeout(self._deadline):
                    reply = await self._ask()
            except TimeoutError:
                await self._stop()
                return failure("load-deadline", f"reading the route files took more than {self._deadline:g} s")
            except (OSError, EOFError) as error:
                await self._stop()
                return failure("load-worker", f"the process that reads the route files died: {error}")
            except BaseException:
                await self._stop()
                raise
            return replace(reply, seconds=perf_counter() - started)

    async def keep(self) -> None:
        """Let the next load be compared with the last one, and let go of what that replaced, bit by bit."""
        async with self._lock:
            self._keep = True
            replaced = list(self._kept.endpoints) if self._kept is not None else []
            self._kept = self._offered
            await let_go(replaced)

    async def close(self) -> None:
        """End the worker."""
        async with self._lock:
            await self._stop()

    async def _ask(self) -> Loaded:
        """One request and its reply; a worker that died since the last one is replaced."""
        if self._worker is not None:
            with suppress(OSError, EOFError):
                return await self._exchange(self._worker)
            await self._stop()
        self._worker = await WorkerProcess.start(self._folder)
        return await self._exchange(self._worker)

    async def _exchange(self, worker: WorkerProcess) -> Loaded:
        await worker.send(Request(self.own_addresses, self._keep))
        worker.informed |= self._keep and worker.asked
        worker.asked = True
        self._keep = False
        frames: list[bytes] = []

        async def next_frame() -> bytes:
            frame = await worker.receive()
            if self._raw:
                frames.append(frame)
            return frame

        base = self._kept if worker.informed else None
        reply = Reply(base.endpoints if base is not None else (), builds=not self._raw)
        end = await reply.receive(next_frame)
        if not end.complete:
            self._offered = self._kept
            return reply.loaded(end)
        self._offered = Contents(reply.endpoints, reply.hosts, end.settings)
        if self._kept is not None and not worker.informed:
            # The worker is a new one and knows no table before; that is rare enough to be done on the side.
            end = end._replace(receipt=await asyncio.to_thread(receipt, self._kept, self._offered))
        loaded = reply.loaded(end)
        return replace(loaded, raw=Raw(tuple(frames), base, self._offered)) if self._raw else loaded

    async def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop()
