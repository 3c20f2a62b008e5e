"""The routing stage: one endpoint for a request, and where the request goes."""

from __future__ import annotations

from ..endpoints.normalise import climbs
from ..endpoints.table import Endpoint, Fallback
from ..endpoints.targets import Target, UnsafePathError, render_path, render_query
from ..exchange import Exchange, Forward, Verdict
from ..problems import Problem
from .nearest import nearest

NAME = "routing"


def route(exchange: Exchange) -> None:
    """Decide where an admitted exchange goes: the route of its endpoint, an origin, or a refusal that says why."""
    snapshot = exchange.snapshot
    if snapshot is None:
        exchange.refuse(NAME, Problem(503, "no-routes", "The gateway has no valid route files yet."))
        return
    table = snapshot.table
    found = table.lookup(exchange.method, exchange.host, exchange.path)
    reason = "most specific endpoint"
    if found is None and exchange.method == "OPTIONS" and (asked := _preflight_method(exchange)) is not None:
        found = table.lookup(asked, exchange.host, exchange.path)
        reason = f"CORS preflight follows the route of {asked}"
    exchange.endpoint = found
    exchange.segments = exchange.path.split("/")
    if found is not None and found.route is not None:
        _forward(exchange, found.route, str(found.place), reason)
        return
    fallback = _fallback(exchange)
    if fallback is None:
        exchange.refuse(NAME, _refusal(exchange))
        return
    reason = "no endpoint matches: origin" if exchange.endpoint is None else "endpoint without a route: origin"
    place = str(exchange.endpoint.place if exchange.endpoint else fallback.place or "--mode")
    _forward(exchange, fallback.target, place, reason, fallback)


def _forward(exchange: Exchange, target: Target, place: str, reason: str, fallback: Fallback | None = None) -> None:
    try:
        path = render_path(target, exchange.segments, exchange.host)
        rendered = _kept_path(exchange, target, fallback) if path is None else path.encode("ascii")
    except UnsafePathError as error:
        exchange.refuse(NAME, Problem(400, "unsafe-path", f"The path cannot be routed: {error}."))
        return
    query = render_query(target, exchange.query, exchange.segments, exchange.host)
    if query is not None:
        rendered += b"?" + query
    maps_back = (
        fallback.rewrite_location if fallback else bool(exchange.endpoint and exchange.endpoint.rewrite_location)
    )
    exchange.forward = Forward(target, rendered, _host_field(exchange, target), place, maps_back)
    exchange.trail.append(Verdict(NAME, "routed", reason))


def _kept_path(exchange: Exchange, target: Target, fallback: Fallback | None) -> bytes:
    """The request's own path behind the target's base path. Raises UnsafePathError."""
    keeper = fallback or exchange.endpoint
    if keeper and keeper.normalize_to_origin:
        return (target.base + exchange.path).encode("ascii")
    kept = exchange.target.partition(b"?")[0]
    if target.base and climbs(kept):
        raise UnsafePathError("its dot segments would leave the base path of the target")
    return target.base.encode("ascii") + kept


def _host_field(exchange: Exchange, target: Target) -> str:
    if target.host_header == "target":
        return target.origin.authority
    if target.host_header == "source":
        return exchange.authority or target.origin.authority
    return target.host_header


def _preflight_method(exchange: Exchange) -> str | None:
    """The method that a CORS preflight asks about (Fetch standard, CORS-preflight request), or None."""
    asked = exchange.field_values(b"access-control-request-method")
    if len(asked) != 1 or not exchange.field_values(b"origin"):
        return None
    return asked[0].decode("ascii", "replace")


def _fallback(exchange: Exchange) -> Fallback | None:
    """The origin of an endpoint's own host pattern, else of the most specific one that fits, else the gateway's."""
    snapshot = exchange.snapshot
    if snapshot is None:
        return None
    own = snapshot.table.own_fallback(exchange.endpoint) if exchange.endpoint else None
    return own or snapshot.table.fallback(exchange.host) or snapshot.default


def _refusal(exchange: Exchange) -> Problem:
    """Why nothing takes the request: 421 for the host, 405 for the method, 404 for the path."""
    snapshot = exchange.snapshot
    if snapshot is None or not snapshot.table.serving(exchange.host):
        return Problem(421, "unknown-host", "No route file serves this host.")
    endpoint: Endpoint | None = exchange.endpoint
    if endpoint is not None:
        return Problem(404, "no-route", "The endpoint is managed, but it has no route and its host has no origin.")
    if methods := snapshot.table.methods(exchange.host, exchange.path):
        return Problem(
            405,
            "method-not-allowed",
            "The path has no endpoint for this method.",
            headers=(("Allow", ", ".join(methods)),),
        )
    members: dict[str, object] = {}
    if exchange.show_internals:
        members["nearest"] = [
            {"endpoint": near.endpoint.text, "host": near.endpoint.host.text, "differs": near.difference}
            for near in nearest(snapshot.table, exchange.method, exchange.host, exchange.path)
        ]
    return Problem(404, "no-endpoint", "No endpoint matches this request.", members=members)
