"""Requests of HTTP/1, from the ordinary to the broken, as the bytes that go on the wire."""

from __future__ import annotations

from collections.abc import Mapping


def request(first: str, *lines: str, body: bytes = b"") -> bytes:
    """A head of exactly these lines, and bytes behind it."""
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1") + body


HOST = "Host: api.hotel.test"
END = "Connection: close"
AFTER = request("GET /a/after HTTP/1.1", HOST, END)
HEADS: Mapping[str, bytes] = {
    "plain": request("GET /a/1?x=1&y HTTP/1.1", HOST, END),
    "HTTP/1.0": request("GET /a/1 HTTP/1.0", HOST),
    "HTTP/1.0 keep-alive": request("GET /a/1 HTTP/1.0", HOST, "Connection: keep-alive") + AFTER,
    "HTTP/1.0 without Host": request("GET /a/1 HTTP/1.0"),
    "HTTP/9.9": request("GET /a/1 HTTP/9.9", HOST, END),
    "no Host": request("GET /a/1 HTTP/1.1", END),
    "two Hosts": request("GET /a/1 HTTP/1.1", HOST, "Host: other.test", END),
    "line feeds alone": request("GET /a/1 HTTP/1.1", HOST, END).replace(b"\r\n", b"\n"),
    "empty lines first": b"\r\n\r\n" + request("GET /a/1 HTTP/1.1", HOST, END),
    "lower-case method": request("get /a/1 HTTP/1.1", HOST, END),
    "unknown method": request("BREW /a/1 HTTP/1.1", HOST, END),
    "TRACE": request("TRACE /a/1 HTTP/1.1", HOST, END),
    "CONNECT": request("CONNECT api.hotel.test:443 HTTP/1.1", "Host: api.hotel.test:443"),
    "HEAD": request("HEAD /a/1 HTTP/1.1", HOST, END),
    "HEAD of nothing": request("HEAD /nothing HTTP/1.1", HOST, END),
    "OPTIONS *": request("OPTIONS * HTTP/1.1", "Host: origin.test", END),
    "GET *": request("GET * HTTP/1.1", "Host: origin.test", END),
    "absolute form": request("GET http://origin.test/abs?x HTTP/1.1", "Host: origin.test", END),
    "absolute form of another host": request("GET http://evil.test/abs HTTP/1.1", "Host: origin.test", END),
    "NUL in a value": request("GET /a/1 HTTP/1.1", HOST, "X-A: a\0b", END),
    "folded": request("GET /a/1 HTTP/1.1", HOST, "X-A: one", " two", END),
    "space in a name": request("GET /a/1 HTTP/1.1", HOST, "X A: 1", END),
    "no colon": request("GET /a/1 HTTP/1.1", HOST, "nothing here", END),
    "no HTTP": b"\x00\x01 this is not http\r\n\r\n",
    "dot segments": request("GET /x/../y/./z HTTP/1.1", "Host: origin.test", END),
    "double slashes": request("GET //x//y/ HTTP/1.1", "Host: origin.test", END),
    "escapes": request("GET /%2F/%2e%2e/%7Euser;p=1 HTTP/1.1", "Host: origin.test", END),
    "backslash and raw UTF-8": request("GET /a\\b/caf\xc3\xa9 HTTP/1.1", "Host: origin.test", END),
    "bad escape": request("GET /%zz HTTP/1.1", "Host: origin.test", END),
    "fragment": request("GET /a/1#top HTTP/1.1", HOST, END),
    "hop-by-hop fields": request(
        "GET /a/1 HTTP/1.1", HOST, "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "TE: trailers",
        "Proxy-Authorization: Basic eA==", "Proxy-Connection: keep-alive", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk",
    ),
    "forwarding fields": request(
        "GET /a/1 HTTP/1.1", HOST, "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: ftp",
        "Forwarded: for=6.6.6.6", "Via: 1.1 somebody", "X-Request-Id: mine-1", END,
    ),
    "case, order and repetitions": request(
        "GET /a/1 HTTP/1.1", "X-b: 1", HOST, "x-A: 2", "X-b: 3", "Cookie: k=v", "Cookie: l=w", "X-Empty:", END
    ),
    "a loop": request("GET /a/1 HTTP/1.1", HOST, *["Via: 1.1 sluicegate-0"] * 30, END),
    "long head": request("GET /a/1 HTTP/1.1", HOST, "X-Long: " + "x" * 60_000, END),
    "too long head": request("GET /a/1 HTTP/1.1", HOST, "X-Long: " + "x" * 66_000, END),
    "too long request line": request("GET /a/" + "x" * 66_000 + " HTTP/1.1", HOST, END),
    "no endpoint": request("GET /nothing HTTP/1.1", HOST, END),
    "no host": request("GET /a/1 HTTP/1.1", "Host: nobody.test", END),
    "other method": request("DELETE /a/1 HTTP/1.1", HOST, END),
    "target down": request("GET /down HTTP/1.1", HOST, END),
    "target late": request("GET /late HTTP/1.1", HOST, END),
    "target over TLS": request("GET /secure/1 HTTP/1.1", HOST, END),
    "length": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 3", END, body=b"abc"),
    "length of nothing": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 0", END),
    "no length": request("POST /a/1 HTTP/1.1", HOST, END),
    "body of a GET": request("GET /a/1 HTTP/1.1", HOST, "Content-Length: 3", END, body=b"abc"),
    "more than its length": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 3", body=b"abcGET /a/2\r\n\r\n"),
    "two lengths": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 3", "Content-Length: 4", body=b"abc"),
    "equal lengths": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 3", "Content-Length: 3", END, body=b"abc"),
    "negative length": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: -1", body=b"abc"),
    "chunked": request("POST /a/1 HTTP/1.1", HOST, "Transfer-Encoding: chunked", END, body=b"3\r\nabc\r\n0\r\n\r\n"),
    "chunk extension": request(
        "POST /a/1 HTTP/1.1", HOST, "Transfer-Encoding: chunked", END, body=b"3;x=1\r\nabc\r\n0;y\r\n\r\n"
    ),
    "trailers": request(
        "POST /a/1 HTTP/1.1", HOST, "Transfer-Encoding: chunked", "Trailer: X-T", END,
        body=b"1\r\na\r\n0\r\nX-T: 1\r\n\r\n",
    ),
    "bad chunk size": request("POST /a/1 HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n"),
    "too long a chunk": request("POST /a/1 HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"1\r\nabc\r\n"),
    "chunked over TLS to the target": request(
        "POST /secure/1 HTTP/1.1", HOST, "Transfer-Encoding: chunked", END, body=b"3\r\nabc\r\n0\r\n\r\n"
    ),
    "three pipelined": request("GET /a/1 HTTP/1.1", HOST) + request("GET /a/2 HTTP/1.1", HOST) + AFTER,
    "pipelined with bodies": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 3", body=b"abc") * 2 + AFTER,
    "pipelined behind a refusal": request("GET /nothing HTTP/1.1", HOST) + AFTER,
    "pipelined behind a refusal with a body": request("POST /nothing HTTP/1.1", HOST, "Content-Length: 3", body=b"abc")
    + AFTER,
    "pipelined to two targets": request("GET /secure/1 HTTP/1.1", HOST) + request("GET /a/1 HTTP/1.1", HOST) + AFTER,
    "WebSocket to no endpoint": request("GET /none HTTP/1.1", HOST, "Upgrade: websocket", "Connection: Upgrade, close"),
    "cleartext HTTP/2 upgrade": request("GET /a/1 HTTP/1.1", HOST, "Upgrade: h2c", "Connection: Upgrade, close"),
    "two framings": request("POST /a/1 HTTP/1.1", HOST, "Content-Length: 3", "Transfer-Encoding: chunked", body=b"abc"),
    "unknown coding": request("POST /a/1 HTTP/1.1", HOST, "Transfer-Encoding: gzip", body=b"abc"),
}  # fmt: skip
"""Requests of which the last asks for the end of the connection, or deserves it."""
