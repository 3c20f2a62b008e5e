"""What a client gets when an upstream is down, breaks off, is not to be trusted or talks nonsense."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import (
    Call,
    ConnectionEnded,
    Gateway,
    Upstream,
    authority_file,
    gateway,
    head,
    refusing_port,
    server_context,
    stranger_context,
)

ROUTES = """
host: api.hotel.test
services:
  up: {up}
  self-signed: {{url: "{lenient}", insecure: true}}
endpoints:
  GET /a/{{x}}: up:/a/{{x}}
  POST /a/{{x}}: up:/a/{{x}}
  GET /refused: http://127.0.0.1:{refused}/
  POST /refused: http://127.0.0.1:{refused}/
  GET /unresolvable: http://no-such-host.invalid/
  GET /tls/{{x}}: https://localhost:{tls}/{{x}}
  GET /tls-by-ip/{{x}}: https://127.0.0.1:{tls}/{{x}}
  GET /wrong-name/{{x}}: {wrong}/{{x}}
  GET /stranger/{{x}}: {stranger}/{{x}}
  GET /self-signed/{{x}}: self-signed:/{{x}}
  GET /plain-behind-https: https://127.0.0.1:{plain}/
  GET /tls-behind-http: http://127.0.0.1:{tls}/
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    tls: Upstream
    internals: list[str]


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with (
        Upstream() as up,
        Upstream("tls", tls=server_context()) as tls,
        Upstream("wrong", tls=server_context("elsewhere.test")) as wrong,
        Upstream("stranger", tls=stranger_context()) as stranger,
        Upstream("lenient", tls=stranger_context()) as lenient,
        Upstream("plain", greeting=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as plain,
        refusing_port() as refused,
    ):
        text = ROUTES.format(
            up=up.url, tls=tls.port, wrong=wrong.url, stranger=stranger.url, lenient=lenient.url,
            refused=refused, plain=plain.port,
        )  # fmt: skip
        ports = [up.port, plain.port, tls.port, wrong.port, stranger.port, lenient.port, refused]
        trust = f"ssl_verify_upstream_trusted_ca={authority_file()}"
        with gateway({"api.yaml": text}, "--set", trust) as running:
            yield World(running, up, tls, [str(port) for port in ports])


def failed(world: World, path: str, status: int) -> None:
    """The answer is a problem that names no internal address."""
    response = world.gateway.get(path)
    response.problem(status)
    shown = (response.head + response.body).decode()
    assert "127.0.0.1" not in shown
    assert "localhost" not in shown
    assert not [port for port in world.internals if port in shown]
    assert "Errno" not in shown


@pytest.mark.parametrize(
    "path",
    [
        "/refused",
        "/unresolvable",
        "/wrong-name/1",
        "/stranger/1",
        "/plain-behind-https",
        "/tls-behind-http",
    ],
)
def test_an_upstream_that_cannot_be_spoken_to_is_a_502_problem_without_its_address(world: World, path: str) -> None:
    """Bare mitmproxy: clients get mitmproxy's HTML page with its version."""
    failed(world, path, 502)


def test_a_502_to_an_upload_is_answered_too(world: World) -> None:
    world.gateway.request("POST", "/refused", body=b"x" * 1000).problem(502)
    with world.gateway.connection() as client:
        client.send(head("POST", "/refused", headers=[("Content-Length", "1000000")]), b"x" * 70_000)
        client.read_response().problem(502)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half a head"),
        pytest.param(b"220 mail.test ESMTP\r\n\r\n", id="another protocol"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", id="TLS alert"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", id="body cut while buffered"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two framings",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"),
    ],
)
def test_an_upstream_that_breaks_off_or_talks_nonsense_is_a_502_problem(world: World, data: bytes) -> None:
    def misbehave(call: Call) -> None:
        call.send(data)
        call.close()

    world.upstream.on("/a/misbehave", misbehave)
    failed(world, "/a/misbehave", 502)


def test_an_upstream_of_http_1_0_is_understood(world: World) -> None:
    def tell(call: Call) -> None:
        call.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold but whole")
        call.close()

    world.upstream.on("/a/old", tell)
    with world.gateway.connection() as client:
        answer = client.request("GET", "/a/old")
    assert (answer.status, answer.body, answer.complete) == (200, b"old but whole", True)


def test_an_upstream_that_resets_is_a_502_problem(world: World) -> None:
    world.upstream.on("/a/reset", lambda call: call.reset())
    failed(world, "/a/reset", 502)


