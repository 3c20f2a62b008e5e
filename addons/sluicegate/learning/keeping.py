"""Keeps a learner and the state file together: as the one that writes, or as one that hands in what it learned."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from .learner import Learner
from .paths.corrections import Correction
from .shelves import Row
from .state_file import PATIENCE, BrokenStoreError, BusyStoreError, StoreError, set_aside
from .store import MOST_BYTES, Delta, Lock, Store, Waiting, read

type AnyLearner = Learner[Any, Any]
Make = Callable[[], AnyLearner]
"""Makes a learner that knows nothing yet."""
Say = Callable[[str], None]
"""Takes a line for people."""

SHARE: Final = 0.01
"""Of one processor, at most, for writing down, and as much for bringing together, while exchanges come in."""
LONGEST: Final = 10.0
"""Seconds between two times of writing down, at most, while there is something to write."""
HANDED_IN: Final = 5.0
"""Seconds between two deltas of one that does not write, at least: each costs the writer a look at everything."""
_TAKING_IN: Final = 0.1
"""Of one processor, at most, for taking in what others hand in."""
_AT_A_TIME: Final = 0.05
"""Seconds of work for writing down at a time; what is left follows the next time."""
_AGAIN: Final = 0.05
"""Seconds until a file that could not be opened is tried again."""


class Learned(NamedTuple):
    """What a state file holds: all that was learned, what waits to be taken in included, and facts about its writer."""

    learner: AnyLearner
    facts: dict[str, str]


def learned(path: Path, make: Make) -> Learned:
    """Read a state file, for those who only look. Raises StoreError, also where there is none."""
    contents = read(path)
    learner = make()
    learner.load(contents.rows)
    for rows in contents.waiting:
        _take_in(learner, rows, make)
    _correct(learner, contents.corrections)
    return Learned(learner, contents.facts)


class Keeper:
    """A learner whose knowledge outlives it. Only `open` and `close` may take long."""

    def __init__(self, path: Path, make: Make, say: Say, *, most_bytes: int = MOST_BYTES) -> None:
        """`say` gets what people should know: a file that was set aside, a disk that is full."""
        self.path = path
        self.learner = make()
        self.is_writer = False
        self.facts: dict[str, str] = {}
        """Written with the next rows."""
        self.remembered: dict[str, str] = {}
        """Facts that belong to the next rows, written or handed in with them, whole or not at all."""
        self._make, self._say, self._most_bytes = make, say, most_bytes
        self._lock = Lock(path)
        self._store: Store | None = None
        self._unwritten: dict[tuple[str, str], bytes | None] = {}
        self._merged = ""
        """The delta that was taken in last."""
        self._has_told = self._has_news = False
        self._next_flush = self._next_regroup = self._next_delta = 0.0

    def open(self) -> None:
        """Open the file and load what it holds, where this process is to write it. Raises StoreError.

        The writer may be about to make the file, or to set a broken one aside: others wait for that.
        """
        until = time.monotonic() + PATIENCE
        while True:
            self.is_writer = self._lock.take()
            try:
                self._open()
            except StoreError as error:
                passes = not self.is_writer or isinstance(error, BusyStoreError)
                if not passes or time.monotonic() > until:
                    raise
                time.sleep(_AGAIN)
            else:
                return

    def close(self) -> None:
        """Write what is left, and let go of the file."""
        with suppress(StoreError):
            self.look()
        self.flush(everything=True)
        if not self.is_kept:
            self.flush(everything=True)  # the file was busy, perhaps: once more
        if self._store is not None:
            self._store.close()
        self._lock.release()

    def correct(self, corrections: list[str]) -> None:
        """Apply corrections, each JSON, and write what they change: at once, or as soon as the writer looks.

        Raises StoreError.
        """
        if self._store is None:
            raise StoreError(f"{self.path}: is not open.")
        self._store.correct(corrections)
        if self.is_writer:
            self.look()

    def flush(self, *, everything: bool = False) -> None:
        """Write down what changed. Unless `everything` is asked for, a little at a time, and not too often.

        What cannot be written is tried again the next time; the first such fault is told.
        """
        now = time.monotonic()
        if not everything and now < self._next_flush:
            return
        if not self.is_writer and not everything and now < self._next_delta:
            return
        began = time.thread_time()
        if everything or now >= self._next_regroup:
            self.learner.regroup()
            self._next_regroup = now + (time.thread_time() - began) / SHARE
        began = time.thread_time()
        self._gather(None if everything else now + _AT_A_TIME)
        if self._unwritten or self.facts or self.remembered:
            try:
                self._write()
            except StoreError as error:
                self.tell(f"what is learned cannot be kept at present: {error}")
        self._next_flush = now + min((time.thread_time() - began) / SHARE, LONGEST)

    @property
    def is_kept(self) -> bool:
        """Whether all that was flushed is written, or handed in."""
        return not self._unwritten and not self.remembered

    def look(self) -> None:
        """Take in what others handed in and corrected; become the writer where there is none. Raises StoreError."""
        if not self.is_writer and self._lock.take():
            self._become_writer()
        if not self.is_writer:
            return
        store = self._there()
        self._has_news = store.has_news() or self._has_news
        if not self._has_news:
            return
        began, now = time.thread_time(), time.monotonic()
        while now >= self._next_delta and (delta := store.delta()) is not None:
            if delta.name != self._merged:  # else it could only not be written
                _take_in(self.learner, delta.rows, self._make)
                self._merged = delta.name
            self._gather(None)
            self._write(taken_in=delta)
            self._next_delta = now + (time.thread_time() - began) / _TAKING_IN
        while found := store.corrections():
            _correct(self.learner, found)  # twice is the same as once
            self._gather(None)
            self._write(corrected=found[-1].number)
        self._has_news = store.delta() is not None

    # How

    def _open(self) -> None:
        try:
            self._store = Store(self.path, thorough=self.is_writer, most_bytes=self._most_bytes)
        except BrokenStoreError as error:
            if not self.is_writer:
                raise
            self._set_aside(error)
        if self.is_writer and self._store is not None:
            try:
                rows = self._store.rows()
            except BrokenStoreError as error:
                self._set_aside(error)
                rows = []
            if bad := self.learner.load(rows):
                self._say(f"{self.path}: {bad} of {len(rows)} rows made no sense and were left out.")

    def _set_aside(self, error: BrokenStoreError) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        new = set_aside(self.path, error.mark)
        self._say(f"{error}; it was set aside as {new.name}, and learning begins anew.")
        self._store = Store(self.path, most_bytes=self._most_bytes)

    def _become_writer(self) -> None:
        """Load what there is, and add what was learned here meanwhile. Where it fails, nothing changes."""
        own = self.learner
        self.learner = self._make()
        self.is_writer = True
        self._close_store()
        try:
            self._open()
        except StoreError:
            self._close_store()  # it is opened again when there is something to hand in
            self.learner, self.is_writer = own, False
            raise
        self._unwritten.clear()  # rows of what was learned here alone: all of it is in the learner still
        self.learner.merge(own)

    def _there(self) -> Store:
        """The open file; a new one with all that is known where the old one was taken away."""
        self._let_go_where_gone()
        if self._store is None:
            self._store = Store(self.path, most_bytes=self._most_bytes)
            self._everything_again()
        return self._store

    def _let_go_where_gone(self) -> None:
        """Close a file that was taken away: what is written to it is lost."""
        if self._store is None:
            return
        try:
            is_there = os.stat(self.path).st_ino == self._store.number
        except OSError:
            is_there = False
        if not is_there:
            self._close_store()

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _everything_again(self) -> None:
        own, self.learner = self.learner, self._make()
        self.learner.merge(own)
        self._unwritten.clear()
        self._gather(None)

    def _gather(self, until: float | None) -> None:
        for part, key, data in self.learner.changed():
            self._unwritten[part, key] = data
            if until is not None and time.monotonic() > until:
                break

    def _write(self, taken_in: Delta | None = None, corrected: int = 0) -> None:
        """Write what was gathered. Raises StoreError."""
        if not self.is_writer:
            self._hand_in()
            return
        for is_last in (False, True):
            store = self._there()
            rows = [Row(part, key, data) for (part, key), data in self._unwritten.items()]
            facts = self.facts | self.remembered
            try:
                evicted = store.write(rows, taken_in=taken_in, corrected=corrected, facts=facts)
            except BrokenStoreError as error:
                if is_last:
                    raise
                self._set_aside(error)
                self._everything_again()
            else:
                break
        self._unwritten.clear()
        self.facts, self.remembered = {}, {}
        self._has_told = False
        for row in evicted:
            self.learner.forget(row.part, row.key)

    def _hand_in(self) -> None:
        """Hand in all that was learned here since the last time, and begin with nothing."""
        self._gather(None)
        self._let_go_where_gone()
        if self._store is None:
            self._open()
        if self._store is not None:
            self._next_delta = time.monotonic() + HANDED_IN
            rows = [Row(part, key, data) for (part, key), data in self._unwritten.items()]
            self._store.hand_in(rows, facts=self.remembered)
            self._unwritten.clear()
            self.remembered = {}
            self._has_told = False
            self.learner = self._make()

    def tell(self, line: str) -> None:
        """Tell people, once until things are well again."""
        if not self._has_told:
            self._has_told = True
            self._say(line)


def _take_in(learner: AnyLearner, rows: list[Row], make: Make) -> None:
    other = make()
    other.load(rows)
    learner.merge(other)


def _correct(learner: AnyLearner, corrections: Iterable[Waiting]) -> None:
    for one in corrections:
        with suppress(ValueError, TypeError, LookupError, RecursionError):
            learner.correct(Correction.from_members(json.loads(one.data)))
