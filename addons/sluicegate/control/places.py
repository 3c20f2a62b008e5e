"""Where a gateway's control socket lies: one rule, by which gateways make it and `sluice status` finds it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
from pathlib import Path

MOST_BYTES = 107 if sys.platform == "linux" else 103
"""Bytes of a socket's path: `sun_path` of unix(7) without its closing NUL; macOS and BSD have four fewer."""

_NAME = re.compile(r"control-([0-9]{1,5})(?:-[0-9]{1,10})?\.sock")


def fallback_folder(state: Path) -> Path:
    """Return the folder that stands in for a state folder that cannot hold a socket: short, and of this user alone."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(state))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"sluicegate-{os.getuid()}-{digest}"


def socket_name(port: int, pid: int = 0) -> str:
    """Return a socket's name: by the gateway's port, and by its process where that name is taken."""
    return f"control-{port}-{pid}.sock" if pid else f"control-{port}.sock"


def port_of(name: str) -> int | None:
    """The port in a socket's name; None for another file's name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def make_fallback_folder(folder: Path) -> None:
    """Make the folder in the temporary directory. Raises OSError, also where another user has planted one there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not is_private(folder):
            raise PermissionError(f"{folder} is not a folder of this user alone") from None


def is_private(folder: Path) -> bool:
    """Whether a path is a folder, not a link, that belongs to this user and is open to nobody else."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077
