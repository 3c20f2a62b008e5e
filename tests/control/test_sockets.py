"""Listening sockets in a folder that several gateways share."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sluicegate.control import sockets
from sluicegate.control.places import MOST_BYTES
from sluicegate.control.sockets import Listening, is_stale, listen_in, remove


@pytest.fixture
def listening(folder: Path) -> Iterator[Listening]:
    made = listen_in(folder, 8080)
    yield made
    remove(made)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"tmp"}


def leave_stale(path: Path) -> None:
    """What a killed gateway leaves: a socket that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


def test_a_socket_is_named_after_the_port_and_answers_at_once(folder: Path, listening: Listening) -> None:
    assert names(folder) == {"control-8080.sock"}
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(listening.path))


def test_a_socket_is_open_to_its_user_alone(listening: Listening) -> None:
    mode = listening.path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_a_stale_socket_is_replaced(folder: Path) -> None:
    leave_stale(folder / "control-8080.sock")
    assert is_stale(folder / "control-8080.sock")
    made = listen_in(folder, 8080)
    assert made.path.name == "control-8080.sock"
    assert not is_stale(made.path)
    remove(made)
    assert names(folder) == set()


def test_a_living_socket_is_never_stolen(folder: Path, listening: Listening) -> None:
    second = listen_in(folder, 8080)
    assert second.path.name == f"control-8080-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(listening.path))
        listening.socket.accept()[0].close()
    remove(second)
    assert names(folder) == {"control-8080.sock"}


def test_a_socket_that_is_too_busy_to_answer_lives(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(folder / "control-8080.sock"))
        busy.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(str(folder / "control-8080.sock"))
            except BlockingIOError:
                break
        assert not is_stale(folder / "control-8080.sock")
        for client in waiting:
            client.close()


@pytest.mark.parametrize("what", ["file", "folder", "link to nowhere", "link to a stale socket"])
def test_what_is_no_socket_is_left_alone(folder: Path, what: str) -> None:
    path = folder / "control-8080.sock"
    if what == "file":
        path.write_text("mine")
    elif what == "folder":
        path.mkdir()
    elif what == "link to nowhere":
        path.symlink_to(folder / "nowhere")
    else:
        leave_stale(folder / "other.sock")
        path.symlink_to(folder / "other.sock")
    before = path.lstat().st_ino
    made = listen_in(folder, 8080)
    assert made.path.name == f"control-8080-{os.getpid()}.sock"
    remove(made)
    assert path.lstat().st_ino == before


def test_with_both_names_taken_it_is_an_error(folder: Path) -> None:
    (folder / "control-8080.sock").mkdir()
    (folder / f"control-8080-{os.getpid()}.sock").mkdir()
    with pytest.raises(FileExistsError):
        listen_in(folder, 8080)


def test_a_path_over_the_limit_is_an_error_that_leaves_nothing(folder: Path) -> None:
    deep = folder / ("d" * (MOST_BYTES - len(str(folder)) - len("//control-8080.sock") + 1))
    deep.mkdir()
    with pytest.raises(OSError) as caught:
        listen_in(deep, 8080)
    assert caught.value.errno == errno.ENAMETOOLONG
    assert list(deep.iterdir()) == []


def test_the_longest_path_that_fits_works(folder: Path) -> None:
    deep = folder / ("d" * (MOST_BYTES - len(str(folder)) - len("//control-8080.sock")))
    deep.mkdir()
    made = listen_in(deep, 8080)
    assert len(str(made.path)) == MOST_BYTES
    remove(made)


def test_a_missing_folder_is_an_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        listen_in(folder / "missing", 8080)


def test_a_gateway_waits_while_another_one_chooses_its_name(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(BlockingIOError):
        listen_in(folder, 8080)
    os.close(descriptor)
    remove(listen_in(folder, 8080))


def test_a_file_system_without_locks_does_not_keep_it_from_listening(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(sockets.fcntl, "flock", no_locks)
    remove(listen_in(folder, 8080))


def test_what_took_the_place_of_a_socket_is_not_removed_with_it(folder: Path) -> None:
    first = listen_in(folder, 8080)
    first.path.unlink()
    second = listen_in(folder, 8080)
    remove(first)
    assert not is_stale(second.path)
    assert names(folder) == {"control-8080.sock"}
    remove(second)


def test_a_socket_that_is_gone_already_is_removed_quietly(folder: Path) -> None:
    made = listen_in(folder, 8080)
    made.path.unlink()
    remove(made)
    assert names(folder) == set()
