"""What the workers are handed of each load, whatever order they come and go in."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from sluicegate.config.building import Loaded, Reply
from sluicegate.config.loading import Loader
from sluicegate.config.transfer import LENGTH
from sluicegate.endpoints.table import Endpoint
from sluicegate.workers.link import Generation
from sluicegate.workers.relay import Relay
from tests.config.edits import routes
from tests.config.folders import write


class Taker:
    """A worker that builds what it is sent."""

    def __init__(self) -> None:
        self.kept: Sequence[Endpoint] = ()
        self.generation = 0
        self.paths: list[str] = []
        self.loaded = Loaded()

    async def take(self, sent: bytes) -> None:
        frames = []
        while sent:
            size = LENGTH.unpack(sent[: LENGTH.size])[0]
            frames.append(sent[LENGTH.size : LENGTH.size + size])
            sent = sent[LENGTH.size + size :]
        kind, generation = pickle.loads(frames[0])
        assert kind == "generation"
        assert isinstance(generation, Generation)
        following = iter(frames[1:])

        async def next_frame() -> bytes:
            return next(following)

        reply = Reply(self.kept)
        self.loaded = reply.loaded(await reply.receive(next_frame))
        if self.loaded.table is not None:
            self.kept, self.generation = reply.endpoints, generation.number
            self.paths = sorted(one.path.text for one in self.loaded.table.endpoints())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "routes", {"a.yaml": routes("/a1", "/a2"), "b.yaml": routes("/b1")})


@pytest_asyncio.fixture
async def loader(folder: Path) -> AsyncIterator[Loader]:
    loader = Loader(folder, raw=True)
    yield loader
    await loader.close()


async def load(loader: Loader) -> Loaded:
    loaded = await loader.load()
    await loader.keep()
    return loaded


async def test_a_reload_is_handed_on_as_it_came_and_a_newcomer_gets_the_whole_table(
    loader: Loader, folder: Path
) -> None:
    relay, first, late = Relay(2), Taker(), Taker()
    await first.take(relay.take(await load(loader), [1]))
    write(folder, {"b.yaml": routes("/b2")})
    change = relay.take(await load(loader), [1])
    assert b"again" in change
    await first.take(change)
    await late.take(relay.for_newcomer())
    assert (first.paths, first.generation) == (late.paths, late.generation) == (["/a1", "/a2", "/b2"], 2)
    assert late.loaded.files == first.loaded.files
    write(folder, {"a.yaml": routes("/a3")})
    change = relay.take(await load(loader), [1, 2])
    for taker in (first, late):
        await taker.take(change)
        assert taker.paths == ["/a3", "/b2"]


async def test_a_table_that_refers_to_one_that_was_never_handed_on_is_sent_whole(loader: Loader, folder: Path) -> None:
    relay, taker = Relay(1), Taker()
    await taker.take(relay.take(await load(loader), [1]))
    write(folder, {"a.yaml": routes("/a4", "/a5")})
    await load(loader)  # kept, and not told to the relay
    write(folder, {"b.yaml": routes("/b2")})
    await taker.take(relay.take(await load(loader), [1]))
    assert taker.paths == ["/a4", "/a5", "/b2"]


async def test_before_any_table_a_newcomer_is_told_what_is_wrong(loader: Loader, folder: Path) -> None:
    relay, early, late = Relay(2), Taker(), Taker()
    assert relay.for_newcomer() == b""
    write(folder, {"b.yaml": "endpoints: ["})
    await early.take(relay.take(await load(loader), [1]))
    await late.take(relay.for_newcomer())
    assert early.loaded.errors == late.loaded.errors
    assert [one.file for one in late.loaded.errors] == ["b.yaml"]
    assert relay.generation == 0


async def test_the_receipt_comes_when_the_last_worker_runs_it_or_is_gone(
    loader: Loader, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    relay = Relay(2)
    relay.take(await load(loader), [1, 2])
    relay.runs(1, 1)
    assert (caplog.messages, relay.in_force.generation) == ([], 0)
    relay.runs(2, 1)
    assert relay.in_force.generation == 1
    assert caplog.messages[0].startswith("routes generation 1: 2 files, 3 endpoints, added 3, ")
    assert caplog.messages[0].endswith(" ms, on 2 workers")
    write(folder, {"b.yaml": routes("/b2")})
    relay.take(await load(loader), [1, 2])
    relay.runs(1, 2)
    relay.lost(2)
    assert caplog.messages[1].endswith(" ms, on 1 of 2 workers")


async def test_a_generation_that_nobody_was_there_to_run_is_in_force_once_a_newcomer_runs_it(loader: Loader) -> None:
    relay = Relay(2)
    relay.take(await load(loader), [1])
    relay.lost(1)
    assert relay.in_force.generation == 0
    relay.runs(2, 1)
    assert relay.in_force.generation == 1


async def test_of_generations_that_nobody_ran_the_last_one_is_told(
    loader: Loader, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    relay = Relay(1)
    for path in ("/b2", "/b3", "/b4"):
        write(folder, {"b.yaml": routes(path)})
        relay.take(await load(loader), [])
    relay.runs(1, 3)
    assert [message.partition(":")[0] for message in caplog.messages] == ["routes generation 3"]
    assert relay.in_force.generation == 3


async def test_a_worker_that_does_not_take_over_is_named(loader: Loader) -> None:
    relay = Relay(2)
    relay.take(await load(loader), [1, 2])
    relay.runs(1, 1)
    assert relay.overdue(3600) == {}
    await asyncio.sleep(0)
    assert relay.overdue(0) == {2: 1}
