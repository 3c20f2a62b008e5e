"""Exchanges that stop being plain while they are under way: the same with the express lane and without."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.harness import Call, head, pieces
from tests.e2e.harness.awaited import AWAITED, Awaited, until_left
from tests.e2e.harness.warmed import Pair, Probe, Stage, pair, whole

pytestmark = pytest.mark.entry("gateway")

ROUTES = {
    "api.yaml": """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  HEAD /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  PUT /a/{{x}}: one:/b/{{x}}
""",
}


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(ROUTES, tmp_path_factory.mktemp("express")) as started:
        yield started


GET = head("GET", "/a/1")
POST = head("POST", "/a/1", body=b"abcdef") + b"abcdef"


# The client meanwhile


def another_request(stage: Stage) -> None:
    awaited, client = Awaited(stage), stage.connection()
    awaited.begin(client)
    client.send(POST)
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET", "POST") == "200 200"
    stage.after(client)


def three_requests_one_by_one(stage: Stage) -> None:
    awaited, client = Awaited(stage), stage.connection()
    awaited.begin(client)
    stage.send(client, GET[:9], GET[9:] + POST[:-3], POST[-3:] + head("GET", "/nothing"))
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET", "GET", "POST", "GET") == "200 200 200 404"
    stage.after(client)


def half_a_request(stage: Stage) -> None:
    awaited, client = Awaited(stage), stage.connection()
    awaited.begin(client)
    client.send(POST[:-3])
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET") == "200"
    client.send(POST[-3:])
    assert stage.statuses(client, "POST") == "200"
    stage.after(client)


def an_empty_line(stage: Stage) -> None:
    awaited, client = Awaited(stage), stage.connection()
    awaited.begin(client)
    client.send(b"\r\n")
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET") == "200"
    stage.after(client)


def nonsense(stage: Stage) -> None:
    awaited, client = Awaited(stage), stage.connection()
    awaited.begin(client)
    client.send(b"\x16\x03\x01\r\n\r\n")
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET", "GET") == "200 400"
    client.read_to_end()


def far_too_much(stage: Stage) -> None:
    """More than is kept of what comes before its time."""
    awaited, client = Awaited(stage, answer=until_left), stage.connection()
    awaited.begin(client)
    with contextlib.suppress(OSError):
        client.send(*pieces(4 << 20))
    awaited.end()
    with contextlib.suppress(OSError):
        client.read_to_end()


def leaving(stage: Stage) -> None:
    awaited, client = Awaited(stage, answer=until_left), stage.connection()
    awaited.begin(client)
    client.close()
    awaited.end()


def leaving_by_a_reset(stage: Stage) -> None:
    awaited, client = Awaited(stage, answer=until_left), stage.connection()
    awaited.begin(client)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    awaited.end()


def half_closing(stage: Stage) -> None:
    for data in (AWAITED, head("POST", "/a/awaited", body=b"abc") + b"abc"):
        awaited, client = Awaited(stage, answer=until_left), stage.connection()
        awaited.begin(client, data)
        client.end_output()
        awaited.end()
        client.read_to_end()


def leaving_after_another_request(stage: Stage) -> None:
    awaited, client = Awaited(stage, answer=until_left), stage.connection()
    awaited.begin(client)
    client.send(POST)
    stage.settle()
    client.close()
    awaited.end()


# The target meanwhile


def dying(answers: dict[str, str], *, reset: bool = False, first: bytes = b"") -> Probe:
    """The target ends its connection instead of answering what comes on it second: the answers by method."""

    def die(call: Call) -> None:
        call.read_body()
        if len([one for one in call.upstream.requests if one.connection == call.request.connection]) == 1:
            whole()(call)  # on a connection of its own
            return
        call.send(first)
        if reset:
            call.reset()
        else:
            call.close()

    def probe(stage: Stage) -> None:
        stage.one.on("/b/dying", die)
        for method, statuses in answers.items():
            client = stage.connection()
            body = b"abc" if method in ("POST", "PUT") else None
            client.send(head(method, "/a/dying", body=body) + (body or b""))
            assert stage.statuses(client, method) == statuses
            stage.after(client)

    return probe


def never_alive(stage: Stage) -> None:
    """It is tried again once, not twice."""
    stage.one.on("/b/dead", lambda call: call.close())
    client = stage.connection()
    stage.after(client)
    assert client.request("GET", "/a/dead").status == 502
    stage.after(client)


def half_an_answer_and_a_request(stage: Stage) -> None:
    """The answer has begun when the next request comes."""
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
    awaited = Awaited(stage, first=first, answer=lambda call: call.send(b"\r\ndone"))
    client = stage.connection()
    awaited.begin(client)
    stage.settle()
    client.send(POST)
    stage.settle()
    awaited.end()
    assert stage.statuses(client, "GET", "POST") == "200 200"
    stage.after(client)


def answered_before_the_upload(stage: Stage) -> None:
    """A large body that the target answers from its head; the rest is sent after the answer has come."""

    def early(call: Call) -> None:
        call.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
        call.read_body()

    stage.one.on("/b/early", early)
    client = stage.connection()
    stage.after(client)
    client.send(head("PUT", "/a/early", headers=[("Content-Length", "200000")]))
    assert stage.statuses(client, "PUT") == "413"
    client.send(b"x" * 200_000)
    stage.after(client)


def upgraded(stage: Stage) -> None:
    """A WebSocket on a warmed-up connection, with data in both directions until its client has had enough."""
    fields = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]  # fmt: skip

    def switch(call: Call) -> None:
        accept = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        call.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept + b"\r\n"
        )
        call.send(b"\x81\x05hello")
        until_left(call)

    stage.one.on("/b/chat", switch)
    client = stage.connection()
    stage.after(client)
    client.send(head("GET", "/a/chat", headers=fields))
    assert client.read_head().status == 101
    assert client.read_until(b"hello") == b"\x81\x05hello"
    client.send(b"\x81\x83\0\0\0\0abc", b"\x88\x82\0\0\0\0\x03\xe8")
    client.read_to_end()
    client = stage.connection()
    client.send(head("GET", "/a/no-chat", headers=fields))
    assert stage.statuses(client, "GET") == "200"
    stage.after(client)


PROBES: dict[str, Callable[[Stage], None]] = {
    probe.__name__.replace("_", " "): probe
    for probe in (
        another_request, three_requests_one_by_one, half_a_request, an_empty_line, nonsense, far_too_much, leaving,
        leaving_by_a_reset, half_closing, leaving_after_another_request, never_alive, half_an_answer_and_a_request,
        answered_before_the_upload, upgraded,
    )
} | {
    "dying": dying({"GET": "200", "HEAD": "200", "PUT": "200", "POST": "502"}),
    "dying by a reset": dying({"GET": "200", "POST": "502"}, reset=True),
    "dying in its head": dying({"GET": "502", "POST": "502"}, first=b"HTTP/1.1 200 O"),
    "dying after an interim answer": dying(
        {"GET": "103 200", "POST": "103 502"}, first=b"HTTP/1.1 103 Hints\r\n\r\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_a_dialogue_gives_the_same_bytes(world: Pair, name: str) -> None:
    world.same(PROBES[name])


def test_a_target_that_closes_behind_its_answer_costs_no_idempotent_request(world: Pair) -> None:
    """The end of its connection and the next request meet: who is first differs from one time to the next."""

    def once(call: Call) -> None:
        whole()(call)
        call.close()

    world.one.on("/b/once", once)
    for running in world.gateways.values():
        with running.connection() as client:
            for _ in range(40):
                assert client.request("GET", "/a/once").status == 200
        with running.connection() as client:
            statuses = {client.request("POST", "/a/once", body=b"abc").status for _ in range(40)}
            assert statuses <= {200, 502}


def test_a_client_that_asks_and_leaves_at_once_leaves_nothing_open(world: Pair) -> None:
    for running in world.gateways.values():
        for _ in range(20):
            client = running.connection()
            assert client.request("GET", "/a/1").status == 200
            client.send(GET)
            client.end_output()
            client.read_to_end()
            client.close()
    world.one.wait_closed()
