"""The one place of this room that opens files."""

from __future__ import annotations

import os
import stat
from typing import Final

from .documents import MAX_BYTES, DocumentError

MAX_TOTAL: Final = 2 * MAX_BYTES
"""Bytes of all files of one description together, at most."""


class Reader:
    """Reads the files of one description."""

    def __init__(self) -> None:
        self._left = MAX_TOTAL

    def __call__(self, name: str) -> bytes:
        """Return a file's content. Raises DocumentError: no regular file, unreadable, too large."""
        try:
            with open(name, "rb", opener=_open) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise DocumentError(name, "it is not a regular file")
                content = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            if isinstance(error, DocumentError):
                raise
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise DocumentError(name, (reason or str(error)).lower()) from None
        self._left -= len(content)
        if self._left < 0:
            raise DocumentError(name, f"the files of the description are larger than {MAX_TOTAL >> 20} MiB together")
        return content


def _open(name: str, flags: int) -> int:
    """Open without blocking: a pipe would wait for its other end."""
    return os.open(name, flags | os.O_NONBLOCK)
