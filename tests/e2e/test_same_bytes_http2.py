"""HTTP/2 and gRPC with speed on and off, and by mitmdump: the same frames to the client and to the upstream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from tests.e2e.harness import H2Call, H2Connection, grpc_upstream, head, pieces
from tests.e2e.harness.answering import ANSWERS, LAST_ANSWERS
from tests.e2e.harness.tape import H2_PREFACE
from tests.e2e.harness.twins import Stage, Twins, twins

# Each first test waits for three programs to start.
pytestmark = [pytest.mark.entry("gateway"), pytest.mark.timeout(180)]

ROUTES = """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
  clear: {{url: "http://127.0.0.1:{clear}", h2c: true}}
  secure: https://localhost:{secure}
endpoints:
  GET /one/{{x}}: one:/b/{{x}}
  HEAD /one/{{x}}: one:/b/{{x}}
  POST /one/{{x}}: one:/b/{{x}}
  GET /clear/{{x}}: clear:/b/{{x}}
  HEAD /clear/{{x}}: clear:/b/{{x}}
  POST /clear/{{x}}: clear:/b/{{x}}
  POST /secure/{{x}}: secure:/b/{{x}}
  GET /down: http://127.0.0.1:1/
  GET /late: {{route: clear:/b/late, timeout: 300ms}}
