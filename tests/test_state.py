"""Where what is kept lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.control.places import is_private
from sluicegate.state import make_state_folder, state_file, state_folder


@pytest.mark.parametrize(
    ("chosen", "routes", "expected"),
    [
        ("", "/srv/hotel/routes", "/srv/hotel/.sluicegate"),
        ("", "/srv/hotel/routes/", "/srv/hotel/.sluicegate"),
        ("", "/srv/hotel/other/../routes", "/srv/hotel/.sluicegate"),
        ("/var/lib/gateway", "/srv/hotel/routes", "/var/lib/gateway"),
        ("/var/lib/x/../gateway", "/srv/hotel/routes", "/var/lib/gateway"),
    ],
)
def test_the_state_folder_is_beside_the_routes_unless_chosen(chosen: str, routes: str, expected: str) -> None:
    assert state_folder(chosen, Path(routes)) == Path(expected)


def test_a_chosen_state_folder_is_one_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert state_folder("kept", Path("/srv/routes")) == tmp_path / "kept"
    assert state_folder("", Path("routes")) == tmp_path / ".sluicegate"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("", "/srv/hotel/.sluicegate/state.db"),
        ("/var/lib/gateway", "/var/lib/gateway/state.db"),
        ("/var/lib/gateway/learned.db", "/var/lib/gateway/learned.db"),
        ("/var/lib/gateway/learned.db/", "/var/lib/gateway/learned.db"),
        ("/var/lib/gateway/.db", "/var/lib/gateway/.db/state.db"),
    ],
)
def test_the_state_file_is_in_the_state_folder_unless_a_db_file_is_chosen(chosen: str, expected: str) -> None:
    assert state_file(chosen, Path("/srv/hotel/routes")) == Path(expected)
    assert state_folder(chosen, Path("/srv/hotel/routes")) == Path(expected).parent


def test_a_folder_may_have_a_name_that_ends_in_db(tmp_path: Path) -> None:
    (tmp_path / "kept.db").mkdir()
    assert state_file(str(tmp_path / "kept.db"), Path("/srv/routes")) == tmp_path / "kept.db" / "state.db"


def test_a_state_folder_that_is_made_is_private_and_ignored_by_git(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    make_state_folder(state)
    assert is_private(state)
    assert (state / ".gitignore").read_text() == "*\n"


def test_a_state_folder_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    make_state_folder(state)
    assert state.stat().st_mode & 0o777 == 0o755
    assert list(state.iterdir()) == []
