"""The state file: what was learned, in SQLite, written by one process at a time and read by any.

Whoever holds the lock beside the file (`state.db.lock`) writes what was learned. Others hand theirs in: each delta is
one transaction, which the writer takes in and removes in one transaction of its own, so that nothing is counted twice
or lost however a process ends. SQLite's write-ahead log keeps the file whole through a kill at any moment.

The file is kept below a size. Where it would grow beyond, the profiles of endpoints that changed longest ago go first,
then figures, then endpoints.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..state import make_state_folder
from .shelves import FIGURES, PATHS, PROFILE, Row
from .state_file import TABLES, StoreError, broken, check, connect, telling

MOST_BYTES: Final = 256 << 20
"""Bytes of the file, at most, without its log."""
MOST_INBOX: Final = 64 << 20
"""Bytes that wait to be taken in, at most; what comes then is refused."""
MOST_CORRECTIONS: Final = 10_000
"""Corrections that wait to be taken in, at most."""
_EVICTED: Final = (PROFILE, FIGURES, PATHS)
_ROWS_AT_A_TIME: Final = 200


class Delta(NamedTuple):
    """What another process has handed in, under its name."""

    name: str
    rows: list[Row]


class Waiting(NamedTuple):
    """A correction that waits to be taken in: `at` in seconds since the epoch; `data` is JSON."""

    number: int
    at: float
    data: str


class Lock:
    """The right to write what was learned; it ends with the process that holds it."""

    def __init__(self, path: Path) -> None:
        """Prepare the lock of a state file. Raises StoreError."""
        self.path = path.with_name(path.name + ".lock")
        with telling(path):
            make_state_folder(path.parent)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def take(self) -> bool:
        """Take the lock; False where another process has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise StoreError(f"{self.path}: cannot be locked: {error.strerror}") from None
        return True

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


