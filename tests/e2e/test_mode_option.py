"""An explicit `--mode reverse:URL`: that URL is the default origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Gateway, Upstream, gateway, head, refusing_port

ROUTES = """
host: api.hotel.test
endpoints:
  GET /a/{{x}}: {up}/b/{{x}}
  GET /down: http://127.0.0.1:{refused}/
"""

OWN_ORIGIN = """
host: own.hotel.test
origin: {own}
"""


@dataclass
class World:
    gateway: Gateway
    default: Upstream
    up: Upstream
    own: Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with (
        Upstream("default") as default,
        Upstream("up") as up,
        Upstream("own") as own,
        refusing_port() as refused,
    ):
        files = {
            "api.yaml": ROUTES.format(up=up.url, refused=refused),
            "own.yaml": OWN_ORIGIN.format(own=own.url),
        }
        with gateway(files, "--mode", f"reverse:{default.url}") as running:
            yield World(running, default, up, own)


def test_the_endpoints_are_routed_as_without_it(world: World) -> None:
    assert world.gateway.get("/a/7").body == b"up"
    assert world.up.last.target == "/b/7"


def test_a_path_that_no_endpoint_has_goes_to_the_default_origin_as_sent(world: World) -> None:
    assert world.gateway.get("/else//x/%7e?y=1").body == b"default"
    assert world.default.last.target == "/else//x/%7e?y=1"
    assert world.default.last.all("host") == [world.default.authority]


def test_a_host_that_no_file_serves_goes_to_the_default_origin(world: World) -> None:
    assert world.gateway.get("/a/7", host="unknown.test").body == b"default"
    assert world.default.last.all("x-forwarded-host") == ["unknown.test"]


def test_a_method_that_no_endpoint_has_goes_to_the_default_origin(world: World) -> None:
    assert world.gateway.request("POST", "/a/7", body=b"x").body == b"default"


def test_the_origin_of_a_file_goes_before_the_default_one(world: World) -> None:
    assert world.gateway.get("/x", host="own.hotel.test").body == b"own"


def test_a_target_that_is_down_is_not_replaced_by_the_default_origin(world: World) -> None:
    """API Shield: the client never sees the source upstream instead."""
    before = len(world.default.requests)
    world.gateway.get("/down").problem(502)
    assert world.default.requests[before:] == []


@pytest.mark.parametrize(
    "data",
    [
        b"GET /%zz HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        head("CONNECT", "api.hotel.test:443", host="api.hotel.test:443"),
        b"GET http://elsewhere.test/ HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n",
    ],
)
def test_what_is_refused_is_refused_all_the_same(world: World, data: bytes) -> None:
    before = len(world.default.requests)
    answer = world.gateway.send(data)
    assert 400 <= answer.status < 500
    answer.problem()
    assert world.default.requests[before:] == []


def test_a_default_origin_that_is_down_does_not_take_the_routes_with_it(upstream: Upstream, refused: int) -> None:
    """Bare mitmproxy: with an eager connect the client gets an empty reply and no addon runs."""
    files = {"api.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n"}
    with gateway(files, "--mode", f"reverse:http://127.0.0.1:{refused}") as running:
        assert running.get("/a").body == b"upstream"
        running.get("/else").problem(502)


def test_a_start_with_a_bad_file_does_not_open_the_way_to_the_default_origin(upstream: Upstream) -> None:
    with gateway({"bad.yaml": "host: [\n"}, "--mode", f"reverse:{upstream.url}") as running:
        running.get("/a").problem(503)
        assert upstream.connections == 0
