"""Header fields on their way: hygiene, forwarding information, request ids, locations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Gateway, H2Upstream, Recorded, Response, Upstream, answer, gateway

ROUTES = """
host: api.hotel.test
services:
  up: {main}
  two: {{url: "{h2c}", h2c: true}}
endpoints:
  GET /a/{{x}}: up:/b/{{x}}
  POST /a/{{x}}: up:/b/{{x}}
  GET /h2c/{{x}}: two:/{{x}}
  GET /moved/{{x}}: up:/inner/{{x}}
  GET /mapped/{{x}}:
    route: up:/inner/{{x}}
    rewrite_location: true
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    h2c: H2Upstream

    def seen(self, *headers: tuple[str, str], path: str = "/a/1") -> Recorded:
        """The request as the upstream saw it."""
        before = len(self.upstream.requests)
        response = self.gateway.get(path, headers=headers)
        assert response.status == 200, (response.status, response.text)
        (request,) = self.upstream.requests[before:]
        return request

    def answered(self, *headers: tuple[str, str], status: int = 200) -> Response:
        """The client's view of a response with these fields."""
        self.upstream.on("/b/answered", answer(status, headers))
        return self.gateway.get("/a/answered")


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, H2Upstream() as h2c:
        files = {"api.yaml": ROUTES.format(main=up.url, h2c=h2c.url)}
        with gateway(files) as running:
            yield World(running, up, h2c)


@pytest.mark.parametrize(
    "sent",
    [
        [("Connection", "X-Secret"), ("X-Secret", "1")],
        [("Connection", "close, x-secret"), ("X-Secret", "1")],
        [("Connection", "keep-alive"), ("Connection", "X-Secret"), ("X-Secret", "1")],
        [("Keep-Alive", "timeout=5")],
        [("Proxy-Connection", "keep-alive")],
        [("Proxy-Authorization", "Basic c2VjcmV0")],
        [("TE", "trailers, deflate")],
        [
            ("Upgrade", "h2c"),
            ("Connection", "Upgrade, HTTP2-Settings"),
            ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
        ],
        [("Upgrade", "TLS/1.0"), ("Connection", "Upgrade")],
    ],
)
def test_hop_by_hop_fields_do_not_reach_the_upstream(world: World, sent: list[tuple[str, str]]) -> None:
    """RFC 9110 7.6.1; bare mitmproxy passes them."""
    request = world.seen(*sent)
    forbidden = {
        "x-secret", "keep-alive", "proxy-connection", "proxy-authorization", "te", "upgrade", "http2-settings"
    }  # fmt: skip
    assert forbidden.isdisjoint(request.names), request.headers
    tokens = ",".join(request.all("connection")).lower()
    assert "x-secret" not in tokens
    assert "upgrade" not in tokens


def test_connection_options_cannot_remove_fields_that_the_gateway_sets(world: World) -> None:
    request = world.seen(("Connection", "X-Forwarded-For, X-Request-Id, Host"), ("X-Forwarded-For", "6.6.6.6"))
    assert request.all("x-forwarded-for") == ["127.0.0.1"]
    assert request.all("host") == [world.upstream.authority]
    assert len(request.all("x-request-id")) == 1


def test_hop_by_hop_fields_of_a_response_do_not_reach_the_client(world: World) -> None:
    response = world.answered(
        ("Connection", "X-Internal"), ("X-Internal", "1"), ("Keep-Alive", "timeout=5"), ("X-Kept", "1")
    )
    assert response.status == 200
    assert response.header("x-internal") is None
    assert response.header("keep-alive") is None
    assert response.header("x-kept") == "1"


def test_end_to_end_fields_keep_their_case_order_and_repetitions(world: World) -> None:
    sent = [
        ("X-b", "1"),
        ("x-A", "2"),
        ("X-b", "3"),
        ("Accept", "a"),
        ("Cookie", "k=v; l=w"),
        ("ACCEPT", "b"),
    ]
    request = world.seen(*sent)
    kept = [pair for pair in request.headers if pair[0].lower() in ("x-a", "x-b", "accept", "cookie")]
    assert kept == sent