class Store:
    """An open state file."""

    def __init__(self, path: Path, *, thorough: bool = False, most_bytes: int = MOST_BYTES) -> None:
        """Open the file, made where it is missing. Raises StoreError, BrokenStoreError where it could be set aside.

        `thorough` reads all of it for a check, which takes a second for the largest.
        """
        self.path = path
        self._most_bytes = most_bytes
        self._seen = -1
        with telling(path):
            make_state_folder(path.parent)
            # Before SQLite makes it with whatever mode is usual; its log takes over the mode of the file.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = connect(f"{path.as_uri()}?mode=rw")
            self.number = os.stat(path).st_ino
            try:
                self._prepare(thorough)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, thorough: bool) -> None:
        run = self._connection.execute
        is_ours = check(self.path, self._connection)
        if is_ours and thorough and run("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise broken(self.path)
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")  # a power cut may cost the last transactions, nothing else
        run(f"PRAGMA journal_size_limit = {4 << 20}")
        if not is_ours:
            with self._transaction():
                for statement in TABLES.strip().split(";\n"):
                    run(statement)

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self._connection.close()

    # What the writer does

    def rows(self) -> list[Row]:
        """All that was learned. Raises StoreError."""
        with telling(self.path):
            return _rows(self._connection)

    def write(
        self,
        rows: Iterable[Row],
        *,
        taken_in: Delta | None = None,
        corrected: int = 0,
        facts: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """Write rows, whole or not at all; returns the keys of others that had to go to make room, without data.

        In the same transaction: remove a delta that was taken in, and the corrections up to a number. Raises
        StoreError.
        """
        now = time.time()
        with telling(self.path), self._transaction() as run:
            for part, key, data in rows:
                if data is None:
                    run("DELETE FROM learned WHERE part = ? AND key = ?", (part, key))
                else:
                    run("INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?)", (part, key, now, data))
            if taken_in is not None:
                run("DELETE FROM inbox WHERE delta = ?", (taken_in.name,))
            if corrected:
                run("DELETE FROM corrections WHERE id <= ?", (corrected,))
            for name, value in (facts or {}).items():
                run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
            return list(self._make_room())

    def _make_room(self) -> Iterator[Row]:
        run = self._connection.execute
        for part in _EVICTED:
            while self._used() > self._most_bytes:
                oldest = run(
                    "SELECT key FROM learned WHERE part = ? ORDER BY changed LIMIT ?", (part, _ROWS_AT_A_TIME)
                ).fetchall()
                if not oldest:
                    break
                for (key,) in oldest:
                    run("DELETE FROM learned WHERE part = ? AND key = ?", (part, key))
                    yield Row(part, key, None)

    def _used(self) -> int:
        pages, free, size = (
            int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def has_news(self) -> bool:
        """Whether another process has written since this was last asked; costs next to nothing. Raises StoreError."""
        with telling(self.path):
            seen = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        before, self._seen = self._seen, seen
        return seen != before

    def delta(self) -> Delta | None:
        """The delta that waits longest. Raises StoreError."""
        with telling(self.path):
            first = self._connection.execute("SELECT delta FROM inbox ORDER BY id LIMIT 1").fetchone()
            if first is None:
                return None
            found = self._connection.execute("SELECT part, key, data FROM inbox WHERE delta = ? ORDER BY id", first)
            return Delta(first[0], [Row(*_typed(row)) for row in found])

    def corrections(self) -> list[Waiting]:
        """The corrections that wait to be taken in, in their order. Raises StoreError."""
        with telling(self.path):
            found = self._connection.execute("SELECT id, at, data FROM corrections ORDER BY id").fetchall()
        return [Waiting(int(number), float(at), str(data)) for number, at, data in found]

    # What everybody does

    def hand_in(self, rows: Iterable[Row], *, facts: Mapping[str, str] | None = None) -> None:
        """Leave rows for the writer, and facts, whole or not at all.

        Raises StoreError, also where too much waits already.
        """
        name = f"{os.getpid()}-{time.time_ns()}"
        with telling(self.path), self._transaction() as run:
            if run("SELECT coalesce(sum(length(data)), 0) FROM inbox").fetchone()[0] > MOST_INBOX:
                raise StoreError(f"{self.path}: its inbox is full: nobody takes in what is handed in.")
            for part, key, data in rows:
                if data is not None:
                    run("INSERT INTO inbox (delta, part, key, data) VALUES (?, ?, ?, ?)", (name, part, key, data))
            for fact, value in (facts or {}).items():
                run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (fact, value))

    def correct(self, data: Sequence[str]) -> int:
        """Leave corrections for the writer, each JSON; returns the number of the last. Raises StoreError."""
        with telling(self.path), self._transaction() as run:
            if run("SELECT count(*) FROM corrections").fetchone()[0] + len(data) > MOST_CORRECTIONS:
                raise StoreError(f"{self.path}: too many corrections wait: nobody takes them in.")
            last = 0
            for one in data:
                last = run("INSERT INTO corrections (at, data) VALUES (?, ?)", (time.time(), one)).lastrowid or 0
            return last

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection.execute
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


class Contents(NamedTuple):
    """What a state file holds at one moment."""

    rows: list[Row]
    facts: dict[str, str]
    waiting: list[list[Row]]
    """Handed in and not taken in yet, each delta for itself."""
    corrections: list[Waiting]


def read(path: Path) -> Contents:
    """Read a state file as it is at one moment, while it may be written. Raises StoreError, also for none."""
    with telling(path):
        if not path.exists():
            raise StoreError(f"{path}: nothing was learned yet: send traffic through the gateway, or `sluice learn`.")
        try:
            connection = connect(f"{path.as_uri()}?mode=ro")
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError:
            if os.access(path.parent, os.W_OK):
                raise
            connection = connect(f"{path.as_uri()}?mode=ro&immutable=1")  # no log can be made beside it
        try:
            if not check(path, connection):
                return Contents([], {}, [], [])
            connection.execute("BEGIN")
            rows = _rows(connection)
            facts = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM facts")}
            waiting: dict[str, list[Row]] = {}
            for delta, *row in connection.execute("SELECT delta, part, key, data FROM inbox ORDER BY id"):
                waiting.setdefault(delta, []).append(Row(*_typed(row)))
            found = connection.execute("SELECT id, at, data FROM corrections ORDER BY id").fetchall()
            corrections = [Waiting(int(number), float(at), str(data)) for number, at, data in found]
            return Contents(rows, facts, list(waiting.values()), corrections)
        finally:
            connection.close()


def _rows(connection: sqlite3.Connection) -> list[Row]:
    return [Row(*_typed(row)) for row in connection.execute("SELECT part, key, data FROM learned ORDER BY changed")]


def _typed(row: Sequence[Any]) -> tuple[str, str, bytes]:
    part, key, data = row
    return str(part), str(key), data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass")
