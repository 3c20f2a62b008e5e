"""The request log: one JSON line per exchange, whatever became of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.e2e.harness import (
    Call,
    Gateway,
    Upstream,
    answer,
    gateway,
    head,
    pieces,
    refusing_port,
    upload,
    wait_until,
    websocket_client,
    websocket_upstream,
)
from tests.e2e.harness.request_log import RequestLog, moment

ROUTES = """
host: api.hotel.test
services:
  chat: http://{chat}
endpoints:
  GET /hotels/{{hotel}}/dates: {up}/availability/{{hotel}}
  GET /a/{{x}}: {up}/a/{{x}}
  HEAD /a/{{x}}: {up}/a/{{x}}
  POST /a/{{x}}: {up}/a/{{x}}
  GET /chat/{{room}}: chat:/rooms/{{room}}
  GET /refused: http://127.0.0.1:{refused}/
  GET /slow: {{route: "{up}/slow", timeout: 200ms}}
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    log: RequestLog


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("log") / "requests.jsonl"
    with Upstream() as up, websocket_upstream() as chat, refusing_port() as refused:
        files = {"api.yaml": ROUTES.format(up=up.url, chat=chat.authority, refused=refused)}
        with gateway(files, "--set", f"request_log={path}", "--set", "head_limit=16k") as running:
            yield World(running, up, RequestLog(path))


def test_a_routed_exchange_is_one_line_that_says_what_became_of_it(world: World) -> None:
    before = time.time()
    response = world.gateway.get("/hotels/7/dates?x=1", headers=[("X-Request-Id", "asked-1")])
    after = time.time()
    line = world.log.line("/hotels/7/dates")
    assert line["request_id"] == "asked-1"
    assert line["client"].startswith("127.0.0.1")
    assert (line["method"], line["host"]) == ("GET", "api.hotel.test")
    assert "/hotels/{hotel}/dates" in line["endpoint"]
    assert line["target"].startswith(f"{world.upstream.url}/availability/7")
    assert (line["status"], line["bytes_in"], line["bytes_out"]) == (200, 0, len(response.body))
    assert line["generation"] == 1
    times = [moment(line[name]) for name in ("received", "decided", "first_byte", "ended")]
    assert all(earlier <= later for earlier, later in pairwise([before - 0.01, *times, after + 5]))


def test_the_operation_id_is_the_same_uuid_for_every_request_of_an_endpoint(world: World) -> None:
    for path in ("/hotels/1/dates", "/hotels/2/dates", "/a/id"):
        world.gateway.get(path)
    one, two, other = (world.log.line(path) for path in ("/hotels/1/dates", "/hotels/2/dates", "/a/id"))
    assert one["operation_id"] == two["operation_id"] != other["operation_id"]
    assert uuid.UUID(one["operation_id"]).version == 5


def test_the_verdicts_are_those_of_the_stages(world: World) -> None:
    world.gateway.get("/a/verdicts")
    world.gateway.get("/nothing/verdicts")
    routed, refused = (
        world.log.line("/a/verdicts")["verdicts"],
        world.log.line("/nothing/verdicts")["verdicts"],
    )
    assert routed
    assert refused
    assert all(isinstance(verdict, dict) and {"stage", "outcome"} <= verdict.keys() for verdict in routed + refused)
    assert {verdict["outcome"] for verdict in routed} != {verdict["outcome"] for verdict in refused}


def test_the_times_are_those_of_the_events(world: World) -> None:
    told: dict[str, float] = {}
    release = threading.Event()

    def respond(call: Call) -> None:
        told["first"] = time.time()
        call.start(200, [("Content-Length", "200000")])
        call.send(b"x" * 100_000)
        assert release.wait(10)
        told["last"] = time.time()
        call.send(b"x" * 100_000)

    world.upstream.on("/a/times", respond)
    with world.gateway.connection() as client:
        client.send(head("GET", "/a/times"))
        client.read_until(b"\r\n\r\n")
        seen = time.time()
        assert world.log.about("/a/times") == []
        release.set()
        wait_until(lambda: bool(told.get("last")))
        client.read_some()
        line = world.log.line("/a/times")
    assert moment(line["decided"]) <= told["first"] <= moment(line["first_byte"]) <= seen
    assert moment(line["ended"]) >= told["last"]


