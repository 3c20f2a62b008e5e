"""The express lane: a plain exchange in a straight line, through the same hooks and parsers but past the layers.

A plain exchange has a whole request in one read, on an HTTP/1.1 connection without TLS that carries no other, and
goes out on an open HTTP/1.1 connection without TLS; its whole answer comes in one read. Everything else goes through
the layers. So does an exchange that turns out not to be plain: whatever happens to its connections first makes it an
ordinary one, in the state that the layers would have it in at that moment.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mitmproxy import addonmanager, exceptions, http
from mitmproxy.connection import Connection, Server
from mitmproxy.net.http import http1
from mitmproxy.net.http.validate import validate_headers
from mitmproxy.proxy import events
from mitmproxy.proxy.layers.modes import ReverseProxy

from ..bodies import BUFFERED, is_streamed
from ..layers.gate import CarryOn, DeadlineExpired, Gate
from ..layers.http import GatewayHttpLayer
from ..layers.http1 import MAX_RESPONSE_HEAD, GatewayHttp1Client, GatewayHttp1Server, asks_to_close, body_reader
from ..layers.stream import GatewayStream, check_response
from .hooks import is_plain

if TYPE_CHECKING:
    from .connections import QuickHandler

HOOKS: Final = ("requestheaders", "request", "responseheaders", "response")
"""The hooks of a plain exchange, in their order."""
_UNUSUAL: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
"""Fields of a request that the layers deal with."""


@dataclass(slots=True)
class Exchange:
    """A request that has gone out; its answer is awaited. `due`: the time of the event loop by when it must begin."""

    flow: http.HTTPFlow
    stream_id: int
    target: GatewayHttp1Client
    due: float


def lane_of(handler: QuickHandler) -> Lane | None:
    """Return the express lane of a client connection, or None where it can have none."""
    layers = handler.layer.context.layers
    if len(layers) < 2 or type(layers[0]) is not ReverseProxy or type(layers[1]) is not GatewayHttpLayer:
        return None
    server = layers[1].connections.get(handler.client)
    return Lane(handler, layers[1], server) if type(server) is GatewayHttp1Server else None


class Lane:
    """The express lane of one client connection."""

    def __init__(self, handler: QuickHandler, layer: GatewayHttpLayer, server: GatewayHttp1Server) -> None:
        self.exchange: Exchange | None = None
        """The plain exchange that is under way."""
        self._handler = handler
        self._layer = layer
        self._server = server
        self._gate: Gate = layer.gate
        self._client = handler.client
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, connection: Connection, data: bytes) -> bool:
        """Deal with what arrived on a connection; False, with nothing done, where the layers have to."""
        if connection is self._client:
            return self._request(data)
        exchange = self.exchange
        return exchange is not None and connection is exchange.target.conn and self._response(exchange, data)

    def close(self) -> None:
        """The client connection is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The request

    def _request(self, data: bytes) -> bool:
        layer, server = self._layer, self._server
        if (
            self.exchange is not None
            or layer.streams
            or layer._paused is not None
            or server.state != server.read_headers
            or server.buf
            or server.lingering
            or server.reading.paused_for is not None
            or layer.debug is not None
            or server.draining
            or not self._is_plain()
        ):
            return False
        lines = _head(data, self._gate.head_limit)
        if lines is None:
            return False
        try:
            request = http1.read_request_head(lines)
            validate_headers(request)
            length = _length(request)
        except ValueError:
            return False
        if length < 0 or len(data) - length != sum(map(len, lines)) + 2 * len(lines) + 2:
            return False
        self._carry_out(request, data[len(data) - length :])
        return True

    def _is_plain(self) -> bool:
        table = self._handler.chain.table
        if table.plain is None:
            table.plain = not table.functions("update") and all(is_plain(table.functions(name)) for name in HOOKS)
        return table.plain and not self._handler.chain.limits_bodies

    def _carry_out(self, request: http.Request, content: bytes) -> None:
        server = self._server
        server.request = request
        server.closing = False
        context = self._layer.context
        flow = http.HTTPFlow(self._client, context.server)
        flow.request = request
        flow.live = True
        data = request.data
        data.host, data.port = context.server.address  # type: ignore[misc]
        request.scheme = "https" if context.server.tls else "http"
        self._run("requestheaders", flow)
        if flow.error is not None or (content and flow.response is not None):
            self._hand_over_head(flow, content)
            return
        request.timestamp_end = time.time()
        data.content = content
        self._run("request", flow)
        server.request_done = True
        server.state = server.wait
        forward = self._gate.forward_of(flow)
        target = None
        if flow.response is None and flow.error is None and forward is not None and not request.stream:
            origin = forward.target.origin
            # An addon may have pointed it elsewhere: the layers refuse that.
            if (data.scheme, data.host, data.port) == (origin.scheme.encode("ascii"), origin.host, origin.port):
                target = self._target(forward.target.origin)
        if forward is None or target is None or self._gate.wants_websocket(flow):
            stream = self._stream(flow, server.stream_id)
            stream.client_state = stream.state_done
            self._handler.take(CarryOn(stream.stream_id))
            return
        flow.server_conn = target.conn  # type: ignore[assignment]
        target.stream_id = server.stream_id
        target.request = request
        target.request_done = True
        due = self._loop.time() + forward.target.timeout
        self.exchange = Exchange(flow, server.stream_id, target, due)
        if self._timer is None or self._timer.when() > due:
            self.close()
            self._timer = self._loop.call_at(due, self._look)
        self._handler.write(target.conn, http1.assemble_request_head(request) + content)

    def _target(self, origin: Any) -> GatewayHttp1Client | None:
        """An open, idle HTTP/1.1 connection without TLS to an origin: the first, as the layers take it."""
        if origin.scheme != "http":
            return None
        address = (origin.host, origin.port)
        layer = self._layer
        for connection, found in layer.connections.items():
            if isinstance(connection, Server) and connection.address == address and not connection.tls:
                if connection in layer.waiting_for_establishment:
                    return None
                if not connection.connected:
                    continue
                child = getattr(found, "child", None)
                if not isinstance(child, GatewayHttp1Client) or child.request is not None or child.buf:
                    return None
                return child if child.state == child.read_headers else None
        return None

    # The response

    def _response(self, exchange: Exchange, data: bytes) -> bool:
        target, flow = exchange.target, exchange.flow
        if target.buf or self._server.buf or self._layer._paused is not None or not self._is_plain():
            return False
        lines = _head(data, MAX_RESPONSE_HEAD)
        if lines is None:
            return False
        try:
            response = http1.read_response_head(lines)
            size = http1.expected_http_body_size(flow.request, response)
            if response.data.http_version != b"HTTP/1.1" or response.status_code < 200 or asks_to_close(response):
                return False
            if size is None or not 0 <= size <= BUFFERED:
                return False
            if len(data) - size != sum(map(len, lines)) + 2 * len(lines) + 2:
                return False
            validate_headers(response)
            check_response(response)
        except ValueError:
            return False
        if size and is_streamed(flow.request, response):
            return False
        upstream = self._gate.upstreams.get(target.conn)  # type: ignore[arg-type]
        if upstream is not None:
            upstream.served += 1
        flow.response = response
        self._run("responseheaders", flow)
        if flow.error is not None or self._gate.refusal_of(flow) is not None:
            self._hand_over_fault(exchange)
            return True
        response.data.content = data[len(data) - size :]
        response.timestamp_end = time.time()
        self._run("response", flow)
        if upstream is not None:
            upstream.used = time.monotonic()
        self.exchange = None
        flow.live = False
        server = self._server
        self._handler.write(self._client, http1.assemble_response_head(flow.response) + (response.data.content or b""))
        for side in (server, target):
            side.request_done = side.response_done = False
            side.request = side.response = None
            side.state = side.read_headers
        server.stream_id += 2
        target.stream_id = None
        return True

    # Becoming an ordinary exchange

    def hand_over(self) -> int:
        """Make the exchange under way an ordinary one, which waits for its answer; returns its deadline's number."""
        exchange, self.exchange = self.exchange, None
        if exchange is None:
            return 0
        stream = self._stream(exchange.flow, exchange.stream_id)
        stream.client_state = stream.state_done
        stream.context.server = exchange.target.conn  # type: ignore[assignment]
        stream.start_deadline(exchange.due - self._loop.time())
        return stream.deadlines

    def _hand_over_head(self, flow: http.HTTPFlow, content: bytes) -> None:
        """Let the layers answer a request that goes nowhere, and take in its body after that."""
        server = self._server
        server.body_reader = body_reader(len(content))
        server.state = server.read_body
        server.buf += content
        self._handler.take(CarryOn(self._stream(flow, server.stream_id).stream_id))
        self._handler.take(events.DataReceived(self._client, b""))

    def _hand_over_fault(self, exchange: Exchange) -> None:
        """Let the layers give up a response that cannot be passed on: the hook that took it in has failed."""
        self.exchange = None
        stream = self._stream(exchange.flow, exchange.stream_id)
        stream.client_state = stream.state_done
        stream.server_state = stream.state_consume_response_body
        stream.context.server = exchange.target.conn  # type: ignore[assignment]
        self._handler.take(CarryOn(stream.stream_id))

    def _stream(self, flow: http.HTTPFlow, stream_id: int) -> GatewayStream:
        layer = self._layer
        stream = GatewayStream(layer.context.fork(), stream_id, self._gate)
        stream.flow = flow
        stream.client_state = stream.state_consume_request_body
        stream.server_state = stream.state_wait_for_response_headers
        layer.streams[stream_id] = stream
        return stream

    def _look(self) -> None:
        """The time is up in which an answer had to begin, at least that of an earlier exchange."""
        self._timer = None
        exchange = self.exchange
        if exchange is None:
            return
        if self._loop.time() < exchange.due:
            self._timer = self._loop.call_at(exchange.due, self._look)
            return
        self._handler.take(DeadlineExpired(exchange.stream_id, self.hand_over()))

    # Hooks

    def _run(self, name: str, flow: http.HTTPFlow) -> None:
        for functions in self._handler.chain.table.functions(name):
            try:
                for function in functions:
                    function(flow)
            except exceptions.AddonHalt:
                return
            except Exception:
                with addonmanager.safecall():  # logs it as mitmproxy does
                    raise


def _head(data: bytes, limit: int) -> list[bytes] | None:
    """Cut a head that has come whole into its lines; None where the layers have to read it."""
    end = data.find(b"\r\n\r\n")
    if end <= 0 or end + 2 > limit:
        return None
    head = data[:end]
    lines = head.split(b"\r\n")
    # Lines may end without CR, and a head may begin with empty ones.
    return None if head.count(b"\n") != len(lines) - 1 or not lines[0] else lines


def _length(request: http.Request) -> int:
    """The bytes of a plain request's body; -1 where the request is not a plain one."""
    data = request.data
    if data.http_version != b"HTTP/1.1" or data.method.upper() == b"CONNECT":
        return -1
    length = 0
    for name, value in data.headers.fields:
        lower = name.lower()
        if lower in _UNUSUAL or (lower == b"connection" and value.lower() != b"keep-alive"):
            return -1
        if lower == b"content-length":
            length = int(value)  # validated, so there is one at most
    return length if length <= BUFFERED else -1