def test_a_streamed_response_that_breaks_off_is_not_passed_as_whole(world: World) -> None:
    def cut(call: Call) -> None:
        call.start(200, [("Content-Length", "1000000")])
        call.send(b"x" * 100_000)
        call.close()

    def cut_chunks(call: Call) -> None:
        call.start_chunked()
        call.chunk(b"x" * 1000)
        call.close()

    world.upstream.on("/a/cut", cut)
    world.upstream.on("/a/cut-chunks", cut_chunks)
    for path in ("/a/cut", "/a/cut-chunks"):
        with world.gateway.connection() as client:
            answer = client.request("GET", path)
            assert (answer.status, answer.complete) == (200, False)


def test_the_certificate_of_a_target_is_checked_for_the_targets_name(world: World) -> None:
    """Bare mitmproxy: the client's SNI is copied to the upstream connection."""
    with world.gateway.connection(tls="api.hotel.test") as client:
        assert client.request("GET", "/tls/1").body == b"tls"
    assert world.tls.last.server_name == "localhost"


def test_no_server_name_is_sent_to_a_target_given_by_address(world: World) -> None:
    with world.gateway.connection(tls="api.hotel.test") as client:
        assert client.request("GET", "/tls-by-ip/1").body == b"tls"
    assert world.tls.last.server_name is None


def test_insecure_lets_a_self_signed_origin_pass_and_only_that_one(world: World) -> None:
    with world.gateway.connection() as client:
        assert client.request("GET", "/self-signed/1").body == b"lenient"
        client.request("GET", "/stranger/1").problem(502)
        assert client.request("GET", "/self-signed/1").body == b"lenient"


def test_a_client_that_leaves_ends_the_request_to_the_upstream(world: World) -> None:
    left: list[bool] = []
    done = threading.Event()

    def wait(call: Call) -> None:
        left.append(call.peer_left(10))
        done.set()
        call.close()

    world.upstream.on("/a/wait", wait)
    with world.gateway.connection() as client:
        client.send(head("GET", "/a/wait"))
        world.upstream.wait_seen("/a/wait")
    assert done.wait(15)
    assert left == [True]


def test_early_hints_do_not_hang_the_exchange(world: World) -> None:
    """What the core cannot do fails fast with a clear answer."""

    def hint(call: Call) -> None:
        call.start(103, [("Link", "</style.css>; rel=preload")], "Early Hints")
        call.respond(200, body=b"final")

    world.upstream.on("/a/hint", hint)
    answer = world.gateway.get("/a/hint")
    if answer.status != 200:
        answer.problem(502)
    else:
        assert answer.body == b"final"


def test_an_interim_100_of_an_upstream_does_not_hang_the_exchange(world: World) -> None:
    def proceed(call: Call) -> None:
        call.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        call.respond(200, body=b"final")

    world.upstream.on("/a/continue", proceed)
    answer = world.gateway.request("POST", "/a/continue", body=b"x")
    if answer.status != 200:
        answer.problem(502)
    else:
        assert answer.body == b"final"


def test_trailers_of_an_http_1_response_do_not_hang_the_exchange(world: World) -> None:
    def trail(call: Call) -> None:
        call.start_chunked(200, [("Trailer", "X-Sum")])
        call.chunk(b"body")
        call.end_chunks([("X-Sum", "1")])
        call.peer_left(10)
        call.close()

    world.upstream.on("/a/trail", trail)
    with world.gateway.connection() as client:
        try:
            answer = client.request("GET", "/a/trail")
        except ConnectionEnded:
            return
        if answer.status == 200:
            assert answer.body == b"body" or not answer.complete
        else:
            answer.problem(502)


def test_trailers_of_an_http_1_request_do_not_hang_the_exchange(world: World) -> None:
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/trailed", headers=[("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")]))
        client.send(b"4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n")
        answer = client.read_response()
        assert answer.status == 200 or answer.problem()["status"] in (400, 501, 502)


def test_verbose_errors_name_the_target(upstream: Upstream, refused: int) -> None:
    with gateway(
        {"a.yaml": f"endpoints:\n  GET /a: http://127.0.0.1:{refused}/\n"}, "--set", "verbose_errors=true"
    ) as running:
        response = running.get("/a")
        response.problem(502)
        assert "127.0.0.1" in response.text
        assert str(refused) in response.text
