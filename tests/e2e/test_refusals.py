"""Requests that are refused before they reach any upstream: malformed, ambiguous, too long, or a CONNECT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Connection, ConnectionEnded, Gateway, Response, Upstream, gateway, head

ROUTES = """
origin: {main}
endpoints:
  GET /a/{{x}}: {main}/b/{{x}}
  POST /a/{{x}}: {main}/b/{{x}}
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream

    def refuse(self, data: bytes) -> Response:
        """The answer to bytes that must not reach the upstream."""
        before = len(self.upstream.requests)
        response = self.gateway.send(data)
        assert self.upstream.requests[before:] == []
        return response


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, gateway({"all.yaml": ROUTES.format(main=up.url)}) as running:
        yield World(running, up)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("GET /a/1 HTTP/1.1", id="no Host in HTTP/1.1"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test\r\nHost: x.test", id="two Host headers alike"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test\r\nHost: y.test", id="two Host headers"),
        pytest.param("GET http://y.test/a/1 HTTP/1.1\r\nHost: x.test", id="absolute form of another host"),
        pytest.param("GET http://x.test:81/a/1 HTTP/1.1\r\nHost: x.test", id="absolute form of another port"),
        pytest.param("GET http://u@x.test/a/1 HTTP/1.1\r\nHost: x.test", id="absolute form with userinfo"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: ", id="empty Host"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test/y", id="Host with a path"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: user@x.test", id="Host with userinfo"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test:port", id="Host with a port of letters"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test, y.test", id="Host with a comma"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x y.test", id="Host with a space"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: [::1", id="Host with half a bracket"),
        pytest.param("GET /a/\0 HTTP/1.1\r\nHost: x.test", id="NUL in the path"),
        pytest.param("GET /a/\x01 HTTP/1.1\r\nHost: x.test", id="control byte in the path"),
        pytest.param("GET /a/\x7f HTTP/1.1\r\nHost: x.test", id="DEL in the path"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test\r\nX-A: a\0b", id="NUL in a header"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test\r\nX-A: a\x01b", id="control byte in a header"),
        pytest.param("GET /a/1 HTTP/1.1\r\nHost: x.test\r\nX-A: a\rX-B: b", id="bare CR in a header"),
        pytest.param("GET /a/1#top HTTP/1.1\r\nHost: x.test", id="fragment"),
        pytest.param("GET /a/1?x=1#top HTTP/1.1\r\nHost: x.test", id="fragment after the query"),
        pytest.param("GET /a/%zz HTTP/1.1\r\nHost: x.test", id="percent escape of letters"),
        pytest.param("GET /a/%2 HTTP/1.1\r\nHost: x.test", id="percent escape cut short"),
        pytest.param("GET /nothing/% HTTP/1.1\r\nHost: x.test", id="percent alone, toward the origin"),
        pytest.param("GET /a/1 HTTP/9.9\r\nHost: x.test", id="HTTP/9.9"),
        pytest.param("GET /a/1 HTTP/2.0\r\nHost: x.test", id="HTTP/2.0 in text"),
        pytest.param("GET /a/1 HTTP/1.2\r\nHost: x.test", id="HTTP/1.2"),
        pytest.param("GET * HTTP/1.1\r\nHost: x.test", id="asterisk form of GET"),
        pytest.param("GET a/1 HTTP/1.1\r\nHost: x.test", id="path without a slash"),
    ],
)
def test_a_malformed_or_ambiguous_request_is_a_400_problem(world: World, lines: str) -> None:
    """Bare mitmproxy: dirty requests pass."""
    response = world.refuse(lines.encode("latin-1") + b"\r\nConnection: close\r\n\r\n")
    response.problem(400)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("Content-Length: 3\r\nTransfer-Encoding: chunked", id="two framings"),
        pytest.param("Content-Length: 3\r\nContent-Length: 4", id="two lengths"),
        pytest.param("Content-Length: -1", id="negative length"),
        pytest.param("Content-Length: +3", id="signed length"),
        pytest.param("Transfer-Encoding: gzip", id="unknown transfer coding"),
        pytest.param("X Space: 1", id="space in a header name"),
        pytest.param("X-Space : 1", id="space before the colon"),
        pytest.param("no colon here", id="line without colon"),
    ],
)
def test_a_head_that_mitmproxy_itself_refuses_is_a_problem_too_and_not_its_html_page(world: World, lines: str) -> None:
    data = f"POST /a/1 HTTP/1.1\r\nHost: x.test\r\n{lines}\r\n\r\nabc".encode()
    world.refuse(data).problem(400)


def test_bytes_that_are_no_http_are_a_400_problem_or_an_ended_connection(world: World) -> None:
    try:
        response = world.refuse(b"\x00\x01 this is not http\r\n\r\n")
    except ConnectionEnded:
        return
    response.problem(400)


