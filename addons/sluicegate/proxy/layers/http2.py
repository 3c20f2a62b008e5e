"""HTTP/2 toward clients and toward targets: bounded heads, problems for failures, flow control from end to end."""

from __future__ import annotations

from typing import ClassVar

import h2.errors
import h2.events
from hyperframe.frame import GoAwayFrame
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import RequestData, RequestHeaders, ResponseData, ResponseProtocolError
from mitmproxy.proxy.layers.http._http2 import Http2Client, Http2Connection, Http2Server
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection, SendH2Data

from ...forwarding.headers import new_request_id
from ...problems import Problem
from .. import answers
from .drain import Drain
from .flow_control import HIGH, JOINED, LOW, bodies, exceeds, join
from .gate import FlowControl, Gate, IdleExpired, StopUpload, TooManyStreams
from .http1 import failure_problem

_FEW_STREAMS = 256
"""Streams of one connection, at least, before those that are over are looked for."""
_ROOM_FOR_REFUSAL = 4
"""How many times the limit a head may have and still be answered 431; a longer one ends the connection."""


class _Bounded(BufferedH2Connection):
    """Joins small pieces of what waits for a window, and keeps no head that is too long before it is complete."""

    def receive_data(self, data: bytes) -> list[h2.events.Event]:
        received: list[h2.events.Event] = super().receive_data(data)
        unfinished = self.incoming_buffer._headers_buffer
        # No encoding is longer than what the limit counts: RFC 9113 section 6.5.2 adds 32 bytes for each field.
        if unfinished and sum(len(frame.data) for frame in unfinished) > self.decoder.max_header_list_size:
            raise h2.exceptions.DenialOfServiceError("a head that does not end")
        return received

    def send_data(  # type: ignore[override]  # as the core has it
        self, stream_id: int, data: bytes, end_stream: bool = False, pad_length: None = None
    ) -> None:
        waiting = self.stream_buffers.get(stream_id)
        if waiting and len(waiting[-1].data) + len(data) <= JOINED and not waiting[-1].end_stream:
            waiting[-1] = SendH2Data(waiting[-1].data + data, end_stream)
        else:
            super().send_data(stream_id, data, end_stream, pad_length)


class _Pausing(Http2Connection):
    """Tells a stream when its receiver is behind, and keeps a paused sender's window shut (RFC 9113 section 5.2).

    The window of the connection is never kept shut: the other streams go on.
    """

    window: ClassVar[int]
    """Bytes of one body that its sender may send ahead."""
    sends_requests: ClassVar[bool]
    """Whether it is bodies of requests, not of responses, that are sent here."""
    h2_conn: _Bounded

    def _start_flow_control(self) -> None:
        self._behind: set[int] = set()
        self._withheld: dict[int, int] = {}
        self._most_streams = _FEW_STREAMS
        self.h2_conn = _Bounded(self.h2_conf)
        if self.sends_requests:
            self.h2_conn.local_settings.enable_push = 0
        self.h2_conn.local_settings.initial_window_size = self.window
        self.h2_conn.local_settings.acknowledge()  # the core does so too: else the first SETTINGS has the defaults

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, FlowControl):
            yield from self._pause_or_resume(event.stream_id, event.paused)
            return
        grown = event.stream_id if isinstance(event, (RequestData, ResponseData)) else None  # the core may change it
        yield from super()._handle_event(event)
        if self._behind or self._keeps_any():
            yield from self._report(grown)
        if len(self.streams) > self._most_streams:
            self._forget_streams()

    def _forget_streams(self) -> None:
        """Let go of streams that are over: the core keeps each until its connection ends."""
        self.streams = {own: state for own, state in self.streams.items() if not self.is_closed(own)}
        self._most_streams = max(_FEW_STREAMS, 2 * len(self.streams))

    def _report(self, grown: int | None) -> CommandGenerator[None]:
        """Tell the streams whose receiver has fallen behind or has caught up; only `grown` can have fallen behind."""
        if grown is not None and grown not in self._behind and self._keeps(grown, HIGH):
            self._behind.add(grown)
            yield ReceiveHttp(FlowControl(grown, self.sends_requests, True))
        for stream_id in [own for own in self._behind if own != grown and not self._keeps(own, LOW)]:
            self._behind.discard(stream_id)
            yield ReceiveHttp(FlowControl(stream_id, self.sends_requests, False))

    def _keeps_any(self) -> bool:
        return bool(self.h2_conn.stream_buffers)

    def _keeps(self, stream_id: int, mark: int) -> bool:
        """Whether more than `mark` bytes wait for the window of a stream."""
        return exceeds(self.h2_conn.stream_buffers.get(stream_id, ()), mark)

    def _pause_or_resume(self, stream_id: int, paused: bool) -> CommandGenerator[None]:
        if paused:
            self._withheld.setdefault(stream_id, 0)
            return
        size = self._withheld.pop(stream_id, 0)
        if size and not self.is_closed(stream_id):
            self.h2_conn.increment_flow_control_window(size, stream_id)
            yield commands.SendData(self.conn, self.h2_conn.data_to_send())

    def handle_h2_event(self, event: h2.events.Event) -> CommandGenerator[bool]:
        if isinstance(event, h2.events.DataReceived):
            size = event.flow_controlled_length
            if event.stream_id in self._withheld and size:
                self._withheld[event.stream_id] += size
                self.h2_conn.increment_flow_control_window(size)
                event.flow_controlled_length = 0
        return (yield from super().handle_h2_event(event))


