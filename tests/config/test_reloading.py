"""Reloading: from an edit of a real file to the table that is handed over."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sluicegate.config import reloading
from sluicegate.config.building import Loaded
from sluicegate.config.loading import Loader
from sluicegate.config.reloading import Reloader

from .edits import (
    EVERY_WAY,
    Action,
    created,
    file_made_in_a_linked_subfolder,
    moved_in_with_its_folder,
    moved_into_a_new_subfolder,
    plain,
    routes,
    written_in_chunks,
)

AFTERWARDS = {
    created: ["/after", "/before"],
    file_made_in_a_linked_subfolder: ["/after", "/before", "/first"],
    moved_in_with_its_folder: ["/after", "/before"],
    moved_into_a_new_subfolder: ["/after", "/before"],
    written_in_chunks: ["/after", "/before", "/between"],
}
"""The paths that are routed after an edit, where it is not `/after` alone."""


class Gateway:
    """Keeps what a reloader hands over, as the gateway does."""

    def __init__(self, folder: Path, *, polling: bool = False) -> None:
        self.told: list[Loaded] = []
        self.reloader = Reloader(folder, self._take, polling=polling)

    def _take(self, loaded: Loaded) -> None:
        self.told.append(loaded)

    @property
    def paths(self) -> list[str] | None:
        """The paths of the last table."""
        tables = [loaded.table for loaded in self.told if loaded.table is not None]
        return sorted(endpoint.path.text for endpoint in tables[-1].endpoints()) if tables else None

    @property
    def is_bad(self) -> bool:
        """Whether the last thing told was that the files cannot be used."""
        return bool(self.told) and self.told[-1].table is None

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(folder: Path, *, polling: bool = False) -> AsyncIterator[Gateway]:
    gateway = Gateway(folder, polling=polling)
    gateway.reloader.start()
    try:
        await gateway.until(lambda: bool(gateway.told))
        yield gateway
    finally:
        await gateway.reloader.close()


@pytest.mark.parametrize("polling", [False, True], ids=["events", "polling"])
@pytest.mark.parametrize("way", EVERY_WAY)
async def test_every_way_of_editing_comes_into_force(
    way: Callable[[Path], Action], polling: bool, tmp_path: Path
) -> None:
    action = way(tmp_path / "routes")
    async with running(tmp_path / "routes", polling=polling) as gateway:
        action()
        await gateway.until(lambda: gateway.paths == AFTERWARDS.get(way, ["/after"]))
        assert not gateway.is_bad


async def test_while_the_folder_is_gone_there_is_a_diagnostic_and_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        folder.rename(tmp_path / "away")
        await gateway.until(lambda: gateway.is_bad)
        assert [diagnostic.code for diagnostic in gateway.told[-1].diagnostics] == ["routes-folder"]
        (tmp_path / "away").rename(folder)
        await gateway.until(lambda: not gateway.is_bad)
        assert gateway.paths == ["/before"]


async def test_a_folder_that_is_there_and_empty_has_no_routes(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        (folder / "hotel.yaml").unlink()
        await gateway.until(lambda: gateway.paths == [])


async def test_a_start_without_a_folder_recovers_when_it_comes(tmp_path: Path) -> None:
    async with running(tmp_path / "routes") as gateway:
        assert gateway.is_bad
        plain(tmp_path / "routes")
        await gateway.until(lambda: gateway.paths == ["/before"])


async def test_a_bad_file_is_told_once_and_a_mended_one_comes_into_force(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        (folder / "bad.yaml").write_text("endpoints: [")
        await gateway.until(lambda: gateway.is_bad)
        (folder / "good.yaml").write_text(routes("/after"))
        (folder / "notes.txt").touch()
        (folder / "bad.yaml").write_text("endpoints: [  # still")
        (folder / "bad.yaml").write_text(routes("/mended"))
        await gateway.until(lambda: not gateway.is_bad)
        assert gateway.paths == ["/after", "/before", "/mended"]
        bad = [loaded.diagnostics for loaded in gateway.told if loaded.table is None]
        assert len(set(bad)) == len(bad)


async def test_what_changes_nothing_is_not_told(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        (folder / "hotel.yaml").touch()
        (folder / "hotel.yaml").write_text(routes("/before"))
        (folder / "notes.txt").write_text("nothing")
        gateway.reloader.reload()
        (folder / "other.yaml").write_text(routes("/after"))
        await gateway.until(lambda: gateway.paths == ["/after", "/before"])
        assert len(gateway.told) == 2


async def test_a_receipt_says_what_a_change_was(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        (folder / "hotel.yaml").write_text(routes("/after", "/before").replace(":9001/before", ":9002/before"))
        await gateway.until(lambda: len(gateway.told) == 2)
        receipt = gateway.told[-1].receipt
        assert (receipt.added.texts, receipt.changed.texts) == (("GET /after",), ("GET /before",))


@pytest.mark.skipif(sys.platform != "linux", reason="only inotify tells that a file was closed")
async def test_half_a_file_is_never_in_force_while_it_is_being_written(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        with (folder / "hotel.yaml").open("w") as file:
            for line in routes("/before", "/between", "/after").splitlines(keepends=True):
                file.write(line)
                file.flush()
                await asyncio.sleep(3 * reloading.QUIET)  # a slow writer
        await gateway.until(lambda: gateway.paths == ["/after", "/before", "/between"])
        assert len(gateway.told) == 2


async def test_a_load_that_a_change_overtook_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    load = Loader.load
    loads = 0

    async def load_during_a_change(loader: Loader) -> Loaded:
        nonlocal loads
        loads += 1
        loaded = await load(loader)
        if loads == 2:
            (folder / "hotel.yaml").write_text(routes("/after"))
        return loaded

    monkeypatch.setattr(Loader, "load", load_during_a_change)
    monkeypatch.setattr(reloading, "_RACE", 0.5)
    async with running(folder) as gateway:
        (folder / "hotel.yaml").write_text("")
        await gateway.until(lambda: gateway.paths == ["/after"])
        assert [loaded.receipt.removed.texts for loaded in gateway.told] == [(), ("GET /before",)]


async def test_changes_without_end_come_into_force_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    monkeypatch.setattr(reloading, "LONGEST_RACE", 0.1)
    async with running(folder) as gateway:

        async def change() -> None:
            number = 0
            while True:
                number += 1
                (folder / ".other").write_text(routes(f"/{number}"))
                (folder / ".other").rename(folder / "other.yaml")
                await asyncio.sleep(0.01)

        changes = asyncio.create_task(change())
        await gateway.until(lambda: len(gateway.told) >= 3)
        changes.cancel()


async def test_a_load_is_never_begun_before_the_one_before_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    load = Loader.load
    at_once = most = 0

    async def counted(loader: Loader) -> Loaded:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await load(loader)
        finally:
            at_once -= 1

    monkeypatch.setattr(Loader, "load", counted)
    async with running(folder) as gateway:
        for number in range(10):
            (folder / f"{number}.yaml").write_text(routes(f"/{number}"))
            gateway.reloader.reload()
            await asyncio.sleep(0)
        await gateway.until(lambda: len(gateway.paths or ()) == 11)
    assert most == 1


async def test_listeners_that_become_known_later_count(tmp_path: Path) -> None:
    plain(tmp_path / "routes")
    async with running(tmp_path / "routes") as gateway:
        gateway.reloader.reload(own_addresses=[("127.0.0.1", 9001)])
        await gateway.until(lambda: gateway.is_bad)


async def test_a_fault_in_taking_over_does_not_end_reloading(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plain(tmp_path / "routes")
    told: list[Loaded] = []

    def take(loaded: Loaded) -> None:
        told.append(loaded)
        if len(told) == 1:
            raise ZeroDivisionError("planted")

    gateway = Gateway(tmp_path / "routes")
    reloader = Reloader(tmp_path / "routes", take)
    reloader.start()
    await gateway.until(lambda: len(told) == 1)
    (tmp_path / "routes" / "hotel.yaml").write_text(routes("/after"))
    await gateway.until(lambda: len(told) == 2)
    await reloader.close()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


async def test_a_worker_that_died_is_not_noticed_in_what_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "routes"
    plain(folder)
    async with running(folder) as gateway:
        await gateway.until(lambda: gateway.reloader.worker is not None)
        os.kill(gateway.reloader.worker or 0, signal.SIGKILL)
        gateway.reloader.reload()
        (folder / "other.yaml").write_text(routes("/after"))
        await gateway.until(lambda: gateway.paths == ["/after", "/before"])
        assert gateway.told[-1].receipt.added.texts == ("GET /after",)
        assert len(gateway.told) == 2


async def test_tasks_that_begin_at_once_make_no_difference(tmp_path: Path) -> None:
    plain(tmp_path / "routes")
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # as mitmproxy does
    async with running(tmp_path / "routes") as gateway:
        (tmp_path / "routes" / "hotel.yaml").write_text(routes("/after"))
        await gateway.until(lambda: gateway.paths == ["/after"])


async def test_closing_leaves_no_thread_and_no_process(tmp_path: Path) -> None:
    plain(tmp_path / "routes")
    async with running(tmp_path / "routes") as gateway:
        worker = gateway.reloader.worker
        assert worker is not None
        assert "watching route files" in {thread.name for thread in threading.enumerate()}
    assert gateway.reloader.worker is None
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    assert "watching route files" not in {thread.name for thread in threading.enumerate()}