"""

LARGE = 600_000


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[Twins]:
    with twins({"api.yaml": ROUTES}) as started:
        for path, handler in {**ANSWERS, **LAST_ANSWERS}.items():
            started.targets.one.on(f"/b/{path}", handler)
        for path, answers in H2_ANSWERS.items():
            started.targets.clear.on(f"/b/{path}", answers)
        started.targets.clear.on("/b/late", lambda _: None)
        started.targets.clear.on("/b/reset-in-the-body", _reset_in_the_body)
        yield started


def _trailers(call: H2Call) -> None:
    call.respond(200, [("x-upstream", "clear")], b"summed", [("x-sum", "6"), ("grpc-status", "0")])


def _early_hints(call: H2Call) -> None:
    call.read_body()
    call.start(103, [("link", "</style.css>; rel=preload")])
    call.respond(200, [], b"after hints")


GO = threading.Semaphore(0)


def _reset_in_the_body(call: H2Call) -> None:
    call.start(200)
    call.data(b"some")
    assert GO.acquire(timeout=30)
    call.reset()


def _reset(call: H2Call) -> None:
    call.read_body()
    call.reset()


H2_ANSWERS: dict[str, Callable[[H2Call], None]] = {
    "short": lambda call: call.respond(200, [("x-b", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")], b"hi"),
    "nothing": lambda call: call.respond(200),
    "no-content": lambda call: call.respond(204),
    "not-modified": lambda call: call.respond(304, [("etag", '"1"')]),
    "unavailable": lambda call: call.respond(503, [("retry-after", "1")], b"later"),
    "with-length": lambda call: call.respond(200, [("content-length", "2")], b"hi"),
    "wrong-length": lambda call: call.respond(200, [("content-length", "20")], b"hi"),
    "trailers": _trailers,
    "early-hints": _early_hints,
    "reset": _reset,
}

both = pytest.mark.parametrize("tls", ["api.hotel.test", None], ids=["TLS", "h2c"])


def exchange(client: H2Connection, method: str, path: str, **options: Any) -> None:
    client.request(method, path, body=b"abc" if method == "POST" else None, **options)


@both
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", H2_ANSWERS)
def test_an_answer_over_http_2_gives_the_same_frames(world: Twins, name: str, method: str, tls: str | None) -> None:
    def probe(stage: Stage) -> None:
        client = stage.h2(tls=tls)
        exchange(client, method, f"/clear/{name}")
        exchange(client, "GET", "/clear/after")

    world.same(probe)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("name", [*ANSWERS, *LAST_ANSWERS])
def test_an_answer_over_http_1_gives_the_same_frames(world: Twins, name: str, method: str) -> None:
    def probe(stage: Stage) -> None:
        client = stage.h2()
        exchange(client, method, f"/one/{name}")
        if name in ANSWERS:
            exchange(client, "GET", "/one/after")

    world.same(probe)


@pytest.mark.parametrize("name", H2_ANSWERS)
def test_an_http_1_client_of_an_http_2_target_gets_the_same_bytes(world: Twins, name: str) -> None:
    def probe(stage: Stage) -> None:
        stage.until_end(head("GET", f"/clear/{name}"), head("GET", "/clear/after", headers=[("Connection", "close")]))

    world.same(probe)


REQUESTS: dict[str, dict[str, Any]] = {
    "no endpoint": {"path": "/nothing"},
    "other method": {"method": "DELETE"},
    "lower-case method": {"method": "get"},
    "target down": {"path": "/down"},
    "target late": {"path": "/late"},
    "CONNECT": {"method": "CONNECT"},
    "asterisk": {"method": "OPTIONS", "path": "*"},
    "bad escape": {"path": "/clear/%zz"},
    "fragment": {"path": "/clear/1#top"},
    "space in the path": {"path": "/clear/ 1"},
    "empty path": {"path": ""},
    "other host": {"authority": "nobody.test"},
    "no authority": {"authority": None, "headers": [("host", "api.hotel.test")]},
    "host that differs": {"headers": [("host", "other.test")]},
    "line end in a value": {"headers": [("x-a", "a\r\nx-b: 1")]},
    "NUL in a value": {"headers": [("x-a", "a\0b")]},
    "upper-case name": {"headers": [("X-A", "1")]},
    "connection field": {"headers": [("connection", "x-hop"), ("x-hop", "1")]},
    "transfer coding": {"headers": [("transfer-encoding", "chunked")]},
    "te": {"headers": [("te", "trailers, deflate")]},
    "cookies apart": {"headers": [("cookie", "a=1"), ("cookie", "b=2")]},
    "forwarding fields": {"headers": [("x-forwarded-for", "6.6.6.6"), ("via", "1.1 z"), ("x-request-id", "mine-1")]},
    "long head": {"headers": [(f"x-long-{number}", "x" * 8_000) for number in range(13)]},
    "wrong length": {"method": "POST", "headers": [("content-length", "7")]},
    "right length": {"method": "POST", "headers": [("content-length", "3")]},
}


@both
@pytest.mark.parametrize("target", ["one", "clear"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_gives_the_same_frames(world: Twins, name: str, target: str, tls: str | None) -> None:
    given = {"method": "GET", "path": f"/{target}/1", **REQUESTS[name]}

    def probe(stage: Stage) -> None:
        exchange(stage.h2(tls=tls, strict=False), **given)

    world.same(probe)


def trailers_up(stage: Stage) -> None:
    for target in ("clear", "one", "secure"):
        client = stage.h2()
        stream = client.start("POST", f"/{target}/1", end=False)
        client.send(stream, b"summed")
        client.send_trailers(stream, [("x-sum", "6")])
        assert client.wait(stream).status == 200


def one_after_another(stage: Stage) -> None:
    client = stage.h2()
    for number in range(5):
        assert client.request("GET", f"/clear/{number}").status == 200
        assert client.request("POST", f"/one/{number}", body=b"x" * number).status == 200
        assert client.request("POST", f"/secure/{number}", body=b"x" * number).status == 200


def at_a_time(stage: Stage) -> None:
    """Streams that end in another order than they began."""
    client = stage.h2()
    streams = [client.start("POST", f"/clear/{number}", end=False) for number in range(4)]
    for stream in reversed(streams):
        client.send(stream, b"x" * stream, end=True)
        assert client.wait(stream).status == 200


def reset_by_the_client(stage: Stage) -> None:
    client = stage.h2()
    stream = client.start("POST", "/clear/1", end=False)
    client.reset(stream)
    assert client.request("GET", "/clear/2").status == 200


def reset_in_the_body(stage: Stage) -> None:
    client = stage.h2()
    stream = client.start("GET", "/clear/reset-in-the-body")
    client.wait_body(stream, 4)
    GO.release()
    assert client.wait(stream).reset is not None
    assert client.request("HEAD", "/clear/nothing").status == 200


def large(stage: Stage) -> None:
    stage.raw = False
    body = b"".join(pieces(LARGE))
    for target in ("clear", "one", "secure"):
        client = stage.h2()
        answer = client.request("POST", f"/{target}/large", body=body)
        seen = getattr(stage.targets, target).last
        assert bytes(seen.body)[: 1 << 20] == body[: 1 << 20]
        stage.note(answer, seen.headers, len(seen.body), seen.trailers)


def preface_alone(stage: Stage) -> None:
    stage.h2().ping()


def bad_frames(stage: Stage) -> None:
    for frame in (b"\0\0\1\4\0\0\0\0\0x", b"\0\0\0\4\0\0\0\0\0" + b"\0\0\1\0\0\0\0\0\0x"):
        client = stage.connection(kind="h2")
        client.send(H2_PREFACE + frame)
        client.read_to_end()


DIALOGUES = [
    trailers_up, one_after_another, at_a_time, reset_by_the_client, large, preface_alone, bad_frames,
    reset_in_the_body,
]  # fmt: skip


@pytest.mark.parametrize("probe", DIALOGUES, ids=lambda probe: probe.__name__.replace("_", " "))
def test_a_dialogue_gives_the_same_frames(world: Twins, probe: Callable[[Stage], None]) -> None:
    world.same(probe)


def test_grpc_calls_give_the_same() -> None:
    """Calls of every kind; the messages of a conversation are sent one by one."""
    with grpc_upstream(tls=False) as search:
        routes = f"""