@pytest.mark.parametrize("size", [0, 7, 65_536, 65_537, 300_000])
def test_body_bytes_are_counted_both_ways(world: World, size: int) -> None:
    path = f"/a/sized{size}"
    world.upstream.on(path, lambda call: call.respond(200, body=b"y" * (2 * size)))
    assert len(world.gateway.request("POST", path, body=b"x" * size).body) == 2 * size
    line = world.log.line(path)
    assert (line["bytes_in"], line["bytes_out"]) == (size, 2 * size)


def test_the_bytes_of_chunked_bodies_are_counted_without_their_framing(world: World) -> None:
    def respond(call: Call) -> None:
        call.read_body()
        call.start_chunked()
        for _ in range(3):
            call.chunk(b"y" * 1000)
        call.end_chunks()

    world.upstream.on("/a/chunked", respond)
    with world.gateway.connection() as client:
        client.send(head("POST", "/a/chunked", headers=[("Transfer-Encoding", "chunked")]))
        for piece in (b"x" * 10, b"x" * 20, b""):
            client.send_chunk(piece)
        assert len(client.read_response().body) == 3000
    line = world.log.line("/a/chunked")
    assert (line["bytes_in"], line["bytes_out"]) == (30, 3000)


def test_a_response_without_a_body_counts_none(world: World) -> None:
    world.upstream.on("/a/head", lambda call: call.start(200, [("Content-Length", "12345")]))
    assert world.gateway.request("HEAD", "/a/head").status == 200
    line = world.log.line("/a/head")
    assert (line["method"], line["status"], line["bytes_out"]) == ("HEAD", 200, 0)


def test_exchanges_over_http_2_are_logged_and_counted(world: World) -> None:
    body = b"".join(pieces(200_000))
    world.upstream.on("/a/h2", lambda call: call.respond(201, body=b"made"))
    with world.gateway.h2() as client:
        streams = [client.start("GET", f"/a/h2-{number}") for number in range(3)]
        assert client.request("POST", "/a/h2", body=body).status == 201
        assert [client.wait(stream).status for stream in streams] == [200] * 3
    line = world.log.line("/a/h2")
    assert (line["host"], line["status"], line["bytes_in"], line["bytes_out"]) == (
        "api.hotel.test",
        201,
        200_000,
        4,
    )
    assert {world.log.line(f"/a/h2-{number}")["status"] for number in range(3)} == {200}


def test_each_of_several_requests_on_one_connection_has_its_line(world: World) -> None:
    with world.gateway.connection() as client:
        for number in range(5):
            client.request("GET", f"/a/kept-{number}")
    lines = [world.log.line(f"/a/kept-{number}") for number in range(5)]
    assert len({line["request_id"] for line in lines}) == 5
    assert len({line["client"] for line in lines}) == 1


def test_a_websocket_is_one_line_that_is_written_when_it_ends(world: World) -> None:
    with websocket_client(world.gateway.port, "/chat/logged") as client:
        for _ in range(3):
            client.send("hello")
            client.recv(timeout=10)
        assert world.log.about("/chat/logged") == []
    line = world.log.line("/chat/logged")
    assert line["status"] == 101
    assert moment(line["first_byte"]) < moment(line["ended"])
    world.gateway.get("/a/after-websocket")
    world.log.line("/a/after-websocket")
    assert len(world.log.about("/chat/logged")) == 1


def request_line(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("status", "path", "sent"),
    [
        (400, "/a/two-hosts", request_line("/a/two-hosts", "Host: api.hotel.test", "Host: evil.test")),
        (400, "/a/no-host", request_line("/a/no-host")),
        (400, "/a/%zz", request_line("/a/%zz", "Host: api.hotel.test")),
        (404, "/nothing/here", request_line("/nothing/here?q=1", "Host: api.hotel.test")),
        (405, "/slow", request_line("/slow", "Host: api.hotel.test").replace(b"GET", b"PUT")),
        (421, "/a/421", request_line("/a/421", "Host: unknown.test")),
        (431, "/a/431", request_line("/a/431", "Host: api.hotel.test", "X-Long: " + "x" * 20_000)),
        (502, "/refused", request_line("/refused", "Host: api.hotel.test")),
        (504, "/slow", request_line("/slow", "Host: api.hotel.test")),
    ],
)
def test_a_refused_request_is_logged_with_the_status_that_its_client_got(
    world: World, status: int, path: str, sent: bytes
) -> None:
    world.upstream.on("/slow", lambda call: call.peer_left(10) and call.close())
    response = world.gateway.send(sent)
    problem = response.problem(status)

    def lines() -> list[dict[str, object]]:
        return [line for line in world.log.lines() if line["request_id"] == problem["request_id"]]

    wait_until(lambda: bool(lines()), what=f"a line about {problem}")
    (line,) = lines()
    assert (line["status"], line["bytes_out"]) == (status, len(response.body))
    # A head that was cut off by its limit is not taken apart.
    assert line["path"] == path or (status == 431 and line["path"] is None)
    assert moment(line["received"]) <= moment(line["ended"])
    assert (line["endpoint"] is not None) == (status in (502, 504))
    assert line["verdicts"][-1]["outcome"] != "routed"


