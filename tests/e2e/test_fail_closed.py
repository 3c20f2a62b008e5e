"""Faults inside the program: the request concerned is refused, and nothing undecided is ever forwarded."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.harness import DOOR, REPOSITORY, ConnectionEnded, Upstream, gateway

CORRUPT = """
def requestheaders(flow):
    if flow.request.data.path == b"/corrupt":
        flow.request.data.path = None
"""
"""An addon ahead of the gateway that leaves a request which no code can read."""

RAISING = """
def requestheaders(flow):
    raise RuntimeError("a neighbour's fault")

def request(flow):
    raise RuntimeError("a neighbour's fault")
"""

DIVERTING = """
def {hook}(flow):
    flow.request.host = "127.0.0.1"
    flow.request.port = {port}
"""


def routes(url: str) -> dict[str, str]:
    return {"api.yaml": f"endpoints:\n  GET /a: {url}/a\n  POST /a: {url}/a\n"}


def script(folder: Path, text: str) -> Path:
    path = folder / "neighbour.py"
    path.write_text(text)
    return path


def test_an_exception_while_deciding_answers_that_one_request_500_and_is_logged_once(
    upstream: Upstream, tmp_path: Path
) -> None:
    both = (script(tmp_path, CORRUPT), DOOR)
    with gateway(routes(upstream.url), scripts=both) as running, running.connection() as client:
        assert client.request("GET", "/a").status == 200
        problem = client.request("GET", "/corrupt", headers=[("X-Request-Id", "fault-1")]).problem(500)
        assert problem["request_id"] == "fault-1"
        assert client.request("GET", "/a").status == 200
        running.wait_log("fault-1")
        assert len(re.findall("fault-1", running.log)) == 1
        assert [request.target for request in upstream.requests] == ["/a", "/a"]


def test_a_fault_names_no_internals_to_the_client(upstream: Upstream, tmp_path: Path) -> None:
    both = (script(tmp_path, CORRUPT), DOOR)
    with gateway(routes(upstream.url), scripts=both) as running:
        text = running.get("/corrupt").text
        assert not re.search(r"Traceback|\.py|Error\b.*None|127\.0\.0\.1", text)


@pytest.mark.parametrize("mode", ["default", "explicit"])
def test_another_addons_exception_does_not_let_an_undecided_request_through(
    upstream: Upstream, other: Upstream, tmp_path: Path, mode: str
) -> None:
    """Bare mitmproxy: one exception silences the rest, and the request goes on to the default target."""
    both = (script(tmp_path, RAISING), DOOR)
    options = ("--mode", f"reverse:{other.url}") if mode == "explicit" else ()
    files = {"api.yaml": f"endpoints:\n  GET /a: {upstream.url}/b\n  POST /a: {upstream.url}/b\n"}
    with gateway(files, *options, scripts=both) as running:
        for body in (None, b"small", b"x" * 100_000):
            with contextlib.suppress(ConnectionEnded, ConnectionResetError, BrokenPipeError):
                answer = running.request("POST" if body else "GET", "/a", body=body)
                assert answer.status == 200 or answer.problem()["status"] >= 500
        for refused in (b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a HTTP/1.1\r\n\r\n"):
            with contextlib.suppress(ConnectionEnded, ConnectionResetError):
                running.send(refused).problem()
    assert {request.target for request in upstream.requests} <= {"/b"}
    assert other.requests == []


@pytest.mark.parametrize("hook", ["requestheaders", "request"])
def test_nothing_is_forwarded_to_where_another_addon_points_a_decided_request(
    upstream: Upstream, other: Upstream, tmp_path: Path, hook: str
) -> None:
    """`server_connect` refuses every upstream that no decided exchange asked for."""
    both = (DOOR, script(tmp_path, DIVERTING.format(hook=hook, port=other.port)))
    with gateway(routes(upstream.url), scripts=both) as running:
        answer = running.get("/a")
        assert answer.header("x-upstream") != other.name
    assert other.connections == 0


@pytest.mark.entry("mitmdump")
def test_a_broken_save_of_the_script_does_not_open_the_gate(upstream: Upstream, tmp_path: Path) -> None:
    """Bare mitmproxy: mitmproxy unloads a script before it loads the new version of it."""
    addons = tmp_path / "addons"
    shutil.copytree(REPOSITORY / "addons", addons)
    door = addons / "routing.py"
    with gateway(routes(upstream.url), scripts=(door,)) as running:
        assert running.get("/a").status == 200
        running.get("/nothing").problem(404)
        shown = len(running.log)
        door.write_text("def broken(:\n")
        running.wait_log("(?i)syntax", 15, after=shown)
        before = len(upstream.requests)
        for target in ("/nothing", f"{upstream.url}/taken"):
            try:
                assert running.get(target, host=upstream.authority).status >= 400
            except (ConnectionEnded, ConnectionResetError):
                continue
        assert upstream.requests[before:] == []


def test_the_gateway_refuses_to_start_on_a_mitmproxy_that_its_layers_do_not_fit(tmp_path: Path) -> None:
    """Safety is never optional: the method that answers failures is missing from the core's stream."""
    (tmp_path / "sitecustomize.py").write_text(
        "import mitmproxy.proxy.layers.http as http\n"
        "http.HttpStream.handle_failure = http.HttpStream.handle_protocol_error\n"
        "del http.HttpStream.handle_protocol_error\n"
    )
    with gateway({}, env={"PYTHONPATH": str(tmp_path)}, ready=False) as running:
        assert running.wait_exit() != 0
        assert "mitmproxy" in running.log
