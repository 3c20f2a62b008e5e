"""`sluice diff`, run for real, and the parts by which long logs are compared."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sluicegate.comparing.contents import Contents
from sluicegate.console.options import UnusableError
from sluicegate.console.sources import Source
from sluicegate.console.traffic import comparing
from sluicegate.console.traffic.blocks import BLOCK, Block, Compared, Task, blocks, compare_block
from sluicegate.console.traffic.workers import LogWorkers
from sluicegate.recordings.recording import UnreadableError
from sluicegate.recordings.request_log import LONGEST_LINE

from ..tables import endpoint
from .sluice import golden, sluice, write

OLD = """\
host: api.shop.test
origin: http://127.0.0.1:9000
services:
  orders-v1: http://127.0.0.1:9001
  orders-v2: http://127.0.0.1:9002
endpoints:
  GET /orders/{order}: orders-v1:/orders/{order}
  GET /baskets/{basket}: orders-v1:/baskets/{basket}
  GET /same: orders-v1:/same
"""
NEW = """\
host: api.shop.test
services:
  orders-v1: http://127.0.0.1:9001
  orders-v2: http://127.0.0.1:9002
endpoints:
  GET /orders/{order}: orders-v2:/orders/{order}
  GET /orders/best: orders-v2:/best
  GET /same:
    route: orders-v1:/same
    timeout: 5s
