"""Files that a sub-command writes: beside their place, then renamed, so that nobody ever reads half of one."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

from .options import UnusableError


def check_writable(path: str, *, force: bool) -> None:
    """Raise UnusableError where a file exists that is not to be overwritten, or its folder does not."""
    if os.path.isdir(path):
        raise UnusableError(f"{path}: this is a folder: name a file in it")
    if not force and os.path.lexists(path):
        raise UnusableError(f"{path}: the file exists: overwrite it with --force, or name another one")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UnusableError(f"{path}: its folder does not exist: make it first")


def write_text(path: str, text: str, *, force: bool) -> None:
    """Write a file as UTF-8; a link is followed, and permissions stay.

    The name that it has meanwhile is hidden, so that no gateway takes it for a route file. Raises UnusableError; the
    file is then as it was.
    """
    check_writable(path, force=force)
    real = os.path.realpath(path)
    beside = os.path.join(os.path.dirname(real), f".{os.path.basename(real)[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            with suppress(FileNotFoundError):
                os.chmod(beside, os.stat(real).st_mode & 0o7777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, real)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            os.unlink(beside)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnusableError(f"{path}: cannot be written: {(reason or str(error)).lower()}") from None
