"""The HTTP layer of a client connection: own streams, own connection layers, and only connections that were decided."""

from __future__ import annotations

import functools

from mitmproxy.connection import ConnectionState, Server
from mitmproxy.proxy import commands, events, layer, tunnel
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers import tls
from mitmproxy.proxy.layers.http import (
    GetHttpConnection,
    GetHttpConnectionCompleted,
    HttpLayer,
    HTTPMode,
    RegisterHttpConnection,
)
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.utils import asyncio_utils

from ..upstreams import NOT_DECIDED, TIMED_OUT
from .context import GatewayContext
from .drain import Drain
from .gate import CarryOn, DeadlineExpired, Gate, GetDecidedConnection, IdleExpired, TooManyStreams
from .http1 import GatewayHttp1Client, GatewayHttp1Server
from .http2 import GatewayHttp2Client, GatewayHttp2Server
from .stream import GatewayStream

MOST_STREAMS = 400
"""Exchanges of one client connection at a time, those included that it gave up and that are not done with: four times
as many as an HTTP/2 client may have open."""
_H1 = b"http/1.1"
_H2 = b"h2"


_OWN = frozenset({DeadlineExpired, CarryOn, IdleExpired, Drain, events.Start, events.ConnectionClosed})
"""Events with which the layer does something of its own; all the others go straight to the core's."""


class GatewayHttpLayer(HttpLayer):
    """The HTTP layer of one client connection."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(GatewayContext.of(context, gate.values), HTTPMode.transparent)
        self.gate = gate
        self.ended: set[Server] = set()
        """Connections to targets of which nothing more is heard."""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if event.__class__ in _OWN:
            return self._handle_own(event)
        return super()._handle_event(event)  # type: ignore[no-any-return]

    def _handle_own(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, (DeadlineExpired, CarryOn)):
            stream = self.streams.get(event.stream_id)
            if stream is not None:
                yield from self.event_to_child(stream, event)
            return
        if isinstance(event, IdleExpired):
            yield from self.close_idle(event)
            return
        if isinstance(event, Drain):
            yield from self.event_to_child(self.connections[self.context.client], event)
            return
        if isinstance(event, events.Start):
            server = GatewayHttp2Server if self.context.client.alpn == _H2 else GatewayHttp1Server
            self.connections[self.context.client] = server(self.context.fork(), self.gate)
        yield from super()._handle_event(event)
        if isinstance(event, events.ConnectionClosed) and isinstance(event.connection, Server):
            self.ended.add(event.connection)
            if not self.streams:
                self.forget_closed()  # an idle client is to cost little

    def make_stream(self, stream_id: int) -> CommandGenerator[None]:
        client = self.context.client
        if len(self.streams) >= MOST_STREAMS:
            if client.connected:
                yield from self.event_to_child(self.connections[client], TooManyStreams(stream_id))
            return
        self.streams[stream_id] = stream = GatewayStream(self.context.fork(), stream_id, self.gate)
        yield from self.event_to_child(stream, events.Start())

    def get_connection(self, event: GetHttpConnection, *, reuse: bool = True) -> CommandGenerator[None]:
        if not isinstance(event, GetDecidedConnection) or event.forward is None:
            yield from self.reply(event, None, NOT_DECIDED)
            return
        for connection in [own for own in self.connections if reuse and event.connection_spec_matches(own)]:
            if connection in self.waiting_for_establishment:
                if not event.http1_only:  # it may turn out to speak HTTP/2
                    self.waiting_for_establishment[connection].append(event)
                    return
            elif connection.connected and (self.context.client.alpn != _H2 or connection.alpn == _H2):
                yield from self.reply(event, connection, None)
                return
        yield from self.open(event)

    def reply(self, event: GetHttpConnection, connection: object, error: str | None) -> CommandGenerator[None]:
        stream = self.command_sources.pop(event)
        completed = GetHttpConnectionCompleted(event, (connection, error))  # type: ignore[arg-type]
        yield from self.event_to_child(stream, completed)

    def open(self, event: GetDecidedConnection) -> CommandGenerator[None]:
        """Open a new connection as the decision asks for it."""
        self.forget_closed()
        if event.forward is None:
            return
        target = event.forward.target
        server = Server(address=event.address, transport_protocol="tcp")
        self.gate.upstreams.decide(server, target.origin, insecure=target.connection.insecure)
        context = self.context.fork()
        context.server = server
        stack = tunnel.LayerStack()
        if event.tls:
            server.sni = target.origin.host
            server.alpn_offers = (_H1,) if event.http1_only else (_H2, _H1)
            stack /= tls.ServerTLSLayer(context)
        elif target.connection.h2c and not event.http1_only:
            server.alpn = _H2
        stack /= _Client(context, self.gate)
        self.connections[server] = stack[0]
        self.waiting_for_establishment[server].append(event)
        yield from self.event_to_child(stack[0], events.Start())

    def register_connection(self, command: RegisterHttpConnection) -> CommandGenerator[None]:
        if isinstance(command.connection, Server):
            if command.err and command.connection.timestamp_tcp_setup is None:
                self.ended.add(command.connection)  # there was no connection: none will be closed
            if not command.err:
                self.watch_idle(command.connection)
            elif (upstream := self.gate.upstreams.get(command.connection)) is not None and upstream.timed_out:
                command.err = TIMED_OUT
        yield from super().register_connection(command)

    def watch_idle(self, server: Server) -> None:
        """Have `IdleExpired` come when no exchange has ended on a connection for as long as it may idle."""
        handler = self.gate.handler(self.context.client)
        if handler is not None:
            self.gate.upstreams.watch_idle(server, functools.partial(_tell, handler, IdleExpired(server)))

    def close_idle(self, event: IdleExpired) -> CommandGenerator[None]:
        """Close a connection, unless it carries an exchange: one that is silent for long is an exchange as well."""
        server = event.connection
        if server not in self.connections or not server.connected:
            return
        if server in self.waiting_for_establishment or server in self.carrying():
            self.watch_idle(server)
        elif server.alpn == _H2:
            yield from self.event_to_child(self.connections[server], event)
        else:
            yield commands.CloseConnection(server)

    def carrying(self) -> set[Server]:
        """The connections to targets that exchanges have been given."""
        return {stream.context.server for stream in self.streams.values()}

    def forget_closed(self) -> None:
        """Let go of connections that are closed and carry no exchange any more."""
        if not self.ended:
            return
        carrying = self.carrying()
        for server in list(self.ended):
            if (
                server.state is ConnectionState.CLOSED
                and server not in self.waiting_for_establishment
                and server not in carrying
            ):
                self.ended.discard(server)
                self.connections.pop(server, None)


class _Client(layer.Layer):
    """Opens the connection to a target and puts the layer of its protocol on it."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context)
        self.gate = gate
        self.child: GatewayHttp1Client | GatewayHttp2Client | None = None

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        error: str | None = yield commands.OpenConnection(self.context.server)
        if not error:
            http2 = self.context.server.alpn == _H2
            child = GatewayHttp2Client(self.context) if http2 else GatewayHttp1Client(self.context, self.gate)
            self.child = child
            self._handle_event = child.handle_event  # type: ignore[method-assign]
            yield from child.handle_event(event)
        yield RegisterHttpConnection(self.context.server, error)


def _tell(handler: ConnectionHandler, event: IdleExpired) -> None:
    asyncio_utils.create_task(handler.server_event(event), name="idle upstream connection", keep_ref=True)
