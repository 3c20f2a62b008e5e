"""Where what is kept lies: one rule, by which gateways write it and the commands of `sluice` find it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FOLDER: Final = ".sluicegate"
"""Name of the state folder, beside the folder of route files."""
FILE: Final = "state.db"
"""Name of the state file in it."""
SUFFIX: Final = ".db"
"""How the option `state` names a file instead of a folder."""


def state_folder(chosen: str, routes: Path) -> Path:
    """Return the state folder: as chosen, from the working directory, else `.sluicegate` beside the routes folder.

    It belongs to the route files, not to where the gateway was started: whoever names the same routes finds it.
    Where a state file was chosen, it is that file's folder.
    """
    return state_file(chosen, routes).parent


def state_file(chosen: str, routes: Path) -> Path:
    """Return the state file: `state.db` in the state folder, or as chosen by a name that ends in `.db`.

    state_file("", Path("/api/routes"))         →  /api/.sluicegate/state.db
    state_file("/var/gate", …)                  →  /var/gate/state.db
    state_file("/var/gate/learned.db", …)       →  /var/gate/learned.db
    """
    if not chosen:
        return Path(os.path.abspath(routes)).parent / FOLDER / FILE
    path = Path(os.path.abspath(os.path.expanduser(chosen)))
    return path if path.suffix == SUFFIX and not path.is_dir() else path / FILE


def make_state_folder(folder: Path) -> None:
    """Make the state folder where it is missing, for this user alone and ignored by git. Raises OSError."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return  # whoever made it chose its mode; what is no folder shows when it is used
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
