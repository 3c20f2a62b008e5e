"""Which endpoint a request belongs to, seen by the path that arrives at the upstream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Gateway, Upstream, gateway

EXACT = """
host: api.hotel.test
services: {{up: {url}}}
endpoints:
  GET /a/{{x}}/c: up:/last-literal/{{x}}
  GET /a/b/{{x}}: up:/first-literal/{{x}}
  GET /t/{{x}}/y/z: up:/backtracked/{{x}}
  GET /t/l/{{y}}/w: up:/dead-end/{{y}}
  GET /hotels/{{hotel}}: up:/one/{{hotel}}
  GET /hotels/special: up:/special
  POST /hotels/{{hotel}}: up:/posted/{{hotel}}
  GET /Hotels/upper: up:/upper
  GET /slash: up:/without
  GET /slash/: up:/with
  GET /items/{{id}}: up:/bare/{{id}}
  GET /items/{{id}}.json: up:/json/{{id}}
  GET /items/{{id}}.v2.json: up:/json2/{{id}}
  GET /items/fixed.json: up:/fixed
  GET /hello/pa/th: up:/vector-one
  GET /path: up:/vector-two
  GET /café: up:/coffee
  GET /: up:/root
"""

HOSTS = {
    "exact.yaml": """
host: one.hosts.test
services: {{up: {url}}}
endpoints:
  GET /v/{{x}}: up:/exact/{{x}}
""",
    "list.yaml": """
host: [two.hosts.test, three.hosts.test]
services: {{up: {url}}}
endpoints:
  GET /v/{{x}}: up:/list/{{x}}
""",
    "one-variable.yaml": """
host: "{{tenant}}.hosts.test"
services: {{up: {url}}}
endpoints:
  GET /v/literal: up:/one-variable-literal
  GET /v/{{x}}: up:/one-variable/{{tenant}}/{{x}}
  GET /only/tenant: up:/only-tenant
""",
    "left.yaml": """
host: "{{any}}.b.labels.test"
services: {{up: {url}}}
endpoints:
  GET /v/{{x}}: up:/right-literal/{{x}}
""",
    "right.yaml": """
host: "a.{{any}}.labels.test"
services: {{up: {url}}}
endpoints:
  GET /v/{{x}}: up:/left-literal/{{x}}
""",
    "both.yaml": """
host: "{{one}}.{{two}}.labels.test"
services: {{up: {url}}}
endpoints:
  GET /v/{{x}}: up:/two-variables/{{x}}
  GET /v/literal: up:/two-variables-literal
""",
    "any.yaml": """
services: {{up: {url}}}
endpoints:
  GET /v/{{x}}: up:/any-host/{{x}}
  GET /v/literal/deep: up:/any-host-deep
