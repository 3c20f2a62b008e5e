"""How changes are noticed: a linked folder, an empty one, polling, and no inotify left."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.harness import Upstream, answer, gateway
from tests.e2e.harness.editing import Editing, editing, moving, steady, wait_status

NO_INOTIFY = """
import contextlib
import ctypes
import errno
import os

with contextlib.suppress(Exception):
    import watchdog.observers.inotify_c as inotify

    granted = inotify.{call}

    def limited(*arguments):
        if not os.path.exists({flag!r}):
            return granted(*arguments)
        open({flag!r} + ".met", "w").close()
        ctypes.set_errno(errno.{fault})
        return -1

    inotify.{call} = limited
"""
"""Runs before the program: once a flag file is there the system refuses, as if others had it all."""


def test_a_routes_folder_that_is_a_link_may_be_pointed_elsewhere(upstream: Upstream, tmp_path: Path) -> None:
    def point(version: Path) -> None:
        fresh = tmp_path / "fresh"
        fresh.symlink_to(version, target_is_directory=True)
        fresh.replace(tmp_path / "routes")

    upstream.on("/v0", answer(body=b"/v0"))
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
        (folder / "steady.yaml").write_text(steady(upstream))
    (folders[0] / "moving.yaml").write_text(moving(upstream, "/v0"))
    point(folders[0])
    with gateway(tmp_path / "routes") as running:
        edit = Editing(running, upstream)
        with edit.under_load():
            for folder in (folders[1], folders[2], folders[0]):
                (folder / "moving.yaml").write_text(edit.text())
                point(folder)
                edit.wait_effect()
                (folder / "moving.yaml").write_text(edit.text())
                edit.wait_effect()
            shutil.rmtree(folders[1])
            edit.file.write_text(edit.text())
            edit.wait_effect()


def test_an_empty_folder_means_no_routes_and_can_be_filled(tmp_path: Path, upstream: Upstream) -> None:
    with gateway({}) as running:
        edit = Editing(running, upstream)
        for _ in range(2):
            answer = running.get("/steady")
            assert answer.problem()["status"] in (404, 421)
            edit.gateway.write("steady.yaml", steady(upstream))
            wait_status(running, "/steady", 200)
            (edit.folder / "steady.yaml").unlink()
            wait_status(running, "/steady", answer.status)


def limited(folder: Path, call: str, fault: str) -> tuple[Path, dict[str, str]]:
    """The flag that uses inotify up, and the environment of a program that heeds it."""
    flag = folder / "spent"
    (folder / "sitecustomize.py").write_text(NO_INOTIFY.format(call=call, fault=fault, flag=str(flag)))
    return flag, {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize(("call", "fault"), [("inotify_init", "EMFILE"), ("inotify_add_watch", "ENOSPC")])
def test_edits_take_effect_when_the_system_has_no_inotify_left(tmp_path: Path, call: str, fault: str) -> None:
    flag, env = limited(tmp_path, call, fault)
    flag.touch()
    with editing(env=env) as edit, edit.under_load():
        edit.file.write_text(edit.text())
        edit.wait_effect()
    assert sys.platform != "linux" or flag.with_suffix(".met").exists()


def test_edits_take_effect_when_inotify_runs_out_later(tmp_path: Path) -> None:
    """The new folder can no longer be watched."""
    flag, env = limited(tmp_path, "inotify_add_watch", "ENOSPC")
    with editing(env=env) as edit, edit.under_load():
        flag.touch()
        inner = edit.folder / "team"
        inner.mkdir()
        moved = edit.file.rename(inner / "moving.yaml")
        for _ in range(3):
            moved.write_text(edit.text())
            edit.wait_effect()
    assert sys.platform != "linux" or flag.with_suffix(".met").exists()


def test_edits_take_effect_when_polling_is_asked_for() -> None:
    with editing("--set", "routes_polling=true") as edit, edit.under_load():
        edit.file.write_text(edit.text())
        edit.wait_effect()
