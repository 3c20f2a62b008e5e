"""File system events from watchdog for a changing set of places."""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from .places import Place

_REPLACEMENTS: Final[list[type[FileSystemEvent]]] = [
    events.FileCreatedEvent,
    events.FileDeletedEvent,
    events.FileMovedEvent,
    events.DirCreatedEvent,
    events.DirDeletedEvent,
    events.DirMovedEvent,
]
# Opening and reading are left out: that the files are read must not look like a change of them.
_WRITES: Final[list[type[FileSystemEvent]]] = [events.FileModifiedEvent, events.FileClosedEvent]
_PASSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP})
"""Reasons why one place cannot be watched now, which say nothing about the others."""

# What watchdog has to say is for its developers: what it misses or fumbles, the next look at the files finds.
logging.getLogger("watchdog").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, r"watchdog\.")


@dataclass(frozen=True, slots=True)
class _Watched:
    """A place that is watched, and which directory stood there."""

    place: Place
    identity: tuple[int, int]
    watch: ObservedWatch


class Schedule:
    """Passes on the events of places to a function, which is called on watchdog's threads."""

    def __init__(self, noticed: Callable[[Place, FileSystemEvent], None]) -> None:
        self._noticed = noticed
        self._observer: BaseObserver | None = None
        self._watched: dict[str, _Watched] = {}
        self._gone: set[str] = set()

    def update(self, wanted: Iterable[Place]) -> None:
        """Watch these places from now on, and no others.

        Raises OSError where the system has no more watches to give or has no events at all.
        """
        if self._observer is None:
            observer = Observer()
            observer.start()
            self._observer = observer
        places = {place.directory: place for place in wanted}
        for directory, watched in list(self._watched.items()):
            is_same = places.get(directory) == watched.place and _identity(directory) == watched.identity
            if not is_same or directory in self._gone:
                del self._watched[directory]
                self._gone.discard(directory)
                self._observer.unschedule(watched.watch)
        for directory, place in places.items():
            identity = _identity(directory)
            if directory not in self._watched and identity is not None:
                watch = self._watch(self._observer, place)
                if watch is not None:
                    self._watched[directory] = _Watched(place, identity, watch)

    def _watch(self, observer: BaseObserver, place: Place) -> ObservedWatch | None:
        try:
            return observer.schedule(
                _Handler(place, self._passed),
                place.directory,
                recursive=place.names is None,
                event_filter=_REPLACEMENTS + (_WRITES if place.writes else []),
            )
        except OSError as error:
            if error.errno in _PASSING:
                return None
            raise

    def _passed(self, place: Place, event: FileSystemEvent) -> None:
        if event.event_type == events.EVENT_TYPE_DELETED and os.fsdecode(event.src_path) == place.directory:
            self._gone.add(place.directory)  # another directory may have come in its place
        self._noticed(place, event)

    def close(self) -> None:
        """Stop all events; waits for the threads."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()


class _Handler(FileSystemEventHandler):
    def __init__(self, place: Place, passed: Callable[[Place, FileSystemEvent], None]) -> None:
        self._place = place
        self._passed = passed

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = self._place.names
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        if names is None or self._place.directory in paths or any(os.path.basename(path) in names for path in paths):
            self._passed(self._place, event)


def _identity(directory: str) -> tuple[int, int] | None:
    try:
        status = os.stat(directory)
    except OSError:
        return None
    return status.st_dev, status.st_ino
