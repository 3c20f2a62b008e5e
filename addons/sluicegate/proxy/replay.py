"""Replays from mitmproxy's UI or command line: the original request is routed again, never the routed one twice.

A flow that was edited goes as edited to its recorded target, and says so.
"""

from __future__ import annotations

import zlib
from typing import Any

from mitmproxy import http

from ..endpoints.targets import DEFAULT_PORTS, Origin, Target
from ..exchange import Forward, Verdict
from ..problems import Problem
from .flows import METADATA
from .live import Live

NAME = "replay"
EDITED = "edited"
"""The place of the decision for a flow that goes as edited: no line of a route file made it."""


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


def restore(flow: http.HTTPFlow, record: dict[str, Any]) -> None:
    """Give a flow its original request back, with the request id that it had."""
    source = record["source"]
    data = flow.request.data
    data.method = source["method"].encode("latin-1")
    data.path = source["target"]
    data.authority = source["authority"].encode("latin-1")
    data.http_version = source["http_version"].encode("latin-1")
    fields = [(bytes(name), bytes(value)) for name, value in source["headers"] if name.lower() != b"x-request-id"]
    data.headers = http.Headers([*fields, (b"X-Request-Id", record["request_id"].encode("latin-1"))])


def send_as_edited(flow: http.HTTPFlow, live: Live, record: dict[str, Any]) -> None:
    """Decide for an edited flow: to the target that was recorded, as it is now."""
    exchange = live.exchange
    live.as_edited = True
    live.source = record["source"]
    scheme, host, port = record.get("origin") or ("", "", 0)
    if scheme not in DEFAULT_PORTS:
        exchange.refuse(NAME, Problem(400, "no-target", "The flow was edited, and it has no recorded target to go to."))
        return
    origin = Origin(scheme, host, port)
    data = flow.request.data
    data.scheme, data.host, data.port = scheme.encode("ascii"), host, port
    host_field = flow.request.host_header or origin.authority
    exchange.forward = Forward(Target(origin, text=str(origin)), data.path, host_field, EDITED)
    exchange.trail.append(Verdict(NAME, "routed", "edited: sent as edited to its recorded target"))
