"""Trials: what the gateway would make of a request, decided by the stages of live traffic and sent nowhere."""

from __future__ import annotations

from typing import NamedTuple

from .exchange import Exchange, Fields
from .forwarding.headers import Hop
from .pipeline import decide, stages
from .snapshot import Snapshot

# No client can send this name in a Via field by chance: recorded requests may have come through a gateway.
HOP = Hop("trial.invalid")
"""The gateway of trials, as one hop."""
REQUEST_ID = "trial"
"""The request id of trials whose request brings none."""
_STAGES = stages(HOP)


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
