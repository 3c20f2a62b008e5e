"""Which files were learned from: by their content, also where a log has grown, and not where it could not be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.console.learning.memory import FACT, Known, Memory, Reading
from sluicegate.console.traffic.files import opened
from sluicegate.learning.state_file import StoreError
from sluicegate.learning.store import Store

from .running import hotels, recorded, sluice

LINE = b'10.0.0.9 - - [10/Oct/2026:13:55:36 +0200] "GET /hotels/%d HTTP/1.1" 200 2 "-" "curl"\n'


def log(*numbers: int) -> bytes:
    return b"".join(LINE % number for number in numbers)


def read(path: Path, before: Known | None = None) -> Reading:
    """Read a log as the command does."""
    with opened(str(path)) as traffic:
        if before is not None:
            traffic.skip(before.size, before.lines)
        reading = Reading(str(path), traffic, before)
        assert list(traffic.recordings())
        return reading


def test_what_was_read_of_a_log_is_known_again_when_it_has_grown(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(log(1, 2, 3))
    memory = Memory({})
    assert memory.known(str(path)) is None
    facts = memory.remember(read(path))
    assert all(name.startswith(FACT) for name in facts)
    path.write_bytes(log(1, 2, 3, 4, 5))
    known = Memory(facts).known(str(path))
    assert known is not None
    assert (known.size, known.lines) == (len(log(1, 2, 3)), 3)
    facts = Memory(facts).remember(read(path, known))
    again = Memory(facts).known(str(path))
    assert again is not None
    assert again.size == len(log(1, 2, 3, 4, 5))


def test_a_line_that_was_half_written_is_read_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(log(1, 2) + log(3)[:-40])
    facts = Memory({}).remember(read(path))
    path.write_bytes(log(1, 2, 3))
    known = Memory(facts).known(str(path))
    assert known is not None
    assert (known.size, known.lines) == (len(log(1, 2)), 2)


def test_a_last_line_without_its_end_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(log(1, 2)[:-1])
    known = Memory(Memory({}).remember(read(path))).known(str(path))
    assert known is not None
    assert known.size == len(log(1, 2)) - 1


@pytest.mark.parametrize("other", [log(9, 2, 3), log(1, 2), log(1, 9, 3), b""])
def test_another_file_is_not_known(tmp_path: Path, other: bytes) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(log(1, 2, 3))
    facts = Memory({}).remember(read(path))
    path.write_bytes(other)
    assert Memory(facts).known(str(path)) is None
    assert Memory(facts).known(str(tmp_path)) is None
    assert Memory(facts).known(str(tmp_path / "none")) is None


@pytest.mark.parametrize("value", ["", "7", "[7]", '[["a", 1, 2]]', "{"])
def test_facts_that_make_no_sense_are_no_memory(tmp_path: Path, value: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(log(1, 2, 3))
    (name,) = Memory({}).remember(read(path))
    assert Memory({name: value}).known(str(path)) is None


def test_what_could_not_be_kept_is_said_and_can_be_learned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path, *hotels())

    def full(*_: object, **__: object) -> None:
        raise StoreError("state.db: the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "write", full)
        ran = sluice("learn", "hotels.har", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "sluice: what is learned cannot be kept at present: state.db: the disk is full",
        "sluice: hotels.har: what was learned of it could not be kept: it can be learned again",
    ]
    assert "60 requests learned from" in sluice("learn", "hotels.har", cwd=tmp_path).out
