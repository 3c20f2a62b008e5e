"""A request log is cut into blocks, and each is compared for itself."""

from __future__ import annotations

import io

import pytest

from sluicegate.console.traffic.blocks import BLOCK, Block, blocks, compare_block
from sluicegate.recordings.recording import UnreadableError
from sluicegate.recordings.request_log import LONGEST_LINE

from .logs import TASK, line


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


def test_a_last_line_without_its_end_is_passed_over_when_it_is_cut_and_read_when_it_is_whole() -> None:
    whole = line("/a")
    for end, expected in ((whole[:-9], (1, 1)), (whole[:-1], (2, 0))):
        found = compare_block(TASK.comparison(), Block("x.log", 1, 1, whole + end))
        assert (found.diff.total, found.skipped.total()) == expected
        assert found.fault is None


def test_an_empty_log_has_no_blocks() -> None:
    assert list(blocks(io.BytesIO(b""), "x.log", 1)) == []