"""


def line(path: str, method: str = "GET", host: str | None = "api.shop.test") -> bytes:
    return json.dumps({"request_id": "a", "method": method, "host": host, "path": path}).encode() + b"\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    traffic = b"".join(
        [line(f"/orders/{number}") for number in range(5)]
        + [line("/baskets/1"), line("/orders/best"), line("/same"), line("/same"), line("/x", host=None)]
    )
    (tmp_path / "requests.log").write_bytes(traffic)
    return write(tmp_path, {"old/shop.yaml": OLD, "new/shop.yaml": NEW})


def test_two_tables_are_told_apart_with_witnesses(folder: Path) -> None:
    ran = sluice("diff", "old", "new", cwd=folder)
    assert ran.out == golden("diff_tables.txt")
    assert (ran.code, ran.err) == (0, "")


def test_traffic_is_counted_and_the_first_of_each_kind_shown(folder: Path) -> None:
    ran = sluice("diff", "old", "new", "--traffic", "requests.log", "--most", "2", cwd=folder)
    assert ran.out == golden("diff_traffic.txt")
    assert ran.code == 0


def test_both_forms_have_the_same_members_as_json(folder: Path) -> None:
    tables = sluice("diff", "old", "new", "--json", "--fail-on", "unmatched", cwd=folder)
    traffic = sluice("diff", "old", "new", "--json", "--traffic", "requests.log", cwd=folder)
    assert (tables.code, traffic.code) == (1, 0)
    for found in (tables.json, traffic.json):
        assert {"unchanged", "moved", "unmatched", "newly_matched", "changes"} <= found.keys()
        for change in found["changes"]:
            assert {"kind", "request", "old", "new"} <= change.keys()
    counts = [traffic.json[kind] for kind in ("unchanged", "moved", "unmatched", "newly_matched")]
    assert counts == [2, 6, 1, 0]
    assert traffic.json["changes"][0]["old"]["service"] == "orders-v1"
    assert traffic.json["changes"][0]["new"]["target"] == "http://127.0.0.1:9002/orders/0"


@pytest.mark.parametrize(
    ("kinds", "code"), [("moved", 1), ("unmatched", 1), ("newly_matched", 0), ("moved,unmatched", 1)]
)
def test_what_a_ci_job_names_makes_it_fail(folder: Path, kinds: str, code: int) -> None:
    ran = sluice("diff", "old", "new", "--traffic", "requests.log", "--fail-on", kinds, cwd=folder)
    assert ran.code == code


def test_standard_input_is_traffic_too(folder: Path) -> None:
    ran = sluice("diff", "old", "old", "--traffic", "-", cwd=folder, stdin=line("/same") * 3)
    assert (ran.code, ran.out) == (0, "3 requests: 3 unchanged\n")


def test_a_revision_of_git_is_compared_with_the_working_tree(folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@a.test"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True, capture_output=True)
    (folder / "old" / "shop.yaml").write_text(NEW)
    ran = sluice("diff", "HEAD:old", "old", "--json", cwd=folder)
    assert {change["old"]["file"] for change in ran.json["changes"] if change["old"]["file"]} == {"HEAD:old/shop.yaml"}
    assert sluice("diff", "HEAD:new", "old", cwd=folder).out == "3 endpoints unchanged\n"
    told = sluice("diff", "HEAD:none", "old", cwd=folder).one_line_error
    assert told.startswith("HEAD:none: no such file or folder, and git finds no such revision")


# Blocks of a log, and the processes that compare them.

TASK = Task(
    Contents([endpoint("GET /a", "http://one.test/a"), endpoint("GET /b", "http://one.test/b")]),
    Contents([endpoint("GET /a", "http://two.test/a"), endpoint("GET /b", "http://one.test/b")]),
    most=2,
)


def test_a_log_is_cut_at_line_ends_and_every_line_keeps_its_number() -> None:
    content = b"".join(line(f"/{'x' * (number % 300)}{number}") for number in range(12_000))
    found = list(blocks(io.BytesIO(content), "x.log", 100))
    assert len(found) > 2
    assert b"".join(block.data for block in found) == content
    assert all(block.data.endswith(b"\n") and len(block.data) < 2 * BLOCK for block in found)
    for block in found:
        before = b"".join(one.data for one in found if one.line < block.line).count(b"\n")
        assert (block.line, block.position) == (before + 1, before + 100)


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(UnreadableError, match=r"^line 2: longer than"):
        list(blocks(io.BytesIO(line("/a") + b"x" * (LONGEST_LINE + 2 * BLOCK)), "x.log", 1))


def test_a_block_tells_the_first_line_that_cannot_be_read() -> None:
    found = compare_block(TASK.comparison(), Block("x.log", 7, 50, line("/a") + b"nonsense\n" + line("/a")))
    assert (found.diff.total, found.fault) == (1, (51, "x.log:8: not a line of the request log: no JSON"))


def many() -> Iterator[Block]:
    for number in range(9):
        yield Block("x.log", number * 3 + 1, number * 3 + 1, line("/a") + line("/b") + line("/none", host=None))


def test_processes_come_to_what_one_process_comes_to() -> None:
    alone = TASK.comparison()
    expected = [compare_block(alone, block) for block in many()]
    found: list[Compared] = []
    with LogWorkers(TASK, 2) as workers:
        for block in many():
            found += workers.compare(block)
        found += workers.rest()
    assert len(found) == 9
    assert sum(one.diff.total for one in found) == 18
    assert sum(one.diff.number("moved") for one in found) == sum(one.diff.number("moved") for one in expected) == 9
    assert sum(one.skipped.total() for one in found) == 9


def test_a_process_that_dies_is_an_error_and_no_missing_requests() -> None:
    def compare_all(workers: LogWorkers) -> None:
        for block in many():
            list(workers.compare(block))
        list(workers.rest())

    with LogWorkers(TASK, 1) as workers:
        os.kill(workers.pids[0], signal.SIGKILL)
        with pytest.raises(UnusableError, match="a process that compares requests was ended by signal 9"):
            compare_all(workers)


def test_a_long_log_is_compared_by_several_processes_to_the_same_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (folder / "requests.log").read_bytes() * 400
    (folder / "long.log").write_bytes(content)
    old, new = (Source(folder / name, name).compiled() for name in ("old", "new"))
    monkeypatch.setattr(comparing, "processors", lambda: 1)
    one = comparing.compare_traffic(old, new, [str(folder / "long.log")], 3)
    monkeypatch.setattr(comparing, "processors", lambda: 2)
    monkeypatch.setattr(comparing, "SMALL", 0)
    two = comparing.compare_traffic(old, new, [str(folder / "long.log")], 3)
    assert one.diff.words == two.diff.words
    assert [change.place for change in one.diff.changes] == [change.place for change in two.diff.changes]
    assert one.skipped == two.skipped
    assert one.diff.total == 9 * 400