class GatewayHttp2Server(_Pausing, Http2Server):
    """HTTP/2 toward a client."""

    window = 1 << 18
    sends_requests = False

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context)
        self._start_flow_control()
        self.gate = gate
        self.draining = False
        self.h2_conn.decoder.max_header_list_size = _ROOM_FOR_REFUSAL * gate.head_limit

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, StopUpload):
            if not self.is_closed(event.stream_id):
                # A whole answer before the whole request: RFC 9113 section 8.1.
                self.h2_conn.reset_stream(event.stream_id, h2.errors.ErrorCodes.NO_ERROR)
                self.streams.pop(event.stream_id, None)
                yield commands.SendData(self.conn, self.h2_conn.data_to_send())
        elif isinstance(event, TooManyStreams):
            yield from self.protocol_error("too many streams", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
        elif isinstance(event, ResponseProtocolError) and self._can_answer(event):
            problem = failure_problem(event.code.http_status_code() or 502)
            yield from self._answer(event.stream_id, problem, new_request_id())  # the exchange is in the log already
        elif isinstance(event, Drain):
            yield from self._drain()
        else:
            yield from super()._handle_event(event)
        if self.draining and self.conn.connected and not self.h2_conn.open_inbound_streams:
            yield from self.close_connection("drained")

    def _drain(self) -> CommandGenerator[None]:
        """Say which streams are the last ones (RFC 9113 section 6.8); after them the connection is closed."""
        self.draining = True
        # h2's own close_connection would let no frame follow.
        last = GoAwayFrame(0, last_stream_id=self.h2_conn.highest_inbound_stream_id)
        yield commands.SendData(self.conn, last.serialize())

    def handle_h2_event(self, event: h2.events.Event) -> CommandGenerator[bool]:
        if isinstance(event, h2.events.RequestReceived):
            if self.draining:  # the client may ask elsewhere: nothing was done (RFC 9113 section 8.7)
                self.h2_conn.reset_stream(event.stream_id or 0, h2.errors.ErrorCodes.REFUSED_STREAM)
                yield commands.SendData(self.conn, self.h2_conn.data_to_send())
                return False
            size = sum(len(name) + len(value) + 4 for name, value in event.headers or ())
            lengths = [value for name, value in event.headers or () if name == b"content-length"]
            if event.stream_ended is not None and lengths not in ([], [b"0"]):
                detail = "The request announces a body and has none."  # RFC 9113 section 8.1.1
                yield from self._refuse(event.stream_id or 0, Problem(400, "bad-request", detail))
                return False
            if size > self.gate.head_limit:
                detail = f"The request head is longer than {self.gate.head_limit} bytes."
                yield from self._refuse(event.stream_id or 0, Problem(431, "head-too-large", detail))
                return False
        return (yield from super().handle_h2_event(event))

    def _can_answer(self, event: ResponseProtocolError) -> bool:
        if event.code.http_status_code() is None or not self.is_open_for_us(event.stream_id):
            return False
        return not self.h2_conn.streams[event.stream_id].state_machine.headers_sent

    def _refuse(self, stream_id: int, problem: Problem) -> CommandGenerator[None]:
        """Answer a head that never becomes a request."""
        yield from self._answer(stream_id, problem, self.gate.head_refused(self.context.client, problem))

    def _answer(self, stream_id: int, problem: Problem, request_id: str) -> CommandGenerator[None]:
        fields, body = answers.fields_and_body(problem, request_id)
        self.h2_conn.send_headers(stream_id, fields)
        self.h2_conn.send_data(stream_id, body, end_stream=True)
        if not self.is_closed(stream_id):
            self.h2_conn.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
        self.streams.pop(stream_id, None)
        yield commands.SendData(self.conn, self.h2_conn.data_to_send())


class GatewayHttp2Client(_Pausing, Http2Client):
    """HTTP/2 toward a target. Outside, its streams have other ids than on its own connection."""

    window = 1 << 20
    sends_requests = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._start_flow_control()

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, HttpEvent) and not isinstance(event, FlowControl):
            yield from self._send(event)
        elif isinstance(event, IdleExpired):
            self.h2_conn.close_connection()  # a GOAWAY comes before the close: RFC 9113 section 6.8
            yield commands.SendData(self.conn, self.h2_conn.data_to_send())
            yield from self.close_connection("idle")
        else:
            yield from super()._handle_event(event)

    def _send(self, event: HttpEvent) -> CommandGenerator[None]:
        ours = self.our_stream_id.get(event.stream_id)
        if isinstance(event, RequestHeaders):
            if ours is not None and self.is_closed(ours):
                del self.our_stream_id[event.stream_id]  # the request is sent again, on a stream of its own
        elif ours is None:
            queue = self.stream_queue.get(event.stream_id)  # of what waits for a stream to become free
            if not queue:
                return  # its stream is over
            if isinstance(event, RequestData) and join(queue, event):
                yield from self._report(event.stream_id)
                return
        yield from super()._handle_event(event)

    def _forget_streams(self) -> None:
        super()._forget_streams()
        self.their_stream_id = {own: theirs for own, theirs in self.their_stream_id.items() if own in self.streams}
        self.our_stream_id = {theirs: own for theirs, own in self.our_stream_id.items() if own in self.streams}

    def _keeps_any(self) -> bool:
        return bool(self.h2_conn.stream_buffers or self.stream_queue)

    def _keeps(self, stream_id: int, mark: int) -> bool:
        ours = self.our_stream_id.get(stream_id)
        if ours is None:
            return exceeds(bodies(self.stream_queue.get(stream_id, ()), RequestData), mark)
        return super()._keeps(ours, mark)

    def _pause_or_resume(self, stream_id: int, paused: bool) -> CommandGenerator[None]:
        ours = self.our_stream_id.get(stream_id)
        if ours is not None:
            yield from super()._pause_or_resume(ours, paused)
