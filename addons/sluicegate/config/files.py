"""Which files of the routes folder count, and their content."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_DEPTH = 32
"""Folders below one another, at most."""
_ENDINGS = (".yaml", ".yml")
_TEST_ENDINGS = (".test.yaml", ".test.yml")
_LEFTOVER_BEGINNINGS = (".", "#", "~")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that counts: its path in the folder with slashes, and where it is."""

    name: str
    path: Path


def routes_folder(chosen: str = "") -> Path:
    """Return the folder of route files: as chosen, else `routes` in the working directory, else the repository's.

    An installed package has no repository around it: then the one in the working directory is what is missing.
    """
    if chosen:
        return Path(chosen).expanduser().absolute()
    here = Path("routes").absolute()
    addons = Path(__file__).resolve().parents[2]
    return addons.parent / "routes" if not here.is_dir() and (addons / "routing.py").is_file() else here


def is_route_file(name: str) -> bool:
    """Whether a file of this name counts.

    Tests do not, nor do hidden files and what editors leave behind: `#x#`, `.x.swp`, `x~`, `x.tmp`, `4913`.
    """
    return name.endswith(_ENDINGS) and not name.endswith(_TEST_ENDINGS) and not name.startswith(_LEFTOVER_BEGINNINGS)


def is_test_file(name: str) -> bool:
    """Whether a file of this name holds tests of the routes: `hotel.test.yaml`."""
    return name.endswith(_TEST_ENDINGS) and not name.startswith(_LEFTOVER_BEGINNINGS)


def list_files(folder: Path, counts: Callable[[str], bool] = is_route_file) -> list[FoundFile]:
    """Return the files that count, by their own names, sorted; raises OSError where the folder cannot be read.

    Links to files and folders are followed, and each folder is entered once: a link to a folder above, or a second
    link to one, adds nothing. Hidden folders, such as `..data` of a Kubernetes volume, are not entered by
    themselves; the links beside them that lead through them are.
    """
    seen = {_identity(folder)}
    return sorted(_walk(folder, "", seen, 0, counts), key=lambda found: found.name)


def _walk(
    folder: Path, prefix: str, seen: set[tuple[int, int]], depth: int, counts: Callable[[str], bool]
) -> Iterator[FoundFile]:
    folders: list[os.DirEntry[str]] = []
    with os.scandir(folder) as listed:
        found = sorted(listed, key=lambda entry: (entry.is_symlink(), entry.name))
    for entry in found:
        if entry.name.startswith(_LEFTOVER_BEGINNINGS):
            continue
        if _is_folder(entry):
            folders.append(entry)
        elif counts(entry.name):
            yield FoundFile(prefix + readable(entry.name), Path(entry.path))
    for entry in folders if depth < MAX_DEPTH else ():
        try:
            identity = _identity(Path(entry.path))
            if identity in seen:
                continue
            seen.add(identity)
            yield from _walk(Path(entry.path), f"{prefix}{readable(entry.name)}/", seen, depth + 1, counts)
        except FileNotFoundError:
            continue  # removed between the listing and now


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link to itself: reading it as a file says so


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def readable(name: str) -> str:
    """Return a file name as text that can be printed, whatever its bytes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells without reading that a file was not written to."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


def signature(path: Path) -> Signature:
    """Return a file's signature; raises OSError, also for what is no regular file."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a regular file")
    return Signature(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
