"""One log out of many: lines of several processes, each whole and marked with the process that wrote it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, ClassVar, Final

from ..observing.request_log import BEGINNING

MOST_BYTES: Final = 1 << 20
"""Bytes of one line, at most; a longer one is cut into several."""


class Lines:
    """Puts lines together out of what a pipe gives."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[bytes]:
        """Give the lines that are complete now, each with its end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield line + b"\n"
        while len(self._rest) > MOST_BYTES:
            yield self._rest[:MOST_BYTES] + b"\n"
            self._rest = self._rest[MOST_BYTES:]

    def end(self) -> Iterator[bytes]:
        """Give what came after the last line end."""
        if self._rest:
            yield self._rest + b"\n"
        self._rest = b""


def marked(number: int, line: bytes) -> bytes:
    """Mark a line with the number of its process.

    Records of the request log stay as they are: programs read them, and expect nothing else in a line.
    """
    return line if line.startswith(BEGINNING) else b"[%d] %s" % (number, line)


class Output:
    """Standard output and standard error of the whole program."""

    def __init__(self, out: IO[bytes], err: IO[bytes], *, colours: bool = False) -> None:
        """`colours`: standard output is a terminal."""
        self.out = out
        self.err = err
        self.colours = colours

    def write(self, stream: IO[bytes], line: bytes) -> None:
        """Write a line at once. Raises OSError where nobody reads any more."""
        stream.write(line)
        stream.flush()


class LogHandler(logging.Handler):
    """Writes the parent's own log as mitmproxy writes that of the workers: `[10:00:00.123] text`, in its colours."""

    _COLOURS: ClassVar = {logging.ERROR: "\x1b[31m", logging.WARNING: "\x1b[33m"}

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        at = f"[{time.strftime('%H:%M:%S', time.localtime(record.created))}.{int(record.msecs):03d}]"
        text = self.format(record)
        if self._output.colours:
            at, text = f"\x1b[36;2m{at}\x1b[0m", f"{self._COLOURS.get(record.levelno, '')}{text}\x1b[0m"
        text = f"{at} {text}\n"
        with suppress(OSError):  # nobody reads any more; that shows where the workers' lines are written
            self._output.write(self._output.out, text.encode("utf-8", "backslashreplace"))
