"""The request log: one JSON line per exchange, written to its file beside the request path by a thread of its own.

Credentials cannot appear in it: no header field and no query is ever part of a record.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path

logger = logging.getLogger(__name__)

BEGINNING = b'{"request_id":'
"""How each line begins."""
MOST_WAITING = 100_000
"""Lines that wait for a slow disk, at most; what comes then is counted and dropped."""


@dataclass(frozen=True, slots=True)
class Record:
    """One exchange in the log. Times are seconds since the epoch, or null for what never came; bytes are of bodies.

    `session` is the keyed hash of what names the client's session, or null where nothing does.
    """

    request_id: str
    received: float
    decided: float | None = None
    first_byte: float | None = None
    ended: float | None = None
    client: str = ""
    method: str | None = None
    host: str | None = None
    path: str | None = None
    operation_id: str | None = None
    endpoint: str | None = None
    session: str | None = None
    target: str | None = None
    status: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    generation: int = 0
    verdicts: list[dict[str, str]] = field(default_factory=list)

    def line(self) -> str:
        """The record as one line of JSON, in ASCII: standard output may have any encoding."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"


class RequestLog:
    """Writes records to a file, which is opened again when it was rotated away, or to standard output ('-')."""

    def __init__(self, path: str) -> None:
        """Open the log. Raises OSError where the file cannot be opened."""
        self._path = None if path == "-" else Path(path).expanduser()
        self._file: FileIO | None = self._open()
        self._waiting: deque[Record] = deque()
        self._dropped = 0
        self._wake = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="request log", daemon=True)
        if self._path is not None:
            self._thread.start()

    def write(self, record: Record) -> None:
        """Hand a record over to be written; a file never blocks.

        Standard output is shared with mitmproxy's own: only the thread that writes both keeps lines whole.
        """
        if self._path is None:
            self._write_all([record])
            return
        with self._wake:
            if len(self._waiting) >= MOST_WAITING:
                self._dropped += 1
            else:
                self._waiting.append(record)
                self._wake.notify()

    def close(self) -> None:
        """Write what waits and close the file."""
        if self._path is None:
            return
        with self._wake:
            self._ended = True
            self._wake.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._ended)
                records, dropped = list(self._waiting), self._dropped
                self._waiting.clear()
                self._dropped = 0
                ended = self._ended
            self._write_all(records)
            if dropped:
                logger.error("request log: %d records were dropped, %s is too slow", dropped, self._path)
            if ended and not records:
                self._close()
                return

    def _write_all(self, records: Sequence[Record]) -> None:
        try:
            self._write("".join([record.line() for record in records]))
        except (OSError, ValueError) as error:  # ValueError: standard output was closed
            logger.error("request log: %d records could not be written: %s", len(records), error)

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._path is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        if self._file is None or self._was_rotated():
            self._close()
            self._file = self._open()
        data = text.encode("ascii")
        while data and self._file is not None:
            # Whole lines in one call: several processes may append to the same file.
            data = data[self._file.write(data) or 0 :]

    def _open(self) -> FileIO | None:
        return None if self._path is None else self._path.open("ab", buffering=0)

    def _was_rotated(self) -> bool:
        if self._path is None or self._file is None:
            return False
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        own = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
