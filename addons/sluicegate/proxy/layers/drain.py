"""The event that ends a client connection gently."""

from __future__ import annotations

from mitmproxy.proxy import events


class Drain(events.Event):
    """Take no further request on a client connection: close it once its exchanges are over, now where it has none."""
