"""A learner and its state file together: writing, handing in, taking over, mending."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from sluicegate.learning import keeping
from sluicegate.learning.keeping import Keeper, learned
from sluicegate.learning.observation import Key
from sluicegate.learning.parts import new_learner
from sluicegate.learning.paths.corrections import Correction
from sluicegate.learning.shelves import PROFILE, Row
from sluicegate.learning.state_file import BrokenStoreError, BusyStoreError, StoreError, set_aside
from sluicegate.learning.store import Lock, Store, read

from .test_learner import HOST, hotels, requests_of, seen

ENDPOINT = "/hotels/{var1}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "state.db"


class Kept:
    """A keeper and what it has said."""

    def __init__(self, path: Path) -> None:
        self.said: list[str] = []
        self.keeper = Keeper(path, new_learner, self.said.append)
        self.keeper.open()

    def learn(self, number: int, first: int = 0) -> None:
        for one in hotels(number, first):
            self.keeper.learner.observe(one)


def kept_requests(path: Path) -> int:
    return requests_of(learned(path, new_learner).learner, ENDPOINT)


def test_what_was_learned_is_there_in_the_next_run(path: Path) -> None:
    first = Kept(path)
    first.learn(30)
    first.keeper.close()
    second = Kept(path)
    assert second.keeper.is_writer
    second.learn(10, 100)
    second.keeper.close()
    assert kept_requests(path) == 40
    assert first.said == second.said == []


def test_a_second_one_hands_in_and_the_first_takes_it_in(path: Path) -> None:
    first, second = Kept(path), Kept(path)
    assert (first.keeper.is_writer, second.keeper.is_writer) == (True, False)
    first.learn(20)
    second.learn(20, 100)
    second.keeper.flush(everything=True)
    assert kept_requests(path) == 20
    first.keeper.look()
    assert requests_of(first.keeper.learner, ENDPOINT) == 40
    assert read(path).waiting == []
    first.keeper.look()
    assert requests_of(first.keeper.learner, ENDPOINT) == 40
    first.keeper.close()
    second.keeper.close()
    assert kept_requests(path) == 40


@pytest.mark.parametrize("is_writer", [True, False])
def test_what_is_remembered_of_a_file_is_kept_with_what_was_learned_of_it_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_writer: bool
) -> None:
    first = Kept(path)
    kept = first if is_writer else Kept(path)
    kept.learn(20)
    kept.keeper.remembered = {"learned a": "1"}
    transactions: list[tuple[int, int]] = []

    def counted(method: Any) -> Any:
        def call(store: Store, *arguments: Any, **named: Any) -> Any:
            result = method(store, *arguments, **named)
            found = read(path)
            transactions.append((len(found.rows) + len(found.waiting), len(found.facts)))
            return result

        return call

    monkeypatch.setattr(Store, "write", counted(Store.write))
    monkeypatch.setattr(Store, "hand_in", counted(Store.hand_in))
    kept.keeper.flush(everything=True)
    ((learned_rows, facts),) = transactions
    assert learned_rows
    assert facts == 1
    assert kept.keeper.is_kept
    assert not kept.keeper.remembered
    kept.keeper.close()
    if not is_writer:
        first.keeper.close()
    assert kept_requests(path) == 20


def test_what_waits_in_the_inbox_is_shown_already(path: Path) -> None:
    first, second = Kept(path), Kept(path)
    first.learn(10)
    first.keeper.flush(everything=True)
    second.learn(10, 100)
    second.keeper.close()
    assert len(read(path).waiting) == 1
    assert kept_requests(path) == 20
    first.keeper.close()


def test_the_one_that_is_left_becomes_the_writer_with_all_that_both_know(path: Path) -> None:
    first, second = Kept(path), Kept(path)
    first.learn(20)
    second.learn(20, 100)
    first.keeper.close()
    second.keeper.look()
    assert second.keeper.is_writer
    assert requests_of(second.keeper.learner, ENDPOINT) == 40
    second.keeper.close()
    assert kept_requests(path) == 40


def test_a_correction_reaches_the_writer_and_is_shown_before_that(path: Path) -> None:
    gateway, console = Kept(path), Kept(path)
    gateway.learn(20)
    gateway.keeper.flush(everything=True)
    console.keeper.correct([json.dumps(Correction("ignore", Key("GET", HOST, ENDPOINT)).members())])
    console.keeper.close()
    assert [one.state for one in learned(path, new_learner).learner.endpoints()] == ["ignored"]
    assert len(read(path).corrections) == 1
    gateway.keeper.look()
    assert [one.state for one in gateway.keeper.learner.endpoints()] == ["ignored"]
    assert read(path).corrections == []
    gateway.keeper.close()
    assert [one.state for one in learned(path, new_learner).learner.endpoints()] == ["ignored"]


def test_without_a_gateway_a_correction_is_applied_at_once(path: Path) -> None:
    gateway = Kept(path)
    gateway.learn(20)
    gateway.keeper.close()
    console = Kept(path)
    console.keeper.correct([json.dumps(Correction("ignore", Key("GET", HOST, ENDPOINT)).members())])
    assert read(path).corrections == []
    console.keeper.close()
    assert [one.state for one in learned(path, new_learner).learner.endpoints()] == ["ignored"]


@pytest.mark.parametrize("nonsense", ["", "[", "{}", '{"action": "drop", "key": [], "place": 0, "values": []}'])
def test_a_correction_that_makes_no_sense_is_passed_over(path: Path, nonsense: str) -> None:
    kept = Kept(path)
    kept.learn(20)
    kept.keeper.correct([nonsense])
    assert read(path).corrections == []
    assert requests_of(kept.keeper.learner, ENDPOINT) == 20
    kept.keeper.close()


def test_a_broken_file_is_set_aside_and_learning_begins_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    kept = Kept(path)
    kept.learn(20)
    kept.keeper.close()
    (aside,) = path.parent.glob("state.db.corrupt-*")
    assert aside.read_bytes() == b"no database" * 1000
    assert kept.said == [f"{path}: is broken; it was set aside as {aside.name}, and learning begins anew."]
    assert kept_requests(path) == 20


def test_a_file_that_turns_out_broken_while_it_is_used_is_set_aside_and_nothing_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(path)
    kept.learn(20)
    kept.keeper.flush(everything=True)
    write, faults = Store.write, [BrokenStoreError(f"{path}: is broken", "corrupt")]

    def failing(store: Store, *arguments: Any, **named: Any) -> list[Row]:
        if faults:
            raise faults.pop()
        return write(store, *arguments, **named)

    monkeypatch.setattr(Store, "write", failing)
    kept.learn(20, 100)
    kept.keeper.close()
    assert [one.split("; ")[0] for one in kept.said] == [f"{path}: is broken"]
    assert len(list(path.parent.glob("state.db.corrupt-*"))) >= 1
    assert kept_requests(path) == 40


def test_one_that_only_hands_in_sets_no_file_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PATIENCE", 0.2)
    writer = Lock(path)
    assert writer.take()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="is broken"):
        Kept(path)
    assert sorted(one.name for one in path.parent.glob("state.db*")) == ["state.db", "state.db.lock"]
    writer.release()


def test_one_that_only_hands_in_waits_for_the_writer_to_set_a_broken_file_aside(path: Path) -> None:
    writer = Lock(path)
    assert writer.take()
    path.write_bytes(b"no database" * 1000)

    def mend() -> None:
        set_aside(path, "corrupt")
        Store(path).close()

    later = threading.Timer(0.3, mend)
    later.start()
    second = Kept(path)
    later.join()
    second.learn(20)
    second.keeper.close()
    writer.release()
    assert kept_requests(path) == 20


def test_one_that_could_not_take_over_keeps_what_it_learned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Kept(path), Kept(path)
    first.learn(20)
    second.learn(20, 100)
    first.keeper.close()

    def busy(_: Store) -> list[Row]:
        raise BusyStoreError(f"{path}: database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "rows", busy)
        with pytest.raises(StoreError, match="locked"):
            second.keeper.look()
    assert not second.keeper.is_writer
    second.keeper.close()
    assert kept_requests(path) == 40


def test_at_the_end_a_busy_file_is_tried_once_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Kept(path), Kept(path)
    second.learn(20)
    hand_in, faults = Store.hand_in, [BusyStoreError(f"{path}: database is locked")]

    def failing(store: Store, *arguments: Any, **named: Any) -> None:
        if faults:
            raise faults.pop()
        hand_in(store, *arguments, **named)

    monkeypatch.setattr(Store, "hand_in", failing)
    second.keeper.close()
    first.keeper.close()
    assert kept_requests(path) == 20


def test_a_file_that_was_taken_away_loses_nothing_that_is_handed_in(path: Path) -> None:
    first, second = Kept(path), Kept(path)
    first.learn(20)
    for one in path.parent.glob("state.db*"):
        if one.suffix != ".lock":
            one.unlink()
    second.learn(20, 100)
    second.keeper.flush(everything=True)
    second.keeper.close()
    first.keeper.close()
    assert kept_requests(path) == 40


def test_a_file_that_was_taken_away_is_made_again_with_everything(path: Path) -> None:
    kept = Kept(path)
    kept.learn(20)
    kept.keeper.flush(everything=True)
    for one in path.parent.glob("state.db*"):
        one.unlink()
    kept.learn(1, 100)
    kept.keeper.flush(everything=True)
    assert kept_requests(path) == 21
    kept.keeper.close()


def test_while_the_disk_is_full_nothing_is_lost_and_people_are_told_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(path)
    kept.learn(20)

    def full(*_: object, **__: object) -> list[Row]:
        raise StoreError(f"{path}: database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", full)
        kept.keeper.flush(everything=True)
        kept.learn(20, 100)
        kept.keeper.flush(everything=True)
    assert kept.said == [f"what is learned cannot be kept at present: {path}: database or disk is full"]
    kept.keeper.flush(everything=True)
    assert kept_requests(path) == 40
    kept.keeper.close()


def test_a_delta_that_could_not_be_written_counts_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Kept(path), Kept(path)
    second.learn(20)
    second.keeper.close()
    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", lambda *_, **__: (_ for _ in ()).throw(StoreError("full")))
        with pytest.raises(StoreError, match="full"):
            first.keeper.look()
    first.keeper.look()
    assert requests_of(first.keeper.learner, ENDPOINT) == 20
    assert read(path).waiting == []
    first.keeper.close()


def test_rows_that_make_no_sense_are_left_out_and_told(path: Path) -> None:
    kept = Kept(path)
    kept.learn(20)
    kept.keeper.close()
    store = Store(path)
    store.write([Row(PROFILE, "no key", b"no JSON")])
    number = len(store.rows())
    store.close()
    again = Kept(path)
    assert again.said == [f"{path}: 1 of {number} rows made no sense and were left out."]
    assert requests_of(again.keeper.learner, ENDPOINT) == 20
    again.keeper.close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        Kept(tmp_path / "state.db")


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("")
    with pytest.raises(StoreError, match="Not a directory"):
        Kept(tmp_path / "kept" / "state.db")


def test_what_a_file_has_no_room_for_is_forgotten(path: Path) -> None:
    said: list[str] = []
    keeper = Keeper(path, new_learner, said.append, most_bytes=150_000)
    keeper.open()
    for one in range(300):
        keeper.learner.observe(seen(f"/a{one}", endpoint=f"/a{one}"))
    keeper.flush(everything=True)
    kept = {row.key for row in read(path).rows if row.part == PROFILE}
    assert 0 <= len(kept) < 300
    assert {json.dumps(key) for key in keeper.learner.profiles} == kept
    keeper.close()
