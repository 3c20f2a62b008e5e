"""Flows that were saved to a file: what they hold, and who can read them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from mitmproxy import flowfilter
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from tests.e2e.harness import (
    DOOR,
    REPOSITORY,
    Upstream,
    WebClient,
    gateway,
    program_command,
    program_environment,
    refusing_port,
    websocket_client,
    websocket_upstream,
)

ROUTES = """
host: api.hotel.test
endpoints:
  GET /hotels/{{hotel}}/dates: {up}/availability/{{hotel}}
  GET /hotels/{{hotel}}/{{part}}: {up}/part/{{hotel}}/{{part}}
  GET /down: http://127.0.0.1:{down}/
  GET /slow: {{route: "{up}/slow", timeout: 200ms}}
  GET /chat: http://{chat}/chat
"""


@pytest.fixture(scope="module")
def saved(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the gateway wrote: routed, streamed, refused and failed exchanges and a WebSocket."""
    path = tmp_path_factory.mktemp("saved") / "flows"
    with Upstream() as up, refusing_port() as down, websocket_upstream() as chat:
        files = {"hotel.yaml": ROUTES.format(up=up.url, down=down, chat=chat.authority)}
        up.on("/part/7/big", lambda call: call.respond(200, body=b"x" * 100_000))
        up.on("/slow", lambda call: call.peer_left(10) and call.close())
        with gateway(files, "-w", str(path)) as running:
            for asked in ("/hotels/7/dates", "/hotels/7/big", "/nothing", "/down", "/slow", "/a%zz"):
                running.get(asked, headers=[("Authorization", "Basic czNjcmV0")])
            with websocket_client(running.port, "/chat") as client:
                client.send("hello")
                client.recv(timeout=10)
            with running.h2() as h2:
                assert h2.request("GET", "/hotels/8/dates").status == 200
        assert not re.search("Traceback|Addon error", running.log)
    return path


def read(path: Path) -> list[HTTPFlow]:
    with path.open("rb") as file:
        flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, HTTPFlow)]
    return [flow for flow in flows if flow.request.path != "/.ready"]


def plain(value: object) -> bool:
    """Whether a value is made of what every reader of the file format knows, and nothing else."""
    if type(value) is dict:
        return all(type(key) is str and plain(inner) for key, inner in value.items())
    if type(value) in (list, tuple):
        return all(plain(inner) for inner in value)
    return value is None or type(value) in (str, bytes, int, float, bool)


def run(program: str, folder: Path, *options: str) -> None:
    """Runs the program without a server until it is done."""
    command = [*program_command(program), "-n", "--set", f"confdir={folder}", *options]
    environment = {**os.environ, **program_environment(program)}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search("Traceback|Addon error", done.stdout + done.stderr)


def test_saved_flows_hold_plain_metadata_only(saved: Path) -> None:
    flows = read(saved)
    assert len(flows) == 8
    for flow in flows:
        assert flow.comment
        assert flow.metadata
        assert plain(flow.metadata), flow.metadata
    assert [bool(flow.marked) for flow in flows].count(True) == 4


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("~comment hotel.yaml:4", ["/availability/7", "/availability/8"]),
        ("~meta hotel.yaml:4", ["/availability/7", "/availability/8"]),
        ("~comment '(^| )404 '", ["/nothing"]),
        ("~meta '[^-0-9a-f]404[^-0-9a-f]|No endpoint'", ["/nothing"]),
        ("~comment '(^| )50[24] '", ["/", "/slow"]),
        ("~meta '[^-0-9a-f]50[24][^-0-9a-f]|failed|No connection|in time'", ["/", "/slow"]),
    ],
)
def test_filters_find_saved_routes_refusals_and_errors(saved: Path, expression: str, paths: list[str]) -> None:
    assert [flow.request.path for flow in read(saved) if flowfilter.match(expression, flow)] == paths


def test_bare_mitmdump_reads_saved_flows(saved: Path, tmp_path: Path) -> None:
    run("mitmdump", tmp_path, "-r", str(saved), "-w", str(tmp_path / "found"), "~comment hotel.yaml:5")
    assert [flow.request.path for flow in read(tmp_path / "found")] == ["/part/7/big"]


def test_the_gateway_reads_saved_flows_and_leaves_them_as_they_are(saved: Path, tmp_path: Path, entry: str) -> None:
    files = ("-r", str(saved), "-w", str(tmp_path / "again"), "--set", f"routes={tmp_path}")
    door = ("-s", str(DOOR)) if entry == "mitmdump" else ()
    run(entry, tmp_path, *door, *files)
    before, after = read(saved), read(tmp_path / "again")
    assert [flow.request.get_state() for flow in after] == [flow.request.get_state() for flow in before]
    for name in ("comment", "marked", "metadata"):
        assert [getattr(flow, name) for flow in after] == [getattr(flow, name) for flow in before]


def test_mitmweb_shows_saved_flows_and_replays_them(saved: Path, upstream: Upstream, refused: int) -> None:
    before = next(flow for flow in read(saved) if flow.request.path == "/availability/7")
    files = {"new.yaml": ROUTES.format(up=upstream.url, down=refused, chat="127.0.0.1:9")}
    with gateway(files, "-r", str(saved), program="mitmweb") as running:
        web = WebClient(running)
        shown = web.flow("/availability/7")
        assert shown["comment"] == before.comment
        assert "hotel.yaml:4" in web.view(shown["id"], "request", "Sluicegate")["text"]
        web.replay(shown["id"])
        upstream.wait_seen("/availability/7")
        assert [request.target for request in upstream.requests] == ["/availability/7"]