def test_an_upload_that_is_refused_early_is_logged_once(world: World) -> None:
    with world.gateway.connection() as client:
        upload(client, head("POST", "/nothing/up", headers=[("Content-Length", "50000000")]), 50_000_000)
        assert client.read_response().status == 404
    line = world.log.line("/nothing/up")
    assert line["status"] == 404
    assert line["bytes_in"] < 50_000_000


def test_a_client_that_leaves_in_the_middle_is_logged_once(world: World) -> None:
    def respond(call: Call) -> None:
        call.start(200, [("Content-Length", "200000")])
        call.send(b"x" * 100_000)
        call.peer_left(10)
        call.close()

    world.upstream.on("/a/left", respond)
    with world.gateway.connection() as client:
        client.send(head("GET", "/a/left"))
        client.read_until(b"\r\n\r\n")
    line = world.log.line("/a/left")
    assert line["bytes_out"] <= 100_000
    world.gateway.get("/a/after-left")
    world.log.line("/a/after-left")
    assert len(world.log.about("/a/left")) == 1


def test_an_upstream_that_breaks_off_is_logged_once(world: World) -> None:
    def respond(call: Call) -> None:
        call.start(200, [("Content-Length", "200000")])
        call.send(b"x" * 100_000)
        call.reset()

    world.upstream.on("/a/broken", respond)
    assert not world.gateway.get("/a/broken").complete
    assert world.log.line("/a/broken")["ended"]
    world.gateway.get("/a/after-broken")
    world.log.line("/a/after-broken")
    assert len(world.log.about("/a/broken")) == 1


def test_no_credentials_and_no_query_are_ever_in_the_log(world: World) -> None:
    secrets = ["Bearer-s3cret1", "s3cret2", "s3cret3", "s3cret4", "s3cret5", "s3cret6"]
    sent = [
        ("Authorization", secrets[0]), ("Cookie", f"session={secrets[1]}"),
        ("Proxy-Authorization", secrets[2]), ("X-Api-Key", secrets[5]),
    ]  # fmt: skip
    world.upstream.on("/a/secret", answer(200, [("Set-Cookie", f"session={secrets[3]}")]))
    world.gateway.get(f"/a/secret?token={secrets[4]}", headers=sent)
    world.gateway.get(f"/nothing/secret?token={secrets[4]}", headers=sent)
    world.gateway.get(f"/refused?token={secrets[4]}", headers=sent)
    for path in ("/a/secret", "/nothing/secret"):
        assert world.log.line(path)["path"] == path
    world.gateway.get("/a/after-secret")
    world.log.line("/a/after-secret")
    text = world.log.path.read_text()
    assert [secret for secret in secrets if secret in text] == []


def test_bytes_that_are_no_text_do_not_spoil_a_line(world: World) -> None:
    count = len(world.log.lines())
    for sent in (
        b'GET /a/\xff"x HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n',
        b'GET /a/\xe2\x80\xa8 HTTP/1.1\r\nHost: api.hotel.test\r\nX-Request-Id: a"b\r\n\r\n',
    ):
        world.gateway.send(sent)
    wait_until(lambda: len(world.log.lines()) >= count + 2)


def test_a_rotated_file_is_reopened_and_no_line_is_lost(world: World) -> None:
    rotated = RequestLog(world.log.path.with_suffix(".1"))
    world.gateway.get("/a/rotated-1")
    world.log.line("/a/rotated-1")
    world.log.path.rename(rotated.path)
    for number in (2, 3, 4):
        world.gateway.get(f"/a/rotated-{number}")
    wait_until(world.log.path.exists, what="the new file")
    wait_until(lambda: bool(world.log.about("/a/rotated-4")), what="a line in the new file")
    shown = [line["path"] for line in rotated.lines() + world.log.lines() if "/a/rotated-" in str(line["path"])]
    assert shown == [f"/a/rotated-{number}" for number in (1, 2, 3, 4)]
