"""A request log in blocks that are cut at line ends: what one process compares in a fraction of a second."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from io import BytesIO
from typing import IO, NamedTuple

from ...comparing.contents import Contents
from ...comparing.traffic import Comparison, TrafficDiff
from ...endpoints.table import Table
from ...recordings.recording import Skipped, UnreadableError
from ...recordings.request_log import CUT, LONGEST_LINE, REFUSED, request_of
from ...snapshot import Snapshot

BLOCK = 1 << 20
"""Bytes in a block, about."""


class Task(NamedTuple):
    """What two tables are made of, and how many changes of each kind are kept."""

    old: Contents
    new: Contents
    most: int

    def comparison(self) -> Comparison:
        """Build the tables anew."""
        return Comparison(_snapshot(self.old), _snapshot(self.new), self.most)


def settle() -> None:
    """Tell the collector, once the tables stand, that they stay, and that comparing leaves next to no cycles behind.

    Collections that walk the tables or the requests of the last blocks would cost a fifth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _snapshot(contents: Contents) -> Snapshot:
    table = Table()
    for pattern, fallback in contents.hosts:
        table.add_host(pattern, fallback)
    for endpoint in contents.endpoints:
        table.add(endpoint)
    return Snapshot(1, table, contents.settings)


class Block(NamedTuple):
    """Some lines of a log. `name` is the log's, `line` the first line's number there, `position` its number overall."""

    name: str
    line: int
    position: int
    data: bytes


class Fault(NamedTuple):
    """Why a log cannot be read on."""

    position: int
    message: str


class Compared(NamedTuple):
    """What came out for a block; `fault`: at the first line that cannot be read, and nothing after it counts."""

    diff: TrafficDiff
    skipped: Skipped
    fault: Fault | None = None


def blocks(stream: IO[bytes], name: str, position: int) -> Iterator[Block]:
    """Cut a log, of which one block is in memory at a time. `position` is that of its first line.

    Raises UnreadableError, which names the line, for one that is too long.
    """
    line = 1
    rest = b""
    while data := stream.read(BLOCK):
        end = data.rfind(b"\n") + 1
        if end:
            whole = rest + data[:end]
            yield Block(name, line, position, whole)
            lines = whole.count(b"\n")
            line += lines
            position += lines
            rest = data[end:]
        else:
            rest += data
        if len(rest) > LONGEST_LINE:
            raise UnreadableError(f"line {line}: longer than {LONGEST_LINE:,} bytes")
    if rest:
        yield Block(name, line, position, rest)


def compare_block(comparison: Comparison, block: Block) -> Compared:
    """Compare the requests of a block. A last line without its end is passed over: the log may be growing."""
    skipped = Skipped()
    fault = None
    for number, line in enumerate(BytesIO(block.data)):
        try:
            request = request_of(line)
        except UnreadableError as error:
            if not line.endswith(b"\n"):
                skipped[CUT] += 1
                break
            fault = Fault(block.position + number, f"{block.name}:{block.line + number}: {error}")
            break
        if request is None:
            skipped[REFUSED] += 1
        else:
            comparison.take(request, block.position + number, f"{block.name}:{block.line + number}")
    return Compared(comparison.taken(), skipped, fault)
