"""Speed: quicker ways past mitmproxy's slow ones, for the gateway's own entry.

`--set speed=off` leaves mitmproxy as it is. What each lever gained is told at it: CPU time of a request as a share of
bare mitmdump's, side by side, each lever on top of those before it (16 connections, 200 B answers, 10,000 endpoints).
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
