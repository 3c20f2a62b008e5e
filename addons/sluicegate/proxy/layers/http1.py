"""HTTP/1 toward clients and toward targets: bounded heads, framing of our own, connections that close when asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import h11
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._http1 import (
    Http1Client,
    Http1Connection,
    Http1Server,
    make_body_reader,
    should_make_pipe,
)

from ...forwarding.headers import connection_options, new_request_id
from ...problems import Problem
from .. import answers
from .drain import Drain
from .flow_control import Reading
from .gate import FlowControl, Gate, StopUpload

LINGER = 30.0
LINGER_BYTES = 64 << 20
"""Seconds and bytes for which an upload is still read, and thrown away, after its request was answered."""
MAX_CHUNK_LINE = 1 << 14
"""Bytes of one chunk's size and extensions, or of all trailers, at most."""
MAX_PIPELINED = 1 << 20
"""Bytes kept of what a client sends while its request is still being answered."""
MAX_RESPONSE_HEAD = 1 << 18
"""Bytes in the head of a target's response, at most."""


class _ChunkedBody:
    """A reader of chunked bodies that drops trailers, as RFC 9112 section 7.1.2 allows: the core raises on them.

    What it keeps of a chunk's extensions or of trailers is bounded (section 7.1.1).
    """

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.read_eof: Callable[[], Any] = reader.read_eof

    def __call__(self, buffer: ReceiveBuffer) -> Any:
        event = self._reader(buffer)
        if event is None and len(buffer) > MAX_CHUNK_LINE:
            raise h11.RemoteProtocolError("a chunk's extensions or the trailers are too long")
        return h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) and event.headers else event


def body_reader(size: int | None) -> Any:
    """Return the reader of a body: `size` bytes, None for chunked, -1 for up to the end of the connection."""
    reader = make_body_reader(size)
    return _ChunkedBody(reader) if size is None else reader


def asks_to_close(message: http.Request | http.Response) -> bool:
    """Whether a message is the last one on its connection (RFC 9112 section 9.3)."""
    data = message.data
    options: set[bytes] = set()
    for name, value in data.headers.fields:
        if len(name) == 10 and name.lower() == b"connection":
            options |= connection_options({b"connection": [value]})
    return b"close" in options or (data.http_version == b"HTTP/1.0" and b"keep-alive" not in options)


def nothing() -> CommandGenerator[None]:
    """No command."""
    yield from ()


class _Connection(Http1Connection):
    """Closes once a message was read that asks for it: its Connection field does not go on, so the core cannot know.

    Stops to read while what it reads has nowhere to go.
    """

    closing = False
    reading: Reading

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, FlowControl):
            return self.reading.control(event, self.stream_id)
        if self.reading.paused_for is not None:
            self.reading.pause()
        return super()._handle_event(event)

    def mark_done(self, *, request: bool = False, response: bool = False) -> CommandGenerator[None]:
        self.request_done = self.request_done or request
        self.response_done = self.response_done or response
        complete = self.request_done and self.response_done
        if (
            self.closing
            and complete
            and not (self.request and self.response and should_make_pipe(self.request, self.response))
        ):
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            return
        yield from super().mark_done()


