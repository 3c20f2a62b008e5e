"""The route files of all workers: loaded once, handed to each, told in the log when all run them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

from ..comparing.contents import Contents
from ..config.building import Loaded
from ..config.diagnostics import Diagnostic
from ..config.telling import LastLoad, findings, taken_over
from ..config.transfer import ENDPOINTS_IN_A_FRAME, End, Frame, chunks, packed
from .link import Generation, load_frames

logger = logging.getLogger(__name__)

SLOWEST: Final = 30.0
"""Seconds in which a worker takes over a table; one that does not is stuck."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What all workers run. `generation` is 0 while there is nothing; `at` is seconds since the epoch."""

    generation: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    endpoints: int = 0
    at: float | None = None


@dataclass(slots=True)
class _Pending:
    """A generation that was handed out: who has not taken it over yet, and who has."""

    loaded: Loaded
    endpoints: int
    awaited: set[int]
    since: float
    at: float
    took: set[int] = field(default_factory=set)


class Relay:
    """Numbers the generations. Workers are known by their numbers here."""

    def __init__(self, workers: int) -> None:
        """Hand over to so many workers."""
        self.generation = 0
        self.in_force = InForce()
        self.errors: Sequence[Diagnostic] = ()
        self.last: LastLoad | None = None
        self._workers = workers
        self._base: Contents | None = None
        """What the workers have: `again` refers to it."""
        self._good = self._bad = Loaded()
        self._good_at = 0.0
        self._pending: dict[int, _Pending] = {}

    def take(self, loaded: Loaded, living: Iterable[int]) -> bytes:
        """Take a load over; returns what each worker is to be sent. `living` are the workers that will have it."""
        now = time.time()
        self.last = LastLoad(now, loaded.table is not None, loaded.seconds)
        self.errors = loaded.errors
        for level, line in findings(loaded, self.generation):
            logger.log(level, "%s", line)
        if loaded.table is None or loaded.raw is None:
            self._bad = loaded
            return load_frames(Generation(self.generation, now), _failed(loaded))
        raw, endpoints = loaded.raw, len(loaded.raw.contents.endpoints)
        is_known = raw.base is None or raw.base is self._base
        self.generation += 1
        self._base = raw.contents
        self._good, self._good_at = replace(loaded, table=None, raw=None), now
        # What nobody was there to take over is of no interest any more.
        self._pending = {number: one for number, one in self._pending.items() if one.awaited}
        self._pending[self.generation] = _Pending(self._good, endpoints, set(living), monotonic(), now)
        frames = raw.frames if is_known else _whole(loaded, raw.contents)
        return load_frames(Generation(self.generation, now), frames)

    def for_newcomer(self) -> bytes:
        """What a worker is sent that has nothing yet: the last good table, else what is wrong; b'' before a load."""
        if self._base is not None:
            return load_frames(Generation(self.generation, self._good_at), _whole(self._good, self._base))
        return b"" if self.last is None else load_frames(Generation(0, self.last.at), _failed(self._bad))

    def runs(self, worker: int, generation: int) -> None:
        """A worker has taken a generation over."""
        for number in [number for number in self._pending if number <= generation]:
            self._pending[number].took.add(worker)
            self._settle(number, worker)

    def lost(self, worker: int) -> None:
        """A worker is gone."""
        for number in list(self._pending):
            self._settle(number, worker)

    def overdue(self, slowest: float = SLOWEST) -> dict[int, int]:
        """The workers that did not take a generation over within `slowest` seconds, and its number."""
        late = monotonic() - slowest
        return {worker: number for number, one in self._pending.items() if one.since < late for worker in one.awaited}

    def _settle(self, number: int, worker: int) -> None:
        """Await a worker no longer; say so when it was the last one."""
        pending = self._pending[number]
        pending.awaited.discard(worker)
        if pending.awaited or not pending.took:
            return
        del self._pending[number]
        self.in_force = InForce(number, pending.loaded.files, pending.endpoints, pending.at)
        seconds = pending.loaded.seconds + monotonic() - pending.since
        took, of = len(pending.took), "" if len(pending.took) == self._workers else f" of {self._workers}"
        told = taken_over(pending.loaded, number, seconds, pending.endpoints)
        logger.info("%s, on %d%s worker%s", told, took, of, "" if self._workers == 1 else "s")


def _failed(loaded: Loaded) -> list[bytes]:
    """The frames of a load that made no table."""
    return _packed([*chunks("diagnostics", loaded.diagnostics), ("end", End())])


def _whole(loaded: Loaded, contents: Contents) -> list[bytes]:
    """The frames of a table, for whoever knows none before it."""
    frames: list[Frame] = [
        *chunks("diagnostics", loaded.diagnostics),
        *chunks("files", sorted(loaded.files.items())),
        *chunks("hosts", contents.hosts),
        *chunks("endpoints", contents.endpoints, ENDPOINTS_IN_A_FRAME),
        ("end", End(complete=True, settings=contents.settings, receipt=loaded.receipt)),
    ]
    return _packed(frames)


def _packed(frames: Iterable[Frame]) -> list[bytes]:
    return [packed(frame) for frame in frames]
