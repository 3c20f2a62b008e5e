"""Connections as they come and go: clients may come once there are routes, and none goes to a target not decided on."""

from __future__ import annotations

import asyncio
import collections
from typing import Any

from mitmproxy import ctx, tls
from mitmproxy.connection import Client, Connection
from mitmproxy.proxy import server_hooks
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.server import ConnectionHandler
from OpenSSL import SSL

from .guard import guarded, observing
from .routes import Routes
from .upstreams import NOT_DECIDED, Upstreams

PARALLEL_CONNECTS = 100
"""Connections that one client may have opened to one target at a time; mitmproxy's own limit is 5."""


class ConnectionHooks:
    """The hooks of the gateway that see connections; those that see exchanges are `gateway.Gateway`'s."""

    def __init__(self) -> None:
        self.routes = Routes()
        self.upstreams = Upstreams()

    def handler(self, client: Client) -> ConnectionHandler | None:
        """Return what carries a client's connection, None where it is over."""
        return _handlers().get(client.id)

    def client_connected(self, client: Client) -> None:
        if not isinstance(client.proxy_mode, ReverseMode) or not self.routes.has_loaded:
            client.error = "the gateway is still starting"
            return
        handler = self.handler(client)
        if handler is not None:
            handler.max_conns = collections.defaultdict(lambda: asyncio.Semaphore(PARALLEL_CONNECTS))

    def _refuse_server(self, data: server_hooks.ServerConnectionHookData) -> None:
        data.server.error = NOT_DECIDED

    @guarded(_refuse_server)
    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        upstream = self.upstreams.get(data.server)
        if upstream is not None and data.server.address != (upstream.origin.host, upstream.origin.port):
            data.server.error = NOT_DECIDED  # another addon pointed it elsewhere
        elif upstream is not None:
            handler = self.handler(data.client)
            if handler is not None:
                self.upstreams.start_timer(data.server, handler)
        elif data.client.id in _handlers() or not self.upstreams.is_expected_replay(data.server):
            data.server.error = NOT_DECIDED

    @observing
    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        if not data.server.tls:
            self.upstreams.stop_timer(data.server)

    @observing
    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        self.upstreams.stop_timer(data.server)

    @observing
    def server_disconnected(self, data: server_hooks.ServerConnectionHookData) -> None:
        self.upstreams.stop_timer(data.server)
        self._close_socket(data.client, data.server)

    @observing
    def client_disconnected(self, client: Client) -> None:
        self._close_socket(client, client)

    def _close_socket(self, client: Client, connection: Connection) -> None:
        """Close what the core leaves open: a close that meets data waiting for the layers ends the task before it."""
        handler = self.handler(client)
        transport = handler.transports.get(connection) if handler is not None else None
        if transport is not None and transport.writer is not None:
            transport.writer.close()

    @observing
    def tls_established_server(self, data: tls.TlsData) -> None:
        if data.conn is not data.context.client:
            self.upstreams.stop_timer(data.conn)  # type: ignore[arg-type]

    @observing
    def tls_start_server(self, data: tls.TlsData) -> None:
        upstream = self.upstreams.get(data.conn)  # type: ignore[arg-type]
        if upstream is not None and upstream.insecure and isinstance(data.ssl_conn, SSL.Connection):
            data.ssl_conn.set_verify(SSL.VERIFY_NONE)


def _handlers() -> dict[Any, Any]:
    proxyserver = ctx.master.addons.get("proxyserver")
    return proxyserver.connections if proxyserver is not None else {}