host: api.hotel.test
services:
  search: {{{{url: "http://127.0.0.1:{search.port}", h2c: true}}}}
endpoints:
  POST /hotel.Search/{{{{method}}}}: search:/inner.Search/{{{{method}}}}
  POST /down.Search/{{{{method}}}}: http://127.0.0.1:1/{{{{method}}}}
"""

        def probe(stage: Stage) -> None:
            stage.raw = False
            address = f"127.0.0.1:{stage.gateway.port}"
            with grpc.insecure_channel(address, options=[("grpc.default_authority", "api.hotel.test")]) as channel:
                talk(channel, stage)
            stage.note(search.calls)
            search.calls.clear()

        with twins({"api.yaml": routes}) as world:
            world.same(probe)


def talk(channel: Any, stage: Stage) -> None:
    def ended(call: Any) -> None:
        stage.note(call.code(), call.details(), call.initial_metadata(), call.trailing_metadata())

    reply, call = channel.unary_unary("/hotel.Search/Upper").with_call(b"rooms", timeout=30)
    stage.note(reply)
    ended(call)
    for method in ("/hotel.Search/Fail", "/hotel.Search/Unknown", "/down.Search/Upper", "/none.Search/Upper"):
        with pytest.raises(grpc.RpcError) as failed:
            channel.unary_unary(method)(b"x", timeout=30)
        ended(failed.value)
    counted = channel.unary_stream("/hotel.Search/Count")(b"5", timeout=30)
    stage.note(list(counted))
    ended(counted)
    reply, call = channel.stream_unary("/hotel.Search/Total").with_call(iter([b"ab", b"c"]), timeout=30)
    stage.note(reply)
    ended(call)
    said: queue.Queue[bytes | None] = queue.Queue()
    chat = channel.stream_stream("/hotel.Search/Chat")(iter(said.get, None), timeout=30)
    for word in (b"one", b"two"):
        said.put(word)
        stage.note(next(chat))
    said.put(None)
    stage.note(list(chat))
    ended(chat)
