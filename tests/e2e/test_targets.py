"""What becomes of a request's path, query and Host on its way to the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Gateway, Recorded, Upstream, gateway

ROUTES = """
host: ["api.hotel.test", "{{tenant}}.tenants.test"]
origin: {main}
services:
  up: {main}
  based: {main}/v2
  env: ${{ROOMS_URL:-http://127.0.0.1:1/wrong}}
  defaulted: ${{SLUICEGATE_TEST_UNSET:-{main}/default}}
  detailed:
    url: {main}/detailed
    host_header: source
endpoints:
  GET /reorder/{{a}}/{{b}}: up:/{{b}}/new/{{a}}
  GET /drop/this/{{a}}: up:/{{a}}
  GET /inside/{{a}}: up:/x-{{a}}.json
  GET /query/{{a}}: up:/q?fixed=1&a={{a}}
  GET /plain/{{a}}: {main}/plain/{{a}}
  GET /root/{{a}}: up:/?a={{a}}
  GET /twice/{{a}}: up:/{{a}}/{{a}}
  GET /based/{{a}}: based:/deeper/{{a}}
  GET /bare-service/{{a}}: based
  GET /bare-origin/{{a}}: {main}
  GET /env/{{a}}: env:/{{a}}
  GET /defaulted/{{a}}: defaulted:/{{a}}
  GET /detailed/{{a}}: detailed:/{{a}}
  GET /overridden/{{a}}:
    route: detailed:/{{a}}
    host_header: target
  GET /named/{{a}}: http://localhost:{port}/named/{{a}}
  GET /source/{{a}}:
    route: up:/{{a}}
    host_header: source
  GET /literal/{{a}}:
    route: up:/{{a}}
    host_header: vhost.internal.test
  GET /gateway-file/{{a}}: shared:/{{a}}
  GET /merged/{{a}}: &common
    route: up:/merged/{{a}}
    host_header: source
  GET /alias/{{a}}:
    <<: *common
    route: up:/alias/{{a}}
  GET /exemplified/{{a}}:
    route: up:/example/{{a}}
    examples:
      /exemplified/7?x=1: up:/example/7?x=1
  GET /managed/{{a}}:
  POST /managed/{{a}}:
"""

TENANT = """
host: "{{tenant}}.variables.test"
endpoints:
  GET /t/{{a}}: {main}/{{tenant}}/{{a}}
  GET /unused/{{a}}: {main}/unused/{{a}}
"""

GATEWAY = """
services:
  shared: {main}/shared
"""

NORMAL = """
host: normal.hotel.test
origin: {main}
normalize_to_origin: true
endpoints:
  GET /kept/{{a}}: {main}
"""

NO_ORIGIN = """
host: bare.hotel.test
endpoints:
  GET /managed:
  GET /six/{{a}}: {six}/six/{{a}}
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    six: Upstream

    def seen(self, path: str, host: str = "api.hotel.test", method: str = "GET") -> Recorded:
        before = len(self.upstream.requests)
        response = self.gateway.request(method, path, host=host)
        assert response.status == 200, (response.status, response.text)
        (request,) = self.upstream.requests[before:]
        return request


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, Upstream("six", host="::1") as six:
        texts = {
            "api.yaml": ROUTES,
            "t.yaml": TENANT,
            "_gateway.yaml": GATEWAY,
            "n.yaml": NORMAL,
            "sub/n.yml": NO_ORIGIN,
        }
        files = {name: text.format(main=up.url, port=up.port, six=six.url) for name, text in texts.items()}
        with gateway(files, env={"ROOMS_URL": f"{up.url}/from-env"}) as running:
            yield World(running, up, six)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/reorder/1/2", "/2/new/1"),
        ("/drop/this/7", "/7"),
        ("/inside/7", "/x-7.json"),
        ("/plain/7", "/plain/7"),
        ("/root/7", "/?a=7"),
        ("/twice/7", "/7/7"),
        ("/based/7", "/v2/deeper/7"),
        ("/env/7", "/from-env/7"),
        ("/defaulted/7", "/default/7"),
        ("/gateway-file/7", "/shared/7"),
        ("/alias/7", "/alias/7"),
        ("/exemplified/7?x=1", "/example/7?x=1"),
    ],
)
def test_a_target_is_rendered_from_its_template(world: World, path: str, target: str) -> None:
    assert world.seen(path).target == target


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/plain/7?x=1&y=2", "/plain/7?x=1&y=2"),
        ("/query/7", "/q?fixed=1&a=7"),
        ("/query/7?x=1", "/q?fixed=1&a=7&x=1"),
        ("/plain/7?a=%zz&b=+%20;&&c=[]{}|'\"", "/plain/7?a=%zz&b=+%20;&&c=[]{}|'\""),
        ("/plain/7?a=%2f%2F//../x\\y", "/plain/7?a=%2f%2F//../x\\y"),
        ("/plain/7?x?y=?z", "/plain/7?x?y=?z"),
        ("/query/7?fixed=2&a=8", "/q?fixed=1&a=7&fixed=2&a=8"),
    ],
)
def test_the_targets_own_query_comes_first_then_the_clients_byte_for_byte(world: World, path: str, target: str) -> None:
    assert world.seen(path).target == target


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/plain/a%2Fb", "/plain/a%2Fb"),
        ("/plain/%3F%23%25", "/plain/%3F%23%25"),
        ("/plain/%61", "/plain/a"),
        ("/plain/%2E%2E%2Fetc", "/plain/..%2Fetc"),
        ("/reorder/a%2fb/c%20d", "/c%20d/new/a%2Fb"),
        ("/plain/a+b:c@d,e;f=g", "/plain/a+b:c@d,e;f=g"),
    ],
)
def test_captured_segments_are_taken_from_the_normalised_path_still_encoded(
    world: World, path: str, target: str
) -> None:
    assert world.seen(path).target == target


