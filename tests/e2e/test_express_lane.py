"""Requests on a warmed-up connection, plain and not: the same bytes and log lines with the express lane and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.e2e.harness import head
from tests.e2e.harness.warmed import Pair, Probe, Stage, pair

pytestmark = pytest.mark.entry("gateway")

LIMIT = 4096
"""The head_limit of these gateways."""

ROUTES = {
    "api.yaml": """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
  two: http://127.0.0.1:{two}
  secure: https://localhost:{secure}
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  HEAD /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  PUT /a/{{x}}: one:/b/{{x}}
  GET /two/{{x}}: two:/b/{{x}}
  GET /secure/{{x}}: secure:/b/{{x}}
  GET /down: http://127.0.0.1:1/
""",
    "cities.yaml": """
host: "{{city}}.hotel.test"
services:
  one: http://127.0.0.1:{one}
endpoints:
  GET /rooms/{{room}}: one:/{{city}}/{{room}}
""",
}


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    options = ("--set", f"head_limit={LIMIT}", "--set", "verbose_errors=true")
    with pair(ROUTES, tmp_path_factory.mktemp("express"), *options) as started:
        yield started


def request(first: str, *lines: str, body: bytes = b"", host: str = "api.hotel.test") -> bytes:
    return "\r\n".join([first, f"Host: {host}", *lines, "", ""]).encode("latin-1") + body


def of_size(size: int, first: str = "GET /a/sized HTTP/1.1") -> bytes:
    """A request head of that many bytes, but for the empty line at its end."""
    short = len(request(first, "X-Long: ")) - 2
    return request(first, "X-Long: " + "x" * (size - short))


class Odd(NamedTuple):
    """What the second request on a connection is, in parts that are read one by one, and what it is answered.

    `end`: the gateway closes the connection after that.
    """

    parts: tuple[bytes, ...]
    answers: str = "200"
    methods: tuple[str, ...] = ("GET",)


GET = request("GET /a/1?x=1&y HTTP/1.1")
POST = request("POST /a/1 HTTP/1.1", "Content-Length: 6", body=b"abcdef")
REFUSED = request("GET /nothing HTTP/1.1")
REFUSED_POST = request("POST /nothing HTTP/1.1", "Content-Length: 6", body=b"abcdef")
CHUNKED = request("POST /a/1 HTTP/1.1", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n")

ODD = {
    "plain": Odd((GET,)),
    "plain, HEAD": Odd((request("HEAD /a/1 HTTP/1.1"),), methods=("HEAD",)),
    "plain, body": Odd((POST,)),
    "plain, no length": Odd((request("POST /a/1 HTTP/1.1"),)),
    "plain, length 0": Odd((request("POST /a/1 HTTP/1.1", "Content-Length: 0"),)),
    "plain, body of a GET": Odd((request("GET /a/1 HTTP/1.1", "Content-Length: 3", body=b"abc"),)),
    "plain, keep-alive": Odd((request("GET /a/1 HTTP/1.1", "Connection: keep-alive"),)),
    "plain, Keep-Alive in other case": Odd((request("GET /a/1 HTTP/1.1", "connection: Keep-Alive"),)),
    "cut in the request line": Odd((GET[:7], GET[7:])),
    "cut in a field": Odd((GET[:40], GET[40:])),
    "cut in the last line end": Odd((GET[:-1], GET[-1:])),
    "cut before the empty line": Odd((GET[:-2], GET[-2:])),
    "cut between head and body": Odd((POST[:-6], POST[-6:])),
    "cut in the body": Odd((POST[:-3], POST[-3:])),
    "cut everywhere": Odd(tuple(POST[at : at + 9] for at in range(0, len(POST), 9))),
    "two at once": Odd((GET + POST,), "200 200", ("GET", "POST")),
    "three at once": Odd((POST + GET + POST,), "200 200 200", ("POST", "GET", "POST")),
    "three refusals at once": Odd((REFUSED + REFUSED_POST + REFUSED,), "404 404 404", ("GET", "POST", "GET")),
    "one and a half": Odd((GET + POST[:30], POST[30:]), "200 200", ("GET", "POST")),
    "one and half a body": Odd((GET + POST[:-3], POST[-3:]), "200 200", ("GET", "POST")),
    "one and a line end": Odd((GET + b"\r\n",)),
    "a body longer than its length": Odd((POST + GET[:5], GET[5:]), "200 200", ("POST", "GET")),
    "a refusal and a half": Odd((REFUSED + POST[:30], POST[30:]), "404 200", ("GET", "POST")),
    "empty lines first": Odd((b"\r\n\r\n" + GET,)),
    "an empty line first": Odd((b"\r\n" + GET,)),
    "a line feed first": Odd((b"\n" + GET,)),
    "an empty line by itself": Odd((b"\r\n", GET)),
    "line feeds alone": Odd((GET.replace(b"\r\n", b"\n"),)),
    "one line feed alone": Odd((GET.replace(b"\r\n", b"\n", 1),)),
    "the last line end a line feed": Odd((GET[:-2] + b"\n",)),
    "carriage returns doubled": Odd((GET.replace(b"\r\n", b"\r\r\n", 1),), "200"),
    "a carriage return in a value": Odd((request("GET /a/1 HTTP/1.1", "X-A: a\rb"),), "400 end"),
    "NUL in a value": Odd((request("GET /a/1 HTTP/1.1", "X-A: a\0b"),), "400 end"),
    "folded": Odd((request("GET /a/1 HTTP/1.1", "X-A: one", " two"),), "400 end"),
    "folded before any field": Odd((GET.replace(b"Host", b" Host"),), "400 end"),
    "a line of spaces": Odd((request("GET /a/1 HTTP/1.1", "   "),), "400 end"),
    "a value of spaces": Odd((request("GET /a/1 HTTP/1.1", "X-A:    "),)),
    "space in a name": Odd((request("GET /a/1 HTTP/1.1", "X A: 1"),), "400 end"),
    "space before the colon": Odd((request("GET /a/1 HTTP/1.1", "X-A : 1"),), "400 end"),
    "no name": Odd((request("GET /a/1 HTTP/1.1", ": 1"),), "400 end"),
    "no colon": Odd((request("GET /a/1 HTTP/1.1", "nothing"),), "400 end"),
    "no HTTP": Odd((b"\x16\x03\x01 hello\r\n\r\n",), "400 end"),
    "two Hosts": Odd((request("GET /a/1 HTTP/1.1", "Host: other.test"),), "400 end"),
    "no Host": Odd((b"GET /a/1 HTTP/1.1\r\n\r\n",), "400 end"),
    "bad path": Odd((request("GET /a/%zz HTTP/1.1"),), "400 end"),
    "bad path with a body": Odd((request("POST /a/%zz HTTP/1.1", "Content-Length: 3", body=b"abc"),), "400 end"),
    "absolute form": Odd((request("GET http://api.hotel.test/a/1?x HTTP/1.1"),)),
    "absolute form of another host": Odd((request("GET http://evil.test/a/1 HTTP/1.1"),), "400 end"),
    "lower-case method": Odd((request("get /a/1 HTTP/1.1"),), "405"),
    "CONNECT": Odd((request("CONNECT api.hotel.test:443 HTTP/1.1"),), "405 end"),
    "HTTP/2": Odd((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",), "400 end"),
    "close": Odd((request("GET /a/1 HTTP/1.1", "Connection: close"),), "200 end"),
    "close among others": Odd((request("GET /a/1 HTTP/1.1", "Connection: keep-alive, CLOSE"),), "200 end"),
    "close in a second field": Odd(
        (request("GET /a/1 HTTP/1.1", "Connection: keep-alive", "Connection: close"),), "200 end"
    ),
    "nominated fields": Odd((request("GET /a/1 HTTP/1.1", "Connection: Keep-Alive, X-Hop", "X-Hop: 1", "X-B: 2"),)),
    "Host nominated": Odd((request("GET /a/1 HTTP/1.1", "Connection: host"),)),
    "length nominated": Odd(
        (request("POST /a/1 HTTP/1.1", "Connection: Content-Length", "Content-Length: 3", body=b"abc"),)
    ),
    "hop-by-hop fields": Odd(
        (request("GET /a/1 HTTP/1.1", "Keep-Alive: timeout=5", "TE: trailers", "Proxy-Connection: close"),)
    ),
    "forwarding fields": Odd(
        (request("GET /a/1 HTTP/1.1", "X-Forwarded-For: 6.6.6.6", "Via: 1.1 z", "X-Request-Id: a", "X_Request_Id: 2"),)
    ),
    "HTTP/1.0": Odd((request("GET /a/1 HTTP/1.0"),), "200 end"),
    "HTTP/1.0, to be kept": Odd((request("GET /a/1 HTTP/1.0", "Connection: keep-alive"),), "200 end"),
    "HTTP/1.2": Odd((request("GET /a/1 HTTP/1.2"),), "400 end"),
    "two equal lengths": Odd(
        (request("POST /a/1 HTTP/1.1", "Content-Length: 3", "Content-Length: 3", body=b"abc"),), "400 end"
    ),
    "a list of lengths": Odd((request("POST /a/1 HTTP/1.1", "Content-Length: 3, 3", body=b"abc"),), "400 end"),
    "length with a sign": Odd((request("POST /a/1 HTTP/1.1", "Content-Length: +3", body=b"abc"),), "400 end"),
    "length of many digits": Odd((request("POST /a/1 HTTP/1.1", "Content-Length: 0003", body=b"abc"),), "400 end"),
    "two framings": Odd(
        (request("POST /a/1 HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),),
        "400 end",
    ),
    "chunked": Odd((CHUNKED,)),
    "chunked, cut": Odd((CHUNKED[:-9], CHUNKED[-9:])),
    "Expect": Odd(
        (request("POST /a/1 HTTP/1.1", "Expect: 100-continue", "Content-Length: 3"), b"abc"), "100 200", ("POST",)
    ),
    "Expect with its body": Odd(
        (request("POST /a/1 HTTP/1.1", "Expect: 100-continue", "Content-Length: 3", body=b"abc"),), "100 200", ("POST",)
    ),
    "Upgrade to HTTP/2": Odd((request("GET /a/1 HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c"),)),
    "Upgrade not nominated": Odd((request("GET /a/1 HTTP/1.1", "Upgrade: websocket"),)),
    "no endpoint": Odd((REFUSED,), "404"),
    "no endpoint, HEAD": Odd((request("HEAD /nothing HTTP/1.1"),), "404", ("HEAD",)),
    "no endpoint, body": Odd((REFUSED_POST,), "404"),
    "no endpoint, cut before the body": Odd((REFUSED_POST[:-6], REFUSED_POST[-6:]), "404"),
    "no endpoint, cut in the body": Odd((REFUSED_POST[:-3], REFUSED_POST[-3:]), "404"),
    "other method": Odd((request("DELETE /a/1 HTTP/1.1"),), "405"),
    "other method, body": Odd((request("DELETE /a/1 HTTP/1.1", "Content-Length: 3", body=b"abc"),), "405"),
    "no host": Odd((request("GET /a/1 HTTP/1.1", host="nobody.test"),), "421"),
    "no host, body": Odd(
        (request("POST /a/1 HTTP/1.1", "Content-Length: 3", host="nobody.test", body=b"abc"),), "421"
    ),
    "target down": Odd((request("GET /down HTTP/1.1"),), "502"),
    "another target": Odd((request("GET /two/1 HTTP/1.1"),)),
    "another target over TLS": Odd((request("GET /secure/1 HTTP/1.1"),)),
    "another host": Odd((request("GET /rooms/7 HTTP/1.1", host="rome.hotel.test"),)),
    "another host with a port": Odd((request("GET /rooms/7 HTTP/1.1", host="Rome.hotel.test:8080"),)),
    "head at the limit": Odd((of_size(LIMIT),)),
    "head one byte over the limit": Odd((of_size(LIMIT + 1),), "431 end"),
    "head two bytes over the limit": Odd((of_size(LIMIT + 2),), "431 end"),
    "head three bytes over the limit": Odd((of_size(LIMIT + 3),), "431 end"),
    "long head before a body": Odd((of_size(LIMIT + 1, "POST /nothing HTTP/1.1") + POST,), "431 end"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_a_second_request_gives_the_same_bytes(world: Pair, name: str) -> None:
    odd = ODD[name]
    ends = odd.answers.endswith(" end")

    def probe(stage: Stage) -> None:
        client = stage.connection()
        stage.send(client, *odd.parts)
        assert stage.statuses(client, *odd.methods) == odd.answers.removesuffix(" end")
        if ends:
            client.read_to_end()
        else:
            stage.after(client)

    told = world.same(probe)
    assert ("ended" in str(told["client"])) == ends


UNFINISHED = {
    "unknown coding": Odd((request("POST /a/1 HTTP/1.1", "Transfer-Encoding: gzip", body=b"abc"),), "400"),
    "Expect, refused": Odd(
        (request("POST /nothing HTTP/1.1", "Expect: 100-continue", "Content-Length: 3"),), "404"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNFINISHED)
def test_a_refusal_of_an_unfinished_request_ends_the_connection_the_same_way(world: Pair, name: str) -> None:
    def probe(stage: Stage) -> None:
        client = stage.connection()
        stage.send(client, *UNFINISHED[name].parts)
        assert stage.statuses(client, "POST") == UNFINISHED[name].answers

    assert "ended" in str(world.same(probe)["client"])


def loop(stage: Stage) -> None:
    """The request comes back to the gateway that has sent it on."""
    client = stage.connection()
    for body in (b"", b"abc"):
        via = stage.one.seen("/b/warming")[-1].all("Via")
        client.send(head("POST", "/a/1", headers=[("Via", via[-1])], body=body), body)
        assert stage.statuses(client, "POST") == "508"
    stage.after(client)


@pytest.mark.parametrize("size", [1, 65_000, 65_535, 65_536, 65_537, 70_000, 300_000])
def test_a_large_request_gives_the_same_bytes(world: Pair, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    def probe(stage: Stage) -> None:
        client = stage.connection()
        for _ in range(2):
            client.send(head("PUT", "/a/large", body=body) + body)
            assert stage.statuses(client, "PUT") == "200"
        stage.after(client)

    told = world.same(probe)
    assert str(told["log"]).count(f'"bytes_in": {size}') == 2


@pytest.mark.parametrize("size", [1, 65_000, 65_535, 65_536, 65_537, 300_000])
def test_a_large_request_that_is_refused_gives_the_same_bytes(world: Pair, size: int) -> None:
    """A body that would be streamed is not waited for: the connection ends with the refusal."""

    def probe(stage: Stage) -> None:
        client = stage.connection()
        client.send(head("PUT", "/nothing", body=b"x" * size) + b"x" * size)
        assert stage.statuses(client, "PUT") == "404"
        if size > 65_536:
            client.read_to_end()
        else:
            stage.after(client)

    world.same(probe)


def alternating(stage: Stage) -> None:
    """Three targets and refusals by turns on one connection."""
    client = stage.connection()
    for number in range(4):
        for path, status in (("/two/1", 200), ("/a/1", 200), ("/secure/1", 200), ("/nothing", 404), ("/down", 502)):
            assert client.request("GET", f"{path}?{number}").status == status
    stage.after(client)


def unwarmed(stage: Stage) -> None:
    """Nothing is open yet: refusals come first, then two at once, then one target after the other."""
    client = stage.connection(warmed=False)
    assert client.request("GET", "/nothing").status == 404
    assert client.request("POST", "/nothing", body=b"abc").status == 404
    client.send(GET + GET)
    assert stage.statuses(client, "GET", "GET") == "200 200"
    assert client.request("GET", "/two/1").status == 200
    assert client.request("GET", "/two/2").status == 200
    stage.after(client)


def two_clients(stage: Stage) -> None:
    """What one client does is nothing to the other."""
    one, two = stage.connection(), stage.connection()
    one.send(GET[:20])
    stage.after(two)
    two.send(POST[:-2])
    one.send(GET[20:])
    assert stage.statuses(one, "GET") == "200"
    two.send(POST[-2:])
    assert stage.statuses(two, "POST") == "200"
    stage.after(one)
    stage.after(two)


def half_closed(stage: Stage) -> None:
    """Between two requests, in the head of one, in its body."""
    for part in (b"", GET[:20], POST[:-3], b"\r\n"):
        client = stage.connection()
        stage.after(client)
        client.send(part)
        client.end_output()
        client.read_to_end()


@pytest.mark.parametrize("probe", [loop, alternating, unwarmed, two_clients, half_closed])
def test_a_dialogue_gives_the_same_bytes(world: Pair, probe: Probe) -> None:
    world.same(probe)


def test_a_target_that_a_reload_changes_gives_the_same_bytes(world: Pair) -> None:
    """The client's connection stays, and what it asks for moves to the other target and back."""
    moving = "host: moving.test\nendpoints:\n  GET /moving: http://127.0.0.1:{port}/moved\n"

    def probe(stage: Stage) -> None:
        client = stage.connection()
        for upstream in (stage.one, stage.two, stage.one):
            shown = len(stage.gateway.log)
            stage.gateway.write("moving.yaml", moving.format(port=upstream.port))
            stage.gateway.wait_log("routes generation", after=shown)
            for _ in range(2):
                assert client.request("GET", "/moving", host="moving.test").body == upstream.name.encode()
        stage.after(client)

    world.same(probe)
