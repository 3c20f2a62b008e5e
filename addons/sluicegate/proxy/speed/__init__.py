"""The levers."""

from __future__ import annotations

from mitmproxy.master import Master


def apply(master: Master, *, on: bool) -> None:
    """Turn the levers on."""