def test_repeated_response_fields_stay_apart_and_in_order(world: World) -> None:
    response = world.answered(("Set-Cookie", "a=1"), ("X-Mixed-Case", "1"), ("Set-Cookie", "b=2"))
    assert response.all("set-cookie") == ["a=1", "b=2"]
    assert "X-Mixed-Case" in dict(response.headers)


def test_authorization_and_cookies_reach_the_upstream(world: World) -> None:
    request = world.seen(("Authorization", "Bearer x"), ("Cookie", "a=b"))
    assert (request.header("authorization"), request.header("cookie")) == ("Bearer x", "a=b")


def test_the_upstream_learns_who_asked_and_for_what(world: World) -> None:
    request = world.seen()
    assert request.all("x-forwarded-for") == ["127.0.0.1"]
    assert request.all("x-forwarded-proto") == ["http"]
    assert request.all("x-forwarded-host") == ["api.hotel.test"]
    assert request.all("forwarded") == []


def test_the_upstream_learns_that_the_client_used_tls(world: World) -> None:
    with world.gateway.connection(tls="api.hotel.test") as client:
        assert client.request("GET", "/a/1").status == 200
    assert world.upstream.last.all("x-forwarded-proto") == ["https"]


def test_forwarding_fields_of_an_untrusted_client_are_dropped(world: World) -> None:
    """Bare mitmproxy: client-supplied ones pass through (spoofable)."""
    request = world.seen(
        ("X-Forwarded-For", "6.6.6.6"),
        ("x-forwarded-for", "7.7.7.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.test"),
        ("Forwarded", "for=6.6.6.6;host=evil.test"),
    )
    assert request.all("x-forwarded-for") == ["127.0.0.1"]
    assert request.all("x-forwarded-proto") == ["http"]
    assert request.all("x-forwarded-host") == ["api.hotel.test"]
    assert not any("6.6.6.6" in value or "evil" in value for _, value in request.headers)


@pytest.mark.parametrize("given", ["a", "Az09._~+/=-", "x" * 128])
def test_a_well_formed_request_id_is_kept(world: World, given: str) -> None:
    assert world.seen(("X-Request-Id", given)).all("x-request-id") == [given]


@pytest.mark.parametrize("given", [None, "", "x" * 129, "has space", "semi;colon", 'quote"', "caf\xe9"])
def test_a_missing_or_malformed_request_id_is_made_anew(world: World, given: str | None) -> None:
    (made,) = world.seen(*([("X-Request-Id", given)] if given is not None else [])).all("x-request-id")
    assert made != given
    assert re.fullmatch(r"[A-Za-z0-9._~+/=-]{1,128}", made)


def test_two_request_ids_become_one(world: World) -> None:
    assert len(world.seen(("X-Request-Id", "one"), ("X-Request-Id", "two")).all("x-request-id")) == 1


def test_two_requests_without_id_get_different_ones(world: World) -> None:
    assert world.seen().header("x-request-id") != world.seen().header("x-request-id")


def test_a_location_that_names_the_target_is_left_alone(world: World) -> None:
    inner = f"{world.upstream.url}/inner/9"
    world.upstream.on("/inner/1", answer(302, [("Location", inner)]))
    assert world.gateway.get("/moved/1").all("location") == [inner]


def test_a_location_that_names_the_target_is_mapped_back_where_that_is_asked_for(world: World) -> None:
    inner = f"{world.upstream.url}/inner/9?x=1"
    world.upstream.on("/inner/2", answer(302, [("Location", inner), ("Content-Location", "/inner/2")]))
    response = world.gateway.get("/mapped/2")
    assert response.header("location") in ("/mapped/9?x=1", "http://api.hotel.test/mapped/9?x=1")
    assert response.header("content-location") in ("/mapped/2", "http://api.hotel.test/mapped/2")


