"""Decisions where people look: a content view "Sluicegate" in mitmweb and the console, with the whole trail."""

from __future__ import annotations

from typing import Any

from mitmproxy import contentviews, http
from mitmproxy.contentviews import Contentview, Metadata

from ..forwarding.headers import changes
from ..routing.explain import losers, variables
from .flows import METADATA
from .guard import observing
from .live import live_of


class SluicegateContentview(Contentview):
    """Shows what was decided for a flow, why, and how long each part took."""

    @property
    def name(self) -> str:
        return "Sluicegate"

    @property
    def syntax_highlight(self) -> Any:
        return "yaml"

    def prettify(self, data: bytes, metadata: Metadata) -> str:
        flow = metadata.flow
        if not isinstance(flow, http.HTTPFlow) or METADATA not in flow.metadata:
            return "This flow did not come through the gateway."
        return "\n".join(_lines(flow, flow.metadata[METADATA])) + "\n"

    def render_priority(self, data: bytes, metadata: Metadata) -> float:
        return -1  # never chosen by itself


def _lines(flow: http.HTTPFlow, record: dict[str, Any]) -> list[str]:
    details = record.get("details", {})
    lines = [
        f"decision:     {flow.comment}",
        f"request id:   {record['request_id']}",
        f"generation:   {record['generation']}",
        f"endpoint:     {record['endpoint'] or 'none'}",
        f"operation id: {record['operation_id'] or 'none'}",
        f"target:       {record['target'] or 'none'}",
        f"defined at:   {record['place'] or 'nowhere'}",
    ]
    lines += _section("variables", [f"{name}: {value}" for name, value in details.get("variables", {}).items()])
    lines += _section("lost to this endpoint", [f"{text}: {why}" for text, why in details.get("losers", [])])
    lines += _section("trail", [f"{stage}: {outcome}: {why}" for stage, outcome, why in record["verdicts"]])
    lines += _section("headers", [f"{what}: {', '.join(names)}" for what, names in details.get("headers", {}).items()])
    lines += _section("timings", _timings(flow))
    lines += _section("bodies", [f"{part} body: only its first 1 MiB is kept" for part in record.get("cut", [])])
    return lines


def _section(title: str, entries: list[str]) -> list[str]:
    return ["", f"{title}:", *(f"  - {entry}" for entry in entries)] if entries else []


def _timings(flow: http.HTTPFlow) -> list[str]:
    """Milliseconds from the first byte of the request."""
    start = flow.request.timestamp_start
    moments = [("request complete", flow.request.timestamp_end)]
    if flow.server_conn:
        moments += [("connected to the target", flow.server_conn.timestamp_tcp_setup)]
        moments += [("TLS with the target", flow.server_conn.timestamp_tls_setup)]
    if flow.response:
        moments += [("first byte of the response", flow.response.timestamp_start)]
        moments += [("response complete", flow.response.timestamp_end)]
    return [f"{name}: {(moment - start) * 1000:.1f} ms" for name, moment in moments if moment and moment >= start]


class Viewing:
    """Registers the content view, and writes down what it shows while the exchange is at hand."""

    name = "sluicegate-viewing"

    def __init__(self) -> None:
        self._registered = False

    def running(self) -> None:
        if not self._registered:
            contentviews.add(SluicegateContentview())
            self._registered = True

    @observing
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        record = flow.metadata.get(METADATA)
        if live is None or record is None:
            return
        exchange = live.exchange
        details: dict[str, Any] = {}
        if exchange.snapshot is not None and exchange.path:
            found = losers(exchange.snapshot.table, exchange.method, exchange.host, exchange.path)
            details["losers"] = [[f"{one.endpoint.text} ({one.endpoint.place})", one.reason] for one in found]
        if exchange.endpoint is not None:
            details["variables"] = variables(exchange.endpoint, exchange.segments, exchange.host)
        if live.sent_fields:
            details["headers"] = changes(exchange.headers, live.sent_fields)
        record["details"] = details
