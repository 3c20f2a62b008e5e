"""The control socket of a running gateway, and `sluice status` asking it: where it lies, and what cannot stop it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluicegate.control.addresses import Address
from sluicegate.control.client import fetch
from sluicegate.control.places import fallback_folder
from tests.console.sluice import sluice, write
from tests.e2e.harness import Connection, Gateway, free_port, gateway, wait_until

ROUTES = "host: api.hotel.test\nendpoints:\n  GET /a: http://127.0.0.1:1/a\n"
MISTAKE = "host: api.hotel.test\nendpoints:\n  GET /a/{x}: http://127.0.0.1:1/{y}\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with routes in it, whose name is short enough for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as name:
        yield write(Path(name), {"routes/hotel.yaml": ROUTES})


def control_socket(running: Gateway) -> Path:
    """The path that the gateway has printed, once it has."""
    return Path(running.wait_log(r"control: unix:(\S+)")[1])


def ask(running: Gateway, path: str) -> tuple[int, Any]:
    code, body = fetch(Address(path=str(control_socket(running))), path)
    return code, json.loads(body)


def test_the_socket_is_named_after_the_port_and_private_and_goes_at_the_end(folder: Path) -> None:
    with gateway(folder / "routes") as running:
        path = control_socket(running)
        assert path == folder / ".sluicegate" / f"control-{running.port}.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        running.process.send_signal(signal.SIGTERM)
        assert running.wait_exit() == 0
        assert [one.name for one in path.parent.iterdir()] == [".gitignore"]


def test_ctrl_c_takes_the_socket_away(folder: Path) -> None:
    with gateway(folder / "routes") as running:
        path = control_socket(running)
        running.process.send_signal(signal.SIGINT)
        running.wait_exit()
        assert not path.exists()


def test_errors_of_a_reload_are_told_until_one_is_taken_over(folder: Path) -> None:
    with gateway(folder / "routes") as running:
        code, first = ask(running, "/status")
        assert (code, first["generation"], first["errors"]) == (200, 1, [])
        assert first["last_reload"]["taken_over"] is True
        assert first["listeners"] == [f"127.0.0.1:{running.port}"]
        assert first["pid"] == running.pid
        running.write("hotel.yaml", MISTAKE)
        wait_until(lambda: bool(ask(running, "/status")[1]["errors"]), what="the errors")
        _, bad = ask(running, "/status")
        (error,) = bad["errors"]
        assert list(error) == ["file", "line", "column", "severity", "code", "message", "witness"]
        assert (error["file"], error["line"], error["code"]) == ("hotel.yaml", 3, "variable-unknown")
        assert bad["last_reload"]["taken_over"] is False
        assert (bad["generation"], bad["files"], bad["loaded_at"]) == (1, first["files"], first["loaded_at"])
        assert ask(running, "/readyz") == (200, {"status": "ready", "generation": 1})
        told = sluice("status", cwd=folder)
        assert told.code == 1
        assert "routes/hotel.yaml:3:" in told.out
        running.write("hotel.yaml", ROUTES)
        wait_until(lambda: ask(running, "/status")[1]["errors"] == [], what="no errors")
        assert ask(running, "/status")[1]["last_reload"]["taken_over"] is True
        assert sluice("status", cwd=folder).code == 0


def test_without_valid_routes_it_lives_and_is_not_ready(folder: Path) -> None:
    write(folder, {"routes/hotel.yaml": MISTAKE})
    with gateway(folder / "routes") as running:
        assert ask(running, "/healthz") == (200, {"status": "ok"})
        code, document = ask(running, "/readyz")
        assert code == 503
        assert "hotel.yaml:3:" in document["detail"]
        told = sluice("status", "--json", cwd=folder)
        assert (told.code, told.json["ready"], told.json["generation"], told.json["loaded_at"]) == (1, False, 0, None)


def test_a_gateway_whose_port_is_taken_is_not_ready(folder: Path) -> None:
    with gateway(folder / "routes") as first:
        others = control_socket(first)
        with gateway(folder / "routes", "-p", str(first.port), ready=False) as second:
            second.wait_log(r"(?i)control: |address already in use")
            # mitmproxy may end by itself, or stay without its listener; neither takes the first one's socket.
            if second.process.poll() is None and "control: unix:" in second.log:
                assert ask(second, "/readyz")[0] == 503
        assert ask(first, "/readyz")[0] == 200
        assert control_socket(first) == others


def test_two_gateways_in_one_folder_are_told_apart_by_port(folder: Path) -> None:
    with gateway(folder / "routes") as first, gateway(folder / "routes") as second:
        paths = {control_socket(first), control_socket(second)}
        assert paths == {folder / ".sluicegate" / f"control-{one.port}.sock" for one in (first, second)}
        message = sluice("status", cwd=folder).one_line_error
        assert message.startswith("2 gateways answer; choose one: ")
        for one in (first, second):
            assert f"--port {one.port}" in message
            assert sluice("status", "--port", str(one.port), "--json", cwd=folder).json["pid"] == one.pid
            url = f"unix:{control_socket(one)}"
            assert sluice("status", "--url", url, "--json", cwd=folder).json["pid"] == one.pid


def test_the_socket_of_a_killed_gateway_is_known_as_such_and_replaced(folder: Path) -> None:
    with gateway(folder / "routes") as killed:
        path = control_socket(killed)
        killed.process.kill()
        killed.wait_exit()
        assert "left behind by a gateway that was killed" in sluice("status", cwd=folder).one_line_error
        with gateway(folder / "routes", "-p", str(killed.port), ready=False) as running:
            assert control_socket(running) == path
            assert sluice("status", "--json", cwd=folder).json["pid"] == running.pid


def test_a_chosen_state_folder_is_made_and_found(folder: Path) -> None:
    with gateway(folder / "routes", "--set", f"state={folder}/kept/here") as running:
        assert control_socket(running).parent == folder / "kept" / "here"
        assert sluice("status", "--state", "kept/here", "--json", cwd=folder).json["pid"] == running.pid
        assert not (folder / ".sluicegate").exists()


def test_a_path_over_the_systems_limit_leads_to_the_temporary_directory(folder: Path) -> None:
    deep = write(folder / ("d" * 60) / ("e" * 60), {"routes/hotel.yaml": ROUTES})
    with gateway(deep / "routes") as running:
        assert control_socket(running).parent == fallback_folder(deep / ".sluicegate")
        assert sluice("status", "--json", cwd=deep).json["pid"] == running.pid
        assert sluice("status", "--routes", deep / "routes", "--json", cwd=folder).json["pid"] == running.pid
    assert not fallback_folder(deep / ".sluicegate").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_a_folder_that_this_user_may_not_write_leads_to_the_temporary_directory(folder: Path) -> None:
    """Root may write anywhere but in /proc, which stands for a read-only file system here."""
    with gateway(folder / "routes", "--set", "state=/proc/sluicegate") as running:
        assert control_socket(running).parent == fallback_folder(Path("/proc/sluicegate"))
        assert sluice("status", "--state", "/proc/sluicegate", "--json", cwd=folder).json["pid"] == running.pid


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_leads_to_the_temporary_directory(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        with gateway(folder / "routes") as running:
            assert control_socket(running).parent == fallback_folder(folder / ".sluicegate")
            assert sluice("status", "--json", cwd=folder).json["pid"] == running.pid
    finally:
        folder.chmod(0o700)


def test_without_any_place_for_a_socket_the_gateway_runs_and_says_so_once(folder: Path) -> None:
    (folder / ".sluicegate").write_text("mine")
    (folder / "tmp").mkdir()
    planted = folder / "tmp" / fallback_folder(folder / ".sluicegate").name
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    with gateway(folder / "routes", env={"TMPDIR": str(folder / "tmp")}) as running:
        running.wait_log("control: the gateway runs without it")
        assert running.log.count("control: ") == 1
        assert "Traceback" not in running.log
        assert running.get("/unknown").status == 404
        assert list(planted.iterdir()) == []


def test_off_is_off(folder: Path) -> None:
    with gateway(folder / "routes", "--set", "control=off") as running:
        running.write("hotel.yaml", ROUTES + "  GET /b: http://127.0.0.1:1/b\n")
        running.wait_log("routes generation 2")
        assert "control: " not in running.log
        assert not (folder / ".sluicegate").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_port_serves_this_machine_under_its_own_names_alone(folder: Path, host: str) -> None:
    if host == "[::1]" and not has_ipv6_loopback():
        pytest.skip("this machine has no IPv6 loopback address")
    port = free_port()
    with gateway(folder / "routes", "--set", f"control={host}:{port}") as running:
        running.wait_log(r"control: http://")
        url = f"http://{host}:{port}"
        assert sluice("status", "--url", url, "--json", cwd=folder).json["pid"] == running.pid
        assert not (folder / ".sluicegate").exists()
        if host == "127.0.0.1":
            with Connection(port) as client:
                client.request("GET", "/status", host=f"evil.test:{port}").problem(421)
            with Connection(port) as client:
                assert client.request("HEAD", "/readyz", host=f"localhost:{port}").status == 200


def has_ipv6_loopback() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_a_control_port_that_is_taken_does_not_stop_the_start(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with gateway(folder / "routes", "--set", f"control={port}") as running:
            running.wait_log(f"control: the gateway runs without it: http://127.0.0.1:{port} cannot be served: ")
            assert running.get("/unknown").status == 404
            assert "Traceback" not in running.log


@pytest.mark.parametrize("value", ["0.0.0.0:9900", "[::]:9900", "gateway.test:9900", "70000", "yes"])
def test_a_control_address_that_is_not_loopback_is_refused_at_the_start(folder: Path, value: str) -> None:
    with gateway(folder / "routes", "--set", f"control={value}", ready=False) as running:
        assert running.wait_exit() != 0
        assert f"control: '{value}'" in running.log
        assert "Traceback" not in running.log


def test_hostile_clients_cost_no_request_and_no_line_in_the_log(folder: Path) -> None:
    with gateway(folder / "routes") as running:
        path = str(control_socket(running))
        before = running.log
        clients = []
        for data in [b"\x00" * 65536, b"GET /status HTTP/1.1\r\n" * 1000, b"GET", b""] * 10:
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            with contextlib.suppress(OSError):  # it was one too many
                client.sendall(data)
            clients.append(client)
        assert running.get("/unknown").status == 404
        for client in clients:
            client.close()
        wait_until(lambda: ask_quietly(path) == 200, what="an answer")
        after = [line for line in running.log.removeprefix(before).splitlines() if "client " not in line]
        assert [line for line in after if "control" in line or "Error" in line or "Traceback" in line] == []


def ask_quietly(path: str) -> int:
    """The status code of a question; 0 where there was no room for it yet."""
    from sluicegate.control.client import AnswerError

    try:
        return fetch(Address(path=path), "/readyz")[0]
    except (OSError, AnswerError):
        return 0
