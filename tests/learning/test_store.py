"""The state file: whole through kills, set aside where it cannot be read, bounded, shared."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sluicegate.learning.shelves import FIGURES, PATHS, PROFILE, Row
from sluicegate.learning.state_file import BrokenStoreError, StoreError, check, set_aside
from sluicegate.learning.store import Lock, Store, read

ADDONS = Path(__file__).resolve().parents[2] / "addons"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "state.db"


def test_what_is_written_can_be_read_while_it_is_open(path: Path) -> None:
    store = Store(path)
    assert store.write([Row(PATHS, "a", b"1"), Row(FIGURES, "b", b"2")], facts={"learned": "7"}) == []
    store.write([Row(PATHS, "a", b"3"), Row(FIGURES, "b", None)])
    found = read(path)
    assert found.rows == [Row(PATHS, "a", b"3")]
    assert found.facts == {"learned": "7"}
    store.close()
    assert read(path) == found


def test_the_file_and_all_beside_it_are_for_this_user_alone(path: Path) -> None:
    lock = Lock(path)
    store = Store(path)
    store.write([Row(PATHS, "a", b"1")])
    assert path.parent.stat().st_mode & 0o777 == 0o700
    modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir() if one.name != ".gitignore"}
    assert modes == dict.fromkeys(("state.db", "state.db-wal", "state.db-shm", "state.db.lock"), 0o600)
    store.close()
    lock.release()


def test_one_process_at_a_time_has_the_lock(path: Path) -> None:
    first, second = Lock(path), Lock(path)
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_a_reader_sees_one_moment_and_not_half_of_a_batch(path: Path) -> None:
    store = Store(path)
    store.write([Row(PATHS, "a", b"1")])
    run = store._connection.execute
    run("BEGIN IMMEDIATE")
    run("DELETE FROM learned")
    assert read(path).rows == [Row(PATHS, "a", b"1")]
    run("ROLLBACK")
    store.close()


def test_a_delta_is_taken_in_and_removed_in_one(path: Path) -> None:
    store, other = Store(path), Store(path)
    store.has_news()
    other.hand_in([Row(PATHS, "a", b"1"), Row(PROFILE, "gone", None), Row(FIGURES, "b", b"2")])
    other.hand_in([Row(PATHS, "a", b"3")])
    assert store.has_news()
    assert not store.has_news()
    delta = store.delta()
    assert delta is not None
    assert delta.rows == [Row(PATHS, "a", b"1"), Row(FIGURES, "b", b"2")]
    assert [len(rows) for rows in read(path).waiting] == [2, 1]
    store.write([Row(PATHS, "a", b"9")], taken_in=delta)
    following = store.delta()
    assert following is not None
    assert following.rows == [Row(PATHS, "a", b"3")]
    assert read(path).rows == [Row(PATHS, "a", b"9")]


def test_corrections_wait_in_their_order_until_they_are_applied(path: Path) -> None:
    store, console = Store(path), Store(path)
    assert console.correct(['{"a": 1}', '{"b": 2}']) == 2
    waiting = store.corrections()
    assert [one.data for one in waiting] == ['{"a": 1}', '{"b": 2}']
    console.correct(['{"c": 3}'])
    store.write([], corrected=waiting[-1].number)
    assert [one.data for one in store.corrections()] == ['{"c": 3}']


def test_the_file_stays_below_its_size_and_profiles_go_first(path: Path) -> None:
    store = Store(path, most_bytes=200_000)
    assert store.write([Row(FIGURES, f"f{one}", bytes(1_000)) for one in range(20)]) == []
    gone = store.write([Row(PROFILE, f"p{one:04}", os.urandom(1_000)) for one in range(400)])
    assert gone
    assert {row.part for row in gone} == {PROFILE}
    assert all(row.data is None for row in gone)
    left = read(path).rows
    assert sum(row.part == FIGURES for row in left) == 20
    assert sum(row.part == PROFILE for row in left) == 400 - len(gone)
    assert sum(len(row.data or b"") for row in left) < 200_000
    store.close()


def test_an_inbox_that_nobody_empties_is_full_one_day(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluicegate.learning.store.MOST_INBOX", 1_000)
    store = Store(path)
    store.hand_in([Row(PATHS, "a", bytes(2_000))])
    with pytest.raises(StoreError, match="its inbox is full"):
        store.hand_in([Row(PATHS, "b", b"1")])
    assert len(read(path).waiting) == 1


def test_without_a_file_a_reader_is_told_where_it_would_come_from(path: Path) -> None:
    with pytest.raises(StoreError, match="nothing was learned yet"):
        read(path)
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_broken_is_told_and_can_be_set_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(BrokenStoreError, match="is broken") as told:
        Store(path, thorough=True)
    with pytest.raises(StoreError, match="is broken"):
        read(path)
    new = set_aside(path, told.value.mark)
    assert new.name.startswith("state.db.corrupt-")
    assert new.read_bytes() == content
    assert not path.exists()
    Store(path).close()


def test_damage_inside_is_found_by_a_thorough_look(path: Path) -> None:
    store = Store(path)
    store.write([Row(PROFILE, f"p{one}", os.urandom(3_000)) for one in range(200)])
    store.close()
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 20] = os.urandom(4096 * 17)
    path.write_bytes(data)
    with pytest.raises(BrokenStoreError, match="is broken"):
        Store(path, thorough=True)


def test_a_file_of_a_newer_version_is_told_as_such(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(BrokenStoreError, match="written by a newer version") as told:
        Store(path)
    assert told.value.mark == "newer"


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="database of another program") as told:
        Store(path, thorough=True)
    assert not isinstance(told.value, BrokenStoreError)
    assert path.read_bytes() == before


def test_a_second_file_set_aside_in_the_same_second_gets_another_name(path: Path) -> None:
    path.parent.mkdir()
    names = set()
    for _ in range(3):
        path.write_bytes(b"x")
        names.add(set_aside(path, "corrupt").name)
    assert len(names) == 3


WRITER = """
import sys, itertools
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from sluicegate.learning.shelves import Row
from sluicegate.learning.store import Store
store = Store(Path(sys.argv[1]), thorough=True)
for number in itertools.count(1):
    data = str(number).encode()
    store.write([Row("figures", f"k{one}", data + b" " * 700) for one in range(60)])
    print(number, flush=True)
"""


def test_killed_at_any_moment_the_file_is_whole_and_has_every_batch_that_was_written(path: Path) -> None:
    for batches in range(1, 13):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(ADDONS)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            told = 0
            for _ in range(batches * 3):
                told = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            told = int((writer.stdout.read().split() or [told])[-1])
        store = Store(path, thorough=True)
        values = {int((row.data or b"").split()[0]) for row in store.rows()}
        store.close()
        assert len(values) == 1, "half of a batch"
        assert values.pop() in (told, told + 1)


def test_a_file_that_another_makes_at_the_same_moment_is_one_of_ours(path: Path) -> None:
    class Slow(sqlite3.Connection):
        """Gives another process time to make the tables, between any two questions about the file."""

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            found = super().execute(sql, *parameters)
            if sql == "PRAGMA application_id":
                other.start()
                other.join(0.5)
            return found

    path.parent.mkdir()
    own = sqlite3.connect(path, isolation_level=None, factory=Slow)
    other = threading.Thread(target=lambda: Store(path).close())
    assert check(path, own) is False  # as it was at that moment
    other.join()
    assert check(path, sqlite3.connect(path)) is True
