"""What the gateway knows of a flow while it is alive; kept on the flow itself, so that it goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mitmproxy.flow import Flow

from ..exchange import Exchange, Fields
from ..sessions.session import Session

_ATTRIBUTE = "sluicegate_live"


@dataclass(slots=True)
class Live:
    """An exchange under way: its clock (seconds since the epoch) and its counts of body bytes."""

    exchange: Exchange
    decided: float
    first_byte: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    message_bytes: int = 0
    """Of WebSocket messages that are kept."""
    sent_fields: Fields = ()
    as_edited: bool = False
    """A replay that was edited: its request goes as it is."""
    source: dict[str, Any] | None = None
    """Of a replay that was edited: the request as its client had sent it."""
    websocket: bool = False
    kept: dict[str, bytearray] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    """Which bodies, request or response, were longer than what is kept of them."""
    logged: bool = False
    session: Session | None = None
    """Who sent it; None: nobody has asked yet."""


def attach(flow: Flow, live: Live) -> None:
    """Bind what is known to its flow; it is not part of the flow's saved state."""
    flow.__dict__[_ATTRIBUTE] = live


def live_of(flow: Flow) -> Live | None:
    """Return what is known of a flow that is under way, or None."""
    found: Live | None = flow.__dict__.get(_ATTRIBUTE)
    return found


def detach(flow: Flow) -> None:
    """Forget a finished flow's exchange, and with it the snapshot that it held."""
    flow.__dict__.pop(_ATTRIBUTE, None)
