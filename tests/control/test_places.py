"""Where a control socket lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sluicegate.control.places import (
    fallback_folder,
    is_private,
    make_fallback_folder,
    make_state_folder,
    port_of,
    socket_name,
    state_folder,
)


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


def test_a_chosen_state_folder_is_one_from_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert state_folder("kept", Path("/srv/routes")) == folder / "kept"
    assert state_folder("", Path("routes")) == folder / ".sluicegate"


def test_the_fallback_is_one_folder_per_user_and_state_folder(folder: Path) -> None:
    state = folder / "state"
    fallback = fallback_folder(state)
    assert fallback.parent == folder / "tmp"
    assert fallback.name.startswith(f"sluicegate-{os.getuid()}-")
    assert fallback == fallback_folder(state / ".." / "state")
    assert fallback != fallback_folder(folder / "other")


def test_two_ways_to_a_state_folder_lead_to_one_fallback(folder: Path) -> None:
    (folder / "link").symlink_to(folder)
    assert fallback_folder(folder / "link" / "state") == fallback_folder(folder / "state")


@pytest.mark.parametrize(("port", "pid"), [(8080, 0), (1, 0), (65535, 4194304)])
def test_a_socket_is_named_after_the_port(port: int, pid: int) -> None:
    assert port_of(socket_name(port, pid)) == port


@pytest.mark.parametrize(
    "name", ["control.sock", "control-.sock", "control-8080", "control-8080.sock.bak", ".123.sock", "control-８.sock"]
)
def test_other_names_are_no_control_sockets(name: str) -> None:
    assert port_of(name) is None


def test_a_state_folder_that_is_made_is_private_and_ignored_by_git(folder: Path) -> None:
    state = folder / "deep" / "state"
    make_state_folder(state)
    assert is_private(state)
    assert (state / ".gitignore").read_text() == "*\n"


def test_a_state_folder_that_exists_is_left_as_it_is(folder: Path) -> None:
    state = folder / "state"
    state.mkdir(mode=0o755)
    make_state_folder(state)
    assert state.stat().st_mode & 0o777 == 0o755
    assert list(state.iterdir()) == []


def test_a_fallback_folder_is_made_once_and_used_again(folder: Path) -> None:
    fallback = folder / "tmp" / "fallback"
    make_fallback_folder(fallback)
    make_fallback_folder(fallback)
    assert is_private(fallback)


def test_a_fallback_that_others_may_enter_is_refused(folder: Path) -> None:
    fallback = folder / "tmp" / "fallback"
    fallback.mkdir()
    fallback.chmod(0o701)
    with pytest.raises(PermissionError, match="not a folder of this user alone"):
        make_fallback_folder(fallback)


def test_a_fallback_that_is_a_link_is_refused_though_it_leads_to_a_private_folder(folder: Path) -> None:
    (folder / "private").mkdir(mode=0o700)
    fallback = folder / "tmp" / "fallback"
    fallback.symlink_to(folder / "private")
    with pytest.raises(PermissionError, match="not a folder of this user alone"):
        make_fallback_folder(fallback)


def test_a_fallback_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fallback = folder / "tmp" / "fallback"
    fallback.mkdir(mode=0o700)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(PermissionError, match="not a folder of this user alone"):
        make_fallback_folder(fallback)


def test_a_fallback_that_is_a_file_is_refused(folder: Path) -> None:
    fallback = folder / "tmp" / "fallback"
    fallback.write_text("")
    fallback.chmod(0o600)
    with pytest.raises(PermissionError):
        make_fallback_folder(fallback)
