"""What mitmweb keeps of streamed bodies for its views and for replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.harness import Gateway, Upstream, WebClient, gateway, head, pieces

MIB = 1 << 20
pytestmark = pytest.mark.entry("mitmweb")

ROUTES = """
host: api.hotel.test
endpoints:
  GET /down/{{x}}: {up}/down/{{x}}
  POST /up/{{x}}: {up}/up/{{x}}
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    web: WebClient

    def flow(self, part: str) -> dict[str, Any]:
        """The flow that is about this part of a path, once it has ended."""
        for flow in self.web.flows():
            if part in str(flow["request"]["path"]) or part in flow["comment"]:
                return self.web.flow(flow["request"]["path"])
        raise AssertionError(part)


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, gateway({"a.yaml": ROUTES.format(up=up.url)}) as running:
        yield World(running, up, WebClient(running))


def test_a_streamed_body_within_the_first_mebibyte_is_kept_whole(world: World) -> None:
    body = b"".join(pieces(200_000))
    world.upstream.on("/down/whole", lambda call: call.stream(len(body), iter([body])))
    assert world.gateway.get("/down/whole").body == body
    flow = world.flow("/down/whole")
    assert flow["response"]["contentLength"] == len(body)


def test_the_first_mebibyte_of_a_longer_body_is_kept_and_the_cut_is_shown(world: World) -> None:
    world.upstream.on("/down/cut", lambda call: call.stream(3 * MIB, pieces(3 * MIB)))
    assert len(world.gateway.get("/down/cut").body) == 3 * MIB
    flow = world.flow("/down/cut")
    assert flow["response"]["contentLength"] == MIB
    view = str(world.web.view(flow["id"], "response", "Sluicegate"))
    assert re.search(r"(?i)\bcut\b|truncat|first 1 MiB|1,?048,?576", flow["comment"] + view)


def test_an_upload_that_was_streamed_can_be_replayed(world: World) -> None:
    body = b"".join(pieces(200_000))
    with world.gateway.connection() as client:
        client.send(head("POST", "/up/replayed", headers=[("Transfer-Encoding", "chunked")]))
        client.send_chunk(body)
        client.send_chunk(b"")
        assert client.read_response().status == 200
    world.web.replay(world.flow("/up/replayed")["id"])
    world.upstream.wait_seen("/up/replayed", 2)
    world.flow("/up/replayed")
    first, second = world.upstream.seen("/up/replayed")
    assert (first.body_length, first.body_sha256) == (second.body_length, second.body_sha256)
    assert second.body_length == len(body)
