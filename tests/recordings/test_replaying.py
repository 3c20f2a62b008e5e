"""Recorded requests on the wire, and what becomes of them at servers of all kinds."""

from __future__ import annotations

import select
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sluicegate.exchange import Fields
from sluicegate.recordings.recording import UNANSWERED, Answer, Recording, Skipped
from sluicegate.recordings.replaying import (
    NO_BODY,
    OTHER_METHOD,
    UNSPEAKABLE,
    UPGRADED,
    Outcome,
    Plan,
    Replay,
    message_of,
)
from sluicegate.recordings.sending import Connection, gateway_of
from sluicegate.trial import Request
from tests.e2e.harness import Call, Upstream, answer, server_context

OK = Answer(200, ((b"X-Upstream", b"upstream"), (b"Content-Length", b"2")), b"ok")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        server.on("/a", answer(body=b"ok"))
        yield server


def recording(
    method: str = "GET",
    target: bytes = b"/a",
    headers: Fields = (),
    *,
    host: str | None = "api.hotel.test",
    body: bytes | None = b"",
    was: Answer | None = OK,
    version: str = "HTTP/1.1",
) -> Recording:
    return Recording(Request(method, host, target, headers), "flow 1", body, was, version)


def plan(upstream: Upstream, timeout: float = 10, concurrency: int = 4, **more: frozenset[str]) -> Plan:
    return Plan(gateway_of(upstream.url, timeout=timeout, insecure=True), concurrency, **more)


def outcomes(planned: Plan, *recordings: Recording) -> list[Outcome]:
    with Replay(planned) as replay:
        return list(replay.outcomes(recordings, Skipped()))


def outcome(planned: Plan, one: Recording) -> Outcome:
    (found,) = outcomes(planned, one)
    return found


def error(planned: Plan, one: Recording) -> str | None:
    found = outcome(planned, one).difference
    assert found is not None
    return found.error


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (recording(), b"GET /a HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n"),
        (recording(target=b"/a//../%2e?x=\xff#"), b"GET /a//../%2e?x=\xff# HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n"),
        (
            recording(headers=((b"b", b"1"), (b"A", b"2"), (b"b", b"3"))),
            b"GET /a HTTP/1.1\r\nHost: api.hotel.test\r\nb: 1\r\nA: 2\r\nb: 3\r\n\r\n",
        ),
        (recording("POST", body=b"xy"), b"POST /a HTTP/1.1\r\nHost: api.hotel.test\r\nContent-Length: 2\r\n\r\nxy"),
        (recording("POST"), b"POST /a HTTP/1.1\r\nHost: api.hotel.test\r\nContent-Length: 0\r\n\r\n"),
        (
            recording(
                "PUT",
                headers=((b"Transfer-Encoding", b"chunked"), (b"Connection", b"close, X-Mine"), (b"X-Mine", b"1"),
                         (b"Expect", b"100-continue"), (b"TE", b"trailers"), (b"Keep", b"1")),
                body=b"x",
            ),
            b"PUT /a HTTP/1.1\r\nHost: api.hotel.test\r\nKeep: 1\r\nContent-Length: 1\r\n\r\nx",
        ),
        (recording("OPTIONS", b"*"), b"OPTIONS * HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n"),
        (recording(host=None), b"GET /a HTTP/1.1\r\n\r\n"),
        (recording(host=None, version="HTTP/1.0"), b"GET /a HTTP/1.0\r\n\r\n"),
        (
            recording(headers=((b"cookie", b"a=1"), (b"x", b"1"), (b"cookie", b"b=2")), version="HTTP/2.0"),
            b"GET /a HTTP/1.1\r\nHost: api.hotel.test\r\nx: 1\r\ncookie: a=1; b=2\r\n\r\n",
        ),
        (
            recording(headers=((b"accept-encoding", b"br"),)),
            b"GET /a HTTP/1.1\r\nHost: api.hotel.test\r\naccept-encoding: br\r\n\r\n",
        ),
        (
            recording(headers=((b"accept-encoding", b"br"),), was=Answer(200, (), b"", decoded=True)),
            b"GET /a HTTP/1.1\r\nHost: api.hotel.test\r\naccept-encoding: identity\r\n\r\n",
        ),
    ],
)  # fmt: skip
def test_a_request_is_written_as_it_was_recorded(one: Recording, expected: bytes) -> None:
    assert message_of(one) == expected


@pytest.mark.parametrize(
    "one",
    [
        recording("G T"),
        recording(""),
        recording("GÉT"),
        recording(target=b""),
        recording(target=b"/a b"),
        recording(target=b"/a HTTP/1.1\r\nX-Smuggled: 1"),
        recording(host="a\r\nb"),
        recording(host="☃"),
        recording(headers=((b"a", b"1\r\nb: 2"),)),
        recording(headers=((b"a\n", b"1"),)),
        recording(headers=((b"a b", b"1"),)),
        recording(headers=((b"", b"1"),)),
        recording(headers=((b"a", b"\0"),)),
    ],
)
def test_what_would_be_another_request_on_the_wire_is_not_written(one: Recording) -> None:
    assert message_of(one) is None


