"""The gateway's end of the worker: asks it to read the route files, and builds the new table bit by bit.

The event loop is never held for longer than about a millisecond at a time, however large the table is.
"""

from __future__ import annotations

import asyncio
import gc
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Final

from ..comparing.contents import Contents
from ..endpoints.hosts import HostPattern
from ..endpoints.table import Endpoint, Fallback, Table
from ..snapshot import Settings
from .diagnostics import Diagnostic
from .process import WorkerProcess
from .receipts import Receipt, receipt
from .transfer import End, Request

DEADLINE: Final = 60.0
"""Seconds that one load may take."""
STEP: Final = 0.001
"""Seconds of work after which other work of the event loop has its turn."""
STEP_ENDPOINTS: Final = 100
"""Endpoints put into the table between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of reading the route files.

    `table` is None where they cannot be used; `settings`, `files` (name to SHA-256) and `receipt` belong to the
    table. `unchanged`: nothing differs from the last load that was kept, and nothing else is set. `seconds` is how
    long the load took; `fault` is the traceback of an internal error.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    table: Table | None = None
    settings: Settings = field(default_factory=Settings)
    files: Mapping[str, str] = field(default_factory=dict)
    receipt: Receipt = field(default_factory=Receipt)
    unchanged: bool = False
    seconds: float = 0.0
    fault: str = ""


class Loader:
    """Owns the worker process: started on first use, started again when it died."""

    def __init__(
        self, folder: Path, *, own_addresses: Sequence[tuple[str, int]] = (), deadline: float = DEADLINE
    ) -> None:
        """Load from a folder; `own_addresses` are this gateway's listeners, `deadline` is seconds for one load."""
        self.own_addresses = tuple(own_addresses)
        self._folder = folder
        self._deadline = deadline
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
                return _failure("load-deadline", f"reading the route files took more than {self._deadline:g} s")
            except (OSError, EOFError) as error:
                await self._stop()
                return _failure("load-worker", f"the process that reads the route files died: {error}")
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
            while replaced:
                del replaced[-STEP_ENDPOINTS:]
                await asyncio.sleep(0)

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
        reply = _Reply(self._kept.endpoints if self._kept is not None and worker.informed else ())
        turn = perf_counter() + STEP
        with _no_full_collection():
            while reply.end is None:
                for _ in reply.take(await worker.receive()):
                    if perf_counter() >= turn:
                        await asyncio.sleep(0)
                        turn = perf_counter() + STEP
        end = reply.end
        if not end.complete:
            self._offered = self._kept
            return reply.loaded(end)
        self._offered = Contents(reply.endpoints, reply.hosts, end.settings)
        if self._kept is not None and not worker.informed:
            # The worker is a new one and knows no table before; that is rare enough to be done on the side.
            end = end._replace(receipt=await asyncio.to_thread(receipt, self._kept, self._offered))
        return reply.loaded(end)

    async def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop()


@contextmanager
def _no_full_collection() -> Iterator[None]:
    """While the old table and the new one are both there, a full collection would walk two; it can wait that long."""
    young, middle, full = gc.get_threshold()
    gc.set_threshold(young, middle, 1 << 30)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, full)


class _Reply:
    """The reply to one request, as it comes in: a table in the making."""

    def __init__(self, kept: Sequence[Endpoint]) -> None:
        self.endpoints: list[Endpoint] = []
        self.hosts: list[tuple[HostPattern, Fallback | None]] = []
        self.end: End | None = None
        self._kept = kept
        self._table = Table()
        self._files: dict[str, str] = {}
        self._diagnostics: list[Diagnostic] = []

    def take(self, frame: bytes) -> Iterator[None]:
        """Take in a frame; each step of the iterator is a short piece of the work."""
        kind, content = pickle.loads(frame)
        if kind == "endpoints":
            self._add(content)
        elif kind == "again":
            for start in range(content.start, content.stop, STEP_ENDPOINTS):
                self._add(self._kept[start : min(start + STEP_ENDPOINTS, content.stop)])
                yield
        elif kind == "hosts":
            for pattern, fallback in content:
                self._table.add_host(pattern, fallback)
            self.hosts += content
        elif kind == "files":
            self._files.update(content)
        elif kind == "diagnostics":
            self._diagnostics += content
        else:
            self.end = content
        yield

    def _add(self, endpoints: Sequence[Endpoint]) -> None:
        for endpoint in endpoints:
            self._table.add(endpoint)
        self.endpoints += endpoints

    def loaded(self, end: End) -> Loaded:
        """The whole reply; the time is set by the caller."""
        if end.fault:
            message = f"reading the route files failed inside the gateway: {end.fault.rstrip().rpartition(chr(10))[2]}"
            return _failure("load-fault", message, end.fault)
        return Loaded(
            diagnostics=tuple(self._diagnostics),
            table=self._table if end.complete else None,
            settings=end.settings,
            files=self._files,
            receipt=end.receipt,
            unchanged=end.unchanged,
        )


def _failure(code: str, message: str, fault: str = "") -> Loaded:
    return Loaded((Diagnostic(".", 1, 1, "error", code, message),), fault=fault)
