"""The key under which sessions are named."""

from __future__ import annotations

import logging
import stat
import threading
from pathlib import Path

import pytest

from sluicegate.observing import session_key as room
from sluicegate.observing.session_key import FILE, BadKeyError, session_key, session_key_of_run


def test_a_key_is_made_once_for_its_owner_alone_in_a_folder_that_git_ignores(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    key = session_key(folder)
    assert len(key) == 32
    assert session_key(folder) == key
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert (folder / ".gitignore").read_text() == "*\n"
    assert sorted(one.name for one in folder.iterdir()) == [".gitignore", FILE]


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    assert session_key(tmp_path / "a") != session_key(tmp_path / "b")


def test_all_who_come_at_the_same_time_get_the_same_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        keys.append(session_key(tmp_path / "state"))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_whoever_is_second_takes_the_key_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking for the file and making it, somebody else makes it."""
    make = room._make

    def late(path: Path) -> None:
        path.write_text("ab" * 32)
        make(path)

    monkeypatch.setattr(room, "_make", late)
    assert session_key(tmp_path) == b"\xab" * 32
    assert [one.name for one in tmp_path.iterdir()] == [FILE]


def test_a_key_that_cannot_be_made_is_one_for_this_run_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file")
    first, second = session_key_of_run(in_the_way), session_key_of_run(in_the_way)
    assert len(first) == len(second) == 32
    assert first != second
    (told, _) = caplog.records
    assert told.levelno == logging.WARNING
    assert told.getMessage().startswith(
        f"{in_the_way / FILE}: not a directory; sessions are named by a key of this run"
    )


@pytest.mark.parametrize("content", ["", "ab", "xy" * 32, "ab" * 33, "ab" * 32 + "\n\n"])
def test_a_file_without_a_key_is_left_alone_and_told(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(BadKeyError, match="holds no key"):
        session_key(tmp_path)
    assert len(session_key_of_run(tmp_path)) == 32
    assert "it holds no key: remove it, and a new one is made" in caplog.text
    assert content == "" or content not in caplog.text.replace(str(tmp_path), "")
    assert (tmp_path / FILE).read_text() == content
