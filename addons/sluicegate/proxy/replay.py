"""Replays from mitmproxy's UI or command line: the original request is routed again, never the routed one twice.

A flow that was edited goes as edited to its recorded target, and says so.
"""

from __future__ import annotations

import zlib
from typing import Any

from mitmproxy import http

from ..endpoints.targets import DEFAULT_PORTS, Origin, Target
from ..exchange import Exchange, Forward, Verdict
from ..problems import Problem
from ..snapshot import Snapshot
from .flows import METADATA

NAME = "replay"


def fingerprint(request: http.Request) -> int:
    """Return a number that changes when a person edits a request. Address and Host are left out: loading a saved flow
    into a reverse proxy rewrites them."""
    data = request.data
    parts = [data.method, data.path]
    parts += [b"%s:%s" % field for field in data.headers.fields if field[0].lower() != b"host"]
    return zlib.crc32(data.content or b"", zlib.crc32(b"\n".join(parts)))


def recorded(flow: http.HTTPFlow) -> dict[str, Any] | None:
    """What the gateway wrote into a flow when it first came, or None for a flow that it never saw."""
    found = flow.metadata.get(METADATA)
    return found if isinstance(found, dict) and isinstance(found.get("source"), dict) else None


def was_edited(flow: http.HTTPFlow, record: dict[str, Any]) -> bool:
    """Whether a flow's request is another one than the gateway had sent on."""
    return record.get("fingerprint") not in (None, fingerprint(flow.request))


def restore(flow: http.HTTPFlow, record: dict[str, Any], snapshot: Snapshot | None) -> Exchange:
    """Return the exchange of the original request, and give the flow its original request back."""
    source = record["source"]
    fields = tuple((bytes(name), bytes(value)) for name, value in source["headers"])
    data = flow.request.data
    data.method = source["method"].encode("latin-1")
    data.path = source["target"]
    data.headers = http.Headers(fields)
    peer = flow.client_conn.peername
    return Exchange(
        request_id=record["request_id"],
        received=flow.request.timestamp_start,
        client=peer[0] if peer else "",
        scheme=source["scheme"],
        method=source["method"],
        authority=source["authority"],
        target=source["target"],
        headers=fields,
        http_version=source["http_version"],
        snapshot=snapshot,
    )


def send_as_edited(flow: http.HTTPFlow, exchange: Exchange, record: dict[str, Any]) -> None:
    """Decide for an edited flow: to the target that was recorded, as it is now."""
    recorded_target = record.get("origin")
    if not recorded_target:
        exchange.refuse(NAME, Problem(400, "no-target", "The flow was edited, and it has no recorded target to go to."))
        return
    scheme, host, port = recorded_target
    if scheme not in DEFAULT_PORTS:
        exchange.refuse(NAME, Problem(400, "no-target", "The recorded target of the flow is not one."))
        return
    target = Target(Origin(scheme, host, port), text=str(Origin(scheme, host, port)))
    host_field = flow.request.host_header or target.origin.authority
    exchange.forward = Forward(target, flow.request.data.path, host_field, "edited")
    exchange.trail.append(Verdict(NAME, "routed", "edited: sent as edited to its recorded target"))
