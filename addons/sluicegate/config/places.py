"""Where to watch for changes of the route files: the folder, what links in it lead to, and where links are replaced.

routes → /srv/current/routes, /srv/current → /srv/42
→  the tree /srv/42/routes, and the names `routes` in its folder and in /srv/42, `current` in /srv
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from .files import FoundFile

MOST_PLACES: Final = 64
"""Directories watched apart, at most; what lies beyond is found by looking every few seconds."""
_MOST_LINKS: Final = 40
"""Links followed in one path, at most (as Linux does)."""


class Place(NamedTuple):
    """A directory to watch: all below it (`names` None), or the entries of some names in it.

    `writes`: writing to a file counts too, not only making, moving and removing one.
    """

    directory: str
    names: frozenset[str] | None = None
    writes: bool = True


def places(folder: Path, files: Iterable[FoundFile]) -> list[Place]:
    """Return the places to watch for a folder (which may be missing) and the route files found in it."""
    top = os.path.abspath(folder)
    real, links = trace(top)
    written: defaultdict[str, set[str]] = defaultdict(set)
    replaced: defaultdict[str, set[str]] = defaultdict(set)
    for directory, name in (*links, _existing(real)):
        replaced[directory].add(name)
    trees = {real} if os.path.isdir(real) else set()
    looked_at = {top}
    for file in files:
        for linked in _linked_folders(os.path.dirname(file.path), looked_at):
            target, links = trace(linked)
            trees.add(target)
            for directory, name in links:
                replaced[directory].add(name)
        if os.path.islink(file.path):
            target, links = trace(os.path.abspath(file.path))
            written[os.path.dirname(target)].add(os.path.basename(target))
            for directory, name in links:
                replaced[directory].add(name)
    return _reduced(trees, written, replaced)


def _reduced(trees: set[str], written: dict[str, set[str]], replaced: dict[str, set[str]]) -> list[Place]:
    """One place for each directory, and none below a tree."""
    found = [Place(tree) for tree in sorted(trees) if not any(_is_below(tree, other) for other in trees)]
    tops = [place.directory for place in found]
    for directory in sorted({*written, *replaced}, key=lambda name: (name not in written, name)):
        if directory in tops or any(_is_below(directory, top) for top in tops):
            continue
        names = written.get(directory, set()) | replaced.get(directory, set())
        found.append(Place(directory, frozenset(names), directory in written))
    return found[:MOST_PLACES]


def trace(path: str) -> tuple[str, list[tuple[str, str]]]:
    """Resolve an absolute path, existing or not; the second part is each link on the way: its directory and name."""
    rest = path.split("/")[::-1]
    links: list[tuple[str, str]] = []
    current = "/"
    while rest:
        name = rest.pop()
        if name in ("", "."):
            continue
        if name == "..":
            current = os.path.dirname(current)
            continue
        step = os.path.join(current, name)
        try:
            target = os.readlink(step)
        except OSError:  # not a link, or nothing at all
            current = step
            continue
        links.append((current, name))
        if len(links) > _MOST_LINKS:
            return step, links
        if target.startswith("/"):
            current = "/"
        rest.extend(target.split("/")[::-1])
    return current, links


def _existing(path: str) -> tuple[str, str]:
    """The nearest directory above a path that exists, and the name in it to wait for."""
    directory, name = os.path.split(path)
    while not os.path.isdir(directory) and directory != "/":
        directory, name = os.path.split(directory)
    return directory, name


def _linked_folders(directory: str, looked_at: set[str]) -> list[str]:
    """The links among a directory and those above it, but for the ones looked at before."""
    found: list[str] = []
    while directory not in looked_at and directory != "/":
        looked_at.add(directory)
        if os.path.islink(directory):
            found.append(directory)
        directory = os.path.dirname(directory)
    return found


def _is_below(directory: str, other: str) -> bool:
    return directory != other and directory.startswith(other.rstrip("/") + "/")
