"""Watching the routes folder, with real files and real events."""

from __future__ import annotations

import errno
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.events import FileSystemEvent

from sluicegate.config import schedule, watching
from sluicegate.config.files import list_files
from sluicegate.config.places import Place, places
from sluicegate.config.schedule import Schedule
from sluicegate.config.watching import Watch

from .edits import EVERY_WAY, Action, plain, routes

NEVER = 3600.0
"""Seconds between two looks where only events may tell."""


class Changes:
    """Counts the calls of a watch."""

    def __init__(self) -> None:
        self.count = 0
        self._told = threading.Condition()

    def __call__(self) -> None:
        with self._told:
            self.count += 1
            self._told.notify_all()

    def wait_for(self, count: int, seconds: float = 20) -> None:
        with self._told:
            assert self._told.wait_for(lambda: self.count >= count, seconds), f"{self.count} of {count} changes told"

    def wait_until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        with self._told:
            assert self._told.wait_for(condition, seconds)

    def told_after(self, action: Action) -> None:
        before = self.count
        action()
        self.wait_for(before + 1)


@contextmanager
def watched(folder: Path, *, polling: bool = False, interval: float | None = NEVER) -> Iterator[tuple[Watch, Changes]]:
    changes = Changes()
    watch = Watch(folder, changes, polling=polling, interval=interval)
    watch.start()
    try:
        changes.wait_for(1)  # watching has begun
        yield watch, changes
    finally:
        watch.close()


@pytest.mark.parametrize("way", EVERY_WAY)
def test_events_tell_of_a_change(way: Callable[[Path], Action], tmp_path: Path) -> None:
    action = way(tmp_path / "routes")
    with watched(tmp_path / "routes") as (watch, changes):
        changes.told_after(action)
        assert not watch.is_polling


@pytest.mark.parametrize("way", EVERY_WAY)
def test_polling_finds_a_change(way: Callable[[Path], Action], tmp_path: Path) -> None:
    action = way(tmp_path / "routes")
    with watched(tmp_path / "routes", polling=True, interval=0.05) as (watch, changes):
        changes.told_after(action)
        assert watch.is_polling


@pytest.mark.parametrize("way", EVERY_WAY)
def test_events_go_on_after_a_change(way: Callable[[Path], Action], tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    action = way(folder)
    with watched(folder, interval=0.5) as (_, changes):
        changes.told_after(action)
        for number in range(3):
            changes.told_after(lambda number=number: (folder / f"more{number}.yaml").write_text(routes("/more")))


def test_a_folder_that_comes_later_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er" / "routes"
    with watched(folder, interval=0.5) as (_, changes):
        folder.parent.mkdir(parents=True)
        changes.told_after(lambda: plain(folder))
        changes.told_after(lambda: (folder / "hotel.yaml").write_text(routes("/after")))


def test_a_look_finds_what_no_event_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain(tmp_path / "routes")
    monkeypatch.setattr(Schedule, "update", lambda *_: None)
    with watched(tmp_path / "routes", interval=0.05) as (watch, changes):
        changes.told_after(lambda: (tmp_path / "routes" / "hotel.yaml").write_text(routes("/after")))
        assert not watch.is_polling


def test_reading_the_files_makes_no_events(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    seen: queue.SimpleQueue[str] = queue.SimpleQueue()
    events = Schedule(lambda _, event: seen.put(f"{event.event_type} {Path(str(event.src_path)).name}"))
    events.update(places(folder, list_files(folder)))
    try:
        for file in list_files(folder):
            file.path.read_bytes()
        (folder / "last.yaml").touch()
        assert seen.get(timeout=20) == "created last.yaml"
    finally:
        events.close()


def test_writing_beside_the_folder_makes_no_events(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    seen: queue.SimpleQueue[tuple[Place, FileSystemEvent]] = queue.SimpleQueue()
    events = Schedule(lambda place, event: seen.put((place, event)))
    events.update(places(folder, list_files(folder)))
    try:
        with (tmp_path / "requests.log").open("w") as log:
            for _ in range(100):
                log.write("x")
                log.flush()
        (folder / "last.yaml").touch()
        place, event = seen.get(timeout=20)
        assert (place.directory, Path(str(event.src_path)).name) == (str(folder.resolve()), "last.yaml")
    finally:
        events.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only inotify tells that a file was closed")
def test_a_file_counts_as_being_written_from_a_change_to_its_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_WRITING", NEVER)
    plain(tmp_path / "routes")
    with watched(tmp_path / "routes") as (watch, changes):
        assert not watch.is_writing
        with (tmp_path / "routes" / "hotel.yaml").open("a") as file:
            changes.told_after(lambda: (file.write("# more\n"), file.flush()))
            assert watch.is_writing
        changes.wait_until(lambda: not watch.is_writing)


def test_one_log_line_says_that_events_ran_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    plain(tmp_path / "routes")
    monkeypatch.setattr(schedule, "Observer", refuse)
    with caplog.at_level(logging.WARNING), watched(tmp_path / "routes", interval=0.05) as (watch, changes):
        changes.told_after(lambda: (tmp_path / "routes" / "hotel.yaml").write_text(routes("/after")))
        assert watch.is_polling
    (record,) = [record for record in caplog.records if record.name == watching.logger.name]
    assert "every 0.05 s" in record.message
    assert "inotify watch limit reached" in record.message


EXHAUSTED = """
import logging, os, resource, sys, threading
from pathlib import Path
from sluicegate.config.watching import Watch

logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")
folder = Path(sys.argv[1])
told = threading.Semaphore(0)
watch = Watch(folder, told.release, interval=0.05)
free = os.open("/dev/null", os.O_RDONLY)
os.close(free)
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
watch.start()
assert told.acquire(timeout=20)
resource.setrlimit(resource.RLIMIT_NOFILE, limits)
(folder / "hotel.yaml").write_text("endpoints:")
assert told.acquire(timeout=20)
print("polling" if watch.is_polling else "events")
watch.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is inotify's")
def test_a_process_without_file_descriptors_for_events_polls(tmp_path: Path) -> None:
    plain(tmp_path / "routes")
    done = subprocess.run(
        [sys.executable, "-c", EXHAUSTED, str(tmp_path / "routes")],
        env={"PYTHONPATH": str(Path(watching.__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    *log, mode = done.stdout.splitlines()
    assert mode == "polling"
    assert len(log) == 1
    assert "there are no file system events" in log[0]
