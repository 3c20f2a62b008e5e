"""HTTP/1 with speed on and off, and by mitmdump: the same bytes to the client, the same bytes to the upstream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.harness import Call, Digest, digest_of, head, pieces, upload
from tests.e2e.harness.answering import ANSWERS, LAST_ANSWERS
from tests.e2e.harness.asking import AFTER, HEADS
from tests.e2e.harness.twins import Stage, Twins, twins

# Each first test waits for three programs to start.
pytestmark = [pytest.mark.entry("gateway"), pytest.mark.timeout(180)]

ROUTES = {
    "api.yaml": """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
  secure: https://localhost:{secure}
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  HEAD /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  PUT /a/{{x}}: one:/b/{{x}}
  GET /secure/{{x}}: secure:/b/{{x}}
  POST /secure/{{x}}: secure:/b/{{x}}
  GET /down: http://127.0.0.1:1/
  GET /late: {{route: one:/b/late, timeout: 300ms}}
  GET /chat: http://127.0.0.1:{chat}/chat
""",
    "origin.yaml": """
host: origin.test
origin: http://127.0.0.1:{one}
""",
}

CHUNKED = ("Transfer-Encoding", "chunked")
CLOSE = ("Connection", "close")


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[Twins]:
    with twins(ROUTES) as started:
        one = started.targets.one
        for path, handler in {**ANSWERS, **LAST_ANSWERS}.items():
            one.on(f"/b/{path}", handler)
        one.on("/b/echoed", echo)
        one.on("/b/told", tell)
        one.on("/b/until-left", lambda call: call.peer_left() and call.close())
        one.on("/b/late", lambda call: call.peer_left() and call.close())
        one.on("/b/large-length", lambda call: call.stream(LARGE, pieces(LARGE)))
        one.on("/b/large-chunks", chunks)
        yield started


LARGE = 4 << 20
TELL = threading.Semaphore(0)


def echo(call: Call) -> None:
    """Each piece of the body goes back as it comes."""
    call.start_chunked()
    at = 0

    def back(length: int) -> None:
        nonlocal at
        call.chunk(call.request.body[at:length])
        at = length

    call.read_body(back)
    call.end_chunks()


def tell(call: Call) -> None:
    call.start_chunked(200, [("Content-Type", "text/event-stream")])
    for number in range(3):
        assert TELL.acquire(timeout=15)
        call.chunk(b"data: %d\n\n" % number)
    call.end_chunks()


def chunks(call: Call) -> None:
    call.start_chunked()
    for piece in pieces(LARGE):
        call.chunk(piece)
    call.end_chunks()


@pytest.mark.parametrize("name", HEADS)
def test_a_request_gives_the_same_bytes(world: Twins, name: str) -> None:
    world.same(lambda stage: stage.until_end(HEADS[name]))


@pytest.mark.parametrize(
    "name", ["plain", "chunked", "pipelined with bodies", "two Hosts", "trailers", "too long head"]
)
def test_a_request_that_comes_in_many_pieces_gives_the_same_bytes(world: Twins, name: str) -> None:
    data = HEADS[name]
    step = max(7, len(data) // 40)
    world.same(lambda stage: stage.until_end(*(data[at : at + step] for at in range(0, len(data), step))))


@pytest.mark.parametrize("name", ["plain", "HEAD", "chunked", "three pipelined", "two Hosts", "no endpoint", "CONNECT"])
def test_a_request_over_tls_gives_the_same_bytes(world: Twins, name: str) -> None:
    def probe(stage: Stage) -> None:
        client = stage.connection(tls="api.hotel.test")
        client.send(HEADS[name])
        client.read_to_end()

    world.same(probe)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_the_upstream_gives_the_same_bytes(world: Twins, name: str, method: str) -> None:
    """Whatever the upstream says, and what comes after it on the same connection."""
    body = b"abc" if method == "POST" else None

    def probe(stage: Stage) -> None:
        stage.until_end(head(method, f"/a/{name}", body=body), body or b"", AFTER)

    world.same(probe)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("name", LAST_ANSWERS)
def test_a_last_answer_of_the_upstream_gives_the_same_bytes(world: Twins, name: str, method: str) -> None:
    body = b"abc" if method == "POST" else None
    world.same(lambda stage: stage.until_end(head(method, f"/a/{name}", headers=[CLOSE], body=body), body or b""))


def expecting(stage: Stage) -> None:
    client = stage.connection()
    client.send(head("POST", "/a/1", headers=[("Expect", "100-continue"), CLOSE], body=b"abc"))
    assert client.read_head().status == 100
    client.send(b"abc")
    client.read_to_end()


def expecting_refusal(stage: Stage) -> None:
    client = stage.connection()
    client.send(head("POST", "/nothing", headers=[("Expect", "100-continue")], body=b"abc"))
    client.read_response().problem(404)


def chunk_by_chunk(stage: Stage) -> None:
    """Each chunk is sent when the one before has arrived."""
    client = stage.connection()
    client.send(head("PUT", "/a/echoed", headers=[CHUNKED, CLOSE]))
    assert client.read_head().status == 200
    for chunk in (b"a" * 70_000, b"b", b"c" * 300):
        client.send_chunk(chunk)
        while chunk:
            chunk = chunk[len(client.read_chunk()) :]
    client.send_chunk(b"")
    client.read_to_end()
    stage.raw = False
    stage.note(stage.targets.one.last.head, stage.targets.one.last.body)


def events_one_by_one(stage: Stage) -> None:
    client = stage.connection()
    client.send(head("GET", "/a/told", headers=[("Accept", "text/event-stream"), CLOSE]))
    assert client.read_head().status == 200
    for number in range(3):
        TELL.release()
        assert client.read_chunk() == b"data: %d\n\n" % number
    client.read_to_end()


def large_download(stage: Stage) -> None:
    stage.raw = False
    for way in ("length", "chunks"):
        with stage.connection() as client:
            client.send(head("GET", f"/a/large-{way}", headers=[CLOSE]))
            digest = Digest()
            answer = client.read_response(sink=digest)
            assert digest.hexdigest == digest_of(LARGE)
            stage.note(answer.head, digest.length, client.at_end())


def large_upload(stage: Stage) -> None:
    stage.raw = False
    with stage.connection() as client:
        assert upload(client, head("POST", "/a/large", headers=[("Content-Length", str(LARGE))]), LARGE) == LARGE
        stage.note(client.read_response())
        client.send(head("POST", "/a/large", headers=[CHUNKED]))
        for piece in pieces(LARGE):
            client.send_chunk(piece)
        client.send_chunk(b"")
        stage.note(client.read_response())
    for request in stage.targets.one.requests[-2:]:
        assert request.body_sha256 == digest_of(LARGE)
        stage.note(request.head, request.body_length, request.trailers)
    stage.note(len({request.connection for request in stage.targets.one.requests[-2:]}))


def refused_upload(stage: Stage) -> None:
    stage.raw = False
    with stage.connection() as client:
        upload(client, head("POST", "/nothing", headers=[("Content-Length", str(LARGE))]), LARGE)
        stage.note(client.read_response(), client.at_end())


def kept_alive(stage: Stage) -> None:
    """Reuse of connections on both sides, with gaps in which nothing is on its way."""
    client = stage.connection()
    for number in range(5):
        assert client.request("GET", f"/a/{number}").status == 200
        assert client.request("POST", f"/secure/{number}", body=b"x" * number).status == 200
    assert client.request("GET", "/nothing").status == 404
    assert client.request("HEAD", "/a/1").status == 200
    connections = {request.connection for request in stage.targets.secure.requests[-5:]}
    stage.note(len(connections))
    client.request("GET", "/a/last", headers=[CLOSE])
    client.read_to_end()


def half_closed(stage: Stage) -> None:
    """The client ends its output while its request is under way."""
    seen = len(stage.targets.one.seen("/b/until-left"))
    client = stage.connection()
    client.send(head("GET", "/a/until-left"))
    stage.targets.one.wait_seen("/b/until-left", seen + 1)
    client.end_output()
    client.read_to_end()


def half_a_request(stage: Stage) -> None:
    stage.leaves_at_once = True
    chunk = head("POST", "/a/1", headers=[CHUNKED]) + b"3\r\na"
    for part in (b"GET /a/1 HT", head("POST", "/a/1", body=b"abc") + b"a", chunk):
        client = stage.connection()
        client.send(part)
        client.end_output()
        client.read_to_end()


def leaving(stage: Stage) -> None:
    """The client is gone while its upstream is still thinking."""
    seen = len(stage.targets.one.seen("/b/until-left"))
    with stage.connection() as client:
        client.send(head("GET", "/a/until-left"))
        stage.targets.one.wait_seen("/b/until-left", seen + 1)


def silent(stage: Stage) -> None:
    stage.connection().close()
    client = stage.connection()
    client.end_output()
    client.read_to_end()
    stage.note("nothing was asked for")


def websocket(stage: Stage) -> None:
    client = stage.connection(kind="websocket")
    key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"), key]
    client.send(head("GET", "/chat", headers=[*fields, ("Sec-WebSocket-Protocol", "v1.chat, v2.chat")]))
    assert client.read_head().status == 101
    frames = ((0x81, b"hello"), (0x82, b"\0\xff" * 60), (0x89, b"ping"), (0x81, b"last"), (0x88, b"\x03\xe8"))
    for first, payload in frames:
        mask = b"\x01\x02\x03\x04"
        client.send(bytes([first, 0x80 | len(payload)]) + mask)
        client.send(bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)))
        assert client.read_some()
    client.read_to_end()


DIALOGUES: list[Callable[[Stage], None]] = [
    expecting, expecting_refusal, chunk_by_chunk, events_one_by_one, large_download, large_upload, refused_upload,
    kept_alive, half_closed, half_a_request, leaving, silent, websocket,
]  # fmt: skip


@pytest.mark.parametrize("probe", DIALOGUES, ids=lambda probe: probe.__name__.replace("_", " "))
def test_a_dialogue_gives_the_same_bytes(world: Twins, probe: Callable[[Stage], None]) -> None:
    world.same(probe)
