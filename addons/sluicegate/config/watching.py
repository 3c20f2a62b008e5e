"""Watching the routes folder: events where the system has them, and a look at the files every few seconds.

Events only say when to look; a look finds what no event told. What is watched follows the links (`places`).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from watchdog import events
from watchdog.events import FileSystemEvent

from .files import FoundFile, Signature, is_route_file, list_files, signature
from .places import Place, places
from .schedule import Schedule

logger = logging.getLogger(__name__)

INTERVAL: Final = 2.0
"""Seconds between two looks where there are events: they can be lost, and a network file system has none."""
POLLING_INTERVAL: Final = 0.5
"""Seconds between two looks where there are no events."""
_FOLLOW_UPS: Final = (0.1, 0.5)
"""Seconds after an event to look again: a new folder may have been filled before it was watched."""
_SETTLED: Final = 2.2
"""Seconds in which a second change may leave the same time stamp behind (file systems with coarse clocks)."""
_WRITING: Final = 2.0
"""Seconds after its last change in which a file that was not closed counts as being written."""
_SHARE: Final = 50
"""The time between two looks is at least this many times the time that a look takes."""
_REST: Final = 5
"""After a look, the thread rests this many times the time that it took, whatever happens."""
_STEADY: Final = 0.1
"""Seconds between two looks that must agree where there are no events."""
_TELLS_CLOSING: Final = sys.platform == "linux"

State = tuple[tuple[str, Signature | None], ...] | None
"""The route files by name and what tells that they changed; None: the folder is missing."""


class Watch:
    """Calls a function, on a thread of its own, whenever the route files may have changed."""

    def __init__(
        self, folder: Path, changed: Callable[[], None], *, polling: bool = False, interval: float | None = None
    ) -> None:
        """Watch a folder, which may be missing; `changed` is called often, and once when watching has begun.

        `polling`: without events, for file systems that have none. `interval`: seconds between two looks.
        """
        self._folder = folder
        self._changed = changed
        self._schedule = None if polling else Schedule(self._noticed)
        self._interval = interval
        self._cost = 0.0
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._due = threading.Event()
        self._open: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="watching route files", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End watching; waits for the thread."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_polling(self) -> bool:
        """Whether there are no events, and the files are only looked at."""
        return self._schedule is None

    @property
    def is_writing(self) -> bool:
        """Whether a route file is being written: it was changed a moment ago and is open still."""
        now = monotonic()
        return any(now - changed < _WRITING for changed in list(self._open.values()))

    def _run(self) -> None:
        state = self._look()
        self._changed()
        extra: list[float] = []  # when to look out of turn
        unsettled = False
        while not self._stopped.wait(min(_REST * self._cost, 0.5)):
            is_event = self._wake.wait(max(0.0, min([monotonic() + self._pause, *extra]) - monotonic()))
            self._wake.clear()
            if self._due.is_set():
                self._due.clear()
                self._changed()
            now = monotonic()
            extra = [now + delay for delay in _FOLLOW_UPS] if is_event else [at for at in extra if at > now]
            before, state = state, self._look()
            if state != before and self.is_polling:
                state = self._steady(state)
                extra, unsettled = [monotonic() + _SETTLED], True
            elif unsettled and not extra:
                unsettled = False
                self._changed()
            if state != before:
                self._changed()
        if self._schedule is not None:
            self._schedule.close()

    @property
    def _pause(self) -> float:
        interval = self._interval or (POLLING_INTERVAL if self.is_polling else INTERVAL)
        return max(interval, _SHARE * self._cost)

    def _look(self) -> State:
        """Read names and signatures of the files, and watch the places that they are in now."""
        started = monotonic()
        files: list[FoundFile] = []
        state: State = None
        try:
            files = list_files(self._folder)
            state = tuple((file.name, _signature(file)) for file in files)
        except OSError:
            pass  # what is wrong with the folder is the compiler's to say
        if self._schedule is not None:
            try:
                self._schedule.update(places(self._folder, files))
            except Exception as error:  # no more watches, no events on this system, a fault of the library
                self._fall_back(self._schedule, error)
        self._cost = monotonic() - started
        return state

    def _steady(self, state: State) -> State:
        """Wait until two looks agree: without events nothing else tells that a file is being written."""
        deadline = monotonic() + _WRITING
        while monotonic() < deadline and not self._stopped.wait(_STEADY):
            before, state = state, self._look()
            if state == before:
                break
        return state

    def _fall_back(self, schedule: Schedule, error: Exception) -> None:
        self._schedule = None
        self._open.clear()
        schedule.close()
        interval = self._interval or POLLING_INTERVAL
        logger.warning("route files are looked at every %g s: there are no file system events (%s)", interval, error)

    def _noticed(self, place: Place, event: FileSystemEvent) -> None:
        """Take an event in, on a thread of watchdog's."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        is_named = place.names is not None and place.writes
        counts = is_named or any(is_route_file(os.path.basename(path)) for path in paths)
        counts = counts and not event.is_directory
        is_write = event.event_type in (events.EVENT_TYPE_MODIFIED, events.EVENT_TYPE_CLOSED)
        if is_write and not counts:
            return
        if event.event_type == events.EVENT_TYPE_MODIFIED and _TELLS_CLOSING:
            self._open[paths[0]] = monotonic()
        else:
            self._open.pop(paths[0], None)
        if counts:
            self._due.set()
        self._wake.set()


def _signature(file: FoundFile) -> Signature | None:
    try:
        return signature(file.path)
    except OSError:
        return None
