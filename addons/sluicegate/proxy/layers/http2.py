"""HTTP/2 toward clients: bounded heads, problems for failures, uploads that are told to stop."""

from __future__ import annotations

import h2.errors
import h2.events
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._events import ResponseProtocolError
from mitmproxy.proxy.layers.http._http2 import Http2Server

from ...problems import Problem
from .. import answers
from .gate import Gate, StopUpload
from .http1 import failure_problem

_ROOM_FOR_REFUSAL = 4
"""How many times the limit a head may have and still be answered 431; a longer one ends the connection."""


class GatewayHttp2Server(Http2Server):
    """HTTP/2 toward a client."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context)
        self.gate = gate
        self.h2_conn.decoder.max_header_list_size = _ROOM_FOR_REFUSAL * gate.head_limit

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, StopUpload):
            if not self.is_closed(event.stream_id):
                # A whole answer before the whole request: RFC 9113 section 8.1.
                self.h2_conn.reset_stream(event.stream_id, h2.errors.ErrorCodes.NO_ERROR)
                self.streams.pop(event.stream_id, None)
                yield commands.SendData(self.conn, self.h2_conn.data_to_send())
        elif isinstance(event, ResponseProtocolError) and self._can_answer(event):
            problem = failure_problem(event.code.http_status_code() or 502)
            yield from self._answer(event.stream_id, problem)
        else:
            yield from super()._handle_event(event)

    def handle_h2_event(self, event: h2.events.Event) -> CommandGenerator[bool]:
        if isinstance(event, h2.events.RequestReceived):
            size = sum(len(name) + len(value) + 4 for name, value in event.headers or ())
            if size > self.gate.head_limit:
                detail = f"The request head is longer than {self.gate.head_limit} bytes."
                yield from self._answer(event.stream_id or 0, Problem(431, "head-too-large", detail))
                return False
        return (yield from super().handle_h2_event(event))

    def _can_answer(self, event: ResponseProtocolError) -> bool:
        if event.code.http_status_code() is None or not self.is_open_for_us(event.stream_id):
            return False
        return not self.h2_conn.streams[event.stream_id].state_machine.headers_sent

    def _answer(self, stream_id: int, problem: Problem) -> CommandGenerator[None]:
        request_id = self.gate.head_refused(self.context.client, problem)
        fields, body = answers.fields_and_body(problem, request_id)
        self.h2_conn.send_headers(stream_id, fields)
        self.h2_conn.send_data(stream_id, body, end_stream=True)
        if not self.is_closed(stream_id):
            self.h2_conn.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
        self.streams.pop(stream_id, None)
        yield commands.SendData(self.conn, self.h2_conn.data_to_send())
