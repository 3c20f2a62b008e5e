"""Replays from the user interface, and flows that are saved to a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from tests.e2e.harness import Gateway, Upstream, WebClient, gateway

ROUTES = """
host: api.hotel.test
endpoints:
  GET /x/{{a}}: {up}/x/v2/{{a}}
  GET /x/v2/{{a}}: {up}/x/v2/v2/{{a}}
  POST /x/{{a}}: {up}/x/v2/{{a}}
  GET /down: http://127.0.0.1:{refused}/
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    web: WebClient

    def settled(self) -> None:
        """Waits until no flow is under way: one that is cannot be replayed."""
        for flow in self.web.flows():
            self.web.flow(flow["request"]["path"])

    def newest(self, part: str) -> str:
        """The id of the newest flow that is about this part of a path."""
        found = [flow["id"] for flow in self.web.flows() if part in str(flow)]
        assert found
        return str(found[-1])


@pytest.fixture
def world(refused: int) -> Iterator[World]:
    with Upstream() as up:
        files = {"api.yaml": ROUTES.format(up=up.url, refused=refused)}
        with gateway(files) as running:
            yield World(running, up, WebClient(running))


@pytest.mark.entry("mitmweb")
def test_a_replayed_flow_is_routed_once_as_the_first_time(world: World) -> None:
    """Bare mitmproxy: replay rewrites twice, `/x` to `/v2/x` to `/v2/v2/x`."""
    assert world.gateway.get("/x/7?q=1").status == 200
    assert world.gateway.request("POST", "/x/8", body=b"booking").status == 200
    for seen in (2, 3):
        world.web.replay(world.newest("/x/v2/7"))
        world.upstream.wait_seen("/x/v2/7", seen)
        world.web.replay(world.newest("/x/v2/8"))
        posted = world.upstream.wait_seen("/x/v2/8", seen)
        world.settled()
    assert {request.target for request in world.upstream.requests} == {"/x/v2/7?q=1", "/x/v2/8"}
    assert {request.header("host") for request in world.upstream.requests} == {world.upstream.authority}
    assert [request.method for request in posted] == ["POST"] * 3


@pytest.mark.entry("mitmweb")
def test_an_edited_flow_goes_as_edited_to_its_recorded_target(world: World) -> None:
    assert world.gateway.get("/x/7").status == 200
    flow = world.newest("/x/v2/7")
    world.web.edit(flow, request={"path": "/edited?by=hand"})
    world.web.replay(flow)
    world.upstream.wait_seen("/edited")
    assert world.upstream.last.target == "/edited?by=hand"


@pytest.mark.entry("mitmweb")
def test_a_replay_of_a_refused_request_is_refused_again(world: World) -> None:
    world.gateway.get("/nothing").problem(404)
    world.web.replay(world.newest("/nothing"))
    assert world.web.flow("/nothing")["response"]["status_code"] == 404
    assert world.gateway.get("/x/7").status == 200
    assert [request.target for request in world.upstream.requests] == ["/x/v2/7"]


def test_flows_are_saved_and_load(upstream: Upstream, refused: int, tmp_path: Path) -> None:
    """Bare mitmproxy: an object in `flow.metadata` makes `-w` raise at write time."""
    saved = tmp_path / "flows"
    files = {"api.yaml": ROUTES.format(up=upstream.url, refused=refused)}
    with gateway(files, "-w", str(saved)) as running:
        assert running.get("/x/7").status == 200
        running.get("/nothing").problem(404)
        running.get("/down").problem(502)
        log = running.log
    with saved.open("rb") as file:
        flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, HTTPFlow)]
    shown = [flow.comment for flow in flows if "/x/{a}" in flow.comment]
    assert len(shown) == 1
    assert f"{upstream.url}/x/v2/7" in shown[0]
    assert "api.yaml:4" in shown[0]
    assert "Addon error" not in log
