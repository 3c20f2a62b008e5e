"""Time on a warmed-up connection: deadlines, idle connections, the drain, slow readers; with the lane and without."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Call, head
from tests.e2e.harness.awaited import Awaited, until_left
from tests.e2e.harness.warmed import INSIDE, Pair, Probe, Stage, inside, pair, whole

pytestmark = pytest.mark.entry("gateway")

ROUTES = {
    "api.yaml": """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
  secure: https://localhost:{secure}
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  GET /two/{{x}}: http://127.0.0.1:{two}/b/{{x}}
  GET /secure/{{x}}: secure:/b/{{x}}
  GET /late/{{x}}: {{route: "one:/b/{{x}}", timeout: 300ms}}
  POST /late/{{x}}: {{route: "one:/b/{{x}}", timeout: 300ms}}
""",
}

GET = head("GET", "/a/1")
POST = head("POST", "/a/1", body=b"abcdef") + b"abcdef"


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Gateways that let connections idle: nothing but a deadline ends what is awaited."""
    with pair(ROUTES, tmp_path_factory.mktemp("express"), "--set", "upstream_idle=0") as started:
        yield started


def expire(stage: Stage) -> None:
    """Lets the timeout of the late routes go by, as another connection is told."""
    stage.one.on("/b/never", until_left)
    with stage.gateway.connection() as other:
        other.request("GET", "/late/never").problem(504)


def too_late(stage: Stage) -> None:
    """Twice on one client connection, and what comes between is not."""
    stage.one.on("/b/never", until_left)
    client = stage.connection()
    stage.after(client)
    for method in ("GET", "POST"):
        client.request(method, "/late/never").problem(504)
        for _ in range(2):
            stage.after(client)
        assert client.request("GET", "/late/1").status == 200


def too_late_with_another_request_waiting(stage: Stage) -> None:
    awaited, client = Awaited(stage, answer=until_left), stage.connection()
    awaited.begin(client, head("GET", "/late/awaited"))
    client.send(POST + GET[:10])
    awaited.end()
    assert stage.statuses(client, "GET", "POST") == "504 200"
    client.send(GET[10:])
    assert stage.statuses(client, "GET") == "200"
    stage.after(client)


def too_late_after_a_beginning(first: bytes) -> Probe:
    def probe(stage: Stage) -> None:
        awaited, client = Awaited(stage, first=first, answer=until_left), stage.connection()
        awaited.begin(client, head("GET", "/late/awaited"))
        awaited.end()
        assert stage.statuses(client, "GET").endswith("504")
        stage.after(client)

    return probe


def the_deadline_of_another(stage: Stage) -> None:
    """A quick exchange of a route with a short timeout comes before a long one of a route without."""
    awaited, client = Awaited(stage), stage.connection()
    for _ in range(2):
        assert client.request("GET", "/late/1").status == 200
    awaited.begin(client)
    expire(stage)
    awaited.end()
    assert stage.statuses(client, "GET") == "200"
    stage.after(client)


def in_parts_beyond_the_deadline(stage: Stage) -> None:
    """Only the first byte of an answer has to come in time."""
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    awaited = Awaited(stage, first=first, answer=lambda call: call.send(b"done"))
    client = stage.connection()
    awaited.begin(client, head("GET", "/late/awaited"))
    stage.settle()
    expire(stage)
    awaited.end()
    assert stage.statuses(client, "GET") == "200"
    stage.after(client)


def slow_reader(stage: Stage) -> None:
    """Many answers are on their way before the first of them is read."""
    stage.one.on("/b/long", whole(body=b"x" * 60_000))
    client = stage.connection()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    for _ in range(100):
        client.send(head("GET", "/a/long"))
        stage.settle(1)  # it has read that, if it reads
    assert stage.statuses(client, *["GET"] * 100) == " ".join(["200"] * 100)
    stage.after(client)


