"""`sluice status`: the text, and what it says when no gateway answers.

With a running one: tests/e2e/test_control.py.
"""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluicegate.console.status import choices, duration, harmless, lines
from sluicegate.control.status import LearningStatus, Reload, WorkerStatus
from tests.control.statuses import STARTED, status

from .sluice import sluice


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def told(**members: Any) -> dict[str, str]:
    return {name: str(text) for name, text in lines(status(**members).members())}


def leave_stale(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


def test_a_gateway_that_serves_is_told_in_eight_lines(utc: None) -> None:
    assert told() == {
        "ready": "yes",
        "generation": "1, since 2026-07-01 10:00:01",
        "endpoints": "4",
        "files": "hotel.yaml (abababababab)",
        "last reload": "2026-07-01 10:00:01, taken over, 12 ms",
        "routes": "/srv/hotel/routes",
        "listens on": "*:8080",
        "process": "4711, up 1 min 1 s; sluicegate 0.1.0, mitmproxy 12.2.3",
    }


def test_a_gateway_without_routes_says_why_it_does_not_serve(utc: None) -> None:
    shown = told(
        not_ready="The route files are not valid.",
        generation=0,
        files={},
        endpoints=0,
        loaded_at=None,
        listeners=(),
        last_reload=Reload(STARTED, False, 3),
    )
    assert shown["ready"] == "no: The route files are not valid."
    assert shown["generation"] == "0"
    assert shown["files"] == "none"
    assert shown["last reload"] == "2026-07-01 10:00:00, NOT taken over, 3 ms"
    assert shown["listens on"] == "nothing"
    assert told(last_reload=None)["last reload"] == "none yet"


def test_several_workers_are_told_one_by_one() -> None:
    workers = (WorkerStatus(4712, 3, True), WorkerStatus(4713, 2, True, 1), WorkerStatus(0, 0, False, 5))
    assert told(workers=workers)["workers"] == (
        "4712 serves generation 3; 4713 serves generation 2, restarted once; one that does not serve, restarted 5 times"
    )


@pytest.mark.parametrize(
    ("learning", "text"),
    [
        (LearningStatus(0, "/srv/kept/state.db"), "waits for the first exchange, into /srv/kept/state.db"),
        (LearningStatus(4714, "/srv/kept/state.db", 1), "1 exchange, by 4714, into /srv/kept/state.db"),
        (LearningStatus(4714, "/s.db", 12_345, 1_000), "12,345 exchanges, 1,000 dropped, by 4714, into /s.db"),
        (LearningStatus(0, "/s.db", 7), "7 exchanges, by nobody just now, into /s.db"),
        (LearningStatus(0, "/s.db", 7, off="the state file cannot be used"), "off: the state file cannot be used"),
    ],
)
def test_what_is_learned_is_told_where_anything_is(learning: LearningStatus, text: str) -> None:
    assert told(learning=learning)["learning"] == text
    assert "learning" not in told()


def test_of_many_files_the_first_are_named() -> None:
    shown = told(files={f"{number:02}.yaml": "cd" * 32 for number in range(23)})["files"]
    assert shown.startswith("00.yaml (cdcdcdcdcdcd), 01.yaml (")
    assert shown.endswith("19.yaml (cdcdcdcdcdcd) and 3 more files")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (7620, "2 h 7 min"),
        (86400, "1 d 0 h"),
        (1_047_600, "12 d 3 h"),
    ],
)
def test_a_time_span_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_nothing_that_a_server_says_reaches_the_terminal_as_a_command() -> None:
    said = {"a\x1b[2J": ["x\x9b1m", {"y": "\x07\n"}], "n": 1, "é": "→"}
    assert harmless(said) == {"a\\x1b[2J": ["x\\x9b1m", {"y": "\\x07\\n"}], "n": 1, "é": "→"}


def test_gateways_are_told_apart_by_port_and_else_by_socket() -> None:
    paths = [Path("/s/control-8080.sock"), Path("/s/control-8080-7.sock"), Path("/s/control-8081.sock")]
    assert choices(paths) == ("--url unix:/s/control-8080.sock, --url unix:/s/control-8080-7.sock, --port 8081")


def test_without_a_gateway_the_error_says_where_it_looked(folder: Path) -> None:
    (folder / "routes").mkdir()
    assert sluice("status", cwd=folder).one_line_error == (
        ".sluicegate: no control socket of a running gateway here; "
        "name its routes with --routes DIR, or where it is asked with --url"
    )
    assert sluice("status", "--state", "kept", "--port", "8080", cwd=folder).one_line_error == (
        "kept: no control socket of a running gateway on port 8080 here"
    )


def test_a_socket_that_a_killed_gateway_left_is_told_as_such(folder: Path) -> None:
    leave_stale(folder / "x" / ".sluicegate" / "control-8080.sock")
    assert sluice("status", "--routes", "x/routes", cwd=folder).one_line_error == (
        "no gateway answers; x/.sluicegate/control-8080.sock: nobody listens: left behind by a gateway that was killed"
    )


def test_a_url_that_cannot_be_used_is_an_error_of_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert sluice("status", "--url", f"http://127.0.0.1:{port}", cwd=folder).one_line_error == (
        f"http://127.0.0.1:{port}: nobody listens: start the gateway with --set control=PORT"
    )
    assert sluice("status", "--url", "unix:missing.sock", "--json", cwd=folder).one_line_error == (
        "unix:missing.sock: no such file or directory"
    )
    assert sluice("status", "--url", "ftp://x", cwd=folder).one_line_error == (
        "--url ftp://x: not http://127.0.0.1:PORT or unix:/path/to/control-8080.sock"
    )
