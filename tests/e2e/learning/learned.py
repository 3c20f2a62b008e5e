"""What `sluice` tells of what was learned, checked for what it promises and laid out for comparing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.console.sluice import Ran, sluice
from tests.e2e.learning.kinto import shape
from tests.e2e.sluice.material import no_traceback

MEMBERS = {"method", "host", "endpoint", "requests", "sessions", "confidence", "state", "variables"}
VARIABLE_MEMBERS = {"name", "type", "evidence"}
STATES = {"review", "saved", "ignored", "shadow"}


def keeping(state: Path) -> tuple[str, ...]:
    """The options of a gateway that learns into this file."""
    return "--set", "learn=true", "--set", f"state={state}"


def ran(*arguments: str | Path, cwd: Path, code: int = 0, env: Mapping[str, str] | None = None) -> Ran:
    """A run of `sluice` that is expected to end with this exit code."""
    result = no_traceback(sluice(*arguments, cwd=cwd, env=env))
    assert result.code == code, (arguments, result)
    return result


def rows(result: Ran) -> list[dict[str, Any]]:
    """The list that `--json` prints; each has the promised members and no other."""
    found: list[dict[str, Any]] = result.json
    assert isinstance(found, list)
    for row in found:
        assert row.keys() == MEMBERS, row.keys() ^ MEMBERS
        assert row["state"] in STATES, row
        assert 0 <= row["confidence"] <= 1, row
        for variable in row["variables"]:
            assert variable.keys() == VARIABLE_MEMBERS, variable
            assert isinstance(variable["type"], str)
            assert isinstance(variable["evidence"], str)
        assert [each["name"] for each in row["variables"]] == [
            *variables_of(row["endpoint"]),
            *variables_of(row["host"]),
        ], row
    return found


def variables_of(template: str) -> list[str]:
    """The names of the variables in a path template, from the left."""
    return [piece.partition("}")[0] for piece in template.split("{")[1:]]


def learn(*files: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """What `sluice learn` prints for these files and options, with `--json`."""
    return rows(ran("learn", "--json", *files, cwd=cwd, env=env))


def discovered(*arguments: str | Path, cwd: Path) -> list[dict[str, Any]]:
    """What `sluice discovered --json` prints."""
    found: list[dict[str, Any]] = ran("discovered", "--json", *arguments, cwd=cwd).json
    return found


def shapes(found: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Method and path of each row, with `{}` for a segment with a variable in it."""
    return {(row["method"], shape(row["endpoint"])) for row in found}


def the(found: Iterable[Mapping[str, Any]], method: str, path: str) -> dict[str, Any]:
    """The one row with this method and shape."""
    (row,) = [row for row in found if row["method"] == method and shape(row["endpoint"]) == path]
    return dict(row)


def everything_in(folder: Path) -> bytes:
    """The bytes of all files below a folder (WAL and journals too), and the text of all cells of databases."""
    pieces = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            pieces.append(path.read_bytes())
            if pieces[-1].startswith(b"SQLite format 3"):
                pieces += cells(path)
    return b"\n".join(pieces)


def cells(path: Path) -> list[bytes]:
    """Each value of each table of an SQLite file; packed ones unpacked where a common way fits."""
    found: list[bytes] = []
    with closing(sqlite3.connect(path)) as base:
        for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in base.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    packed = cell if isinstance(cell, bytes) else str(cell).encode()
                    found += [packed, *_unpacked(packed)]
    return found


def _unpacked(data: bytes) -> list[bytes]:
    import bz2
    import lzma
    import zlib

    found = []
    for unpack in (zlib.decompress, bz2.decompress, lzma.decompress):
        try:
            found.append(unpack(data))
        except (zlib.error, OSError, ValueError, lzma.LZMAError, EOFError):
            continue
    return found
