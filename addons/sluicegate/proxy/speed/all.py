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
    server.ConnectionHandler.handle_client,
    server.ConnectionHandler.open_connection,
    server.ConnectionHandler.wakeup,
    server.ConnectionHandler.log,
    server.ConnectionHandler.server_event,
    server.ConnectionHandler.hook_task,
    server.ConnectionHandler.handle_connection,
    server.ConnectionHandler.drain_writers,
    server.ConnectionHandler.close_connection,
)


def _call_hooks_from_a_table(master: GatewayMaster) -> None:
    """Call what a hook calls from a table, instead of looking through the addons for each hook.

    Replaces the walk of `AddonManager.trigger_event`: the same functions in the same order, the same `AddonHalt`, the
    same log of faults; they are found once. From 0.61 to 0.48 of bare mitmdump's CPU time for a request.
    """
    master.chain.quick = True


def _handle_events_at_once(master: GatewayMaster) -> None:
    """Carry events and hooks out where they arise.

    Replaces tasks, locks and stream readers of `ConnectionHandler`: the same commands in the same order. A hook that
    need not wait has no task of its own, data go to the layers as they arrive, and what one event writes to a
    connection is written at once. From 0.48 to 0.39.
    """
    from .connections import QuickHandler

    master.proxyserver.handler = QuickHandler


def _open_the_express_lane(master: GatewayMaster) -> None:
    """Let plain exchanges go past the layers.

    Replaces the layers' state machines for exchanges that ask for nothing special: the same hooks, parsers and checks
    in the same order (`express`). From 0.39 to 0.16.
    """
    from .connections import ExpressHandler

    master.proxyserver.handler = ExpressHandler


LEVERS = (
    Lever("hooks", _HOOKS, frozenset({"c24147e4b31a28aa"}), _call_hooks_from_a_table),
    Lever("connections", _CONNECTIONS, frozenset({"69aa1092ac3287ea"}), _handle_events_at_once),
    Lever(
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
        frozenset({"ec09a300429608df"}),
        _open_the_express_lane,
    ),
)
