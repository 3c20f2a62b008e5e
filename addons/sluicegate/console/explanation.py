"""Everything about one decision: who won and with which variables, who lost and why, what is sent, the trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import trial
from ..endpoints.hosts import host_of
from ..endpoints.table import Endpoint
from ..exchange import Exchange, Fields, by_name
from ..forwarding.headers import request_id
from ..observing.sessions import identifier_of
from ..routing import explain, nearest
from ..sessions.identifiers import Identifier
from ..snapshot import Snapshot

NEW_REQUEST_ID = b"(new for each request)"
"""Stands for the request id that the gateway makes where the client sends none."""


@dataclass(frozen=True, slots=True)
class Loser:
    """An endpoint that did not take the request, and why."""

    endpoint: Endpoint
    reason: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """An endpoint near to a request that nothing matches; `request` is the nearest one that it would take."""

    endpoint: Endpoint
    differs: str
    request: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decided exchange and what a person asks about it.

    `headers` are the fields that change on the way to the target, by name; None for a field that ends here.
    `identifier` is what names the request's session, None where nothing does.
    """

    exchange: Exchange
    variables: Mapping[str, str]
    start_line: str | None
    headers: Mapping[str, str | None]
    losers: tuple[Loser, ...]
    nearest: tuple[Nearest, ...]
    identifier: Identifier | None

    @property
    def is_forwarded(self) -> bool:
        """Whether an endpoint took the request and it goes on to a target."""
        return self.exchange.endpoint is not None and self.exchange.forward is not None


def explained(request: trial.Request, snapshot: Snapshot, body: bytes | None = None) -> Explanation:
    """Decide a request as live traffic is decided, and explain it; `body` is its body, as far as it is known."""
    exchange = trial.decided(request, snapshot)
    endpoint, forward = exchange.endpoint, exchange.forward
    start_line, headers = None, {}
    if forward is not None:
        start_line = f"{exchange.method} {forward.path.decode('ascii', 'backslashreplace')} HTTP/1.1"
        headers = _changed(exchange.headers, _sent(exchange, forward.host))
    return Explanation(
        exchange,
        explain.variables(endpoint, exchange.segments, exchange.host) if endpoint else {},
        start_line,
        headers,
        tuple(_losers(exchange, snapshot)) if endpoint else (),
        () if endpoint or not exchange.path else tuple(_nearest(request, exchange, snapshot)),
        identifier_of(exchange, body),
    )


def _losers(exchange: Exchange, snapshot: Snapshot) -> list[Loser]:
    method = exchange.endpoint.method if exchange.endpoint else exchange.method
    asked = (snapshot.table, method, exchange.host, exchange.path)
    lost = [Loser(one.endpoint, one.reason) for one in explain.losers(*asked)]
    near = nearest.near_misses(*asked, explain.MOST_LOSERS)
    known = {exchange.endpoint, *(one.endpoint for one in lost)}
    return lost + [Loser(one.endpoint, one.difference) for one in near if one.endpoint not in known]


def _nearest(request: trial.Request, exchange: Exchange, snapshot: Snapshot) -> list[Nearest]:
    table = snapshot.table
    asked = (table, exchange.method, exchange.host, exchange.path)
    found = nearest.nearest(*asked) if table.serving(exchange.host) else nearest.nearest_of_any_host(*asked)
    return [Nearest(near.endpoint, near.difference, _mended(near.endpoint, request, exchange)) for near in found]


def _mended(endpoint: Endpoint, request: trial.Request, exchange: Exchange) -> str:
    """The nearest request that an endpoint would take: method, host and path changed as far as they have to be."""
    host = request.host or ""
    if not endpoint.host.fits(exchange.host):
        host = host_of(endpoint.host) or ""
    target = nearest.mended(endpoint, exchange.path).encode("ascii")
    if exchange.query is not None:
        target += b"?" + exchange.query
    return request._replace(method=endpoint.method, host=host, target=target).text


def _sent(exchange: Exchange, host: str) -> Fields:
    """The fields as the gateway sends them on, its own names and what is new for each request in words."""
    exchange.request_id = request_id(exchange)
    fields = trial.HOP.request_fields(exchange, host)
    own = trial.HOP.pseudonym.encode("ascii")
    shown: list[tuple[bytes, bytes]] = []
    for name, value in fields:
        if name == b"Via" and own in value:
            value = value.replace(own, b"sluicegate")
        elif name == b"X-Request-Id" and value not in exchange.field_values(b"x-request-id"):
            value = NEW_REQUEST_ID
        shown.append((name, value))
    return tuple(shown)


def _changed(before: Fields, after: Fields) -> dict[str, str | None]:
    """The fields that differ: as they are sent, or None for one that is not sent on."""
    old, new = by_name(before), by_name(after)
    spelt = {name.lower(): name.decode("latin-1") for name, _ in (*before, *after)}
    changed: dict[str, str | None] = {
        spelt[name]: ", ".join(value.decode("latin-1") for value in values)
        for name, values in new.items()
        if old.get(name) != values
    }
    return changed | {spelt[name]: None for name in old if name not in new}
