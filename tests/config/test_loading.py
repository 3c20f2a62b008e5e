"""The gateway's end of the worker, with real worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from sluicegate.config import building, loading
from sluicegate.config.building import Loaded
from sluicegate.config.loading import Loader
from sluicegate.config.receipts import Listed
from sluicegate.endpoints.table import Endpoint, Table

from .edits import routes
from .folders import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "routes", {"a.yaml": routes("/a1", "/a2"), "b.yaml": routes("/b1")})


@pytest_asyncio.fixture
async def loader(folder: Path) -> AsyncIterator[Loader]:
    loader = Loader(folder)
    yield loader
    await loader.close()


async def kept(loader: Loader) -> Loaded:
    loaded = await loader.load()
    await loader.keep()
    return loaded


def paths(table: Table | None) -> list[str]:
    assert table is not None
    return sorted(endpoint.path.text for endpoint in table.endpoints())


def pid(loader: Loader) -> int:
    assert loader.pid is not None
    return loader.pid


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def is_running(process: int) -> bool:
    """Whether a process lives; one that only waits to be collected does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return bool(shown) and not shown.startswith("Z")


async def test_a_load_gives_a_table_that_answers(loader: Loader) -> None:
    loaded = await loader.load()
    assert loaded.table is not None
    endpoint = loaded.table.lookup("GET", "any.test", "/a2")
    assert endpoint is not None
    assert endpoint.place.file == "a.yaml"
    assert sorted(loaded.files) == ["a.yaml", "b.yaml"]
    assert loaded.receipt.added.count == 3
    assert loaded.seconds > 0


async def test_settings_hosts_and_fallbacks_come_through(loader: Loader, folder: Path) -> None:
    write(
        folder,
        {
            "_gateway.yaml": "trusted_proxies: [10.0.0.0/8]\n",
            "c.yaml": "host: '{tenant}.hotel.test'\norigin: http://127.0.0.1:9000/base\n",
        },
    )
    loaded = await loader.load()
    assert loaded.settings.trusts("10.1.2.3")
    assert loaded.table is not None
    fallback = loaded.table.fallback("x.hotel.test")
    assert fallback is not None
    assert fallback.target.origin.port == 9000


async def test_a_changed_file_changes_the_next_table_and_keeps_the_other_endpoints(
    loader: Loader, folder: Path
) -> None:
    first = await kept(loader)
    (folder / "b.yaml").write_text(routes("/b2"))
    second = await kept(loader)
    assert paths(first.table) == ["/a1", "/a2", "/b1"]
    assert paths(second.table) == ["/a1", "/a2", "/b2"]
    assert (second.receipt.added, second.receipt.removed) == (Listed(1, ("GET /b2",)), Listed(1, ("GET /b1",)))
    assert first.table is not None
    assert second.table is not None
    assert first.table.lookup("GET", "", "/a1") is second.table.lookup("GET", "", "/a1") is not None


async def test_a_load_is_unchanged_only_against_one_that_was_kept(loader: Loader) -> None:
    assert (await loader.load()).table is not None
    assert (await loader.load()).table is not None
    await loader.keep()
    assert await loader.load() == Loaded(unchanged=True, seconds=pytest.approx(0, abs=60))


async def test_a_changed_origin_and_setting_stand_in_the_receipt(loader: Loader, folder: Path) -> None:
    await kept(loader)
    write(folder, {"_gateway.yaml": "trusted_proxies: [10.0.0.0/8]\n", "c.yaml": "origin: http://127.0.0.1:9000\n"})
    assert (await kept(loader)).receipt.changed.texts == ("origin of *", "trusted_proxies")


