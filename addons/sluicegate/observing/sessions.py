"""Which session an exchange belongs to, by the identifiers that hold for it."""

from __future__ import annotations

from collections.abc import Sequence

from ..endpoints.table import Endpoint
from ..exchange import Exchange
from ..sessions.identifiers import DEFAULT, Identifier
from ..sessions.session import Session, Sessions, identified
from ..snapshot import Snapshot


def identifiers_of(exchange: Exchange) -> Sequence[Identifier]:
    """Return what may name an exchange's session."""
    snapshot = exchange.snapshot
    return DEFAULT if snapshot is None else identifiers_for(snapshot, exchange.endpoint, exchange.host)


def identifiers_for(snapshot: Snapshot, endpoint: Endpoint | None, host: str) -> Sequence[Identifier]:
    """Return what may name the session of a request: its file's list, else the gateway's, else DEFAULT.

    The file is that of the endpoint; without an endpoint that of the host's origin.
    """
    taker = endpoint or snapshot.table.fallback(host)
    if taker is not None and taker.session_identifiers is not None:
        return taker.session_identifiers
    general = snapshot.settings.session_identifiers
    return DEFAULT if general is None else general


def session_of(exchange: Exchange, sessions: Sessions, body: bytes | None = None) -> Session:
    """Return an exchange's session; `body` is its request's as it was sent, None where it is not known whole."""
    return sessions.session(identifiers_of(exchange), exchange.values, _plain(exchange, body))


def identifier_of(exchange: Exchange, body: bytes | None = None) -> Identifier | None:
    """Return what names an exchange's session, or None; the decision of `session_of` without the name itself."""
    found = identified(identifiers_of(exchange), exchange.values, _plain(exchange, body))
    return None if found is None else found[0]


def _plain(exchange: Exchange, body: bytes | None) -> bytes | None:
    """A body that is coded names nobody: what a few bytes may unpack to has no bound."""
    return None if b"content-encoding" in exchange.values else body
