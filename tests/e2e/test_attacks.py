"""What a hostile client or a broken target may try: nothing is smuggled, nothing hangs, nothing grows."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.harness import (
    DOOR,
    Call,
    ConnectionEnded,
    Gateway,
    Upstream,
    gateway,
    head,
    websocket_client,
    websocket_upstream,
)

MIB = 1 << 20

ROUTES = """
host: api.hotel.test
endpoints:
  GET /a/{{a}}: {up}/b/{{a}}
  POST /a/{{a}}: {up}/b/{{a}}
  POST /quick/{{a}}:
    route: {up}/b/{{a}}
    timeout: 1s
  GET /socket: http://{socket}/socket
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, websocket_upstream() as socket:
        text = ROUTES.format(up=up.url, socket=socket.authority)
        with gateway({"api.yaml": text}, "--set", "stream_large_bodies=1") as running:
            yield World(running, up)


@pytest.fixture(autouse=True)
def _no_crash(world: World) -> Iterator[None]:
    yield
    assert "has crashed" not in world.gateway.log


@pytest.mark.parametrize("method", ["GET /admin HTTP/1.1", "G\tT", "GE T", "GET\\"])
def test_a_method_that_is_no_token_never_reaches_a_request_line(world: World, method: str) -> None:
    before = len(world.upstream.requests)
    with world.gateway.h2(strict=False) as client, contextlib.suppress(ConnectionEnded):
        assert client.request(method, "/a/1").status == 400
    assert len(world.upstream.requests) == before


def test_an_http_2_request_that_announces_a_body_and_has_none_is_refused(world: World) -> None:
    """Its length would make the target read the next request as this one's body."""
    before = len(world.upstream.requests)
    with world.gateway.h2(strict=False) as client, contextlib.suppress(ConnectionEnded):
        stream = client.start("POST", "/a/1", headers=[("content-length", "60")], end=True)
        assert client.wait(stream).status == 400
    assert len(world.upstream.requests) == before


def test_trailers_of_an_http_2_request_do_not_hang_an_http_1_target(world: World) -> None:
    world.upstream.on("/b/trailed", lambda call: call.respond(200, body=call.read_body()))
    with world.gateway.h2() as client:
        stream = client.start("POST", "/a/trailed", end=False)
        client.send(stream, b"body")
        client.send_trailers(stream, [("x-checksum", "1")])
        answer = client.wait(stream)
    assert (answer.status, bytes(answer.body)) == (200, b"body")


@pytest.mark.parametrize("piece", [b"a" * 65536, b"x: y\r\n" * 10_000], ids=["extension", "trailers"])
def test_chunk_extensions_and_trailers_without_end_cost_no_memory(world: World, piece: bytes) -> None:
    world.upstream.on("/b/endless", lambda call: call.respond(200, body=call.read_body()[:1]))
    before = world.gateway.peak_mb()
    with world.gateway.connection() as client, contextlib.suppress(OSError, ConnectionEnded):
        client.send(head("POST", "/a/endless", headers=[("Transfer-Encoding", "chunked")]))
        client.send(b"5;" if piece[:1] == b"a" else b"5\r\nhello\r\n0\r\n")
        for _ in range(40 * MIB // len(piece)):
            client.send(piece)
    assert world.gateway.peak_mb() - before < 20


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 O\x00K\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: \x01\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["NUL in the reason", "folded line", "control byte", "four digits", "status 99"],
)
def test_a_response_head_that_is_not_http_is_a_502(world: World, answer: bytes) -> None:
    def tell(call: Call) -> None:
        call.send(answer)
        call.close()

    world.upstream.on("/b/odd", tell)
    world.gateway.get("/a/odd").problem(502)
    with world.gateway.h2() as client:
        assert client.request("GET", "/a/odd").status == 502
        assert client.request("GET", "/a/fine").status == 200