async def test_other_work_has_its_turn_between_short_steps(
    loader: Loader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [0]

    class CountingTable(Table):
        def add(self, endpoint: Endpoint) -> None:
            steps[-1] += 1
            super().add(endpoint)

    async def take_turns() -> None:
        while True:
            await asyncio.sleep(0)
            steps.append(0)

    monkeypatch.setattr(building, "STEP", 0)
    monkeypatch.setattr(building, "Table", CountingTable)
    (folder / "a.yaml").write_text(routes(*(f"/{number}" for number in range(3000))))
    others = asyncio.create_task(take_turns())
    for change in ("/b2", "/b3"):  # at first all endpoints are sent, then all but one are at hand
        (folder / "b.yaml").write_text(routes(change))
        loaded = await kept(loader)
        assert len(paths(loaded.table)) == sum(steps) == 3001
        assert max(steps) <= building.STEP_ENDPOINTS
        steps[:] = [0]
    others.cancel()


async def test_a_bad_file_gives_diagnostics_and_no_table(loader: Loader, folder: Path) -> None:
    (folder / "b.yaml").write_text("endpoints: [")
    loaded = await loader.load()
    assert loaded.table is None
    assert [diagnostic.file for diagnostic in loaded.diagnostics] == ["b.yaml"]


async def test_ten_thousand_errors_come_through(loader: Loader, folder: Path) -> None:
    lines = "".join(f"  get /{number}: http://127.0.0.1:9001\n" for number in range(10_000))
    (folder / "b.yaml").write_text(f"endpoints:\n{lines}")
    loaded = await loader.load()
    assert len(loaded.diagnostics) == 10_000
    assert loaded.diagnostics[-1].line == 10_001


async def test_a_dead_worker_is_replaced_and_the_receipt_is_right_all_the_same(loader: Loader, folder: Path) -> None:
    await kept(loader)
    first = pid(loader)
    os.kill(first, signal.SIGKILL)
    (folder / "b.yaml").write_text(routes("/b1", "/b2"))
    loaded = await kept(loader)
    assert paths(loaded.table) == ["/a1", "/a2", "/b1", "/b2"]
    assert (loaded.receipt.added, loaded.receipt.removed.count) == (Listed(1, ("GET /b2",)), 0)
    assert pid(loader) != first
    (folder / "b.yaml").unlink()
    assert (await kept(loader)).receipt.removed.count == 2


async def test_a_worker_that_hangs_is_ended_and_the_next_load_is_right(folder: Path) -> None:
    loader = Loader(folder, deadline=0.3)
    await loader.start()
    first = pid(loader)
    os.kill(first, signal.SIGSTOP)
    loaded = await loader.load()
    assert loaded.table is None
    assert [diagnostic.code for diagnostic in loaded.diagnostics] == ["load-deadline"]
    assert not is_running(first)
    await loader.close()

    loader = Loader(folder)
    assert len(paths((await loader.load()).table)) == 3
    await loader.close()


async def test_a_worker_that_cannot_start_is_a_diagnostic(
    loader: Loader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(tmp_path / "no-python"))
        loaded = await loader.load()
    assert [diagnostic.code for diagnostic in loaded.diagnostics] == ["load-worker"]
    assert "no-python" in loaded.diagnostics[0].message
    assert (await loader.load()).table is not None


async def test_a_load_that_is_cancelled_leaves_a_loader_that_works(loader: Loader) -> None:
    await kept(loader)
    first = pid(loader)
    os.kill(first, signal.SIGSTOP)
    task = asyncio.create_task(loader.load())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_running(first)
    assert len(paths((await loader.load()).table)) == 3


async def test_what_a_worker_says_on_its_standard_error_is_logged(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "extra", {"sitecustomize.py": "import sys\nprint('a word from the side', file=sys.stderr)\n"})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "extra"))
    loader = Loader(folder)
    await loader.load()
    await loader.close()
    assert "reading route files: a word from the side" in caplog.messages


async def test_modules_in_the_working_directory_are_not_imported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"yaml.py": "raise SystemExit('the wrong yaml')\n"})
    monkeypatch.chdir(tmp_path)
    loader = Loader(Path("routes"))
    assert (await loader.load()).table is not None
    await loader.close()


async def test_no_worker_is_left_after_closing(loader: Loader) -> None:
    await loader.load()
    worker = pid(loader)
    await loader.close()
    assert not is_running(worker)
    assert loader.pid is None


KILLED = """
import asyncio, sys
from pathlib import Path
from sluicegate.config.loading import Loader

async def main():
    loader = Loader(Path(sys.argv[1]))
    await loader.load()
    print(loader.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_the_worker_ends_with_a_gateway_that_is_killed(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(loading.__file__).parents[2])},
    ) as gateway:
        assert gateway.stdout is not None
        worker = int(gateway.stdout.readline())
        assert is_running(worker)
        gateway.kill()
    await until(lambda: not is_running(worker))
