"""A table in the making: built from the frames of a reply, bit by bit.

The event loop is never held for longer than about a millisecond at a time, however large the table is.
"""

from __future__ import annotations

import asyncio
import gc
import pickle
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from ..comparing.contents import Contents
from ..endpoints.hosts import HostPattern
from ..endpoints.table import Endpoint, Fallback, Table
from ..snapshot import Settings
from .diagnostics import Diagnostic
from .receipts import Receipt
from .transfer import End

STEP: Final = 0.001
"""Seconds of work after which other work of the event loop has its turn."""
STEP_ENDPOINTS: Final = 100
"""Endpoints put into the table between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A reply as it came, to be passed on: its frames, what their `again` refers to, and what they make."""

    frames: tuple[bytes, ...]
    base: Contents | None
    contents: Contents


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of reading the route files.

    `table` is None where they cannot be used; `settings`, `files` (name to SHA-256) and `receipt` belong to the
    table. `unchanged`: nothing differs from the last load that was kept, and nothing else is set. `seconds` is how
    long the load took; `fault` is the traceback of an internal error. `raw` is there where it was asked for; the table
    is then an empty one: it is others that build it.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    table: Table | None = None
    settings: Settings = field(default_factory=Settings)
    files: Mapping[str, str] = field(default_factory=dict)
    receipt: Receipt = field(default_factory=Receipt)
    unchanged: bool = False
    seconds: float = 0.0
    fault: str = ""
    raw: Raw | None = None

    @property
    def errors(self) -> list[Diagnostic]:
        """What keeps the files from being used; nothing where they were taken over."""
        return [one for one in self.diagnostics if one.severity == "error"]


class Reply:
    """The reply to one request, as it comes in."""

    def __init__(self, kept: Sequence[Endpoint], *, builds: bool = True) -> None:
        """`kept` are the endpoints that were taken over last, in the order of that reply.

        `builds`: put them into the table; else they are only gathered.
        """
        self.endpoints: list[Endpoint] = []
        self.hosts: list[tuple[HostPattern, Fallback | None]] = []
        self._end: End | None = None
        self._kept = kept
        self._builds = builds
        self._table = Table()
        self._files: dict[str, str] = {}
        self._diagnostics: list[Diagnostic] = []

    async def receive(self, next_frame: Callable[[], Awaitable[bytes]]) -> End:
        """Take frames in up to the last one, whose content is returned; other work has its turn meanwhile."""
        turn = perf_counter() + STEP
        with _no_full_collection():
            while self._end is None:
                for _ in self._take(await next_frame()):
                    if perf_counter() >= turn:
                        await asyncio.sleep(0)
                        turn = perf_counter() + STEP
        return self._end

    def _take(self, frame: bytes) -> Iterator[None]:
        """Take in a frame; each step of the iterator is a short piece of the work."""
        kind, content = pickle.loads(frame)
        if kind == "endpoints":
            self._add(content)
        elif kind == "again":
            for start in range(content.start, content.stop, STEP_ENDPOINTS):
                self._add(self._kept[start : min(start + STEP_ENDPOINTS, content.stop)])
                yield
        elif kind == "hosts":
            for pattern, fallback in content if self._builds else ():
                self._table.add_host(pattern, fallback)
            self.hosts += content
        elif kind == "files":
            self._files.update(content)
        elif kind == "diagnostics":
            self._diagnostics += content
        else:
            self._end = content
        yield

    def _add(self, endpoints: Sequence[Endpoint]) -> None:
        for endpoint in endpoints if self._builds else ():
            self._table.add(endpoint)
        self.endpoints += endpoints

    def loaded(self, end: End) -> Loaded:
        """The whole reply; the time is set by the caller."""
        if end.fault:
            message = f"reading the route files failed inside the gateway: {end.fault.rstrip().rpartition(chr(10))[2]}"
            return failure("load-fault", message, end.fault)
        return Loaded(
            diagnostics=tuple(self._diagnostics),
            table=self._table if end.complete else None,
            settings=end.settings,
            files=self._files,
            receipt=end.receipt,
            unchanged=end.unchanged,
        )


def failure(code: str, message: str, fault: str = "") -> Loaded:
    """A load of which nothing came, for a reason that is in no file."""
    return Loaded((Diagnostic(".", 1, 1, "error", code, message),), fault=fault)


async def let_go(endpoints: list[Endpoint]) -> None:
    """Empty a list of endpoints that were replaced, bit by bit."""
    while endpoints:
        del endpoints[-STEP_ENDPOINTS:]
        await asyncio.sleep(0)


@contextmanager
def _no_full_collection() -> Iterator[None]:
    """While the old table and the new one are both there, a full collection would walk two; it can wait that long."""
    young, middle, full = gc.get_threshold()
    gc.set_threshold(young, middle, 1 << 30)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, full)