PROBES: dict[str, Probe] = {
    probe.__name__.replace("_", " "): probe
    for probe in (
        too_late, too_late_with_another_request_waiting, the_deadline_of_another, in_parts_beyond_the_deadline,
        slow_reader,
    )
} | {
    "too late with half a head": too_late_after_a_beginning(b"HTTP/1.1 200 OK\r\n"),
    "too late after an interim answer": too_late_after_a_beginning(b"HTTP/1.1 103 Hints\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_a_dialogue_gives_the_same_bytes(world: Pair, name: str) -> None:
    world.same(PROBES[name])


@pytest.fixture(scope="module")
def impatient(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Gateways that close what idles after a tenth of a second."""
    with pair(ROUTES, tmp_path_factory.mktemp("express"), "--set", "upstream_idle=100ms", scripts=(INSIDE,)) as started:
        yield started


def left_alone(call: Call) -> None:
    """Answers, and then waits for the gateway to hang up."""
    whole()(call)
    until_left(call)


def test_a_target_connection_that_idles_is_closed_and_the_client_goes_on(impatient: Pair) -> None:
    """How many connections that makes depends on how long the machine takes between two requests."""

    def probe(stage: Stage) -> None:
        client = stage.connection()
        for _ in range(3):
            assert client.request("GET", "/a/1").status == 200
            before = stage.one.closed
            assert client.request("GET", "/a/left").status == 200
            stage.one.wait_closed(before + 1)
        stage.after(client)

    impatient.one.on("/b/left", left_alone)
    for way in impatient.gateways:
        impatient.play(way, probe)


def test_an_exchange_that_is_awaited_for_longer_is_not_cut(impatient: Pair) -> None:
    """How long that is, connections to the other target tell: they come up and idle out meanwhile."""

    def probe(stage: Stage) -> None:
        awaited, client = Awaited(stage), stage.connection()
        awaited.begin(client)
        for _ in range(3):
            before = stage.two.closed
            with stage.gateway.connection() as other:
                assert other.request("GET", "/two/left").status == 200
                stage.two.wait_closed(before + 1)
        awaited.end()
        assert stage.statuses(client, "GET") == "200"
        stage.after(client)

    impatient.two.on("/b/left", left_alone)
    for way in impatient.gateways:
        impatient.play(way, probe)


def test_a_target_connection_that_is_used_again_and_again_is_not_idle(impatient: Pair) -> None:
    """A connection to the other target that comes up after it idles out before it has its last exchange."""

    def probe(stage: Stage) -> None:
        inside(stage.gateway, "set upstream_idle=1s")
        client = stage.connection()
        made, closed = stage.one.connections, stage.two.closed
        with stage.gateway.connection() as other:
            assert other.request("GET", "/two/1").status == 200
            while stage.two.closed == closed:
                assert client.request("GET", "/a/busy").status == 200
                stage.settle()  # it is at rest most of the time
        stage.after(client)
        assert stage.one.connections == made
        inside(stage.gateway, "set upstream_idle=100ms")

    for way in impatient.gateways:
        impatient.play(way, probe)


def test_an_exchange_that_is_awaited_when_the_gateway_is_told_to_end_is_finished(entry: str, tmp_path: Path) -> None:
    told = {}
    with pair(ROUTES, tmp_path) as started:
        for way, running in started.gateways.items():
            stage = Stage(running, started.one, started.two)
            awaited, client, idle = Awaited(stage), stage.connection(), stage.connection()
            awaited.begin(client)
            running.process.send_signal(signal.SIGTERM)
            assert idle.read_to_end() == b""  # it drains
            awaited.end()
            answer = client.read_response()
            assert (answer.body, answer.header("Connection")) == (b"at last", "close")
            assert client.at_end()
            assert running.wait_exit() == 0
            told[way] = (answer, [line["status"] for line in started.logs[way].about("/a/awaited")])
    assert told["speed on"] == told["speed off"]
    assert told["speed on"][1] == [200]