def test_what_is_not_sent_is_counted_by_reason(upstream: Upstream) -> None:
    skipped = Skipped()
    recordings = [
        recording(was=None),
        recording(body=None),
        recording("POST"),
        recording(was=Answer(101)),
        recording("CONNECT", b"a:443"),
        recording(target=b"/a b"),
        recording(),
    ]
    methods = frozenset({"GET", "CONNECT"})
    with Replay(plan(upstream, methods=methods)) as replay:
        assert list(replay.outcomes(recordings, skipped)) == [Outcome(None, True)]
    assert skipped == {UNANSWERED: 1, NO_BODY: 1, OTHER_METHOD: 1, UPGRADED: 2, UNSPEAKABLE: 1}
    assert [request.target for request in upstream.requests] == ["/a"]


def test_connections_are_used_again_and_at_most_so_many(upstream: Upstream) -> None:
    found = outcomes(plan(upstream, concurrency=3), *[recording()] * 60)
    assert found == [Outcome(None, True)] * 60
    assert 1 <= upstream.connections <= 3


def test_outcomes_come_in_the_order_of_the_recordings(upstream: Upstream) -> None:
    let_go = threading.Event()
    upstream.on("/slow", lambda call: (let_go.wait(10), call.respond(body=b"ok"))[1])
    upstream.on("/b", lambda call: (call.respond(404), let_go.set())[1])
    found = outcomes(plan(upstream), recording(target=b"/slow"), recording(target=b"/b"))
    assert found[0].difference is None
    assert found[1].difference is not None
    assert found[1].difference.status == (200, 404)


def test_requests_are_read_ahead_within_bounds(upstream: Upstream) -> None:
    read = 0

    def many() -> Iterator[Recording]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield recording()

    with Replay(plan(upstream, concurrency=2)) as replay:
        found = replay.outcomes(many(), Skipped())
        next(found)
        assert read <= 2 * 4 + 1


def test_a_fault_of_the_reader_ends_the_replay(upstream: Upstream) -> None:
    def faulty() -> Iterator[Recording]:
        yield recording()
        raise KeyError("fault")

    with pytest.raises(KeyError), Replay(plan(upstream)) as replay:
        list(replay.outcomes(faulty(), Skipped()))


def test_leaving_does_not_wait_for_an_answer(upstream: Upstream) -> None:
    arrived = threading.Event()
    upstream.on("/never", lambda call: (arrived.set(), call.peer_left(30), call.close())[1])

    def then_fault() -> Iterator[Recording]:
        yield recording(target=b"/never")
        assert arrived.wait(10)
        raise KeyError("fault")

    with pytest.raises(KeyError), Replay(plan(upstream, timeout=1000)) as replay:
        list(replay.outcomes(then_fault(), Skipped()))


def test_interim_answers_are_passed_over(upstream: Upstream) -> None:
    def early(call: Call) -> None:
        call.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        call.respond(body=b"ok")

    upstream.on("/a", early)
    assert outcomes(plan(upstream), recording(), recording()) == [Outcome(None, True)] * 2


def test_a_chunked_answer_is_compared_by_its_content(upstream: Upstream) -> None:
    def chunked(call: Call) -> None:
        call.start_chunked()
        call.chunk(b"o")
        call.chunk(b"k")
        call.end_chunks([("X-Trailer", "1")])

    upstream.on("/a", chunked)
    assert outcomes(plan(upstream, concurrency=1), recording(), recording()) == [Outcome(None, True)] * 2
    assert upstream.connections == 1


def test_an_answer_to_head_has_no_body(upstream: Upstream) -> None:
    was = replace(OK, body=b"")
    assert outcomes(plan(upstream, concurrency=1), *[recording("HEAD", was=was)] * 2) == [Outcome(None, True)] * 2
    assert upstream.connections == 1


def test_a_body_that_was_not_recorded_is_not_compared(upstream: Upstream) -> None:
    upstream.on("/a", answer(body=b"anything"))
    assert outcome(plan(upstream), recording(was=replace(OK, body=None))) == Outcome(None, False)


def test_a_stream_without_end_is_not_waited_for_where_nothing_was_recorded(upstream: Upstream) -> None:
    def endless(call: Call) -> None:
        call.start_chunked()
        call.chunk(b"data: 1\n\n")
        call.peer_left(30)
        call.close()

    upstream.on("/a", endless)
    assert outcome(plan(upstream, timeout=1000), recording(was=replace(OK, body=None))) == Outcome(None, False)


