"""Which exchanges take the express lane: a script beside it counts them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import head
from tests.e2e.harness.awaited import Awaited
from tests.e2e.harness.warmed import INSIDE, Pair, Stage, inside, pair

pytestmark = pytest.mark.entry("gateway")

ROUTES = {
    "api.yaml": """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
  two: http://127.0.0.1:{two}
  secure: https://localhost:{secure}
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  HEAD /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  GET /two/{{x}}: two:/b/{{x}}
  GET /secure/{{x}}: secure:/b/{{x}}
""",
}


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(ROUTES, tmp_path_factory.mktemp("express"), scripts=(INSIDE,)) as started:
        yield started


CHUNKED = head("POST", "/a/1", headers=[("Transfer-Encoding", "chunked")]) + b"3\r\nabc\r\n0\r\n\r\n"
KEEP = [("Connection", "keep-alive")]

COUNTS: dict[str, tuple[tuple[tuple[str, bytes], ...], tuple[int, int]]] = {
    "nothing": ((), (0, 0)),
    "GET": ((("GET", head("GET", "/a/1")),), (1, 1)),
    "HEAD": ((("HEAD", head("HEAD", "/a/1")),), (1, 1)),
    "POST": ((("POST", head("POST", "/a/1", body=b"abc") + b"abc"),), (1, 1)),
    "keep-alive": ((("GET", head("GET", "/a/1", headers=KEEP)),), (1, 1)),
    "a refusal": ((("GET", head("GET", "/nothing")),), (1, 0)),
    "a new target, then again": ((("GET", head("GET", "/two/1")),) * 2, (2, 1)),
    "a target over TLS": ((("GET", head("GET", "/secure/1")),) * 2, (2, 0)),
    "HTTP/1.0": ((("GET", head("GET", "/a/1", headers=KEEP, version="HTTP/1.0")),), (0, 0)),
    "chunks": ((("POST", CHUNKED),), (0, 0)),
    "two at once": ((("GET", head("GET", "/a/1") * 2), ("GET", b"")), (0, 0)),
}
"""What is asked on a warmed-up connection, and how many requests and answers of it take the lane."""


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_plain_takes_the_lane_and_what_is_not_does_not(world: Pair, name: str) -> None:
    asked, expected = COUNTS[name]
    for way, running in world.gateways.items():
        with running.connection() as client:
            client.request("GET", "/a/warming")
            before = inside(running, "lane")
            for method, data in asked:
                client.send(data)
                client.read_response(method)
            requests, answers = inside(running, "lane")
            found = (requests - before[0], answers - before[1])
            assert found == (expected if way == "speed on" else (0, 0))


def test_the_lane_is_taken_again_after_an_exchange_that_left_it(world: Pair) -> None:
    running = world.gateways["speed on"]
    stage = Stage(running, world.one, world.two)
    awaited, client = Awaited(stage), stage.connection()
    before = inside(running, "lane")
    awaited.begin(client)
    client.send(head("GET", "/a/1"))
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET", "GET") == "200 200"
    settled = inside(running, "lane")
    client.send(CHUNKED)
    assert stage.statuses(client, "POST") == "200"
    for _ in range(10):
        stage.after(client)
    after = inside(running, "lane")
    stage.close()
    assert (after[0] - settled[0], after[1] - settled[1]) == (10, 10)
    assert settled[1] == before[1]
