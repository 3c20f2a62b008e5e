"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sluicegate.console.options import UnusableError
from sluicegate.console.writing import write_text


def failed(path: Path, *, force: bool = False) -> str:
    with pytest.raises(UnusableError) as caught:
        write_text(str(path), "new", force=force)
    return caught.value.message.removeprefix(f"{path}: ")


def test_a_new_file_holds_the_text_as_utf_8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_text(str(tmp_path / "a"), "é\r\nb\n", force=False)
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\r\nb\n"


def test_a_file_that_is_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    assert failed(tmp_path / "a") == "the file exists: overwrite it with --force, or name another one"
    assert (tmp_path / "a").read_text() == "old"
    write_text(str(tmp_path / "a"), "new", force=True)
    assert (tmp_path / "a").read_text() == "new"


def test_a_link_stays_one_and_the_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o604)
    (tmp_path / "link").symlink_to("real")
    write_text(str(tmp_path / "link"), "new", force=True)
    assert (tmp_path / "link").readlink() == Path("real")
    assert (tmp_path / "real").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o604


def test_nobody_reads_a_closed_file_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "a").chmod(0o600)
    seen = []

    def looked(number: int) -> None:
        (beside,) = (path for path in tmp_path.iterdir() if path.name != "a")
        seen.append((beside.name.startswith(".a."), stat.S_IMODE(os.fstat(number).st_mode)))

    monkeypatch.setattr(os, "fsync", looked)
    write_text(str(tmp_path / "a"), "new", force=True)
    assert seen == [(True, 0o600)]


def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(UnusableError, match="cannot be written"):
        write_text(str(tmp_path / "a"), "\ud800", force=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_a_place_that_can_hold_no_file_is_said(tmp_path: Path) -> None:
    assert failed(tmp_path, force=True) == "this is a folder: name a file in it"
    assert failed(tmp_path / "no" / "a", force=True) == "its folder does not exist: make it first"


def test_a_name_as_long_as_a_file_may_have_can_be_written(tmp_path: Path) -> None:
    write_text(str(tmp_path / ("n" * 255)), "new", force=False)
    assert (tmp_path / ("n" * 255)).read_text() == "new"