def test_a_connection_that_ended_while_nobody_looked_is_opened_again(upstream: Upstream) -> None:
    upstream.on("/a", lambda call: (call.respond(body=b"ok"), call.close())[1])
    connection = Connection(gateway_of(upstream.url, timeout=10))
    for _ in range(3):
        response = connection.ask("POST", b"POST /a HTTP/1.1\r\nHost: api.hotel.test\r\nContent-Length: 0\r\n\r\n")
        assert response.read() == b"ok"
        connection.done(response)
        assert connection._socket is not None
        assert select.select([connection._socket], [], [], 10)[0]  # its end has arrived
    connection.close()


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1)])
def test_only_idempotent_requests_are_sent_twice(upstream: Upstream, method: str, times: int) -> None:
    """A used connection that ends under a request tells nothing on whether it arrived."""
    upstream.on("/drop", lambda call: (call.read_body(), call.close())[1])
    found = outcomes(plan(upstream, concurrency=1), recording(), recording(method, b"/drop"))
    assert found[1].difference is not None
    assert found[1].difference.error == "the connection ended without an answer"
    assert len(upstream.seen("/drop")) == times


def test_an_early_answer_to_a_long_upload_counts(upstream: Upstream) -> None:
    def refuse(call: Call) -> None:
        call.start(413, [("Content-Length", "2"), ("Connection", "close"), ("X-Upstream", "upstream")])
        call.send(b"ok")
        call.peer_left(10)
        call.close()

    upstream.on("/a", refuse)
    assert (
        outcome(plan(upstream), recording("POST", body=b"x" * (8 << 20), was=replace(OK, status=413))).difference
        is None
    )


def test_answers_that_fail_are_told_in_a_few_words(upstream: Upstream) -> None:
    def cut(call: Call) -> None:
        call.start(200, [("Content-Length", "10")])
        call.send(b"o")
        call.close()

    def cut_chunk(call: Call) -> None:
        call.start_chunked()
        call.send(b"5\r\no")
        call.close()

    upstream.on("/cut", cut)
    upstream.on("/cut-chunk", cut_chunk)
    upstream.on("/gone", lambda call: call.close())
    upstream.on("/reset", lambda call: call.reset())
    upstream.on("/mail", lambda call: (call.send(b"220 ready\r\n\r\n"), call.close())[1])
    told = [
        error(plan(upstream), recording(target=target))
        for target in (b"/cut", b"/cut-chunk", b"/gone", b"/reset", b"/mail")
    ]
    assert told == [
        "the connection ended in the middle of the answer",
        "the connection ended in the middle of the answer",
        "the connection ended without an answer",
        "the connection ended without an answer",
        "the answer is no HTTP/1.1",
    ]


def test_the_timeout_holds_for_the_whole_answer_however_it_trickles(upstream: Upstream) -> None:
    def trickle(call: Call) -> None:
        call.start(200, [("Content-Length", "100000")])
        while not call.peer_left(0.02):
            call.send(b"x")

    upstream.on("/a", trickle)
    assert error(plan(upstream, timeout=0.3), recording()) == "no whole answer within 0.3 s"


def test_https_is_verified_unless_told_otherwise() -> None:
    with Upstream(tls=server_context()) as upstream:
        upstream.on("/a", answer(body=b"ok"))
        url = upstream.url
        assert outcome(Plan(gateway_of(url, timeout=10, insecure=True)), recording()).difference is None
        with pytest.raises(ssl.SSLCertVerificationError), Replay(Plan(gateway_of(url, timeout=10))) as replay:
            replay.reach()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "the URL begins with neither http:// nor https://"),
        ("127.0.0.1:8080", "the URL begins with neither http:// nor https://"),
        ("ftp://127.0.0.1", "the URL begins with neither http:// nor https://"),
        ("http://", "the URL has no valid host and port"),
        ("http://a:port", "the URL has no valid host and port"),
        ("http://a:99999", "the URL has no valid host and port"),
        ("http://a b", "the URL has no valid host and port"),
        ("http://a/base", "the URL has more than scheme, host and port: targets are sent as they were recorded"),
        ("http://a/?x", "the URL has more than scheme, host and port: targets are sent as they were recorded"),
        ("http://me@a", "the URL has more than scheme, host and port: targets are sent as they were recorded"),
        ("http://[::1", "Invalid IPv6 URL"),
    ],
)
def test_a_url_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        gateway_of(url, timeout=1)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("http://a", "a", 80), ("https://a/", "a", 443), ("http://[::1]:8080", "::1", 8080), ("http://A.b.:1", "a.b", 1)],
)
def test_a_url_names_host_and_port(url: str, host: str, port: int) -> None:
    gateway = gateway_of(url, timeout=1)
    assert (gateway.host, gateway.port, gateway.tls is not None) == (host, port, url.startswith("https"))
