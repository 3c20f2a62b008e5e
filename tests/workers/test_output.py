"""Lines of several processes in one log."""

from __future__ import annotations

import io
import logging

from sluicegate.observing.request_log import Record
from sluicegate.workers.output import MOST_BYTES, Lines, LogHandler, Output, marked


def test_lines_come_out_whole_however_the_pipe_cuts_them() -> None:
    text = "one\n\ntwo ö\nthree".encode()
    for size in range(1, len(text)):
        lines = Lines()
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        found = [line for piece in pieces for line in lines.take(piece)]
        assert found == [b"one\n", b"\n", "two ö\n".encode()]
        assert list(lines.end()) == [b"three\n"]
        assert list(lines.end()) == []


def test_a_line_without_end_is_cut_and_nothing_of_it_is_lost() -> None:
    lines = Lines()
    found = [line for _ in range(5) for line in lines.take(b"x" * (MOST_BYTES // 2 + 1))]
    assert [len(line) for line in found] == [MOST_BYTES + 1] * 2
    rest = list(lines.end())
    assert sum(len(line) - 1 for line in [*found, *rest]) == 5 * (MOST_BYTES // 2 + 1)


def test_a_line_is_marked_with_its_process_but_a_record_of_the_request_log_is_not() -> None:
    assert marked(2, b"[10:00:00.123] text\n") == b"[2] [10:00:00.123] text\n"
    record = Record("id", 1.0).line().encode()
    assert marked(2, record) == record


def test_the_parents_own_lines_look_like_those_of_the_workers() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "worker %d is gone", (2,), None)
    record.created, record.msecs = 0.25, 250
    plain, colourful = io.BytesIO(), io.BytesIO()
    LogHandler(Output(plain, plain)).emit(record)
    LogHandler(Output(colourful, colourful, colours=True)).emit(record)
    assert plain.getvalue().endswith(b":00.250] worker 2 is gone\n")
    assert b"\x1b" not in plain.getvalue()
    assert b"\x1b[33mworker 2 is gone\x1b[0m\n" in colourful.getvalue()
