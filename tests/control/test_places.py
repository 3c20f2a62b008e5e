"""Where a control socket lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sluicegate.control.places import (
    fallback_folder,
    is_private,
    make_fallback_folder,
    port_of,
    socket_name,
)


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