def test_a_folded_header_is_refused_or_unfolded_and_never_forwarded_folded(world: World) -> None:
    """RFC 9112 5.2; bare mitmproxy passes them."""
    before = len(world.upstream.requests)
    response = world.gateway.send(b"GET /a/1 HTTP/1.1\r\nHost: x.test\r\nX-A: one\r\n two\r\n\r\n")
    if response.status != 200:
        response.problem(400)
    for request in world.upstream.requests[before:]:
        assert b"\r\n two" not in request.head


def test_a_broken_chunk_ends_the_exchange_instead_of_hanging(world: World) -> None:
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/1", headers=[("Transfer-Encoding", "chunked")]), b"zz\r\nabc\r\n")
        try:
            assert client.read_response().status >= 400
        except ConnectionEnded:
            assert client.at_end()


def test_percent_escapes_in_the_query_are_not_judged(world: World) -> None:
    assert world.gateway.get("/a/1?x=%zz").status == 200
    assert world.upstream.last.target == "/b/1?x=%zz"


def test_tabs_and_bytes_beyond_ascii_in_a_header_value_pass(world: World) -> None:
    headers = [("X-Tab", "a\tb"), ("X-Latin", "caf\xe9")]
    assert world.gateway.get("/a/1", headers=headers).status == 200
    assert (world.upstream.last.header("x-tab"), world.upstream.last.header("x-latin")) == ("a\tb", "caf\xe9")


def test_http_1_0_without_a_host_is_served_by_a_file_for_any_host(world: World) -> None:
    response = world.gateway.send(b"GET /a/1 HTTP/1.0\r\n\r\n")
    assert (response.status, response.body) == (200, b"upstream")


def test_an_absolute_form_target_never_chooses_where_the_request_goes(world: World, other: Upstream) -> None:
    response = world.gateway.send(
        head("GET", f"{other.url}/a/1?x=1", host=other.authority, headers=[("Connection", "close")])
    )
    assert response.body == b"upstream"
    assert world.upstream.last.target == "/b/1?x=1"
    assert other.connections == 0


def test_an_absolute_form_target_is_forwarded_to_the_origin_in_origin_form(world: World) -> None:
    data = head("GET", "http://X.test/else?x=1", host="x.test", headers=[("Connection", "close")])
    assert world.gateway.send(data).body == b"upstream"
    assert world.upstream.last.target == "/else?x=1"


def test_an_absolute_form_target_does_not_choose_the_scheme_that_the_upstream_is_told(world: World) -> None:
    data = head("GET", "https://x.test/a/1", host="x.test", headers=[("Connection", "close")])
    assert world.gateway.send(data).status == 200
    assert world.upstream.last.all("x-forwarded-proto") == ["http"]


@pytest.mark.parametrize("host", ["[::1]", "[::1]:8080", "127.0.0.1:1", "x_y.test", "xn--caf-dma.test"])
def test_a_host_that_is_an_authority_passes(world: World, host: str) -> None:
    assert world.gateway.get("/a/1", host=host).status == 200
    assert world.upstream.last.all("x-forwarded-host") == [host]


@pytest.mark.parametrize("authority", ["{upstream}", "x.test:443", "{self}"])
def test_connect_is_refused(world: World, authority: str) -> None:
    authority = authority.format(upstream=world.upstream.authority, self=f"127.0.0.1:{world.gateway.port}")
    before = world.upstream.connections
    with world.gateway.connection() as client:
        client.send(head("CONNECT", authority, host=authority))
        answer = client.read_response()
        assert 400 <= answer.status < 500
        answer.problem()
    assert world.upstream.connections == before


def test_a_request_head_over_64k_is_a_431_problem(world: World) -> None:
    response = world.refuse(head("GET", "/a/1", headers=[("X-Long", "x" * 66_000), ("Connection", "close")]))
    response.problem(431)


def test_a_request_line_over_64k_is_a_431_problem(world: World) -> None:
    world.refuse(head("GET", "/a/" + "x" * 66_000)).problem(431)


def test_a_head_within_64k_passes(world: World) -> None:
    assert world.gateway.get("/a/1", headers=[("X-Long", "x" * 60_000)]).status == 200
    assert len(world.upstream.last.header("x-long") or "") == 60_000


def endless_head(client: Connection, mebibytes: int) -> bytes:
    """Sends a head that never ends until the gateway hangs up or all is sent; returns what it said."""
    client.send(b"GET /a/1 HTTP/1.1\r\nHost: x.test\r\n")
    line = b"X-More: " + b"x" * 1014 + b"\r\n"
    try:
        for _ in range(mebibytes):
            client.send(line * 1024)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return client.read_some()


