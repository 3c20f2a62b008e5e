"""The state file as a file: its format, how it is opened and checked, its faults in words, how it is set aside."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

VERSION: Final = 1
"""Of the tables below; a file of a newer one is set aside."""
APPLICATION: Final = 0x534C5543
"""What marks the file as one of ours: `SLUC` (SQLite, `PRAGMA application_id`)."""
PATIENCE: Final = 5.0
"""Seconds to wait for another process that is writing."""
TABLES: Final = f"""
CREATE TABLE IF NOT EXISTS learned (
    part TEXT NOT NULL, key TEXT NOT NULL, changed REAL NOT NULL, data BLOB NOT NULL, PRIMARY KEY (part, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS learned_by_age ON learned (part, changed);
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY, delta TEXT NOT NULL, part TEXT NOT NULL, key TEXT NOT NULL, data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS corrections (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""


class StoreError(Exception):
    """A state file that cannot be used; the text names it and says what to do."""


class BrokenStoreError(StoreError):
    """A file that is broken or was written by a newer version: its writer may set it aside. `mark` says which."""

    def __init__(self, text: str, mark: str) -> None:
        super().__init__(text)
        self.mark = mark


class BusyStoreError(StoreError):
    """A file that another process holds at this moment: trying again helps."""


def connect(uri: str) -> sqlite3.Connection:
    """Open a connection without transactions of its own making."""
    return sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def check(path: Path, connection: sqlite3.Connection) -> bool:
    """Whether the file has our tables; False: it is empty. Raises StoreError for another's, or a newer one."""
    run = connection.execute
    run("BEGIN")  # one moment: another process may be making the tables
    try:
        (tables,) = run("SELECT count(*) FROM sqlite_master").fetchone()
        application, version = (run(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    finally:
        with suppress(sqlite3.Error):
            run("ROLLBACK")
    if (application, version, tables) == (0, 0, 0):
        return False
    if application != APPLICATION:
        raise StoreError(f"{path}: is a database of another program: choose another file with state=PATH.")
    if version > VERSION:
        raise BrokenStoreError(
            f"{path}: was written by a newer version (its format is {version}, this one reads {VERSION})", "newer"
        )
    return True


def set_aside(path: Path, mark: str) -> Path:
    """Rename a file that cannot be used, with its log: `state.db` → `state.db.corrupt-20260131T235959Z`.

    Only for who holds the lock. Returns the new path. Raises StoreError.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    new = path.with_name(f"{path.name}.{mark}-{stamp}")
    number = 1
    while new.exists():
        number += 1
        new = path.with_name(f"{path.name}.{mark}-{stamp}-{number}")
    with telling(path):
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(new.with_name(new.name + suffix))
    return new


def broken(path: Path) -> BrokenStoreError:
    return BrokenStoreError(f"{path}: is broken", "corrupt")


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into words for people."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise broken(path) from None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise BusyStoreError(f"{path}: {error}") from None
        raise StoreError(f"{path}: {error}") from None
    except sqlite3.DatabaseError:
        raise broken(path) from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from None
