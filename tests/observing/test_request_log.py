"""The request log: one line of JSON per exchange, through rotations, slow readers and ends."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sluicegate.observing import request_log as room
from sluicegate.observing.request_log import Record, RequestLog

ADDONS = Path(room.__file__).parents[2]


def record(name: str, **members: object) -> Record:
    return Record(request_id=name, received=1.5, **members)  # type: ignore[arg-type]


def ids(path: Path) -> list[str]:
    return [json.loads(line)["request_id"] for line in path.read_text(encoding="utf-8").splitlines()]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.log"


@pytest.fixture
def log(path: Path) -> Iterator[RequestLog]:
    opened = RequestLog(str(path))
    yield opened
    opened.close()


def test_a_record_is_one_line_of_json_with_the_documented_members() -> None:
    line = record("a", path="/a\nb", verdicts=[{"stage": "routing", "reason": "ü"}]).line()
    assert line.endswith("\n")
    assert line.count("\n") == 1
    found = json.loads(line)
    assert " ".join(found) == (
        "request_id received decided first_byte ended client method host path operation_id endpoint session target "
        "status bytes_in bytes_out generation verdicts"
    )
    assert (found["path"], found["decided"], found["verdicts"][0]["reason"]) == ("/a\nb", None, "ü")


def test_records_are_in_the_file_in_order_before_it_is_closed(path: Path, log: RequestLog) -> None:
    for number in range(200):
        log.write(record(str(number)))
    wait_until(lambda: len(ids(path)) == 200)
    assert ids(path) == [str(number) for number in range(200)]


def test_closing_writes_what_waits(path: Path) -> None:
    log = RequestLog(str(path))
    for number in range(500):
        log.write(record(str(number)))
    log.close()
    assert len(ids(path)) == 500


def test_a_file_that_was_there_is_written_on_to(path: Path) -> None:
    path.write_text(record("earlier").line(), encoding="utf-8")
    log = RequestLog(str(path))
    log.write(record("later"))
    log.close()
    assert ids(path) == ["earlier", "later"]


def test_the_home_folder_may_be_named_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    RequestLog("~/requests.log").close()
    assert (tmp_path / "requests.log").exists()


def test_a_file_that_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        RequestLog(str(tmp_path / "missing" / "requests.log"))


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_rotated_away_is_opened_again(path: Path, log: RequestLog, replaced: bool) -> None:
    log.write(record("before"))
    wait_until(lambda: ids(path) == ["before"])
    old = path.with_suffix(".1")
    path.rename(old)
    if replaced:
        path.touch()
    log.write(record("after"))
    wait_until(lambda: path.exists() and ids(path) == ["after"])
    assert ids(old) == ["before"]


def test_a_file_that_was_truncated_in_place_is_written_on_from_its_beginning(path: Path, log: RequestLog) -> None:
    log.write(record("before"))
    wait_until(lambda: ids(path) == ["before"])
    os.truncate(path, 0)
    log.write(record("after"))
    wait_until(lambda: ids(path) == ["after"])


def test_a_folder_that_goes_and_comes_back_costs_the_records_between_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "requests.log"
    log = RequestLog(str(path))
    folder.rename(tmp_path / "gone")
    log.write(record("lost"))
    wait_until(lambda: "could not be written" in caplog.text)
    folder.mkdir()
    log.write(record("kept"))
    wait_until(lambda: path.exists() and ids(path) == ["kept"])
    log.close()


def test_a_record_that_no_encoding_carries_is_written_and_the_next_ones_too(path: Path, log: RequestLog) -> None:
    log.write(record("a", endpoint="GET /\udcff"))
    log.write(record("b"))
    wait_until(lambda: path.exists() and ids(path) == ["a", "b"])


def test_a_reader_that_does_not_keep_up_costs_records_beyond_the_bound_not_memory_and_never_blocks(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "MOST_WAITING", 50)
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = RequestLog(str(path))
    log.write(record("large", path="x" * 1_000_000))  # more than a pipe holds: the writing thread waits for the reader
    wait_until(lambda: not log._waiting)
    for number in range(60):
        log.write(record(str(number)))
    assert len(log._waiting) == 50

    received = bytearray()
    ended = threading.Event()

    def read() -> None:
        os.set_blocking(reader, True)
        while data := os.read(reader, 65536):
            received.extend(data)
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    log.close()
    assert ended.wait(20)
    os.close(reader)
    lines = [json.loads(line)["request_id"] for line in received.decode().splitlines()]
    assert lines == ["large", *map(str, range(50))]
    (message,) = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
    assert "10 records were dropped" in message


PROGRAM = """
import sys
from sluicegate.observing.request_log import Record, RequestLog
log = RequestLog("-")
for number in range(3):
    log.write(Record(request_id=str(number), received=0.0, endpoint="GET /h\\u00e4user/{h} \\u2192 \\udcff"))
log.close()
"""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_dash_stands_for_standard_output_whatever_its_encoding(encoding: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ADDONS), "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, timeout=30, check=True, cwd="/"
    )
    found = [json.loads(line) for line in done.stdout.decode(encoding).splitlines()]
    assert [one["request_id"] for one in found] == ["0", "1", "2"]
    assert found[0]["endpoint"].startswith("GET /häuser/{h} →")
    assert done.stderr == b""


def test_standard_output_that_was_closed_costs_records_and_says_so() -> None:
    program = PROGRAM.replace("log =", "import logging; logging.basicConfig(); sys.stdout.close()\nlog =")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ADDONS)},
        capture_output=True,
        timeout=30,
        check=False,
        cwd="/",
    )
    assert b"could not be written" in done.stderr
    assert b"Traceback" not in done.stderr
