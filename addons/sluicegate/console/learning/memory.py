"""Which files were learned from already: remembered in the state file by a digest of what was read, never by a name.

A log that has grown since is learned from where it had ended; a copy of a file is the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO, Final, NamedTuple

from ..traffic.files import Traffic

FACT: Final = "learned "
"""How the names of the facts begin; the digest of a file's first bytes follows."""
_HEAD: Final = 1024
_LEAST: Final = 64
_MOST: Final = 8
"""Files with the same first bytes that are told apart, at most."""
_BLOCK: Final = 1 << 20


class Known(NamedTuple):
    """What was read of a file: its first `size` bytes with their digest, and the line ends in them."""

    size: int
    digest: str
    lines: int


class Memory:
    """The files that were learned from, as the facts of a state file tell them."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self._facts = {name: value for name, value in facts.items() if name.startswith(FACT)}

    def known(self, path: str) -> Known | None:
        """Return what was read of a file before; None for a new one, and for what is no regular file."""
        if not os.path.isfile(os.path.expanduser(path)):
            return None
        try:
            with open(os.path.expanduser(path), "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                candidates = [one for one in self._of(_head(file)) if one.size <= size]
                file.seek(0)
                digest, position = hashlib.sha256(), 0
                found = None
                for one in sorted(candidates):
                    while position < one.size and (data := file.read(min(_BLOCK, one.size - position))):
                        digest.update(data)
                        position += len(data)
                    if digest.hexdigest() == one.digest:
                        found = one
                return found
        except OSError:
            return None  # whoever reads it says so

    def remember(self, reading: Reading) -> dict[str, str]:
        """Return the facts to keep of a file that was read."""
        name = FACT + hashlib.sha256(reading.head).hexdigest()[:32]
        known = [reading.known, *(one for one in self._of(reading.head) if one != reading.known)][:_MOST]
        self._facts[name] = json.dumps(known)
        return {name: self._facts[name]}

    def _of(self, head: bytes) -> list[Known]:
        found: list[Known] = []
        name = FACT + hashlib.sha256(head).hexdigest()[:32]
        with suppress(ValueError, TypeError):
            for size, digest, lines in json.loads(self._facts.get(name, "[]")):
                found.append(Known(int(size), str(digest), int(lines)))
        return found if head else []


def _head(file: BinaryIO) -> bytes:
    """What tells a file from most others and stays where it grows: its first line, else its first bytes."""
    head = file.read(_HEAD)
    line = head.partition(b"\n")[0]
    return line if len(line) > _LEAST else head


class Reading:
    """Follows a file as it is read, for its digest."""

    def __init__(self, path: str, traffic: Traffic, before: Known | None) -> None:
        """`before` is what is passed over. Raises OSError."""
        self._digest = hashlib.sha256()
        self._size = self._lines = 0
        self._rest = b""
        self._traffic = traffic
        with open(os.path.expanduser(path), "rb", buffering=0) as file:
            self.head = _head(file)
            if before is not None:
                file.seek(0)
                left = before.size
                while left and (data := file.read(min(_BLOCK, left))):
                    self._take(data)
                    left -= len(data)
                self._size, self._lines = before.size, before.lines
        traffic.watch(self._take_lines if traffic.kind in ("log", "access") else self._take)

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)

    def _take_lines(self, data: bytes) -> None:
        """Keep the beginning of a line apart: where it is the last one, it may be half written."""
        end = data.rfind(b"\n") + 1
        if end:
            self._take(self._rest)
            self._take(data[:end])
            self._lines += data.count(b"\n")
            self._rest = data[end:]
        else:
            self._rest += data

    @property
    def known(self) -> Known:
        """What was read of the file so far, without a last line that was passed over."""
        from ...recordings.request_log import CUT

        if not self._traffic.skipped[CUT]:
            self._take(self._rest)
            self._rest = b""
        return Known(self._size, self._digest.hexdigest(), self._lines)
