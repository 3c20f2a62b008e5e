"""All levers: what each replaces, and why nobody can tell the difference but by the time it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mitmproxy import addonmanager, hooks
from mitmproxy.net.http import http1
from mitmproxy.proxy import layer, mode_servers, server
from mitmproxy.proxy.layers import http, modes
from mitmproxy.proxy.layers.http import _http1

from .levers import Lever

if TYPE_CHECKING:
    from ..master import GatewayMaster

_HOOKS = (
    addonmanager.AddonManager.trigger_event,
    addonmanager.AddonManager.invoke_addon,
    addonmanager.AddonManager._iter_hooks,
    addonmanager.AddonManager.handle_lifecycle,
    addonmanager.safecall,
    hooks.Hook.args,
)
_CONNECTIONS = (
    *_HOOKS,
    mode_servers.ProxyConnectionHandler.handle_hook,
    server.TimeoutWatchdog,
    server.ConnectionHandler.__init__,
    server.ConnectionHandler.server_event,
    server.ConnectionHandler.hook_task,
    server.ConnectionHandler.handle_connection,
    server.ConnectionHandler.drain_writers,
    server.ConnectionHandler.close_connection,
)


def _call_hooks_from_a_table(master: GatewayMaster) -> None:
    master.chain.quick = True


def _handle_events_at_once(master: GatewayMaster) -> None:
    from .connections import QuickHandler

    master.proxyserver.handler = QuickHandler


def _open_the_express_lane(master: GatewayMaster) -> None:
    from .connections import ExpressHandler

    master.proxyserver.handler = ExpressHandler


LEVERS = (
    Lever(
        # Same functions, order, AddonHalt and logging of faults; found once instead of by walking all addons.
        "hooks",
        _HOOKS,
        frozenset({"c24147e4b31a28aa"}),
        _call_hooks_from_a_table,
    ),
    Lever(
        # Same commands in the same order. A hook that need not wait runs where it arises, not in a task; data go to
        # the layers as they arrive, not through a stream reader and its task; what one event writes is written at once.
        "connections",
        _CONNECTIONS,
        frozenset({"0caea540795bb201"}),
        _handle_events_at_once,
    ),
    Lever(
        # The same hooks, parsers and checks in the same order as the layers have them, for exchanges that ask for
        # nothing special; see `express`.
        "express",
        (
            *_CONNECTIONS,
            http.HttpLayer,
            http.HttpStream,
            _http1.Http1Connection,
            _http1.Http1Server,
            _http1.Http1Client,
            _http1.should_make_pipe,
            http1.connection_close,
            http1.expected_http_body_size,
            layer.NextLayer,
            modes.ReverseProxy,
            modes.DestinationKnown,
        ),
        frozenset({"ef8ba6458cc8fccf"}),
        _open_the_express_lane,
    ),
)