class GatewayHttp1Server(_Connection, Http1Server):
    """HTTP/1 toward a client."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context)
        self.gate = gate
        self.reading = Reading(gate, context.client, self.conn)
        self.answered_at = 0.0
        self.thrown_away = 0
        self.lingering = False
        self.draining = False

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.DataReceived):
            if self.is_too_much(len(event.data)):
                return self.close()
        elif isinstance(event, Drain):
            return self.drain()
        return super()._handle_event(event)

    def is_too_much(self, size: int) -> bool:
        """Whether a client sends more than is thrown away after an answer, or kept while it is awaited."""
        if self.lingering and self.has_lingered(size):
            return True
        return self.state == self.wait and len(self.buf) + size > MAX_PIPELINED

    def close(self) -> CommandGenerator[None]:
        """Close the connection at once."""
        yield commands.CloseConnection(self.conn)

    def read_headers(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        if not isinstance(event, events.DataReceived):
            yield commands.CloseConnection(self.conn)
            return
        lines = self.buf.maybe_extract_lines()
        while lines is not None and not lines:  # empty lines before a request line (RFC 9112 section 2.2)
            lines = self.buf.maybe_extract_lines()
        size = len(self.buf) if lines is None else sum(map(len, lines)) + 2 * len(lines)
        if size > self.gate.head_limit:
            yield from self.refuse_head(
                Problem(431, "head-too-large", f"The request head is longer than {self.gate.head_limit} bytes.")
            )
            return
        if lines is None:
            return
        try:
            request = http1.read_request_head([bytes(line) for line in lines])
            body_size = http1.expected_http_body_size(request)
            if request.http_version not in ("HTTP/1.0", "HTTP/1.1"):
                raise ValueError("no such version")
        except ValueError:
            yield from self.refuse_head(Problem(400, "bad-request", "The request head is not well-formed HTTP/1.1."))
            return
        self.request = request
        self.closing = self.draining or asks_to_close(request)
        self.lingering = False
        yield ReceiveHttp(RequestHeaders(self.stream_id, request, body_size == 0))
        self.body_reader = body_reader(body_size)
        self.state = self.read_body
        yield from self.state(event)

    def drain(self) -> CommandGenerator[None]:
        """Close, at once where there is no request; else after it, which the head of its response says if it can."""
        self.draining = self.closing = True
        if self.state == self.read_headers and not self.buf:
            yield commands.CloseConnection(self.conn)
            self.state = self.done

    def refuse_head(self, problem: Problem) -> CommandGenerator[None]:
        """Answer a head that never became a request, and read on without keeping anything until the client is gone."""
        request_id = self.gate.head_refused(self.context.client, problem)
        yield commands.SendData(self.conn, answers.raw(problem, request_id))
        yield commands.CloseTcpConnection(self.conn, half_close=True)
        self.linger()
        self.state = self.discard

    def discard(self, event: events.Event) -> CommandGenerator[None]:
        dropped = self.buf.maybe_extract_at_most(len(self.buf))
        if isinstance(event, events.ConnectionClosed) or self.has_lingered(len(dropped or b"")):
            yield commands.CloseConnection(self.conn)

    def stop_upload(self) -> CommandGenerator[None]:
        """Read on after an early answer; where it was the last one, let its client know that (RFC 9112 section 9.6)."""
        self.linger()
        if self.closing:
            yield commands.CloseTcpConnection(self.conn, half_close=True)

    def linger(self) -> None:
        """The answer is out before the request was complete: give the client time to see it."""
        self.lingering, self.answered_at, self.thrown_away = True, time.monotonic(), 0

    def has_lingered(self, size: int) -> bool:
        """Whether a client had its time to see the answer; `size` more bytes of its upload are thrown away."""
        self.thrown_away += size
        return self.thrown_away > LINGER_BYTES or time.monotonic() - self.answered_at > LINGER

    def send(self, event: HttpEvent) -> CommandGenerator[None]:
        if isinstance(event, ResponseHeaders):
            return self.send_response_head(event)
        if isinstance(event, ResponseProtocolError):
            return self.send_failure(event)
        if isinstance(event, StopUpload):  # of an earlier request where the whole of it had come by then
            return self.stop_upload() if event.stream_id == self.stream_id else nothing()
        if isinstance(event, ResponseTrailers):
            return nothing()  # HTTP/1 may drop trailers: RFC 9110 section 6.5.1
        if isinstance(event, ResponseEndOfMessage) and self.response is None:
            return self.close()
        if isinstance(event, ResponseEndOfMessage) and self.response and not self.has_body(self.response):
            return self.mark_done(response=True)  # the core ends the chunks of a body that is not there
        return super().send(event)

    def send_response_head(self, event: ResponseHeaders) -> CommandGenerator[None]:
        """Send a head with the framing of this connection (RFC 9112 section 6.3), saying so where it will close."""
        response = event.response
        old_client = self.request is not None and self.request.http_version == "HTTP/1.0"
        if response.status_code < 200:
            if not (old_client and response.status_code != 101):  # HTTP/1.0 has no interim responses
                yield from super().send(event)
            return
        names = [name.lower() for name, _ in response.headers.fields]
        if old_client and b"transfer-encoding" in names:
            response = response.copy()
            del response.headers["Transfer-Encoding"]  # its body, without chunks, ends with the connection
            self.closing = True
        elif b"transfer-encoding" not in names and b"content-length" not in names and self.has_body(response):
            if old_client:
                self.closing = True
            else:
                response = response.copy()
                response.http_version = "HTTP/1.1"
                response.headers["Transfer-Encoding"] = "chunked"
        self.closing = self.closing or asks_to_close(response)
        announce = self.closing and b"connection" not in names
        for command in super().send(ResponseHeaders(event.stream_id, response, event.end_stream)):
            if announce and isinstance(command, commands.SendData):
                command.data = command.data[:-2] + b"Connection: close\r\n\r\n"
            yield command

    def has_body(self, response: http.Response) -> bool:
        """Whether a final response has a body, be it an empty one (RFC 9110 section 6.4.1)."""
        answers_head = self.request is not None and self.request.data.method == b"HEAD"
        return not answers_head and response.status_code not in (204, 304)

    def send_failure(self, event: ResponseProtocolError) -> CommandGenerator[None]:
        """Answer with a problem where nothing was answered yet, else cut the connection."""
        if not self.conn.state & self.conn.state.CAN_WRITE:
            return
        status = event.code.http_status_code()
        if status is not None and (self.response is None or self.response.status_code < 200):
            # The exchange is in the log already; once routed, its request carries the id that it has there.
            request_id = self.request.headers.get("x-request-id", "") if self.request else ""
            yield commands.SendData(self.conn, answers.raw(failure_problem(status), request_id or new_request_id()))
        yield commands.CloseConnection(self.conn)


def failure_problem(status: int) -> Problem:
    """The problem for a failure that the core reports as no more than a status."""
    details = {
        400: ("bad-request", "The request is not well-formed HTTP."),
        413: ("content-too-large", "The request body is larger than this gateway takes."),
        502: ("bad-gateway", "The target did not answer as HTTP asks."),
    }
    return Problem(status, *details.get(status, ("failed", "The gateway could not carry this request on.")))


class GatewayHttp1Client(_Connection, Http1Client):
    """HTTP/1 toward a target."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context)
        self.reading = Reading(gate, context.client, self.conn)

    def send(self, event: HttpEvent) -> CommandGenerator[None]:
        if isinstance(event, RequestTrailers):
            return  # HTTP/1 may drop trailers: RFC 9110 section 6.5.1
        if isinstance(event, RequestProtocolError):
            self.state = self.done  # what the target still sends belongs to nobody
        if isinstance(event, RequestHeaders) and not event.end_stream and event.request.is_http2:
            headers = event.request.headers
            if "content-length" not in headers and "transfer-encoding" not in headers:
                # A body without a length ends by its frames in HTTP/2; in HTTP/1 it needs chunks of its own.
                request = event.request.copy()
                request.headers["Transfer-Encoding"] = "chunked"
                event = RequestHeaders(event.stream_id, request, event.end_stream)
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> CommandGenerator[None]:
        if not isinstance(event, events.DataReceived):
            yield from super().read_headers(event)
            return
        while self.state == self.read_headers and self.buf:
            if self.request is None or self.stream_id is None:
                yield commands.CloseConnection(self.conn)  # data that no request asked for
                self.state = self.done
                return
            lines = self.buf.maybe_extract_lines()
            size = len(self.buf) if lines is None else sum(map(len, lines))
            if size > MAX_RESPONSE_HEAD:
                yield from self.fail("the response head is too long")
                return
            if lines is None:
                return
            if not lines:  # empty lines before a status line
                continue
            yield from self.read_head([bytes(line) for line in lines], event)

    def read_head(self, lines: list[bytes], event: events.DataReceived) -> CommandGenerator[None]:
        """Take in one response head; after an interim one (RFC 9110 section 15.2) another follows."""
        if self.request is None or self.stream_id is None:
            return
        try:
            response = http1.read_response_head(lines)
            size = http1.expected_http_body_size(self.request, response)
        except ValueError as error:
            yield from self.fail(f"cannot parse the response: {error}")
            return
        if 100 <= response.status_code < 200 and response.status_code != 101:
            yield ReceiveHttp(ResponseHeaders(self.stream_id, response, False))
            return
        self.response = response
        self.closing = asks_to_close(response)
        yield ReceiveHttp(ResponseHeaders(self.stream_id, response, size == 0))
        if self.state == self.read_headers:
            self.body_reader = body_reader(size)
            self.state = self.read_body
            yield from self.state(event)

    def fail(self, reason: str) -> CommandGenerator[None]:
        """Give up a connection whose other side does not speak HTTP/1."""
        yield commands.CloseConnection(self.conn)
        self.state = self.done
        if self.stream_id is not None:
            yield ReceiveHttp(ResponseProtocolError(self.stream_id, reason, ErrorCode.GENERIC_SERVER_ERROR))
