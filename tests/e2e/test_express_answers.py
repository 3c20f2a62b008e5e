"""Answers to a second request on a warmed-up connection: the same with the express lane and without."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.e2e.harness import Call, ConnectionEnded, Handler, head
from tests.e2e.harness.answering import ANSWERS
from tests.e2e.harness.warmed import Pair, Stage, pair, whole

pytestmark = pytest.mark.entry("gateway")

ROUTES = {
    "api.yaml": """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
rewrite_location: true
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  HEAD /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  GET /public/{{x}}/of/{{y}}: one:/b/{{y}}/{{x}}
""",
}


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(ROUTES, tmp_path_factory.mktemp("express"), "--set", "verbose_errors=true") as started:
        yield started


class Told(NamedTuple):
    """What the target says to the second request, in parts that are read one by one, and what becomes of it.

    `ends`: the target closes its connection at once. `closed`: the client's connection is over as well.
    """

    parts: tuple[bytes, ...]
    status: int = 200
    ends: bool = False
    closed: bool = False


OK = b"HTTP/1.1 200 OK\r\n"
TWO = b"Content-Length: 2\r\n"
PLAIN = OK + TWO + b"X-A: 1\r\n\r\nok"


def fields(*lines: str, body: bytes = b"ok") -> bytes:
    return OK + TWO + "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n" + body


TOLD = {
    "plain": Told((PLAIN,)),
    "empty": Told((OK + b"Content-Length: 0\r\n\r\n",)),
    "204": Told((b"HTTP/1.1 204 No Content\r\n\r\n",), 204),
    "204 with a length": Told((b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",), 204),
    "204 with a body": Told((b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",), 204),
    "205": Told((b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n",), 205),
    "304": Told((b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',), 304),
    "304 with a length": Told((b"HTTP/1.1 304 Not Modified\r\nContent-Length: 70000\r\n\r\n",), 304),
    "304 chunked": Told((b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",), 304),
    "500": Told((b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nok",), 500),
    "599": Told((b"HTTP/1.1 599 Last\r\nContent-Length: 2\r\n\r\nok",), 599),
    "600": Told((b"HTTP/1.1 600 None\r\nContent-Length: 2\r\n\r\nok",), 502),
    "999": Told((b"HTTP/1.1 999 None\r\nContent-Length: 2\r\n\r\nok",), 502),
    "000": Told((b"HTTP/1.1 000 None\r\nContent-Length: 2\r\n\r\nok",), 502),
    "2_00": Told((b"HTTP/1.1 2_00 OK\r\nContent-Length: 2\r\n\r\nok",)),
    "no reason": Told((b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",)),
    "long reason": Told((b"HTTP/1.1 200 " + b"very " * 400 + b"\r\nContent-Length: 2\r\n\r\nok",)),
    "control in the reason": Told((b"HTTP/1.1 200 O\x07K\r\nContent-Length: 2\r\n\r\nok",), 502),
    "NUL in a value": Told((fields("X-A: a\0b"),), 502),
    "carriage return in a value": Told((fields("X-A: a\rb"),), 502),
    "delete in a value": Told((fields("X-A: a\x7fb"),), 502),
    "tab in a value": Told((fields("X-A: a\tb"),)),
    "Latin-1 in a value": Told((fields("X-A: caf\xe9"),)),
    "space in a name": Told((fields("X A: 1"),), 502),
    "no colon": Told((fields("nothing"),), 502),
    "a line of spaces": Told((fields("X-A: 1", "   "),), 502),
    "folded": Told((fields("X-A: one", " two"),), 502),
    "line feeds alone": Told((PLAIN.replace(b"\r\n", b"\n"),)),
    "one line feed alone": Told((PLAIN.replace(b"\r\n", b"\n", 1),)),
    "empty line first": Told((b"\r\n" + PLAIN,)),
    "cut in the status line": Told((PLAIN[:10], PLAIN[10:])),
    "cut in the head": Told((PLAIN[:25], PLAIN[25:])),
    "cut before the body": Told((PLAIN[:-2], PLAIN[-2:])),
    "cut in the body": Told((PLAIN[:-1], PLAIN[-1:])),
    "cut everywhere": Told(tuple(PLAIN[at : at + 11] for at in range(0, len(PLAIN), 11))),
    "longer than its length": Told((PLAIN + b"more",)),
    "twice": Told((PLAIN + PLAIN,)),
    "something later": Told((PLAIN, b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n")),
    "something later and the end": Told((PLAIN, b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"), ends=True),
    "shorter than its length": Told((OK + b"Content-Length: 20\r\n\r\nok",), 502, ends=True),
    "the end in its head": Told((OK + b"Content-Le",), 502, ends=True),
    "the end behind it": Told((PLAIN,), ends=True),
    "until the end": Told((OK + b"\r\nuntil the end",), ends=True),
    "until the end, in parts": Told((OK + b"\r\n", b"until ", b"the end"), ends=True),
    "chunked": Told((OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",)),
    "chunked, in parts": Told((OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n", b"0\r\n\r\n")),
    "chunked and a length": Told((fields("Transfer-Encoding: chunked", body=b"0\r\n\r\n"),), 502),
    "gzip coding": Told((OK + b"Transfer-Encoding: gzip\r\n\r\nok",), ends=True, closed=True),
    "two equal lengths": Told((fields("Content-Length: 2"),), 502),
    "two lengths": Told((fields("Content-Length: 3"),), 502),
    "length with a sign": Told((OK + b"Content-Length: +2\r\n\r\nok",), 502),
    "an empty length": Told((OK + b"Content-Length:\r\n\r\nok",), 502, ends=True),
    "closing": Told((fields("Connection: close"),)),
    "closing, in other words": Told((fields("connection: X-Hop, CLOSE", "X-Hop: 1"),)),
    "closing for real": Told((fields("Connection: close"),), ends=True),
    "keep-alive": Told((fields("Connection: keep-alive", "Keep-Alive: timeout=5"),)),
    "nominated fields": Told((fields("Connection: X-Hop", "X-Hop: 1", "X-B: 2"),)),
    "length nominated": Told((fields("Connection: content-length"),)),
    "upgrade offered": Told((fields("Connection: Upgrade", "Upgrade: h2c"),)),
    "proxy fields": Told((fields("Proxy-Authenticate: Basic", "Proxy-Connection: close"),)),
    "interim, then final at once": Told((b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,)),
    "early hints, then final": Told((b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", PLAIN)),
    "two interim ones": Told((b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", PLAIN)),
    "interim with a length": Told((b"HTTP/1.1 103 Hints\r\nContent-Length: 2\r\n\r\n", PLAIN)),
    "interim, then the end": Told((b"HTTP/1.1 103 Hints\r\n\r\n",), 502, ends=True),
    "101 unasked": Told((b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",), 502),
    "HTTP/1.0": Told((PLAIN.replace(b"1.1", b"1.0"),)),
    "HTTP/1.0, kept": Told((fields("Connection: keep-alive").replace(b"1.1", b"1.0"),)),
    "HTTP/1.0, until the end": Told((b"HTTP/1.0 200 OK\r\n\r\nold",), ends=True),
    "HTTP/1.2": Told((PLAIN.replace(b"1.1", b"1.2"),), closed=True),
    "HTTP/0.9": Told((PLAIN.replace(b"1.1", b"0.9"),), closed=True),
    "HTTP/2.0": Told((PLAIN.replace(b"1.1", b"2.0"),)),
    "HTTP/3.0": Told((PLAIN.replace(b"1.1", b"3.0"),), closed=True),
    "lower-case version": Told((PLAIN.replace(b"HTTP", b"http"),), 502),
    "no HTTP": Told((b"220 mail.test ESMTP\r\n\r\n",), 502),
    "events": Told((fields("Content-Type: text/event-stream"),)),
    "Alt-Svc": Told((fields('Alt-Svc: h3=":443"'),)),
    "location": Told((fields("Location: http://127.0.0.1:{port}/b/7", "Content-Location: /b/8"),)),
    "location elsewhere": Told((fields("Location: http://elsewhere.test/b/7"),)),
    "cookies": Told((fields("Set-Cookie: a=1", "set-cookie: b=2"),)),
    "long head": Told((fields("X-Long: " + "x" * 40_000),)),
    "long head, more than one read": Told((fields("X-Long: " + "x" * 100_000),)),
    "too long head": Told((fields("X-Long: " + "x" * (1 << 18)),), 502),
}


def says(stage: Stage, told: Told, said: threading.Event | None = None) -> Handler:
    """Says it, and `said` when that is over."""
    port = str(stage.one.port).encode()

    def say(call: Call) -> None:
        call.read_body()
        for number, part in enumerate(told.parts):
            if number:
                stage.settle()
            call.send(part.replace(b"{port}", port))
        if told.ends:
            call.close()
        if said:
            said.set()

    return say


@pytest.mark.parametrize(
    ("name", "method"),
    [
        *((name, "GET") for name in TOLD),
        *((name, "POST") for name in TOLD if TOLD[name].ends or len(TOLD[name].parts) > 1),  # it is never sent again
    ],
)
def test_an_answer_gives_the_same_bytes(world: Pair, name: str, method: str) -> None:
    told = TOLD[name]
    body = b"abc" if method == "POST" else None

    def probe(stage: Stage) -> None:
        said = threading.Event()
        stage.one.on("/b/told", says(stage, told, said))
        client = stage.connection()
        client.send(head(method, "/a/told", body=body) + (body or b""))
        assert client.read_response(method).status == told.status
        assert said.wait(15)
        stage.settle()  # whatever the target says later, or its end, has arrived before the next request
        if told.closed:
            client.read_to_end()
        else:
            stage.after(client)

    world.same(probe)


@pytest.mark.parametrize("name", ["plain", "empty", "cut in the head", "closing", "304 chunked", "chunked", "500"])
def test_an_answer_to_head_gives_the_same_bytes(world: Pair, name: str) -> None:
    """Without the body that it would have."""
    parts = TOLD[name].parts

    def probe(stage: Stage) -> None:
        only, _, _ = b"".join(parts).partition(b"\r\n\r\n")
        stage.one.on("/b/told", says(stage, Told((*parts[:-1], (only + b"\r\n\r\n")[len(b"".join(parts[:-1])) :]))))
        client = stage.connection()
        client.send(head("HEAD", "/a/told"))
        assert client.read_response("HEAD").status == TOLD[name].status
        stage.after(client)

    world.same(probe)


def test_a_body_behind_an_answer_to_head_gives_the_same_bytes(world: Pair) -> None:
    def probe(stage: Stage) -> None:
        stage.one.on("/b/told", says(stage, TOLD["plain"]))
        client = stage.connection()
        client.send(head("HEAD", "/a/told"))
        assert client.read_response("HEAD").status == 200
        stage.settle()
        stage.after(client)

    world.same(probe)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_takes_its_time_gives_the_same_bytes(world: Pair, name: str) -> None:
    """Head and body come by themselves, if TCP has it so."""

    def probe(stage: Stage) -> None:
        stage.one.on("/b/told", ANSWERS[name])
        client = stage.connection()
        client.send(head("GET", "/a/told"))
        client.read_response()
        stage.settle()
        with contextlib.suppress(ConnectionEnded, BrokenPipeError, ConnectionResetError):
            stage.note(client.request("GET", "/a/after").status)

    world.same(probe)


@pytest.mark.parametrize("size", [65_000, 65_400, 65_535, 65_536, 65_537, 200_000])
def test_a_large_answer_gives_the_same_bytes(world: Pair, size: int) -> None:
    def probe(stage: Stage) -> None:
        stage.one.on("/b/large", whole(body=b"x" * size))
        client = stage.connection()
        for _ in range(3):
            assert len(client.request("GET", "/a/large").body) == size
        stage.after(client)

    told = world.same(probe)
    assert str(told["log"]).count(f'"bytes_out": {size}') == 3


def test_a_location_is_mapped_back_to_the_public_path(world: Pair) -> None:
    def probe(stage: Stage) -> None:
        inner = f"http://127.0.0.1:{stage.one.port}/b/rome/7?x=1"
        stage.one.on("/b/rome/7", whole(302, [("Location", inner), ("Content-Location", "/b/rome/7")]))
        client = stage.connection()
        client.send(head("GET", "/public/7/of/rome"))
        assert client.read_response().header("Location") == "/public/7/of/rome?x=1"
        stage.after(client)

    world.same(probe)
