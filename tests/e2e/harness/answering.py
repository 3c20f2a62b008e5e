"""Answers of an HTTP/1 upstream, from the ordinary to the broken, each given whenever it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from .upstream import Call, Handler, answer


def _raw(data: bytes, *, ends: bool = True) -> Handler:
    """Exactly these bytes, and the end of the connection."""

    def say(call: Call) -> None:
        call.read_body()
        call.send(data)
        if ends:
            call.close()

    return say


def _reset_at_once(call: Call) -> None:
    call.read_body()
    call.reset()


def _close_at_once(call: Call) -> None:
    call.read_body()
    call.close()


def _chunked(fields: bytes, *chunks: bytes, trailers: bytes = b"") -> Handler:
    """All at once, so that TCP cuts nothing: how it is cut shows in the chunks of the gateway."""
    data = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)

    def say(call: Call) -> None:
        call.read_body()
        told = OK + fields + b"Transfer-Encoding: chunked\r\n\r\n"
        call.send(told if call.request.method == "HEAD" else told + data + b"0\r\n" + trailers + b"\r\n")

    return say


def _early_hints(call: Call) -> None:
    call.read_body()
    call.start(103, [("Link", "</style.css>; rel=preload")])
    call.start(103, [("Link", "</script.js>; rel=preload")])
    call.respond(200, body=b"after hints")


OK = b"HTTP/1.1 200 OK\r\n"

ANSWERS: Mapping[str, Handler] = {
    "short": answer(200, [("X-b", "1"), ("x-A", "2"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b"hi"),
    "nothing": answer(200),
    "created": answer(201, [("Location", "/b/new")], b"{}"),
    "no-content": answer(204, [("X-A", "1")]),
    "not-modified": answer(304, [("ETag", '"1"')]),
    "moved": answer(302, [("Location", "http://127.0.0.1/elsewhere")]),
    "unavailable": answer(503, [("Retry-After", "1")], b"later"),
    "odd-status": answer(299, [], b"odd"),
    "closing": answer(200, [("Connection", "close")], b"bye"),
    "hop-by-hop": answer(200, [("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5")], b"x"),
    "with-server": answer(200, [("Server", "told/1"), ("Via", "1.0 z"), ("Alt-Svc", 'h3=":443"')]),
    "gzip": answer(200, [("Content-Encoding", "gzip"), ("Content-Type", "text/html")], b"\x1f\x8b not really"),
    "chunks": _chunked(b"Content-Type: text/plain\r\n", b"one", b"two " * 20, b"three"),
    "trailers": _chunked(b"Trailer: X-Sum\r\n", b"summed", trailers=b"X-Sum: 6\r\nX-More: 1\r\n"),
    "events": _chunked(b"Content-Type: text/event-stream\r\n", b"data: 0\n\n", b"data: 1\n\n"),
    "early-hints": _early_hints,
    "http-1.0-kept": _raw(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", ends=False),
}  # fmt: skip
"""By the last segment of the path."""

LAST_ANSWERS: Mapping[str, Handler] = {
    "continue": _raw(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok"),
    "until-close": _raw(OK + b"X-A: 1\r\n\r\nuntil the end"),
    "http-1.0": _raw(b"HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nold"),
    "no-reason": _raw(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
    "line-feeds": _raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    "folded": _raw(OK + b"X-A: one\r\n two\r\nContent-Length: 2\r\n\r\nok"),
    "nul-in-a-value": _raw(OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nok"),
    "two-framings": _raw(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "two-lengths": _raw(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!"),
    "bad-length": _raw(OK + b"Content-Length: two\r\n\r\nok"),
    "unknown-coding": _raw(OK + b"Transfer-Encoding: gzip\r\n\r\nok"),
    "more-than-its-length": _raw(OK + b"Content-Length: 2\r\n\r\nok and more"),
    "less-than-its-length": _raw(OK + b"Content-Length: 20\r\n\r\nnot all"),
    "bad-chunk": _raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n"),
    "cut-in-a-chunk": _raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nok"),
    "cut-before-the-last-chunk": _raw(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
    "cut-in-the-head": _raw(OK + b"Content-Le"),
    "no-http": _raw(b"220 mail.test ESMTP\r\n"),
    "switching": _raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw"),
    "closed-at-once": _close_at_once,
    "reset-at-once": _reset_at_once,
}  # fmt: skip
"""The same; these end the connection. Whether that is seen before a next request goes out is a matter of chance."""
