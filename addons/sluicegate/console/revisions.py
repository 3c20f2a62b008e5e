"""Route files of a git revision, `REV:PATH` as git writes it, copied into a temporary folder.

`HEAD:routes` counts from the top of the repository, `HEAD:./routes` from the working directory (gitrevisions(7)).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from ..config.files import is_route_file, readable
from .options import UnusableError
from .sources import Source

MOST_BYTES = 256 << 20
"""Bytes of all route files of one revision, at most (our choice)."""
_FILES = ("100644", "100755", "100664")
_LEFT_OUT = {"120000": "symbolic link", "160000": "submodule"}
_UNSAFE = frozenset({"", ".", "..", ".git"})


class _Entry(NamedTuple):
    """A file in a tree of git; `size` is -1 for what has none."""

    mode: str
    id: str
    size: int
    name: str


@contextmanager
def revision(named: str) -> Iterator[Source]:
    """Give the route files that `REV:PATH` names, a folder or one file of it. Raises UnusableError."""
    of, _, path = named.partition(":")
    if not of or of.startswith("-"):
        raise UnusableError(f"{named}: no such file or folder, and no revision: write REV:PATH, such as HEAD:routes")
    id = _git(named, "rev-parse", "--verify", named).decode().strip()
    kind = _git(named, "cat-file", "-t", id).decode().strip()
    with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
        if kind == "tree":
            entries = _entries(named, id, "-r")
            shown, names = (named if path else f"{named}."), None
        elif kind == "blob":
            if not is_route_file(path.rpartition("/")[2]):
                raise UnusableError(f"{named}: not a route file: its name ends in .yaml or .yml")
            above, slash, name = path.rpartition("/")
            shown = f"{of}:{above}{slash}"
            # The gateway's own file beside it is read, too.
            entries = _entries(named, _git(named, "rev-parse", "--verify", shown).decode().strip())
            shown, names = shown if above else f"{shown}.", frozenset({name})
        else:
            raise UnusableError(f"{named}: neither a folder nor a file: write REV:PATH, such as HEAD:routes")
        _write(named, Path(folder), entries)
        source = Source(Path(folder), shown, names)
        if not any(entry.mode in _FILES for entry in entries):
            raise UnusableError(f"{named}: no route files in this folder: they end in .yaml or .yml")
        yield source


def _entries(named: str, tree: str, *options: str) -> list[_Entry]:
    """The route files in a tree, and what is left out of it."""
    found: list[_Entry] = []
    for line in _git(named, "ls-tree", *options, "-z", "-l", "--full-tree", tree).split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        mode, _, id, size = head.decode().split()
        entry = _Entry(mode, id, int(size) if size.isdigit() else -1, os.fsdecode(name))
        if mode in _LEFT_OUT or (mode in _FILES and is_route_file(entry.name.rpartition("/")[2])):
            found.append(entry)
    return found


def _write(named: str, folder: Path, entries: Sequence[_Entry]) -> None:
    """Write the files of a tree below a folder; says on standard error what a revision cannot give."""
    for entry in entries:
        if entry.mode in _LEFT_OUT:
            place = readable(entry.name)
            click.echo(f"sluice: {named}: {place}: a {_LEFT_OUT[entry.mode]} of a revision is left out", err=True)
    files = [entry for entry in entries if entry.mode in _FILES]
    if sum(entry.size for entry in files) > MOST_BYTES:
        raise UnusableError(f"{named}: its route files are larger than {MOST_BYTES >> 20} MiB together")
    contents = _git(named, "cat-file", "--batch", given="".join(f"{entry.id}\n" for entry in files).encode())
    at = 0
    for entry in files:
        start = contents.index(b"\n", at) + 1  # after a line `ID blob SIZE`
        at = start + entry.size + 1
        if not _UNSAFE.isdisjoint(entry.name.split("/")):
            raise UnusableError(f"{named}: {readable(entry.name)}: not a name that a file can have")
        path = folder / entry.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[start : at - 1])
        except OSError as error:
            raise UnusableError(f"{named}: {readable(entry.name)}: {(error.strerror or str(error)).lower()}") from None


def _git(named: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run git and return what it prints. Raises UnusableError with what it says is wrong."""
    try:
        ran = subprocess.run(
            ["git", *arguments], input=given, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except FileNotFoundError:
        raise UnusableError(f"{named}: no such file or folder, and there is no git to read a revision with") from None
    except (OSError, ValueError) as error:
        raise UnusableError(f"{named}: git cannot be run: {error}") from None
    if ran.returncode != 0:
        said = ran.stderr.decode("utf-8", "backslashreplace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise UnusableError(f"{named}: no such file or folder, and git finds no such revision: {said or 'it failed'}")
    return ran.stdout
