"""One exchange as mitmproxy's state machine runs it, with the answers, the deadline and the retry that it lacks."""

from __future__ import annotations

import asyncio
import time

from mitmproxy import http
from mitmproxy.net.http.validate import validate_headers
from mitmproxy.proxy import events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import DropStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook
from mitmproxy.proxy.layers.http._http1 import Http1Connection
from mitmproxy.utils import asyncio_utils, human

from ...forwarding.admission import CONTROLS
from ...forwarding.headers import response_fields
from ...problems import Problem, internal_fault
from ..bodies import is_streamed
from ..upstreams import TIMED_OUT, Upstream
from .flow_control import PausingStream
from .gate import CarryOn, DeadlineExpired, Gate, GetDecidedConnection, StopUpload
from .http1 import failure_problem
from .websocket import GatewayWebsocketLayer

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be tried again by themselves (RFC 9110 section 9.2.2)."""


class GatewayStream(PausingStream):
    """One exchange. The decision on it was made in the `requestheaders` hook; here it is carried out."""

    def __init__(self, context: Context, stream_id: int, gate: Gate) -> None:
        super().__init__(context, stream_id)
        self.gate = gate
        self.upstreams = gate.upstreams
        self.upstream: Upstream | None = None
        self.head_sent = False
        self.retried = False
        self.deadline: asyncio.TimerHandle | None = None
        self.deadlines = 0
        self.streamed = 0

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, DeadlineExpired):
            return self.expire(event)
        if isinstance(event, CarryOn):
            return self.carry_on()
        return super()._handle_event(event)  # type: ignore[no-any-return]

    # Request

    def state_wait_for_request_headers(self, event: RequestHeaders) -> CommandGenerator[None]:
        yield from super().state_wait_for_request_headers(event)
        if self.client_state == self.state_consume_request_body and self.flow.response and not event.end_stream:
            yield from self.answer()  # without reading, let alone keeping, the body

    def check_invalid(self, request: bool) -> CommandGenerator[bool]:
        problem = self.invalid(request)
        if problem is None:
            return False
        if request:
            self.flow.response = self.gate.failure(self.flow, problem)
            yield HttpRequestHeadersHook(self.flow)
        else:
            yield SendHttp(self.cancelled("invalid response"), self.context.server)
            self.flow.response = self.gate.failure(self.flow, problem)
        yield from self.answer()
        return True

    def check_killed(self, emit_error_hook: bool) -> CommandGenerator[bool]:
        killed: bool = yield from super().check_killed(emit_error_hook)
        if killed:
            yield DropStream(self.stream_id)  # the core keeps it until the connection ends
        return killed

    def invalid(self, request: bool) -> Problem | None:
        """What is wrong with the head of the request or of the response, if anything: smuggling is refused here."""
        message = self.flow.request if request else self.flow.response
        if request and self.flow.request.method == "CONNECT":
            return Problem(405, "connect-refused", "This is a gateway, not a proxy: CONNECT is refused.", close=True)
        try:
            if message is not None:
                validate_headers(message)
            if not request and self.flow.response is not None:
                check_response(self.flow.response)
        except ValueError as error:
            if request:
                return Problem(400, "bad-header", "The header fields of the request are not well-formed.", close=True)
            return Problem(502, "bad-response", "The target did not answer as HTTP asks.", private=str(error))
        return None

    def start_request_stream(self) -> CommandGenerator[None]:
        if not (yield from self.make_server_connection()):
            self.client_state = self.state_errored
            return
        yield SendHttp(RequestHeaders(self.stream_id, self.flow.request, end_stream=False), self.context.server)
        self.client_state = self.state_stream_request_body

    def state_stream_request_body(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, RequestData) and not self.head_sent and self.is_over_limit(len(event.data)):
            yield SendHttp(self.cancelled("request body too large"), self.context.server)
            yield from self.fail(failure_problem(413))
            return
        yield from super().state_stream_request_body(event)
        if isinstance(event, RequestEndOfMessage):
            self.start_deadline()

    def state_consume_request_body(self, event: events.Event) -> CommandGenerator[None]:
        yield from super().state_consume_request_body(event)
        if isinstance(event, RequestEndOfMessage):
            self.start_deadline()

    def carry_on(self) -> CommandGenerator[None]:
        """Go on with an exchange that was begun past the layers: from where a hook has left it."""
        if (yield from self.check_killed(True)):
            return
        if self.server_state == self.state_consume_response_body:
            yield SendHttp(self.cancelled("internal fault"), self.context.server)
            yield from self.fail(self.gate.refusal_of(self.flow) or internal_fault())
        elif self.client_state != self.state_done:
            yield from self.answer()
        elif self.flow.response:
            self.flow.response.timestamp_start = time.time()
            yield HttpResponseHeadersHook(self.flow)
            if not (yield from self.check_killed(True)):
                yield from self.send_response()
        elif (yield from self.make_server_connection()):
            yield from self.send_buffered_request()

    def is_over_limit(self, size: int) -> bool:
        """Whether `size` more bytes are too many for mitmproxy's `body_size_limit`, which the core leaves out here."""
        self.streamed += size
        limit = self.context.options.body_size_limit
        return bool(limit) and self.streamed > (human.parse_size(limit) or 0)

    # Connection

    def make_server_connection(self) -> CommandGenerator[bool]:
        forward = self.gate.forward_of(self.flow)
        if forward is None:
            yield from self.fail(internal_fault())
            return False
        origin = forward.target.origin
        data = self.flow.request.data
        if (data.scheme, data.host, data.port) != (origin.scheme.encode("ascii"), origin.host, origin.port):
            detail = "The request was pointed elsewhere after its target was decided."
            yield from self.fail(Problem(500, "diverted", detail))
            return False
        connection, error = yield GetDecidedConnection(
            (origin.host, origin.port),
            origin.scheme == "https",
            None,
            forward=forward,
            http1_only=self.gate.wants_websocket(self.flow),
        )
        if error is not None:
            yield from self.fail(connect_problem(f"{origin}: {error}", timed_out=error == TIMED_OUT))
            return False
        self.context.server = self.flow.server_conn = connection
        return True

    def start_deadline(self, left: float | None = None) -> None:
        """The request is out: from now the target has its route's timeout for the first byte of its answer.

        `left`: the seconds of it that are left, where it went out before.
        """
        forward = self.gate.forward_of(self.flow)
        waits = self.server_state == self.state_wait_for_response_headers and not self.flow.response
        handler = self.gate.handler(self.context.client)
        if forward is None or handler is None or not waits:
            return
        self.deadlines += 1
        event = DeadlineExpired(self.stream_id, self.deadlines)

        def expired() -> None:
            asyncio_utils.create_task(handler.server_event(event), name="deadline expired", keep_ref=True)

        self.deadline = asyncio.get_running_loop().call_later(forward.target.timeout if left is None else left, expired)

    def stop_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def expire(self, event: DeadlineExpired) -> CommandGenerator[None]:
        waits = self.server_state == self.state_wait_for_response_headers and not self.head_sent
        if event.number != self.deadlines or not waits:
            return
        yield SendHttp(self.cancelled("no first response byte in time"), self.context.server)
        yield from self.fail(Problem(504, "timeout", "The target did not begin to answer in time."))

    def cancelled(self, reason: str) -> RequestProtocolError:
        """What closes an HTTP/1 connection to the target, and resets one stream of an HTTP/2 one."""
        return RequestProtocolError(self.stream_id, reason, ErrorCode.CANCEL)

    # Response

    def state_wait_for_response_headers(self, event: events.Event) -> CommandGenerator[None]:
        if not isinstance(event, ResponseHeaders):
            return
        status = event.response.status_code
        if 100 <= status < 200 and status != 101:
            if has_controls(event.response):
                return
            event.response.headers.fields = response_fields(event.response.headers.fields, upgraded=False)
            yield SendHttp(ResponseHeaders(self.stream_id, event.response, False), self.context.client)
            return
        self.stop_deadline()
        switched = event.response.headers.get("upgrade", "").lower()
        if status == 101 and not (switched == "websocket" and self.gate.wants_websocket(self.flow)):
            yield SendHttp(self.cancelled("a protocol switch that was not asked for"), self.context.server)
            problem = "The target switched to a protocol that was not asked for."
            yield from self.fail(Problem(502, "unasked-upgrade", problem))
            return
        if upstream := self.gate.upstreams.get(self.flow.server_conn):
            upstream.served += 1
            self.upstream = upstream
        yield from super().state_wait_for_response_headers(event)
        refusal = self.gate.refusal_of(self.flow)
        if refusal is not None and not self.head_sent:  # the hook that took the response in has failed
            yield SendHttp(self.cancelled("internal fault"), self.context.server)
            yield from self.fail(refusal)

    def start_response_stream(self) -> CommandGenerator[None]:
        if self.flow.response is None:
            return
        self.head_sent = True
        yield SendHttp(ResponseHeaders(self.stream_id, self.flow.response, end_stream=False), self.context.client)
        self.server_state = self.state_stream_response_body

    def answer(self) -> CommandGenerator[None]:
        """Send `flow.response`, which is the gateway's own; what comes in of the request after it is thrown away."""
        if self.flow.response is None:
            return
        complete = self.client_state == self.state_done
        http2 = self.context.client.alpn == b"h2"
        if not complete and not http2 and is_streamed(self.flow.request):
            self.flow.response.headers["Connection"] = "close"
        self.flow.response.timestamp_start = time.time()
        self.head_sent = True
        yield from self.send_response()
        if not complete and self.server_state == self.state_done:
            yield from self.flow_done()
            yield SendHttp(StopUpload(self.stream_id), self.context.client)
        if not complete:
            self.client_state = self.state_errored

    def send_response(self, already_streamed: bool = False) -> CommandGenerator[None]:
        self.head_sent = True
        yield from super().send_response(already_streamed)

    def flow_done(self) -> CommandGenerator[None]:
        if self.upstream is not None:
            self.upstream.used = time.monotonic()
        if self.flow.websocket is None:
            yield from super().flow_done()
            return
        self.child_layer = GatewayWebsocketLayer(self.context, self.flow)
        self._handle_event = self.passthrough  # type: ignore[method-assign]
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    # Failure

    def fail(self, problem: Problem) -> CommandGenerator[None]:
        """Answer with a problem: nothing of a response has gone out yet."""
        self.stop_deadline()
        self.flow.response = self.gate.failure(self.flow, problem)
        yield from self.answer()

    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> CommandGenerator[None]:
        self.stop_deadline()
        answerable = isinstance(event, ResponseProtocolError) and not self.head_sent
        if not answerable or self.state_errored in (self.client_state, self.server_state):
            yield from super().handle_protocol_error(event)
        elif self.may_retry():
            self.retried = True
            if (yield from self.make_server_connection()):
                yield from self.send_buffered_request()
        else:
            detail = "The target closed or broke the connection before it answered."
            yield from self.fail(Problem(502, "bad-gateway", detail, private=event.message))

    def may_retry(self) -> bool:
        """Whether a failed exchange is tried once more: idempotent, complete, on a reused connection, nothing read."""
        upstream = self.gate.upstreams.get(self.flow.server_conn)
        server = self.context.server
        layer = next((own for own in reversed(self.server_layers()) if isinstance(own, Http1Connection)), None)
        return (
            not self.retried
            and self.flow.request.data.method.decode("ascii", "replace") in IDEMPOTENT
            and self.client_state == self.state_done
            and self.server_state == self.state_wait_for_response_headers
            and not self.flow.request.stream
            and upstream is not None
            and upstream.served > 0
            and (server.alpn == b"h2" or (layer is not None and not layer.buf))
        )

    def server_layers(self) -> list[object]:
        """The layers of the connection to the target, outermost first."""
        parent = self.context.layers[self.context.layers.index(self) - 1]
        found = getattr(parent, "connections", {}).get(self.context.server)
        return list(found.context.layers) if found is not None else []

    def send_buffered_request(self) -> CommandGenerator[None]:
        """Send the whole request again; `may_retry` has seen that it was kept."""
        request, server = self.flow.request, self.context.server
        content = request.raw_content or b""
        yield SendHttp(RequestHeaders(self.stream_id, request, not (content or request.trailers)), server)
        if content:
            yield SendHttp(RequestData(self.stream_id, content), server)
        if request.trailers:
            yield SendHttp(RequestTrailers(self.stream_id, request.trailers), server)
        yield SendHttp(RequestEndOfMessage(self.stream_id), server)
        self.start_deadline()


def has_controls(response: http.Response) -> bool:
    """Whether a response's head holds what would end a line, or is no text, for its client (RFC 9110 section 5.5)."""
    head = response.data.reason + b"".join(map(b"".join, response.headers.fields))
    return len(head.translate(None, CONTROLS)) != len(head)


def check_response(response: http.Response) -> None:
    """Raise ValueError for a response head that is not to be passed on."""
    if not 100 <= response.status_code <= 599:  # RFC 9110 section 15
        raise ValueError(f"there is no status {response.status_code}")
    if has_controls(response):
        raise ValueError("a control character in the head")
    if response.status_code == 204:
        response.headers.pop("content-length", None)  # RFC 9110 section 8.6


def connect_problem(cause: str, *, timed_out: bool) -> Problem:
    """The answer for a connection that did not come up; `cause` is for those who may see internals."""
    if timed_out:
        return Problem(504, "connect-timeout", "No connection to the target came up in time.", private=cause)
    return Problem(502, "connect-failed", "No connection to the target could be made.", private=cause)
