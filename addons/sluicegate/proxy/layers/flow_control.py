"""Flow control from end to end (RFC 9113 section 5.2): a sender waits while its receiver, or its exchange, is behind.

The core gives the sender of an HTTP/2 stream its window back at once and keeps without bound what the other side
does not take. Here what is kept of a body that has nowhere to go yet is bounded, and its sender is told to pause.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from mitmproxy.connection import Client, Connection
from mitmproxy.proxy import events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData
from mitmproxy.proxy.server import ConnectionHandler

from ..upstreams import Upstreams
from .gate import FlowControl

HIGH = 1 << 19
"""Bytes of one body that wait at one place, at most, before its sender is told to pause."""
LOW = 1 << 18
"""Bytes of one body down to which its receiver must take it before the sender goes on."""
JOINED = 1 << 12
"""Bytes up to which neighbouring pieces of a waiting body are joined: tiny ones would cost far more than their size."""

_BEHIND, _WAITING = "behind", "waiting"
"""Why a sender pauses: its receiver does not take the body, or the exchange waits for a connection or a hook."""


class Held(Protocol):
    """A piece of a body."""

    @property
    def data(self) -> bytes:
        """Its bytes."""


def exceeds(pieces: Iterable[Held], mark: int) -> bool:
    """Whether pieces of a body are more than `mark` bytes together."""
    size = 0
    for piece in pieces:
        size += len(piece.data)
        if size > mark:
            return True
    return False


def bodies(
    queue: Iterable[events.Event], kind: type[RequestData | ResponseData]
) -> Iterable[RequestData | ResponseData]:
    """Return the pieces of one body among waiting events."""
    return (event for event in queue if isinstance(event, kind))


def join(queue: Sequence[events.Event] | deque[events.Event], event: RequestData | ResponseData) -> bool:
    """Join a small piece of a body with the last waiting one; False where it has to wait by itself."""
    last = queue[-1] if queue else None
    joined = (
        isinstance(last, (RequestData, ResponseData))
        and type(last) is type(event)
        and last.stream_id == event.stream_id
        and len(last.data) + len(event.data) <= JOINED
    )
    if joined and isinstance(last, (RequestData, ResponseData)):
        last.data += event.data
    return joined


_BODY = (RequestData, ResponseData)


class PausingStream(HttpStream):
    """An exchange that passes on to the sender of a body what its receiver says, and bounds what itself keeps."""

    upstreams: Upstreams

    def __init__(self, context: Context, stream_id: int) -> None:
        super().__init__(context, stream_id)
        self._reasons: dict[bool, set[str]] = {}
        """Which bodies are paused, and why: the request's (True), the response's (False)."""
        self._bytes_waiting = {True: 0, False: 0}

    def handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, FlowControl):
            return self._pause(event.request, _BEHIND, event.paused)
        if self._paused is not None:
            is_body = isinstance(event, _BODY)
            if is_body or self._reasons or self._bytes_waiting[True] or self._bytes_waiting[False]:
                return self._while_waiting(event)
        elif self._reasons:
            return self._while_paused(event)
        return super().handle_event(event)

    def _while_paused(self, event: events.Event) -> CommandGenerator[None]:
        yield from super().handle_event(event)
        yield from self._settle()

    def _while_waiting(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, (RequestData, ResponseData)):
            request = isinstance(event, RequestData)
            if not join(self._paused_event_queue, event):
                yield from super().handle_event(event)
            self._bytes_waiting[request] += len(event.data)
            if self._bytes_waiting[request] > HIGH:
                yield from self._pause(request, _WAITING, True)
            return
        yield from super().handle_event(event)
        for request, kind in ((True, RequestData), (False, ResponseData)):
            if self._bytes_waiting[request]:
                waiting = bodies(self._paused_event_queue, kind)
                self._bytes_waiting[request] = sum(len(piece.data) for piece in waiting)
        yield from self._settle()

    def _settle(self) -> CommandGenerator[None]:
        """Undo every pause that has lost its reason, be it that its body is over."""
        for request, reasons in list(self._reasons.items()):
            if _WAITING in reasons and self._bytes_waiting[request] <= LOW:
                yield from self._pause(request, _WAITING, False)
            if _BEHIND in reasons and self._is_over(request):
                yield from self._pause(request, _BEHIND, False)

    def _pause(self, request: bool, reason: str, paused: bool) -> CommandGenerator[None]:
        """Note that a body has, or no longer has, a reason to wait; tell its sender when that changes something."""
        reasons = self._reasons.get(request, set())
        was = bool(reasons)
        if not paused:
            reasons.discard(reason)
        elif not self._is_over(request):
            reasons.add(reason)
        if bool(reasons) == was:
            return
        if reasons:
            self._reasons[request] = reasons
        else:
            del self._reasons[request]
        sender = self.context.client if request else self.context.server
        yield SendHttp(FlowControl(self.stream_id, request, not was), sender)

    def _is_over(self, request: bool) -> bool:
        """Whether nothing more is to come of a body that would be passed on, or nobody is there to send it."""
        if request:
            return self.client_state in (self.state_done, self.state_errored)
        known = self.upstreams.get(self.context.server) is not None
        return not known or self.server_state in (self.state_done, self.state_errored)


class Handlers(Protocol):
    """Where the handler of a live client connection is found."""

    def handler(self, client: Client) -> ConnectionHandler | None:
        """The handler of a live client connection."""


class Reading:
    """Reading from the socket of one HTTP/1 connection: what is not read, TCP holds back at the sender."""

    def __init__(self, handlers: Handlers, client: Client, connection: Connection) -> None:
        self._handlers = handlers
        self._client = client
        self._connection = connection
        self._stopped = False
        self.paused_for: int | None = None
        """The stream whose message is not read on."""

    def control(self, event: FlowControl, current: int | None) -> CommandGenerator[None]:
        """Pause or resume as a stream asks for; `current` is the one whose messages are on the connection now."""
        if event.paused and event.stream_id == current:
            self.paused_for = current
            self.pause()
        elif not event.paused and event.stream_id == self.paused_for:
            self.paused_for = None
            self.resume()
        yield from ()

    def pause(self) -> None:
        """Stop reading; to be called again with all data that still comes.

        The stream reader pauses and resumes the same transport by itself when its own buffer is full. What it has
        paused is left to it: once it resumes, it has data to give, and with that data the transport is paused here.
        """
        transport = self._transport()
        if transport is not None and transport.is_reading():
            transport.pause_reading()
            self._stopped = True

    def resume(self) -> None:
        """Read again, if reading was stopped here."""
        transport = self._transport()
        if self._stopped and transport is not None:
            transport.resume_reading()
        self._stopped = False

    def _transport(self) -> asyncio.ReadTransport | None:
        handler = self._handlers.handler(self._client)
        io = handler.transports.get(self._connection) if handler is not None else None
        writer = io.writer if io is not None else None
        if not isinstance(writer, asyncio.StreamWriter):
            return None
        transport = writer.transport
        return transport if isinstance(transport, asyncio.ReadTransport) and not transport.is_closing() else None
