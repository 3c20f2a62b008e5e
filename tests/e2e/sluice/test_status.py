"""`sluice status`: what a running gateway has loaded, asked of its control socket."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.harness import Gateway, Response, Upstream, free_port, gateway, wait_until
from tests.e2e.harness.client import Connection
from tests.e2e.sluice.material import ESCAPE, HOTEL, STATUS_MEMBERS, no_traceback, refused

BROKEN = HOTEL.replace("availability/{hotel}", "availability/{hotl}")


def sockets(folder: Path) -> list[Path]:
    """The sockets of a state folder."""
    return [path for path in folder.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]


def state(running: Gateway) -> Path:
    """The default: `.sluicegate` beside the routes."""
    return running.routes.parent / ".sluicegate"


def over(path: Path, request: bytes) -> Response:
    """What the control socket answers to these bytes."""
    connection = object.__new__(Connection)
    connection.socket = socket.socket(socket.AF_UNIX)
    connection.socket.settimeout(15)
    connection.socket.connect(str(path))
    connection._buffer = bytearray()
    with connection:
        connection.send(request)
        return connection.read_response(request.split(b" ")[0].decode())


def ask(running: Gateway, path: str, method: str = "GET") -> Response:
    (found,) = sockets(state(running))
    return over(found, f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())


def status(running: Gateway, code: int = 0) -> dict[str, Any]:
    ran = sluice("status", "--json", "--routes", running.routes, cwd=running.routes.parent)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    document = ran.json
    assert isinstance(document, dict)
    assert document.keys() >= STATUS_MEMBERS
    return document


@pytest.fixture(scope="module")
def shared() -> Iterator[Gateway]:
    with gateway(
        {"hotel.yaml": HOTEL, "other.yaml": "host: o.test\nendpoints:\n  GET /o: http://127.0.0.1:1/\n"}
    ) as up:
        yield up


@pytest.fixture
def running(shared: Gateway) -> Gateway:
    """The gateway with its route files as they were at the start, and taken over."""
    if (shared.routes / "hotel.yaml").read_text() != HOTEL:
        shared.write("hotel.yaml", HOTEL)
    wait_until(lambda: ask(shared, "/readyz").status == 200 and not errors(shared), what="no errors")
    return shared


def errors(running: Gateway) -> list[Any]:
    found: list[Any] = status_document(running)["errors"]
    return found


def status_document(running: Gateway) -> dict[str, Any]:
    for path in ("/status", "/"):
        answered = ask(running, path)
        if answered.status == 200:
            found: dict[str, Any] = answered.json()
            found.pop("uptime", None)  # all else stays while nothing happens
            return found
    raise AssertionError("no status on the socket")


def test_it_tells_generation_files_and_endpoints(running: Gateway) -> None:
    found = status(running)
    assert found["generation"] >= 1
    assert "hotel.yaml" in json.dumps(found["files"])
    assert "other.yaml" in json.dumps(found["files"])
    assert found["endpoints"] == 4
    assert found["errors"] == []
    assert str(found["loaded_at"])


def test_the_text_tells_the_same(running: Gateway) -> None:
    ran = sluice("status", "--routes", running.routes, cwd=running.routes)
    assert ran.code == 0, ran.err
    assert f"{status(running)['generation']}" in ran.out
    assert "hotel.yaml" in ran.out
    assert ESCAPE not in ran.out


def test_it_is_found_from_the_folder_of_the_routes_without_any_option(running: Gateway) -> None:
    assert running.routes.name == "routes"
    assert sluice("status", "--json", cwd=running.routes.parent).json["endpoints"] == 4


def test_a_good_save_is_the_next_generation(running: Gateway) -> None:
    before = status(running)
    running.write("hotel.yaml", HOTEL + "  GET /more: dates:/more\n")
    wait_until(lambda: status_document(running)["endpoints"] == 5, what="the new endpoint")
    after = status(running)
    assert after["generation"] == before["generation"] + 1
    assert after["loaded_at"] != before["loaded_at"]


def test_a_bad_save_is_told_with_its_place_and_the_generation_stays(running: Gateway) -> None:
    before = status(running)
    running.write("hotel.yaml", BROKEN)
    wait_until(lambda: bool(errors(running)), what="the errors")
    after = status(running, code=1)
    assert after["generation"] == before["generation"]
    assert after["endpoints"] == before["endpoints"]
    shown = json.dumps(after["errors"])
    assert "hotel.yaml" in shown
    assert "variable-unknown" in shown
    assert ask(running, "/readyz").status == 200, "the last good routes are in force"
    ran = sluice("status", "--routes", running.routes, cwd=running.routes)
    assert ran.code == 1
    assert "hotel.yaml:7:" in ran.out


def test_health_and_readiness_are_beside_it(running: Gateway) -> None:
    assert ask(running, "/healthz").status == 200
    assert ask(running, "/readyz").status == 200
    assert ask(running, "/nothing").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(running: Gateway, method: str) -> None:
    before = status_document(running)
    for path in ("/status", "/", "/healthz"):
        assert ask(running, path, method).status in (404, 405), path
    assert status_document(running) == before


def test_the_socket_is_for_its_owner_alone(running: Gateway) -> None:
    (found,) = sockets(state(running))
    private = stat.S_IMODE(found.stat().st_mode) & 0o077 == 0
    behind = stat.S_IMODE(found.parent.stat().st_mode) & 0o077 == 0
    assert private or behind


@pytest.mark.parametrize("rubbish", [b"\x16\x03\x01\x02\x00\x01\xff", b"GET\r\n\r\n", b"A" * 300_000, b"\r\n" * 50])
def test_rubbish_does_no_harm(running: Gateway, rubbish: bytes) -> None:
    (found,) = sockets(state(running))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(15)
        client.connect(str(found))
        try:
            client.sendall(rubbish)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert status(running)["endpoints"] == 4
    assert "Traceback" not in running.log


def test_clients_that_say_nothing_do_not_keep_others_waiting(running: Gateway) -> None:
    (found,) = sockets(state(running))
    silent = [socket.socket(socket.AF_UNIX) for _ in range(30)]
    try:
        for client in silent:
            client.settimeout(15)
            client.connect(str(found))
        assert status(running)["endpoints"] == 4
    finally:
        for client in silent:
            client.close()


def test_traffic_cannot_reach_it(running: Gateway) -> None:
    for path in ("/healthz", "/readyz", "/status"):
        assert running.get(path).status == 404
        assert running.get(path, host="localhost").status == 421


def test_without_a_valid_table_it_lives_but_is_not_ready() -> None:
    with gateway({"hotel.yaml": BROKEN}) as running:
        assert ask(running, "/healthz").status == 200
        assert ask(running, "/readyz").status == 503
        assert "hotel.yaml" in json.dumps(errors(running))
        assert sluice("status", "--json", cwd=running.routes.parent).code == 1


def test_a_gateway_that_has_ended_is_told_in_one_line_and_leaves_no_socket() -> None:
    with gateway({"hotel.yaml": HOTEL}) as running:
        assert len(sockets(state(running))) == 1
        running.stop()
        assert sockets(state(running).parent) == []
        for more in ((), ("--json",)):
            refused(sluice("status", *more, cwd=running.routes.parent))


def test_a_gateway_that_was_killed_does_not_keep_the_next_one_from_serving(tmp_path: Path) -> None:
    write(tmp_path, {"routes/hotel.yaml": HOTEL})
    with gateway(tmp_path / "routes") as running:
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(15)
        refused(sluice("status", cwd=tmp_path))
    with gateway(tmp_path / "routes"):
        assert sluice("status", "--json", cwd=tmp_path).json["endpoints"] == 3


def test_a_port_only_when_asked_and_on_loopback_only(tmp_path: Path) -> None:
    port = free_port()
    with gateway({"hotel.yaml": HOTEL}, "--set", f"control={port}") as running:
        ran = sluice("status", "--url", f"http://127.0.0.1:{port}", "--json", cwd=tmp_path)
        assert ran.code == 0, ran.err
        assert ran.json["endpoints"] == 3
        assert ran.json.keys() >= STATUS_MEMBERS
        listening = {
            line.split()[1]
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/{running.pid}/net/{table}").read_text().splitlines()[1:]
            if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
        }
        assert listening == {f"0100007F:{port:04X}"}
        with Connection(port) as client:
            assert client.request("GET", "/healthz", host="evil.example").status in (400, 403, 404, 421), "rebinding"
        with Connection(port) as client:
            assert client.request("GET", "/healthz", host=f"127.0.0.1:{port}").status == 200


@pytest.mark.parametrize("wanted", ["0.0.0.0:9", "8.8.8.8:9", "example.com:9", "70000"])
def test_a_port_of_other_addresses_is_refused(wanted: str, tmp_path: Path) -> None:
    with gateway({"hotel.yaml": HOTEL}, "--set", f"control={wanted}", ready=False) as running:
        running.wait_log("control|loopback", timeout=30)
        assert "Traceback" not in running.log


def test_a_folder_too_deep_for_a_socket_does_not_stop_the_start(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-name-of-a-folder"] * 6)
    write(deep, {"routes/hotel.yaml": HOTEL})
    with gateway(deep / "routes") as running:
        assert running.get("/nothing").status == 404
        assert "Traceback" not in running.log
        ran = sluice("status", "--json", cwd=deep)
        assert ran.code == 0, ran.err
        assert ran.json["endpoints"] == 3


def test_a_state_folder_that_cannot_be_made_does_not_stop_the_start(tmp_path: Path) -> None:
    write(tmp_path, {"routes/hotel.yaml": HOTEL, ".sluicegate": "a file, not a folder"})
    with gateway(tmp_path / "routes") as running:
        assert running.get("/nothing").status == 404
        assert "Traceback" not in running.log
    assert (tmp_path / ".sluicegate").read_text() == "a file, not a folder"


def test_nothing_of_others_is_removed_for_the_socket(tmp_path: Path) -> None:
    write(tmp_path, {"routes/hotel.yaml": HOTEL, ".sluicegate/notes.txt": "mine"})
    with gateway(tmp_path / "routes"):
        assert sluice("status", "--json", cwd=tmp_path).code == 0
    assert (tmp_path / ".sluicegate/notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "url", ["nowhere", "http://127.0.0.1:port", "unix:", "ftp://127.0.0.1:1", "file:///etc/passwd"]
)
def test_a_url_that_is_none_is_used_wrongly(tmp_path: Path, url: str) -> None:
    ran = no_traceback(sluice("status", "--url", url, cwd=tmp_path))
    assert ran.code == 2, ran.out
    assert ran.out == ""


def test_an_address_where_nobody_or_somebody_else_answers_is_an_error(tmp_path: Path) -> None:
    refused(sluice("status", "--url", f"http://127.0.0.1:{free_port()}", cwd=tmp_path))
    refused(sluice("status", "--url", f"unix:{tmp_path}/missing.sock", "--json", cwd=tmp_path), "missing.sock")
    with Upstream("rude", greeting=b"220 mail ready\r\n") as rude:
        refused(sluice("status", "--url", rude.url, cwd=tmp_path))
    with Upstream("other") as other:
        refused(sluice("status", "--url", other.url, cwd=tmp_path))