def test_a_location_elsewhere_is_left_alone_even_where_mapping_is_asked_for(world: World) -> None:
    world.upstream.on("/inner/3", answer(302, [("Location", "https://login.test/inner/3")]))
    assert world.gateway.get("/mapped/3").all("location") == ["https://login.test/inner/3"]


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304, 404, 418, 500, 503])
def test_every_status_of_an_upstream_is_passed_on(world: World, status: int) -> None:
    response = world.answered(("X-Kept", "1"), status=status)
    assert (response.status, response.header("x-kept")) == (status, "1")


def test_an_encoded_body_passes_untouched(world: World) -> None:
    coded = b"\x1f\x8b not really gzip \x00\xff"
    world.upstream.on("/b/coded", answer(200, [("Content-Encoding", "gzip")], coded))
    response = world.gateway.get("/a/coded", headers=[("Accept-Encoding", "gzip")])
    assert (response.body, response.header("content-encoding")) == (coded, "gzip")


def test_a_101_that_was_not_asked_for_is_a_502_and_no_tunnel(world: World) -> None:
    """An `Upgrade: h2c` that gets through would be a tunnel past every later rule."""
    world.upstream.on("/b/switch", lambda call: call.start(101, [("Connection", "Upgrade"), ("Upgrade", "h2c")]))
    for headers in ([], [("Upgrade", "h2c"), ("Connection", "Upgrade")]):
        world.gateway.get("/a/switch", headers=headers).problem(502)


def test_a_101_to_another_protocol_than_the_websocket_asked_for_is_a_502(world: World) -> None:
    world.upstream.on("/b/other", lambda call: call.start(101, [("Connection", "Upgrade"), ("Upgrade", "h2c")]))
    headers = [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]  # fmt: skip
    world.gateway.get("/a/other", headers=headers).problem(502)


def test_the_fields_toward_an_http_2_target_are_as_clean(world: World) -> None:
    headers = [
        ("Connection", "X-Secret"),
        ("X-Secret", "1"),
        ("Keep-Alive", "x"),
        ("X-Forwarded-For", "6.6.6.6"),
    ]
    assert world.gateway.get("/h2c/1", headers=headers).status == 200
    request = world.h2c.last
    names = [name for name, _ in request.headers]
    assert {"x-secret", "keep-alive", "connection"}.isdisjoint(names)
    assert request.header("x-forwarded-for") == "127.0.0.1"


def test_forwarding_fields_of_a_trusted_proxy_are_kept_and_extended(upstream: Upstream) -> None:
    files = {
        "_gateway.yaml": "trusted_proxies: [10.0.0.0/8, 127.0.0.0/8]\n",
        "a.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n",
    }
    sent = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "www.hotel.test"),
    ]
    with gateway(files) as running:
        assert running.get("/a", headers=sent).status == 200
    request = upstream.last
    chain = [part.strip() for part in ",".join(request.all("x-forwarded-for")).split(",")]
    assert chain == ["203.0.113.9", "127.0.0.1"]
    assert request.all("x-forwarded-proto") == ["https"]
    assert request.all("x-forwarded-host") == ["www.hotel.test"]


def test_the_forwarded_field_is_sent_when_the_option_asks_for_it(upstream: Upstream) -> None:
    """RFC 7239."""
    files = {"a.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n"}
    with gateway(files, "--set", "forwarded=true") as running:
        assert running.get("/a", headers=[("Forwarded", "for=6.6.6.6")]).status == 200
    (value,) = upstream.last.all("forwarded")
    parts = {part.strip().replace('"', "") for part in value.split(";")}
    assert {"for=127.0.0.1", "host=api.hotel.test", "proto=http"} <= parts
    assert "6.6.6.6" not in value


def test_trust_in_another_network_does_not_extend_to_this_client(upstream: Upstream) -> None:
    files = {
        "_gateway.yaml": "trusted_proxies: [10.0.0.0/8]\n",
        "a.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n",
    }
    with gateway(files) as running:
        assert running.get("/a", headers=[("X-Forwarded-For", "203.0.113.9")]).status == 200
    assert upstream.last.all("x-forwarded-for") == ["127.0.0.1"]
