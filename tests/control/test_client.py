"""Asking a control server, or what is in its place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sluicegate.control import client
from sluicegate.control.addresses import Address
from sluicegate.control.client import AnswerError, fetch, find_sockets
from sluicegate.control.places import fallback_folder


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    return path


@contextmanager
def answering(folder: Path, data: bytes, *, close: bool = True) -> Iterator[tuple[Address, list[bytes]]]:
    """A server that reads one head and says these bytes."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a.sock"))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += connection.recv(65536)
                asked.append(head)
                try:
                    connection.sendall(data)
                    if not close:
                        connection.recv(1)
                except OSError:
                    pass  # the client has heard enough

        thread = threading.Thread(target=serve)
        thread.start()
        yield Address(path=str(folder / "a.sock")), asked
        thread.join(10)
        assert not thread.is_alive()


def test_sockets_are_found_in_the_state_folder_and_in_its_fallback(folder: Path) -> None:
    state = folder / "state"
    paths = [made(state / "control-8080.sock"), made(state / "control-8081-77.sock")]
    (state / "control-9.sock").write_text("no socket")
    (state / "other.sock").write_text("another name")
    paths.append(made(fallback_folder(state) / "control-8082.sock"))
    assert find_sockets(state) == paths


def test_a_fallback_that_others_may_enter_is_not_looked_into(folder: Path) -> None:
    made(fallback_folder(folder) / "control-8080.sock")
    fallback_folder(folder).chmod(0o755)
    assert find_sockets(folder) == []


def test_a_missing_state_folder_holds_nothing(folder: Path) -> None:
    assert find_sockets(folder / "missing") == []


def test_a_state_folder_full_of_sockets_is_read_up_to_a_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_SOCKETS", 2)
    for port in (1, 2, 3):
        made(folder / f"control-{port}.sock")
    assert len(find_sockets(folder)) == 2


def test_an_answer_is_its_code_and_its_body(folder: Path) -> None:
    data = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nwhy"
    with answering(folder, data) as (address, asked):
        assert fetch(address, "/readyz") == (503, b"why")
    assert asked == [
        b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    ]


@pytest.mark.parametrize(
    "data", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"\x00" * 1000]
)
def test_what_is_no_answer_is_an_error(folder: Path, data: bytes) -> None:
    with answering(folder, data) as (address, _), pytest.raises(AnswerError):
        fetch(address, "/status")


def test_an_answer_that_does_not_end_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DEADLINE", 0.2)
    with answering(folder, b"HTTP/1.1 200 OK\r\n", close=False) as (address, _), pytest.raises(AnswerError):
        fetch(address, "/status")


def test_an_answer_that_is_too_long_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 100_000)
    data = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000
    with answering(folder, data) as (address, _), pytest.raises(AnswerError, match="too long"):
        fetch(address, "/status")


def test_a_socket_that_nobody_listens_on_refuses(folder: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        fetch(Address(path=str(made(folder / "a.sock"))), "/status")


def test_a_path_over_the_limit_is_an_os_error(folder: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        fetch(Address(path=str(folder / ("d" * 200))), "/status")
