"""Files of recorded traffic: opened, told apart, read with a progress bar, and their faults said in one line.

    with opened("flows.mitm") as traffic:        # or "-" for standard input
        traffic.kind                             # 'har', 'flows', 'log' or 'access'
        for recording in traffic.recordings():   # with a progress bar on standard error, where that is a terminal
            ...
        traffic.skipped                          # what the reader passed over, by reason

Who reads the lines of a request log itself takes them from `traffic.stream`, and shows `traffic.position` of
`traffic.size`. What cannot be read (UnreadableError, also from the body of the `with`) becomes a UnusableError,
`file: place: what` or `file:line: what`.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ...recordings.formats import NEEDED, Kind, kind_of
from ...recordings.recording import Recording, Skipped, UnreadableError
from ..options import UnusableError
from ..output import progress

STANDARD_INPUT = "-"

_BUFFER = 1 << 18
_SHOW_EVERY = 200
"""Recordings between two moves of the progress bar."""


class Traffic:
    """A file of recorded traffic that is open. `size` is its bytes, None where that is not known; `name` for people."""

    def __init__(self, name: str, raw: BinaryIO) -> None:
        """Look at the file's beginning. Raises UnreadableError for what is no recording."""
        self.name = name
        self.skipped = Skipped()
        self._raw = _Raw(raw)
        self.kind: Kind = kind_of(self._raw.look(NEEDED))
        self.size = self._raw.size
        self.stream = io.BufferedReader(self._raw, _BUFFER)
        self._lines = 0

    def skip(self, size: int, lines: int) -> None:
        """Begin behind what was read at another time: so many bytes of a regular file, with so many line ends."""
        self._raw.skip(size)
        self._lines = lines

    def watch(self, taken: Callable[[bytes], object]) -> None:
        """Have everything told that is taken from the file from now on."""
        self._raw.watch = taken

    @property
    def position(self) -> int:
        """Bytes that were taken from the file so far."""
        return self._raw.position

    def recordings(self) -> Iterator[Recording]:
        """Read the recordings, once. Raises UnreadableError, which `opened` turns into what the command says."""
        with progress(f"reading {self.name}", self.size, bytes_read=True) as advance:
            for number, recording in enumerate(self._read()):
                if number % _SHOW_EVERY == 0:
                    advance(self.position)
                yield recording

    def _read(self) -> Iterator[Recording]:
        if self.kind == "har":
            from ...recordings import har

            return har.read(self.stream, self.skipped)
        if self.kind == "log":
            from ...recordings import request_log

            return request_log.read(self.stream, self.skipped, self._lines)
        if self.kind == "access":
            from ...recordings import access_log

            return access_log.read(self.stream, self.skipped, self._lines)
        from ...proxy import flow_files  # mitmproxy takes long to import

        return flow_files.read(self.stream, self.skipped)


@contextmanager
def opened(path: str) -> Iterator[Traffic]:
    """Open a file of recorded traffic, or standard input for `-`. Raises UnusableError for what cannot be read."""
    name = "standard input" if path == STANDARD_INPUT else path
    with _file(path, name) as raw:
        try:
            yield Traffic(name, raw)
        except UnreadableError as error:
            place = f"{name}:{error.line}" if error.line else name
            raise UnusableError(f"{place}: {error}") from None


def _file(path: str, name: str) -> BinaryIO:
    try:
        if path == STANDARD_INPUT:
            return open(0, "rb", buffering=0, closefd=False)
        return open(os.path.expanduser(path), "rb", buffering=0)
    except (OSError, ValueError) as error:
        raise UnusableError(f"{name}: {_cause(error)}") from None


class _Raw(io.RawIOBase):
    """The bytes of a file, counted; its beginning can be looked at before, also where it comes through a pipe."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._seen = b""
        self.position = 0
        self.watch: Callable[[bytes], object] | None = None
        status = os.fstat(file.fileno())
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None

    def look(self, size: int) -> bytes:
        """Return the first bytes of the file, up to `size`, before anything was read."""
        while len(self._seen) < size and (data := self._take(size - len(self._seen))):
            self._seen += data
        return self._seen

    def skip(self, size: int) -> None:
        """Begin at a place behind the file's beginning."""
        try:
            self._file.seek(size)
        except OSError as error:
            raise UnreadableError(_cause(error)) from None
        self._seen, self.position = b"", size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._seen[: len(buffer)]
        self._seen = self._seen[len(data) :]
        data = data or self._take(len(buffer))
        buffer[: len(data)] = data
        self.position += len(data)
        if self.watch is not None:
            self.watch(data)
        return len(data)

    def _take(self, size: int) -> bytes:
        try:
            return self._file.read(size) or b""
        except OSError as error:
            raise UnreadableError(_cause(error)) from None


def _cause(error: OSError | ValueError) -> str:
    """What the system says, as a part of a sentence."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
