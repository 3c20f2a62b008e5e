"""HTTP/2: from the client over TLS or with prior knowledge, to targets over TLS or as h2c."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import (
    Call,
    ConnectionEnded,
    Gateway,
    H2Call,
    H2Upstream,
    Upstream,
    authority_file,
    digest_of,
    gateway,
    head,
    pieces,
    server_context,
)

ROUTES = """
host: api.hotel.test
services:
  one: {one}
  secure: https://localhost:{secure}
  clear: {{url: "{clear}", h2c: true}}
endpoints:
  GET /one/{{x}}: one:/b/{{x}}
  POST /one/{{x}}: one:/b/{{x}}
  GET /secure/{{x}}: secure:/b/{{x}}
  POST /secure/{{x}}: secure:/b/{{x}}
  GET /clear/{{x}}: clear:/b/{{x}}
  POST /clear/{{x}}: clear:/b/{{x}}
"""

UNLIMITED = 20
"""More requests at a time than the five that the core would let through to one address."""


@dataclass
class World:
    gateway: Gateway
    one: Upstream
    secure: H2Upstream
    clear: H2Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with (
        Upstream("one") as one,
        H2Upstream("secure", tls=server_context()) as secure,
        H2Upstream("clear") as clear,
    ):
        text = ROUTES.format(one=one.url, secure=secure.port, clear=clear.url)
        trust = f"ssl_verify_upstream_trusted_ca={authority_file()}"
        with gateway({"api.yaml": text}, "--set", trust) as running:
            yield World(running, one, secure, clear)


both_clients = pytest.mark.parametrize("tls", ["api.hotel.test", None], ids=["over TLS", "h2c"])
every_target = pytest.mark.parametrize("target", ["one", "secure", "clear"])


@both_clients
@every_target
def test_an_http_2_client_is_routed_to_every_kind_of_target(world: World, tls: str | None, target: str) -> None:
    with world.gateway.h2(tls=tls) as client:
        answer = client.request("GET", f"/{target}/7?x=1")
        assert (answer.status, bytes(answer.body)) == (200, target.encode())
        answer = client.request("POST", f"/{target}/8", body=b"posted")
        assert (answer.status, bytes(answer.body)) == (200, target.encode())
    upstream = getattr(world, target)
    assert upstream.requests[-2].target == "/b/7?x=1"
    assert bytes(upstream.last.body) == b"posted"


@every_target
def test_an_http_1_client_is_routed_to_every_kind_of_target(world: World, target: str) -> None:
    """Table 2.3: plain HTTP/1.1 in front of a TLS server that speaks only HTTP/2."""
    with world.gateway.connection() as client:
        answer = client.request("GET", f"/{target}/7?x=1")
        assert (answer.status, answer.body) == (200, target.encode())
        answer = client.request("POST", f"/{target}/8", body=b"posted")
        assert (answer.status, answer.body) == (200, target.encode())
    assert getattr(world, target).requests[-2].target == "/b/7?x=1"


def test_the_authority_toward_an_http_2_target_is_the_targets(world: World) -> None:
    """Bare mitmproxy: an empty `:authority` after rewriting makes gRPC servers refuse the request."""
    for target in ("secure", "clear"):
        assert world.gateway.get(f"/{target}/1").status == 200
        with world.gateway.h2() as client:
            assert client.request("GET", f"/{target}/1").status == 200
    for request in world.secure.requests[-2:]:
        assert (request.authority, request.pseudo[":scheme"]) == (f"localhost:{world.secure.port}", "https")
    for request in world.clear.requests[-2:]:
        assert (request.authority, request.pseudo[":scheme"]) == (world.clear.authority, "http")


@both_clients
def test_an_upload_without_a_length_reaches_an_http_1_target_framed(world: World, tls: str | None) -> None:
    """A body that is forwarded without framing would be taken for the next request."""
    for body in (b"GET /b/smuggled HTTP/1.1\r\nHost: x\r\n\r\n", b"".join(pieces(300_000))):
        with world.gateway.h2(tls=tls) as client:
            assert client.request("POST", "/one/unframed", body=body).status == 200
            assert client.request("GET", "/one/after").status == 200
        request = world.one.seen("/b/unframed")[-1]
        assert request.body_length == len(body)
    assert world.one.seen("/b/smuggled") == []


def test_a_transfer_encoding_over_http_2_is_not_passed_on(world: World) -> None:
    """RFC 9113 8.2.2: connection-specific fields make the request malformed."""
    before = len(world.one.seen("/b/framed"))
    with world.gateway.h2(strict=False) as client:
        fields = [("transfer-encoding", "chunked")]
        answer = client.request("POST", "/one/framed", headers=fields, body=b"0\r\n\r\nGET /b/x HTTP/1.1\r\n\r\n")
        assert answer.status != 200
    assert len(world.one.seen("/b/framed")) == before


def test_cookies_that_came_apart_are_joined_for_an_http_1_target(world: World) -> None:
    """RFC 9113 8.2.3."""
    with world.gateway.h2() as client:
        assert client.request("GET", "/one/1", headers=[("cookie", "a=1"), ("cookie", "b=2")]).status == 200
    assert world.one.last.all("cookie") == ["a=1; b=2"]


@pytest.mark.parametrize("target", ["one", "secure"])
def test_more_than_five_requests_of_one_connection_are_under_way_at_a_time(world: World, target: str) -> None:
    """Bare mitmproxy: five at a time. The barrier opens only when all of them have reached the upstream."""
    together = threading.Barrier(UNLIMITED, timeout=12)

    def meet(call: Call | H2Call) -> None:
        try:
            together.wait()
        except threading.BrokenBarrierError:
            call.respond(500)
            return
        call.respond(200, body=b"met")

    getattr(world, target).on("/b/meet", meet)
    with world.gateway.h2() as client:
        streams = [client.start("GET", f"/{target}/meet") for _ in range(UNLIMITED)]
        assert [client.wait(stream).status for stream in streams] == [200] * UNLIMITED


@every_target
def test_a_response_streams_to_an_http_2_client_piece_by_piece(world: World, target: str) -> None:
    go = threading.Semaphore(0)

    def over_one(call: Call) -> None:
        call.start_chunked()
        for number in range(3):
            assert go.acquire(timeout=15)
            call.chunk(b"%d" % number)
        call.end_chunks()

    def over_two(call: H2Call) -> None:
        call.start(200)
        for number in range(3):
            assert go.acquire(timeout=15)
            call.data(b"%d" % number)
        call.end()

    getattr(world, target).on("/b/pieces", over_one if target == "one" else over_two)
    with world.gateway.h2() as client:
        stream = client.start("GET", f"/{target}/pieces")
        assert client.wait_head(stream).status == 200
        for number in range(3):
            go.release()
            assert client.wait_body(stream, number + 1) == b"012"[: number + 1]
        assert client.wait(stream).ended


@every_target
def test_an_upload_over_http_2_streams_to_the_target(world: World, target: str) -> None:
    first = threading.Event()

    def over_one(call: Call) -> None:
        call.read_body(lambda _: first.set())
        call.respond(200, body=call.request.body)

    def over_two(call: H2Call) -> None:
        call.chunks.get(timeout=15)
        first.set()
        call.respond(200, body=call.read_body())

    getattr(world, target).on("/b/upload", over_one if target == "one" else over_two)
    with world.gateway.h2() as client:
        stream = client.start("POST", f"/{target}/upload", end=False)
        client.send(stream, b"first ")
        assert first.wait(10)
        client.send(stream, b"second", end=True)
        assert bytes(client.wait(stream).body) == b"first second"


def test_a_megabyte_each_way_survives_flow_control(world: World) -> None:
    length = 1 << 20
    body = b"".join(pieces(length))
    world.secure.on("/b/large", lambda call: call.respond(200, body=call.read_body()))
    world.one.on("/b/large", lambda call: call.respond(200, body=call.read_body()))
    with world.gateway.h2() as client:
        for target in ("one", "secure"):
            answer = client.request("POST", f"/{target}/large", body=body)
            assert (answer.status, bytes(answer.body) == body) == (200, True)
    assert world.one.seen("/b/large")[-1].body_sha256 == digest_of(length)


def test_trailers_pass_between_http_2_client_and_http_2_target(world: World) -> None:
    trailers = [("x-sum", "1"), ("grpc-status", "0")]
    for target in ("secure", "clear"):
        upstream = getattr(world, target)
        upstream.on("/b/trail", lambda call: call.respond(200, body=b"body", trailers=trailers))
        with world.gateway.h2() as client:
            stream = client.start("POST", f"/{target}/trail", end=False)
            client.send(stream, b"data")
            client.send_trailers(stream, [("x-asked", "2")])
            answer = client.wait(stream)
            assert (bytes(answer.body), answer.trailers) == (b"body", trailers)
        assert upstream.last.trailers == [("x-asked", "2")]


def test_trailers_of_an_http_2_target_do_not_hang_an_http_1_client(world: World) -> None:
    """Table 2.3: the core asserts on `ResponseTrailers`."""
    world.clear.on("/b/trail-1", lambda call: call.respond(200, body=b"body", trailers=[("x-sum", "1")]))
    with world.gateway.connection() as client:
        try:
            answer = client.request("GET", "/clear/trail-1")
        except ConnectionEnded:
            return
        if answer.status == 200:
            assert answer.body == b"body" or not answer.complete
        else:
            answer.problem(502)


def test_a_stream_that_the_target_resets_is_a_502_problem(world: World) -> None:
    for target in ("secure", "clear"):
        getattr(world, target).on("/b/reset", lambda call: call.reset())
        world.gateway.get(f"/{target}/reset").problem(502)
        with world.gateway.h2() as client:
            client.request("GET", f"/{target}/reset").as_response().problem(502)
            assert client.request("GET", f"/{target}/after").status == 200


def test_a_head_request_over_http_2_is_answered_without_body(world: World) -> None:
    with world.gateway.h2() as client:
        answer = client.request("HEAD", "/nothing")
        assert (answer.status, bytes(answer.body), answer.ended) == (404, b"", True)


def test_one_port_takes_http_1_tls_and_both_kinds_of_http_2(world: World) -> None:
    assert world.gateway.get("/one/1").status == 200
    with world.gateway.connection(tls="api.hotel.test") as client:
        assert client.request("GET", "/one/1").status == 200
    for tls in ("api.hotel.test", None):
        with world.gateway.h2(tls=tls) as client:
            assert client.request("GET", "/one/1").status == 200


def test_an_http_1_client_that_offers_an_upgrade_to_h2c_is_served_over_http_1(world: World) -> None:
    fields = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]
    with world.gateway.connection() as client:
        client.send(head("GET", "/clear/1", headers=fields))
        answer = client.read_response()
        assert (answer.status, answer.body) == (200, b"clear")
