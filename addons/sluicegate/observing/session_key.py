"""The key under which sessions are named: a random file in the state folder, made once and shared by all who name them.

With it the same client has the same name today and tomorrow, in every worker and in `sluice learn`; without it nobody
can find out what a name stands for.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..sessions.session import KEY_BYTES
from ..state import make_state_folder

logger = logging.getLogger(__name__)

FILE: Final = "session.key"
"""Its name in the state folder."""
_CONTENT: Final = re.compile(rb"([0-9a-f]{%d})\n?" % (2 * KEY_BYTES))


class BadKeyError(OSError):
    """The file is there and holds no key."""


def session_key(folder: Path) -> bytes:
    """Return the key of a state folder, which is made where it is missing. Raises OSError, with its reason.

    Never on the request path. Whoever comes second reads what the first has made, whole.
    """
    path = folder / FILE
    with suppress(FileNotFoundError):
        return _read(path)
    make_state_folder(folder)
    _make(path)
    return _read(path)


def session_key_of_run(folder: Path) -> bytes:
    """Return the key of a state folder; where it cannot be had, one for this run alone, with one warning."""
    try:
        return session_key(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        logger.warning(
            "%s: %s; sessions are named by a key of this run alone, and get other names in the next one",
            folder / FILE,
            reason[:1].lower() + reason[1:],
        )
        return secrets.token_bytes(KEY_BYTES)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        found = _CONTENT.fullmatch(file.read(4 * KEY_BYTES))
    if found is None:
        raise BadKeyError(0, "it holds no key: remove it, and a new one is made")
    return bytes.fromhex(found[1].decode("ascii"))


def _make(path: Path) -> None:
    """Write a new key beside its place and link it there: a link is made whole, and never over another file."""
    draft = path.with_name(f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{secrets.token_hex(KEY_BYTES)}\n".encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
