"""What files of flows hold, in a form that two runs can be compared in."""

from __future__ import annotations

import re
from pathlib import Path

from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from .tape import masked


def flow_texts(path: Path) -> list[str]:
    """What a file of flows holds, but for times, ids and ports."""
    with path.open("rb") as file:
        found = [flow for flow in FlowReader(file).stream() if isinstance(flow, HTTPFlow)]
    shown = [
        [flow.comment, flow.marked, flow.error and flow.error.msg, sorted(flow.metadata), *_messages(flow)]
        for flow in found
        if "undecided" not in flow.request.host
    ]
    changing = re.compile(r"((?:Date|Sec-WebSocket-Key|Sec-WebSocket-Accept)', b')[^']+")
    return sorted(changing.sub(r"\1<>", masked(repr(each))) for each in shown)


def _messages(flow: HTTPFlow) -> list[object]:
    told: list[object] = []
    for message in (flow.request, flow.response):
        state = message.get_state() if message else {}
        told.append({name: value for name, value in state.items() if not name.startswith("timestamp")})
    return [*told, [(each.from_client, each.content) for each in flow.websocket.messages] if flow.websocket else None]