def test_an_empty_line_before_a_status_line_is_passed_over(world: World) -> None:
    world.upstream.on("/b/empty-line", lambda call: call.send(b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    assert world.gateway.get("/a/empty-line").body == b"ok"


def test_an_interim_response_does_not_start_the_deadline_of_an_upload(world: World) -> None:
    over = threading.Event()

    def early(call: Call) -> None:
        call.send(b"HTTP/1.1 103 Early Hints\r\nConnection: X-Odd\r\nX-Odd: 1\r\nLink: </a>\r\n\r\n")
        over.set()
        call.respond(200, body=call.read_body())

    world.upstream.on("/b/early", early)
    with world.gateway.connection() as client:
        client.send(head("POST", "/quick/early", headers=[("Content-Length", str(MIB))]), b"x" * (MIB - 1))
        assert over.wait(10)
        with contextlib.suppress(TimeoutError):
            threading.Event().wait(1.3)  # longer than the route's timeout: the clock is what is tested
        client.send(b"x")
        answer = client.read_response()
    assert (answer.status, len(answer.body)) == (200, MIB)
    assert all("x-odd" not in interim.head.decode().lower() for interim in answer.interim)


def test_a_refused_request_with_a_body_is_a_404_whatever_streams(world: World) -> None:
    """`stream_large_bodies`, which is set here, has marked its body for streaming."""
    world.gateway.request("POST", "/nothing", body=b"some bytes").problem(404)


def test_forwarded_fields_spelt_with_underscores_are_not_believed(world: World) -> None:
    world.gateway.get("/a/spelt", headers=[("X_Forwarded_For", "6.6.6.6"), ("x-forwarded_Host", "evil.test")])
    request = world.upstream.seen("/b/spelt")[-1]
    assert not {name.lower() for name in request.names} & {"x_forwarded_for", "x-forwarded_host"}
    assert request.all("x-forwarded-for") == ["127.0.0.1"]


def test_a_websocket_message_that_does_not_end_is_cut_off(world: World) -> None:
    before = world.gateway.rss_mb()
    with (
        contextlib.suppress(Exception),  # the library says in its own way that the other side closed
        websocket_client(world.gateway.port, "/socket") as client,
    ):
        client.send(b"x" * MIB for _ in range(200))
    assert world.gateway.get("/a/after").status == 200
    assert world.gateway.peak_mb() - before < 3 * 64 + 40


DIVERTING = """
def server_connect(data):
    data.server.address = ("127.0.0.1", {port})
"""


def test_a_connection_that_another_addon_points_elsewhere_is_refused(tmp_path: Path) -> None:
    with Upstream() as decided, Upstream() as other:
        script = tmp_path / "diverting.py"
        script.write_text(DIVERTING.format(port=other.port))
        routes = {"api.yaml": f"endpoints:\n  GET /a: {decided.url}/a\n"}
        with gateway(routes, scripts=(script, DOOR)) as running:
            assert running.get("/a").status >= 500
        assert other.connections == 0


@pytest.mark.parametrize("mode", ["reverse:tcp://127.0.0.1:9", "socks5"])
def test_a_mode_that_is_no_http_reverse_proxy_is_refused_at_the_start(mode: str) -> None:
    with gateway({}, "--mode", mode, ready=False) as running:
        assert running.wait_exit() != 0
        assert mode in running.log


def test_a_broken_chunk_leaves_no_socket_behind(world: World) -> None:
    for _ in range(5):
        with world.gateway.connection() as client, contextlib.suppress(OSError, ConnectionEnded):
            client.send(head("POST", "/a/chunk", headers=[("Transfer-Encoding", "chunked")]), b"zz\r\n", b"x" * 400_000)
            client.read_to_end()
    open_sockets = [
        line for line in Path(f"/proc/{world.gateway.pid}/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{world.gateway.port:04X}") and line.split()[3] == "01"
    ]  # fmt: skip
    assert open_sockets == []
