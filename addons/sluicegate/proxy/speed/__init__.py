"""Speed: quicker ways past mitmproxy's slow ones, for the gateway's own entry.

`--set speed=off` leaves mitmproxy as it is. What each lever gained was measured side by side with the rest on, as CPU
time of a request (200 B answers, keep-alive).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..master import GatewayMaster


def apply(master: GatewayMaster, *, on: bool) -> None:
    """Turn on the levers that fit the installed mitmproxy; not `on`: none."""
    if on:
        from .all import LEVERS
        from .levers import pull

        pull(LEVERS, master)
