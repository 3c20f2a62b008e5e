"""What is kept of the last requests, and what a reload tells of them; the running program is in tests/e2e."""

from __future__ import annotations

import asyncio
import logging
import weakref

import pytest

from sluicegate.comparing.traffic import Comparison
from sluicegate.forwarding.headers import Hop
from sluicegate.pipeline import decide, stages
from sluicegate.proxy import preview as room
from sluicegate.proxy.preview import Preview
from sluicegate.trial import decided

from ..tables import endpoint, exchange, snapshot

OLD = snapshot(endpoint("GET /a/{x}", "http://one.test/{x}"), endpoint("GET /b", "http://one.test/b"))
NEW = snapshot(endpoint("GET /a/{x}", "http://two.test/{x}"))

HOP = Hop("gateway.test")
STAGES = stages(HOP)


def kept(preview: Preview, *requests: str) -> None:
    for request in requests:
        made = exchange(request, snapshot=OLD)
        decide(made, STAGES)
        preview.keep(made)


async def told(preview: Preview, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO)
    preview.reloaded(OLD, NEW)
    while asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.sleep(0)
    return [record.getMessage() for record in caplog.records]


async def test_the_last_requests_are_told_without_their_queries(caplog: pytest.LogCaptureFixture) -> None:
    preview = Preview(3)
    kept(preview, "GET /a/1", "GET /b?key=secret", "GET /c", "GET /b")
    assert await told(preview, caplog) == [
        "of the last 3 requests: 1 unchanged, 2 become 404",
        "  GET a.test/b: http://one.test/b → 404",
        "  GET a.test/b: http://one.test/b → 404",
    ]


async def test_where_a_request_moves_is_told(caplog: pytest.LogCaptureFixture) -> None:
    preview = Preview(9)
    kept(preview, "GET /a/1?key=secret")
    assert await told(preview, caplog) == [
        "of the last request: 0 unchanged, 1 moves from http://one.test to http://two.test",
        "  GET a.test/a/1: http://one.test/1 → http://two.test/1",
    ]


async def test_nothing_kept_is_nothing_told(caplog: pytest.LogCaptureFixture) -> None:
    assert await told(Preview(3), caplog) == []


@pytest.mark.parametrize(
    "request_line", ["GET /a/%zz", "GET /b?\x01", "GET-(/b) /b", "GET /a/" + "x" * room.LONGEST_TARGET]
)
async def test_what_was_refused_before_routing_and_what_is_too_long_is_not_kept(
    request_line: str, caplog: pytest.LogCaptureFixture
) -> None:
    preview = Preview(3)
    kept(preview, request_line)
    assert await told(preview, caplog) == []


async def test_a_request_that_came_in_a_loop_is_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    preview = Preview(3)
    looped = exchange("GET /b", ("Via", f"1.1 {HOP.pseudonym}"), snapshot=OLD)
    decide(looped, STAGES)
    preview.keep(looped)
    assert looped.problem is not None
    assert await told(preview, caplog) == []


async def test_the_oldest_go_when_the_bytes_become_too_many(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_BYTES", 30)
    preview = Preview(100)
    kept(preview, "GET /a/1", "GET /b", "GET /b", "GET /b")  # 10 bytes, then 8 each
    assert (await told(preview, caplog))[0] == "of the last 3 requests: 0 unchanged, 3 become 404"


async def test_a_newer_reload_ends_the_telling_of_an_older_one(caplog: pytest.LogCaptureFixture) -> None:
    preview = Preview(3)
    kept(preview, "GET /b")
    preview.reloaded(NEW, OLD)
    assert (await told(preview, caplog))[0] == "of the last request: 0 unchanged, 1 becomes 404"
    assert len(caplog.records) == 2


async def test_a_fault_is_logged_and_harms_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Comparison, "take", fail)
    preview = Preview(3)
    kept(preview, "GET /b")
    assert await told(preview, caplog) == ["the preview of the last requests failed; the routes are in force"]
    kept(preview, "GET /b")


async def test_other_work_has_its_turn_between_requests(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(room, "STEP", 0.0)  # seconds: every request is one step
    preview = Preview(100)
    kept(preview, *["GET /b"] * 50)
    preview.reloaded(OLD, NEW)
    turns = 0
    while not caplog.records:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 50


async def test_the_old_table_is_let_go_when_all_is_told(caplog: pytest.LogCaptureFixture) -> None:
    old = snapshot(endpoint("GET /b", "http://one.test/b"))
    alive = weakref.ref(old.table)
    preview = Preview(3)
    kept(preview, "GET /b")
    preview.reloaded(old, NEW)
    del old
    assert alive() is not None
    while asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.sleep(0)
    assert alive() is None


def test_what_is_kept_can_be_decided_as_it_was() -> None:
    preview = Preview(3)
    kept(preview, "GET /a/1?x=1")
    (request,) = preview._requests
    found = decided(request, OLD)
    assert found.forward is not None
    assert found.forward.url == "http://one.test/1?x=1"
