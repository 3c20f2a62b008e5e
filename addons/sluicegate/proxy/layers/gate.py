"""What the layers ask of the gateway, and the events and commands of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mitmproxy import http
from mitmproxy.connection import Client, Connection, Server
from mitmproxy.proxy import events
from mitmproxy.proxy.layers.http import GetHttpConnection
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.server import ConnectionHandler

from ...exchange import Forward
from ...problems import Problem
from ..upstreams import Upstreams
from .context import OptionValues


class Gate(Protocol):
    """The gateway as its layers see it."""

    head_limit: int
    upstreams: Upstreams
    values: OptionValues

    def head_refused(self, client: Client, problem: Problem) -> str:
        """Write down a head that never became a request; returns the request id that it is answered with."""

    def handler(self, client: Client) -> ConnectionHandler | None:
        """The handler of a live client connection."""

    def forward_of(self, flow: http.HTTPFlow) -> Forward | None:
        """The decision to send a flow's request on, or None where there is none."""

    def refusal_of(self, flow: http.HTTPFlow) -> Problem | None:
        """Why a flow is answered by the gateway itself, or None where it is not."""

    def failure(self, flow: http.HTTPFlow, problem: Problem) -> http.Response:
        """Note in a flow's trail that it failed, and return the answer for its client."""

    def wants_websocket(self, flow: http.HTTPFlow) -> bool:
        """Whether a flow's client asked for the upgrade to WebSocket."""


@dataclass
class DeadlineExpired(HttpEvent):
    """No response byte came within a route's timeout. `number` tells a deadline from earlier ones of its stream."""

    number: int = 0


@dataclass
class CarryOn(HttpEvent):
    """An exchange that was begun past the layers is theirs from now on, in the state that its stream has."""


@dataclass
class IdleExpired(events.Event):
    """No exchange has ended on a connection to a target for as long as it may idle."""

    connection: Server


@dataclass
class TooManyStreams(HttpEvent):
    """A client opens streams and gives them up faster than they are dealt with: its connection ends."""


@dataclass
class StopUpload(HttpEvent):
    """The client got its whole answer before its request was complete: it need not send the rest."""


@dataclass
class FlowControl(HttpEvent):
    """A body's receiver has fallen behind (`paused`) or has caught up; passed on, the body's sender is to do likewise.

    `request` tells the request's body from the response's.
    """

    request: bool
    paused: bool


@dataclass
class GetDecidedConnection(GetHttpConnection):
    """Open or reuse the connection that a decision asks for."""

    forward: Forward | None = None
    http1_only: bool = False

    def __hash__(self) -> int:
        return id(self)

    def connection_spec_matches(self, connection: Connection) -> bool:
        """Whether a connection can carry the exchange; an upgrade needs HTTP/1.1."""
        return super().connection_spec_matches(connection) and not (self.http1_only and connection.alpn == b"h2")
