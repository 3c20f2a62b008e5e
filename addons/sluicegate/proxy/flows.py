"""Flow ⇄ Exchange: what a flow asks becomes an exchange, what was decided becomes the flow's request or response."""

from __future__ import annotations

import time
from typing import Any

from mitmproxy import http

from ..endpoints.targets import DEFAULT_PORTS
from ..exchange import Exchange, Fields, Forward, Verdict
from ..forwarding.headers import Hop, request_id, response_fields
from ..routing.locations import map_back
from ..snapshot import Snapshot
from . import answers
from .live import Live

METADATA = "sluicegate"
"""Key of `flow.metadata` under which plain data about the decision is saved with the flow."""

REFUSED = ":no_entry_sign:"
FAILED = ":warning:"
MARKS = frozenset({REFUSED, FAILED})
"""The gateway's own marks; any other one is a user's."""


def exchange_of(flow: http.HTTPFlow, snapshot: Snapshot | None) -> Exchange:
    """Return the exchange that a flow from a client begins."""
    data = flow.request.data
    headers: Fields = data.headers.fields
    peer = flow.client_conn.peername
    exchange = Exchange(
        request_id="",
        received=flow.request.timestamp_start or time.time(),
        client=peer[0] if peer else "",
        scheme="https" if flow.client_conn.tls_established else "http",
        method=data.method.decode("latin-1"),
        authority=data.authority.decode("latin-1"),
        target=data.path,
        headers=headers,
        http_version=data.http_version.decode("latin-1"),
        snapshot=snapshot,
    )
    exchange.request_id = request_id(exchange)
    return exchange


def apply_forward(flow: http.HTTPFlow, live: Live, forward: Forward, hop: Hop) -> None:
    """Rewrite a flow's request into the one that goes to the target."""
    data = flow.request.data
    origin = forward.target.origin
    fields = hop.request_fields(live.exchange, forward.host)
    data.scheme = origin.scheme.encode("ascii")
    data.host = origin.host
    data.port = origin.port
    data.path = forward.path
    data.authority = forward.host.encode("latin-1") if flow.request.is_http2 else b""
    data.headers.fields = fields
    live.sent_fields = fields


def apply_response(response: http.Response, exchange: Exchange, forward: Forward) -> None:
    """Turn a target's response into the gateway's: hop by hop, version, and locations in the public API's words."""
    data = response.data
    data.headers.fields = response_fields(data.headers.fields, upgraded=response.status_code == 101)
    if data.http_version == b"HTTP/1.0":
        data.http_version = b"HTTP/1.1"
    if forward.rewrite_location:
        for name in ("location", "content-location"):
            value = response.headers.get(name)
            mapped = map_back(value, forward.target, exchange.endpoint, exchange.host) if value is not None else None
            if mapped is not None:
                response.headers[name] = mapped


def apply_problem(flow: http.HTTPFlow, live: Live, *, verbose: bool) -> None:
    """Answer a flow with its exchange's problem."""
    exchange = live.exchange
    if exchange.problem is None:
        return
    if exchange.host:  # shown to people; nothing is ever sent there
        flow.request.data.scheme = exchange.scheme.encode("ascii")
        flow.request.data.host = exchange.host.strip("[]")
        flow.request.data.port = DEFAULT_PORTS[exchange.scheme]
    flow.request.stream = False  # mitmproxy's own options may have set it; the core takes an answer or a stream
    flow.response = answers.response(
        exchange.problem,
        exchange.instance,
        exchange.request_id,
        verbose=verbose,
        head=exchange.method == "HEAD",
    )
    if flow.request.headers.pop("expect", None) is not None and not flow.request.is_http2:
        # No 100 Continue for what is refused; whether its body still comes is open, so the connection ends with it.
        flow.response.headers["Connection"] = "close"


def describe(exchange: Exchange) -> str:
    """One line on what was decided: the flow's comment."""
    if exchange.forward is not None:
        source = exchange.endpoint.text if exchange.endpoint else f"{exchange.method} (no endpoint)"
        return f"{source} → {exchange.forward.url} · {exchange.forward.place}"
    if exchange.problem is not None:
        return f"{exchange.problem.status} {exchange.problem.detail}"
    return "undecided"


def describe_on(flow: http.HTTPFlow, live: Live) -> None:
    """Write the decision onto the flow, in plain data, where people and filters find it."""
    exchange = live.exchange
    flow.comment = ("edited: " if live.as_edited else "") + describe(exchange)
    if exchange.problem is not None:
        flow.marked = REFUSED if exchange.problem.status < 500 else FAILED
    forward, endpoint = exchange.forward, exchange.endpoint
    flow.metadata[METADATA] = {
        "request_id": exchange.request_id,
        "generation": exchange.snapshot.generation if exchange.snapshot else 0,
        "endpoint": endpoint.text if endpoint else None,
        "operation_id": endpoint.operation_id if endpoint else None,
        "place": forward.place if forward else None,
        "target": forward.url if forward else None,
        "verdicts": [[verdict.stage, verdict.outcome, verdict.reason] for verdict in exchange.trail],
        "cut": live.cut,
        "origin": list(forward.target.origin) if forward else None,
        "source": live.source or source_of(exchange),
    }


def note(flow: http.HTTPFlow, exchange: Exchange, verdict: Verdict) -> None:
    """Add a verdict to the trail of an exchange, and to what is saved with its flow."""
    exchange.trail.append(verdict)
    if (record := flow.metadata.get(METADATA)) is not None:
        record["verdicts"].append([verdict.stage, verdict.outcome, verdict.reason])


def source_of(exchange: Exchange) -> dict[str, Any]:
    """The request as the client sent it, in plain data, so that a replay can route it again."""
    return {
        "scheme": exchange.scheme,
        "method": exchange.method,
        "authority": exchange.authority,
        "target": exchange.target,
        "http_version": exchange.http_version,
        "headers": [[name, value] for name, value in exchange.headers],
    }