@pytest.mark.parametrize(
    "path",
    [
        "/bare-origin/7?x=1",
        "/bare-origin//%37",
        "/bare-origin/a%2fb",
        "/nothing/here//../%7euser\\x?y=%zz",
        "/managed/%37",
        "//elsewhere.test/x",
    ],
)
def test_a_path_that_no_route_rebuilds_is_forwarded_as_the_client_sent_it(world: World, path: str) -> None:
    """What is matched and what is forwarded are chosen on purpose."""
    assert world.seen(path).target == path


def test_a_segment_in_the_targets_query_does_not_add_parameters_to_it(world: World) -> None:
    assert world.seen("/query/a&fixed=2").target == "/q?fixed=1&a=a%26fixed%3D2"


@pytest.mark.parametrize(
    ("path", "target"),
    [("/x//y/../%7euser?q=%7e", "/x/~user?q=%7e"), ("/kept//%37", "/kept/7"), ("/a%2fb\\c", "/a%2Fb/c")],
)
def test_a_path_toward_the_origin_is_normalised_where_that_is_asked_for(world: World, path: str, target: str) -> None:
    assert world.seen(path, "normal.hotel.test").target == target


def test_a_bare_service_keeps_the_requests_path_behind_its_base_path(world: World) -> None:
    assert world.seen("/bare-service/7?x=1").target == "/v2/bare-service/7?x=1"


def test_a_host_variable_may_be_used_in_the_target_and_need_not(world: World) -> None:
    assert world.seen("/t/7", "acme.variables.test").target == "/acme/7"
    assert world.seen("/unused/7", "acme.variables.test").target == "/unused/7"


def test_an_ipv6_target_is_reached(world: World) -> None:
    response = world.gateway.get("/six/7", host="bare.hotel.test")
    assert (response.status, response.body) == (200, b"six")
    assert world.six.last.target == "/six/7"
    assert world.six.last.all("host") == [world.six.authority]


def test_the_host_header_names_the_target_unless_told_otherwise(world: World) -> None:
    """Bare mitmproxy sends one Host to every target."""
    assert world.seen("/plain/7").all("host") == [world.upstream.authority]
    assert world.seen("/named/7").all("host") == [f"localhost:{world.upstream.port}"]


def test_host_header_source_keeps_the_clients_host(world: World) -> None:
    assert world.seen("/source/7").all("host") == ["api.hotel.test"]
    assert world.seen("/source/7", "acme.tenants.test").all("host") == ["acme.tenants.test"]


def test_a_literal_host_header_is_sent_as_written(world: World) -> None:
    assert world.seen("/literal/7").all("host") == ["vhost.internal.test"]


def test_a_services_host_header_holds_for_its_endpoints_unless_they_say_otherwise(world: World) -> None:
    assert world.seen("/detailed/7").all("host") == ["api.hotel.test"]
    assert world.seen("/overridden/7").all("host") == [world.upstream.authority]


def test_a_yaml_merge_key_carries_settings_from_one_endpoint_to_another(world: World) -> None:
    assert world.seen("/merged/7").all("host") == ["api.hotel.test"]
    assert world.seen("/alias/7").all("host") == ["api.hotel.test"]


def test_a_managed_endpoint_without_route_goes_to_the_origin(world: World) -> None:
    assert world.seen("/managed/7").target == "/managed/7"
    assert world.seen("/managed/7", method="POST").target == "/managed/7"


def test_a_managed_endpoint_without_route_and_origin_is_answered_404(world: World) -> None:
    world.gateway.get("/managed", host="bare.hotel.test").problem(404)


def test_the_method_is_never_changed(world: World) -> None:
    for method in ("PATCH", "DELETE", "PUT", "OPTIONS"):
        assert world.seen("/anything", method=method).method == method


def test_a_file_in_a_folder_below_and_one_named_yml_are_read(world: World) -> None:
    assert world.gateway.get("/six/1", host="bare.hotel.test").status == 200


def test_one_client_connection_reuses_one_connection_to_each_target(world: World) -> None:
    before = (world.upstream.connections, world.six.connections)
    with world.gateway.connection() as client:
        for _ in range(3):
            assert client.request("GET", "/plain/7").status == 200
            assert client.request("GET", "/six/7", host="bare.hotel.test").status == 200
    assert (world.upstream.connections, world.six.connections) == (before[0] + 1, before[1] + 1)
