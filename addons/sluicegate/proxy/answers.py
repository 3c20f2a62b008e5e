"""Problems as HTTP messages: a mitmproxy response, or bytes for a head that never became a request."""

from __future__ import annotations

from mitmproxy import http
from mitmproxy.net.http import http1

from ..problems import CONTENT_TYPE, Problem


def response(
    problem: Problem, instance: str | None, request_id: str, *, verbose: bool = False, head: bool = False
) -> http.Response:
    """Return a problem as a response; `head`: it answers a HEAD request and has no body (RFC 9110 section 9.3.2)."""
    body = problem.body(instance, request_id, verbose=verbose)
    fields = [
        (b"Content-Type", CONTENT_TYPE.encode("ascii")),
        (b"Content-Length", b"%d" % len(body)),
        (b"Cache-Control", b"no-store"),
        (b"X-Request-Id", request_id.encode("ascii")),
        *((name.encode("ascii"), value.encode("ascii")) for name, value in problem.headers),
    ]
    if problem.close:
        fields.append((b"Connection", b"close"))
    answer = http.Response(
        b"HTTP/1.1", problem.status, problem.title.encode("ascii"), http.Headers(fields), b"", None, 0.0, None
    )
    answer.data.content = b"" if head else body
    return answer


def raw(problem: Problem, request_id: str) -> bytes:
    """Return a problem as the bytes of an HTTP/1.1 response, after which the connection closes."""
    answer = response(problem, None, request_id)
    answer.headers["Connection"] = "close"
    return bytes(http1.assemble_response(answer))


def fields_and_body(problem: Problem, request_id: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return a problem as HTTP/2 header fields and body."""
    answer = response(problem, None, request_id)
    fields = [(name.lower(), value) for name, value in answer.headers.fields if name.lower() != b"connection"]
    return [(b":status", b"%d" % problem.status), *fields], answer.data.content or b""
