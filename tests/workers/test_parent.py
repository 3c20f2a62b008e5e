"""The parent, with workers that misbehave as the real ones should not."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sluicegate.workers import parent
from sluicegate.workers.output import Output
from sluicegate.workers.parent import Parent

WORKER = """
import asyncio, logging, os, sys, time
from sluicegate.workers.link import Link, Plan

link, folder, fault = Link(int(sys.argv[1])), sys.argv[2], sys.argv[3]
link.wait_for_turn()
first = not os.path.exists(os.path.join(folder, "began"))
open(os.path.join(folder, "began"), "a").close()
place = ("127.0.0.1", 0)
plan = Plan((place,), os.path.join(folder, "routes"), (), False, "", "off", "0", logging.INFO, ("a note",))
terms, sockets, _ = link.agree(plan)
assert [one.getsockname()[0] for one in sockets[place]] == ["127.0.0.1"]

async def serve():
    over = asyncio.Event()
    following = asyncio.create_task(link.follow(lambda *_: None, lambda _: over.set()))
    await asyncio.sleep(0)
    while link._writer is None:
        await asyncio.sleep(0.01)
    link.send("serving")
    await over.wait()

if first and fault == "stuck":
    time.sleep(600)
asyncio.run(serve())
"""


class Started:
    """A parent at work, and what it has printed."""

    def __init__(self, folder: Path, fault: str, count: int = 1, command: tuple[str, ...] = ()) -> None:
        (folder / "worker.py").write_text(WORKER)
        (folder / "routes").mkdir()
        (folder / "routes" / "a.yaml").write_text("endpoints:\n  GET /a: http://127.0.0.1:1/a\n")
        self.out, self.err = io.BytesIO(), io.BytesIO()
        command = command or (sys.executable, str(folder / "worker.py"))
        self.parent = Parent(command, [str(folder), fault], count, 1.0, Output(self.out, self.err))
        self.task = asyncio.create_task(self.parent.run())

    @property
    def log(self) -> str:
        return self.out.getvalue().decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(40):
            while not holds():
                assert not self.task.done(), (self.log, self.err.getvalue())
                await asyncio.sleep(0.02)

    async def end(self) -> int:
        self.parent.end(1.0)
        async with asyncio.timeout(20):
            return await self.task


async def test_a_worker_that_does_not_take_over_a_table_is_named_and_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "SLOWEST", 1.0)
    monkeypatch.setattr(parent, "_LOOK", 0.05)
    started = Started(tmp_path, "stuck", count=2)
    await started.until(lambda: "2 workers serve at 127.0.0.1:" in started.log)
    assert "worker 1 did not take over generation 1\n" in started.log
    assert "worker 1 was killed by SIGKILL; the next one starts " in started.log
    assert started.log.count(" ms, on 1 of 2 workers\n") == started.log.count("routes generation 1:") == 1
    assert await started.end() == 0


async def test_a_worker_that_does_not_serve_in_time_is_named_and_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "_LOOK", 0.05)
    started = Started(tmp_path, "stuck", count=2)
    monkeypatch.setattr(parent, "SLOWEST_START", 8.0)
    await started.until(lambda: "2 workers serve at 127.0.0.1:" in started.log)
    assert "worker 1 did not serve within 8 s\n" in started.log
    assert await started.end() == 0


async def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    started = Started(tmp_path, "none", command=(str(tmp_path / "missing"),))
    async with asyncio.timeout(20):
        assert await started.task == 1
    assert started.err.getvalue() == b"gateway: worker 1 could not be started: No such file or directory\n"


async def test_a_reader_of_the_log_that_is_gone_ends_the_gateway(tmp_path: Path) -> None:
    started = Started(tmp_path, "none", count=2)
    await started.until(lambda: "2 workers serve at 127.0.0.1:" in started.log)

    def fail(*_: object) -> None:
        raise BrokenPipeError

    started.out.write = fail  # type: ignore[method-assign,assignment]
    worker = started.parent._workers[0]
    started.parent._print(worker, started.out, b"a line\n")
    async with asyncio.timeout(20):
        assert await started.task == 1
