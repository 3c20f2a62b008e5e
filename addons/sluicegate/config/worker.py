"""The process that reads the route files: `python -m sluicegate.config.worker FOLDER`.

YAML's C loader holds the interpreter for tens of milliseconds at a time, so the gateway leaves reading, checking
and compiling to a process of its own. It answers each request on standard input with frames on standard output
(`transfer`) and ends when its standard input does: it cannot outlive the gateway.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from ..comparing.contents import Contents, means_the_same
from ..endpoints.table import Endpoint
from ..memory import limit_memory
from .compiler import Compiler, Outcome
from .diagnostics import Diagnostic
from .receipts import receipt
from .transfer import ENDPOINTS_IN_A_FRAME, End, Frame, Request, chunks, read_frame, write_frame

MOST_MEMORY: Final = 4 << 30
"""Bytes of address space, where the system can limit them: a file may not take the machine down."""


class Worker:
    """A compiler, and what the gateway has of its work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own_addresses: tuple[tuple[str, int], ...] = ()
        self._compiler: Compiler | None = None
        self._taken = self._offered = _State()

    def answer(self, request: Request) -> Iterator[Frame]:
        """Compile the folder and give the frames of the reply."""
        if request.keep:
            self._taken = self._offered
        try:
            yield from self._answer(request)
        except Exception:
            self._compiler = None
            self._offered = _State(self._taken.files, self._taken.contents)
            yield "end", End(fault=traceback.format_exc())

    def _answer(self, request: Request) -> Iterator[Frame]:
        if self._compiler is None or self._own_addresses != request.own_addresses:
            self._own_addresses = request.own_addresses
            self._compiler = Compiler(self._folder, own_addresses=request.own_addresses)
        outcome = self._compiler.compile()
        compiled, taken = outcome.compiled, self._taken
        if taken.covers(outcome):
            self._offered = taken
            yield "end", End(unchanged=True)
            return
        yield from chunks("diagnostics", outcome.diagnostics)
        if compiled is None:
            self._offered = _State(taken.files, taken.contents, False, outcome.diagnostics)
            yield "end", End()
            return
        before = taken.contents.endpoints if taken.contents is not None else ()
        known, fresh = _split(compiled.endpoints, before)
        endpoints = [*(before[number] for number in known), *fresh]
        yield from chunks("files", sorted(compiled.files.items()))
        yield from chunks("hosts", compiled.hosts)
        for run in _runs(known):
            yield "again", run
        yield from chunks("endpoints", fresh, ENDPOINTS_IN_A_FRAME)
        self._offered = _State(
            compiled.files, Contents(endpoints, compiled.hosts, compiled.settings), True, outcome.diagnostics
        )
        differences = receipt(_without(taken.contents, known), Contents(fresh, compiled.hosts, compiled.settings))
        yield "end", End(complete=True, settings=compiled.settings, receipt=differences)


@dataclass(frozen=True, slots=True)
class _State:
    """What the gateway has: the last table (its endpoints in the order of sending), the last diagnostics.

    `complete`: whether the last outcome was that table; None where there was none.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    contents: Contents | None = None
    complete: bool | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    def covers(self, outcome: Outcome) -> bool:
        """Whether an outcome says nothing that the gateway does not know."""
        compiled = outcome.compiled
        if self.complete is not (compiled is not None) or self.diagnostics != outcome.diagnostics:
            return False
        if compiled is None:
            return True
        settings = self.contents.settings if self.contents is not None else None
        return dict(self.files) == dict(compiled.files) and settings == compiled.settings


def _split(endpoints: Iterable[Endpoint], taken: Sequence[Endpoint]) -> tuple[list[int], list[Endpoint]]:
    """Part endpoints into those that the gateway has (their numbers there, ascending) and the others."""
    numbers = {endpoint.operation_id: number for number, endpoint in enumerate(taken)}
    known: list[int] = []
    fresh: list[Endpoint] = []
    for endpoint in endpoints:
        number = numbers.get(endpoint.operation_id)
        if number is None or not _is_same(taken[number], endpoint):
            fresh.append(endpoint)
        else:
            known.append(number)
    return sorted(known), fresh


def _is_same(one: Endpoint, other: Endpoint) -> bool:
    return one is other or (one.place == other.place and means_the_same(one, other))


def _without(contents: Contents | None, numbers: Iterable[int]) -> Contents | None:
    """Leave endpoints out: what stayed the same need not be compared again."""
    if contents is None:
        return None
    out = set(numbers)
    rest = [endpoint for number, endpoint in enumerate(contents.endpoints) if number not in out]
    return contents._replace(endpoints=rest)


def _runs(numbers: Iterable[int]) -> Iterator[range]:
    """Join ascending numbers that follow each other: 1, 2, 3, 7  →  range(1, 4), range(7, 8)."""
    run = range(0)
    for number in numbers:
        if run and number != run.stop:
            yield run
            run = range(0)
        run = range(run.start if run else number, number + 1)
    if run:
        yield run


def main() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole process group; the gateway decides
    limit_memory(MOST_MEMORY)
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not get between the frames
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), daemon=True).start()
    worker = Worker(Path(sys.argv[1]))
    gc.disable()  # compiling makes many objects and next to no cycles: collecting meanwhile costs a third more
    with suppress(BrokenPipeError):
        while True:
            for frame in worker.answer(_next(requests)):
                write_frame(frames, frame)
            frames.flush()


def _next(requests: queue.SimpleQueue[Any]) -> Any:
    """Wait for a request; the time without any is for the collector."""
    try:
        return requests.get(timeout=1.0)
    except queue.Empty:
        gc.collect()
        return requests.get()


def _receive(stream: IO[bytes], requests: queue.SimpleQueue[Any]) -> None:
    """Read requests, and end the process with the stream, however long the compiler is still at it."""
    try:
        while True:
            requests.put(read_frame(stream))
    except BaseException:
        os._exit(0)


if __name__ == "__main__":
    main()
