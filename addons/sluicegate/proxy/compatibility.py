"""Whether the installed mitmproxy fits the gateway's layers; safety is never optional, so else it does not start."""

from __future__ import annotations

import inspect
import re
from typing import Any

from mitmproxy import version
from mitmproxy.proxy.layers import http, websocket
from mitmproxy.proxy.layers.http import _http1, _http2, _http_h2
from mitmproxy.proxy.server import ConnectionHandler

LOWEST = (12, 2, 3)
BELOW = (13,)

_OVERRIDDEN: dict[tuple[Any, str], str] = {
    (http.HttpLayer, "_handle_event"): "event",
    (http.HttpLayer, "make_stream"): "stream_id",
    (http.HttpLayer, "get_connection"): "event reuse",
    (http.HttpLayer, "register_connection"): "command",
    (http.HttpStream, "__init__"): "context stream_id",
    (http.HttpStream, "handle_event"): "event",
    (http.HttpStream, "_handle_event"): "event",
    (http.HttpStream, "state_wait_for_request_headers"): "event",
    (http.HttpStream, "state_stream_request_body"): "event",
    (http.HttpStream, "state_consume_request_body"): "event",
    (http.HttpStream, "state_wait_for_response_headers"): "event",
    (http.HttpStream, "start_request_stream"): "",
    (http.HttpStream, "start_response_stream"): "",
    (http.HttpStream, "send_response"): "already_streamed",
    (http.HttpStream, "check_invalid"): "request",
    (http.HttpStream, "make_server_connection"): "",
    (http.HttpStream, "handle_protocol_error"): "event",
    (http.HttpStream, "flow_done"): "",
    (_http1.Http1Connection, "_handle_event"): "event",
    (_http1.Http1Connection, "mark_done"): "request response",
    (_http1.Http1Server, "read_headers"): "event",
    (_http1.Http1Server, "send"): "event",
    (_http1.Http1Client, "read_headers"): "event",
    (_http1.Http1Client, "send"): "event",
    (_http1, "make_body_reader"): "expected_size",
    (_http1, "should_make_pipe"): "request response",
    (_http2.Http2Server, "_handle_event"): "event",
    (_http2.Http2Server, "handle_h2_event"): "event",
    (_http2.Http2Client, "_handle_event"): "event",
    (_http2.Http2Client, "handle_h2_event"): "event",
    (_http_h2.BufferedH2Connection, "send_data"): "stream_id data end_stream pad_length",
    (websocket.WebsocketLayer, "relay_messages"): "event",
    (ConnectionHandler, "server_event"): "event",
    (ConnectionHandler, "open_connection"): "command",
}


class IncompatibleError(RuntimeError):
    """The installed mitmproxy is not one that the gateway can be safe with."""


def check_mitmproxy() -> None:
    """Raise IncompatibleError where mitmproxy's version or what the layers override is another one."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version.VERSION)[:3])
    if not LOWEST <= numbers < BELOW:
        raise IncompatibleError(
            f"mitmproxy {version.VERSION} is installed; Sluicegate needs >=12.2.3,<13: run scripts/setup"
        )
    for (owner, name), expected in _OVERRIDDEN.items():
        found = getattr(owner, name, None)
        parameters = [one for one in inspect.signature(found).parameters if one != "self"] if found else None
        if parameters != expected.split():
            raise IncompatibleError(
                f"mitmproxy {version.VERSION} is too different: {owner.__name__}.{name} is not as the gateway's layers "
                "need it. Install the version in scripts/constraints.txt with scripts/setup"
            )
