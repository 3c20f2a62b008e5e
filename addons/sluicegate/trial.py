"""Trials: what the gateway would make of a request, decided by the stages of live traffic and sent nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .endpoints.table import Endpoint
from .exchange import Exchange, Fields, Forward
from .forwarding.headers import Hop
from .pipeline import decide, run, stages
from .problems import Problem
from .routing.stage import NAME as ROUTING
from .snapshot import Snapshot

# No client can send this name in a Via field by chance: recorded requests may have come through a gateway.
HOP = Hop("trial.invalid")
"""The gateway of trials, as one hop."""
REQUEST_ID = "trial"
"""The request id of trials whose request brings none."""
_STAGES = stages(HOP)
_FIRST = [stage.name for stage in _STAGES].index(ROUTING)
_BEFORE, _ROUTING = _STAGES[:_FIRST], _STAGES[_FIRST:]
"""What comes before routing looks at the request alone, whatever the snapshot."""


class Request(NamedTuple):
    """A request as a client sends it.

    `host` is the Host field, or None for a request without one; `target` is the path with its query as sent;
    `headers` are the other fields. `client` is the peer's address.
    """

    method: str
    host: str | None
    target: bytes
    headers: Fields = ()
    scheme: str = "http"
    client: str = "127.0.0.1"

    @property
    def text(self) -> str:
        """The request in one line, as people read it: `GET http://api.hotel.test/hotels/7`."""
        return f"{self.method} {self.scheme}://{self.host or ''}{self.target.decode('ascii', 'backslashreplace')}"


def begin(request: Request, snapshot: Snapshot) -> Exchange:
    """Return the exchange that a request begins under a snapshot."""
    fields = request.headers if request.host is None else ((b"Host", request.host.encode("latin-1")), *request.headers)
    return Exchange(
        request_id=REQUEST_ID,
        received=0.0,
        client=request.client,
        scheme=request.scheme,
        method=request.method,
        authority="",
        target=request.target,
        headers=fields,
        # A request may leave its host out up to this version only (RFC 9112 section 3.2).
        http_version="HTTP/1.0" if request.host is None else "HTTP/1.1",
        snapshot=snapshot,
    )


def decided(request: Request, snapshot: Snapshot) -> Exchange:
    """Return a request's exchange with everything decided: one of `forward` and `problem` is set."""
    exchange = begin(request, snapshot)
    decide(exchange, _STAGES)
    return exchange


class Decision(NamedTuple):
    """What was decided on a request: its endpoint, and one of `forward` and `problem`."""

    endpoint: Endpoint | None
    forward: Forward | None
    problem: Problem | None


def decisions(request: Request, snapshots: Sequence[Snapshot]) -> list[Decision]:
    """Return what `decided` comes to under each of several snapshots: what does not depend on them is run once."""
    exchange = begin(request, snapshots[0])
    if not run(exchange, _BEFORE):
        return [Decision(None, None, exchange.problem)] * len(snapshots)
    found: list[Decision] = []
    for snapshot in snapshots:
        exchange.snapshot = snapshot
        exchange.endpoint = exchange.forward = exchange.problem = None
        decide(exchange, _ROUTING)
        found.append(Decision(exchange.endpoint, exchange.forward, exchange.problem))
    return found
