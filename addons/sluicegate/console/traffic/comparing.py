"""Recorded traffic compared under two tables: one request after the other, or a long log by several processes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from ...comparing.contents import Contents
from ...comparing.traffic import Comparison, TrafficDiff
from ...config.compiler import Compiled
from ...recordings.recording import Skipped
from ..options import UnusableError
from ..output import progress
from ..processors import processors
from .blocks import Compared, Fault, Task, blocks, compare_block, settle
from .files import Traffic, opened
from .workers import LogWorkers

SMALL = 8 << 20
"""Bytes of a log up to which further processes are not worth their start."""


class TrafficReport:
    """What came out: `diff`, and what the readers passed over by the reason."""

    def __init__(self, most: int) -> None:
        self.diff = TrafficDiff(most)
        self.skipped = Skipped()


def compare_traffic(old: Compiled, new: Compiled, files: Iterable[str], most: int) -> TrafficReport:
    """Compare the requests of files of recorded traffic; keep the first `most` changes of each kind.

    Raises UnusableError.
    """
    with ExitStack() as stack:
        reader = _Reader(old, new, most, stack)
        settle()
        for file in files:
            with opened(file) as traffic:
                if traffic.kind == "log":
                    reader.read_log(traffic)
                else:
                    reader.read(traffic)
        return reader.report


class _Reader:
    def __init__(self, old: Compiled, new: Compiled, most: int, stack: ExitStack) -> None:
        self.report = TrafficReport(most)
        self._contents = (
            Contents(old.endpoints, old.hosts, old.settings),
            Contents(new.endpoints, new.hosts, new.settings),
        )
        self._comparison = Comparison(old.snapshot(), new.snapshot(), most)
        self._stack = stack
        self._workers: LogWorkers | None = None
        self._faults: list[Fault] = []
        self._position = 1

    def read(self, traffic: Traffic) -> None:
        """Compare recordings as they are read."""
        for recording in traffic.recordings():
            if traffic.kind == "access" and recording.request.host is None:
                fix = "write it with the host, such as '%v:%p' of Apache or \"$host:$server_port\" of nginx, in front"
                raise UnusableError(f"{traffic.name}: the log tells no hosts, so its requests cannot be routed: {fix}")
            self._comparison.take(recording.request, self._position, f"{traffic.name}: {recording.place}")
            self._position += 1
        self._take(Compared(self._comparison.taken(), traffic.skipped))

    def read_log(self, traffic: Traffic) -> None:
        """Compare the lines of a log, block by block. Raises UnusableError."""
        with progress(f"reading {traffic.name}", traffic.size, bytes_read=True) as advance:
            for block in blocks(traffic.stream, traffic.name, self._position):
                self._position = block.position + block.data.count(b"\n") + 1
                workers = self._several(traffic)
                answers = [compare_block(self._comparison, block)] if workers is None else workers.compare(block)
                for compared in answers:
                    self._take(compared)
                advance(traffic.position)
                if self._faults:
                    break
            if self._workers is not None:
                for compared in self._workers.rest():
                    self._take(compared)
        if self._faults:
            raise UnusableError(min(self._faults).message)

    def _several(self, traffic: Traffic) -> LogWorkers | None:
        """The workers, started when a log turns out to be long; None for a short one, or on one processor."""
        number = processors()
        if self._workers is None and number > 1 and max(traffic.size or 0, traffic.position) > SMALL:
            try:
                self._workers = self._stack.enter_context(
                    LogWorkers(Task(*self._contents, self.report.diff.most), number)
                )
            except OSError as error:
                raise UnusableError(f"no process can be started to compare requests: {error}") from None
        return self._workers

    def _take(self, compared: Compared) -> None:
        self.report.diff.merge(compared.diff)
        self.report.skipped.update(compared.skipped)
        if compared.fault is not None:
            self._faults.append(compared.fault)