def test_a_head_that_never_ends_is_refused_and_costs_no_memory(world: World) -> None:
    world.gateway.get("/a/1")
    before = world.gateway.peak_mb()
    with world.gateway.connection() as client:
        said = endless_head(client, 50)
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    assert world.gateway.peak_mb() - before <= 5
    assert world.gateway.get("/a/1").status == 200


def test_the_limit_for_heads_is_an_option(upstream: Upstream) -> None:
    with gateway({"all.yaml": f"origin: {upstream.url}\n"}, "--set", "head_limit=8k") as running:
        running.get("/", headers=[("X-Long", "x" * 9_000)]).problem(431)
        assert running.get("/", headers=[("X-Long", "x" * 7_000)]).status == 200


def test_a_long_head_over_http_2_reaches_no_upstream(world: World) -> None:
    before = len(world.upstream.requests)
    with world.gateway.h2() as client:
        fields = [(f"x-long-{number}", "x" * 8_000) for number in range(13)]
        answer = client.request("GET", "/a/1", headers=fields)
        assert answer.status in (0, 431), answer
    assert world.upstream.requests[before:] == []


def test_http_2_with_a_host_that_differs_from_the_authority_is_refused(world: World) -> None:
    before = len(world.upstream.requests)
    with world.gateway.h2(strict=False) as client:
        answer = client.request("GET", "/a/1", authority="x.test", headers=[("host", "y.test")])
        assert answer.status in (0, 400), answer
    assert world.upstream.requests[before:] == []


@pytest.mark.parametrize("path", ["/a/%zz", "/a/1#top", "/a/\x01", "/a/ b"])
def test_the_paths_refused_over_http_1_are_refused_over_http_2(world: World, path: str) -> None:
    before = len(world.upstream.requests)
    with world.gateway.h2(strict=False) as client:
        answer = client.request("GET", path)
        assert answer.status in (0, 400), answer
    assert world.upstream.requests[before:] == []


@pytest.mark.parametrize(
    "fields",
    [
        [("x-a", "a\r\nX-Injected: 1")],
        [("x-a", "a\nX-Injected: 1")],
        [("x-a\r\nx-injected", "1")],
        [("x-a: 1\r\nx-injected", "1")],
        [("x-a", "a\0b")],
    ],
)
def test_no_field_of_http_2_becomes_two_of_http_1(world: World, fields: list[tuple[str, str]]) -> None:
    """RFC 9113 8.2.1."""
    before = len(world.upstream.requests)
    with world.gateway.h2(strict=False) as client:
        assert client.request("GET", "/a/1", headers=fields).status in (0, 400)
    assert world.upstream.requests[before:] == []


@pytest.mark.parametrize("path", ["/a/1 HTTP/1.1\r\nX-Injected: 1\r\n\r\n", "/a/1\nx", "", "a/1", "*"])
def test_no_path_of_http_2_becomes_more_than_a_path_of_http_1(world: World, path: str) -> None:
    before = len(world.upstream.requests)
    with world.gateway.h2(strict=False) as client:
        assert client.request("GET", path).status in (0, 400)
    assert world.upstream.requests[before:] == []


def test_connect_over_http_2_is_refused(world: World) -> None:
    before = world.upstream.connections
    with world.gateway.h2(strict=False) as client:
        answer = client.request("CONNECT", "/a/1", authority=world.upstream.authority)
        assert answer.status == 0 or 400 <= answer.status < 500
    assert world.upstream.connections == before


def test_the_scheme_of_http_2_does_not_choose_what_the_upstream_is_told(world: World) -> None:
    with world.gateway.h2(tls=None) as client:
        client.scheme = "https"
        if client.request("GET", "/a/1").status == 200:
            assert world.upstream.last.all("x-forwarded-proto") == ["http"]


def test_http_2_with_a_host_and_no_authority_is_served(world: World) -> None:
    with world.gateway.h2(strict=False) as client:
        assert client.request("GET", "/a/1", authority=None, headers=[("host", "x.test")]).status == 200
    assert world.upstream.last.all("x-forwarded-host") == ["x.test"]


def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    with world.gateway.connection() as client:
        client.send(*(head("GET", f"/a/{number}", host="x.test") for number in range(3)))
        assert [client.read_response().status for _ in range(3)] == [200, 200, 200]
    assert [request.target for request in world.upstream.requests[-3:]] == ["/b/0", "/b/1", "/b/2"]


def test_a_refused_request_with_a_body_does_not_turn_its_body_into_a_request(world: World) -> None:
    inner = head("GET", "/a/smuggled", host="x.test")
    before = len(world.upstream.requests)
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/%zz", host="x.test", body=inner), inner)
        client.read_response().problem(400)
        client.send(head("GET", "/a/after", host="x.test", headers=[("Connection", "close")]))
        client.read_to_end()
    assert "/b/smuggled" not in [request.target for request in world.upstream.requests[before:]]
