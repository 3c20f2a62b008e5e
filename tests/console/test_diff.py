"""`sluice diff`, run for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.console.sources import Source
from sluicegate.console.traffic import comparing
from sluicegate.console.traffic.comparing import SMALL

from .sluice import REPOSITORY, golden, sluice, write
from .traffic.logs import line

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


def long_running(folder: Path) -> subprocess.Popen[bytes]:
    """The command in the midst of a long log from a pipe; the processes that it started hold its standard error."""
    running = subprocess.Popen(
        [sys.executable, "-m", "sluicegate.console", "diff", "old", "new", "--traffic", "-"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "addons")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What a shell starts with "&" has SIGINT ignored, and so has all that it starts: these tests may be that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stdin is not None
    some = line("/orders/1") * 10_000
    for _ in range(2 * SMALL // len(some)):
        running.stdin.write(some)  # waits until the command has read nearly all before
    return running


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_command_that_is_ended_says_nothing_and_takes_its_processes_with_it(
    folder: Path, number: signal.Signals, code: int
) -> None:
    with long_running(folder) as running:
        running.send_signal(number)
        out, err = running.communicate(timeout=60)  # to the end of standard error: nobody holds it any more
        assert (out, err) == (b"", b"")
        assert running.returncode == code


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "requests.log: the file is empty"),
        (line("/same") + b"\x00\xff\n", "requests.log:2: not a line of the request log"),
        (line("/same") + b'{"method": 7}\n', "requests.log:2: not a line of the request log"),
    ],
)
def test_traffic_that_cannot_be_read_is_one_line_with_its_place(folder: Path, content: bytes, message: str) -> None:
    (folder / "requests.log").write_bytes(content)
    assert sluice("diff", "old", "new", "--traffic", "requests.log", cwd=folder).one_line_error.startswith(message)


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
