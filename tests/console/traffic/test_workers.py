"""Processes that compare blocks come to what one process comes to, and none is lost unseen."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from sluicegate.console.options import UnusableError
from sluicegate.console.traffic.blocks import Block, Compared, compare_block
from sluicegate.console.traffic.workers import LogWorkers

from .logs import TASK, line


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