""",
}


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream

    def target(self, path: str, host: str = "api.hotel.test", method: str = "GET") -> str:
        """The target that the upstream saw for this request."""
        before = len(self.upstream.requests)
        response = self.gateway.request(method, path, host=host)
        assert response.status == 200, (response.status, response.text)
        (seen,) = self.upstream.requests[before:]
        return seen.target

    def status(self, path: str, host: str = "api.hotel.test", method: str = "GET") -> int:
        """The status of a request that must not reach the upstream."""
        before = len(self.upstream.requests)
        response = self.gateway.request(method, path, host=host)
        assert self.upstream.requests[before:] == []
        return response.status


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up:
        files = {name: text.format(url=up.url) for name, text in {"api.yaml": EXACT, **HOSTS}.items()}
        with gateway(files) as running:
            yield World(running, up)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a/b/c", "/first-literal/c"),
        ("/a/q/c", "/last-literal/q"),
        ("/hotels/special", "/special"),
        ("/hotels/7", "/one/7"),
        ("/items/fixed.json", "/fixed"),
        ("/items/7.v2.json", "/json2/7"),
        ("/items/7.json", "/json/7"),
        ("/items/7", "/bare/7"),
        ("/", "/root"),
    ],
)
def test_the_most_specific_endpoint_wins_segment_by_segment(world: World, path: str, target: str) -> None:
    assert world.target(path) == target


def test_a_literal_that_leads_nowhere_does_not_hide_the_variable_beside_it(world: World) -> None:
    assert world.target("/t/l/y/z") == "/backtracked/l"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/%68ello//pa\\th", "/vector-one"),
        ("/hello//../path", "/vector-two"),
        ("/hotels//special", "/special"),
        ("//hotels/special", "/special"),
        ("/hotels/x/%2e%2e/special", "/special"),
        ("/hotels/./special", "/special"),
        ("/../../hotels/special", "/special"),
        ("/hotels\\special", "/special"),
        ("/hotels/%73pecial", "/special"),
        ("/hotels/%37", "/one/7"),
        ("/hotels/a%2fb", "/one/a%2Fb"),
        ("/hotels/%C3%A9", "/one/%C3%A9"),
        ("/hotels/%c3%a9", "/one/%C3%A9"),
        ("/caf%c3%a9", "/coffee"),
        ("/hotels/a;v=1", "/one/a;v=1"),
    ],
)
def test_the_path_is_matched_in_its_cloudflare_normal_form(world: World, path: str, target: str) -> None:
    assert world.target(path) == target


def test_raw_utf8_bytes_in_a_path_are_matched_in_percent_encoded_form(world: World) -> None:
    before = len(world.upstream.requests)
    response = world.gateway.send(b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: api.hotel.test\r\nConnection: close\r\n\r\n")
    assert response.status == 200, response.text
    assert [seen.target for seen in world.upstream.requests[before:]] == ["/coffee"]


def test_an_encoded_slash_never_splits_a_segment(world: World) -> None:
    assert world.status("/a%2Fb%2Fc") == 404
    assert world.target("/a/x%2Fy/c") == "/last-literal/x%2Fy"


def test_a_path_with_and_one_without_a_trailing_slash_are_two_endpoints(world: World) -> None:
    assert world.target("/slash") == "/without"
    assert world.target("/slash/") == "/with"
    assert world.status("/hotels/special/") == 404


def test_a_variable_matches_exactly_one_segment_that_is_not_empty(world: World) -> None:
    assert world.status("/hotels/") == 404
    assert world.status("/hotels") == 404
    assert world.status("/hotels/7/rooms") == 404


def test_the_case_of_a_path_matters(world: World) -> None:
    assert world.target("/Hotels/upper") == "/upper"
    assert world.status("/hotels/7/UPPER") == 404
    assert world.status("/HOTELS/special") == 404


def test_the_query_takes_no_part_in_matching(world: World) -> None:
    assert world.target("/hotels/special?/a/b/c") == "/special?/a/b/c"


def test_the_method_is_compared_exactly(world: World) -> None:
    assert world.target("/hotels/7", method="POST") == "/posted/7"
    assert world.status("/hotels/7", method="PUT") == 405


def test_a_method_in_small_letters_is_not_the_method_in_capitals(world: World) -> None:
    """Bare mitmproxy: `request.method` is upper-cased on reading."""
    assert world.status("/hotels/7", method="get") == 405


def test_a_get_endpoint_does_not_take_head_requests(world: World) -> None:
    before = len(world.upstream.requests)
    response = world.gateway.request("HEAD", "/hotels/special")
    assert response.status == 405
    assert world.upstream.requests[before:] == []


@pytest.mark.parametrize("host", ["API.Hotel.TEST", "api.hotel.test:8080", "api.hotel.test."])
def test_a_host_is_compared_without_case_port_and_trailing_dot(world: World, host: str) -> None:
    assert world.target("/hotels/special", host) == "/special"


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        ("one.hosts.test", "/v/x", "/exact/x"),
        ("one.hosts.test", "/v/literal", "/exact/literal"),
        ("two.hosts.test", "/v/x", "/list/x"),
        ("three.hosts.test", "/v/x", "/list/x"),
        ("acme.hosts.test", "/v/x", "/one-variable/acme/x"),
        ("acme.hosts.test", "/v/literal", "/one-variable-literal"),
        ("c.b.labels.test", "/v/x", "/right-literal/x"),
        ("a.c.labels.test", "/v/x", "/left-literal/x"),
        ("a.b.labels.test", "/v/x", "/right-literal/x"),
        ("a.b.labels.test", "/v/literal", "/right-literal/literal"),
        ("c.d.labels.test", "/v/literal", "/two-variables-literal"),
        ("elsewhere.test", "/v/x", "/any-host/x"),
    ],
)
def test_hosts_rank_exact_then_fewer_variables_then_from_the_right_then_any(
    world: World, host: str, path: str, target: str
) -> None:
    assert world.target(path, host) == target


def test_the_endpoints_of_every_host_pattern_that_fits_compete(world: World) -> None:
    assert world.target("/only/tenant", "one.hosts.test") == "/only-tenant"
    assert world.target("/v/literal/deep", "one.hosts.test") == "/any-host-deep"


def test_a_host_variable_fills_exactly_one_label(world: World) -> None:
    assert world.target("/v/x", "a.b.hosts.test") == "/any-host/x"
    assert world.target("/v/x", "hosts.test") == "/any-host/x"
