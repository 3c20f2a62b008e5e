"""Waiting for what has no event to wait on."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], bool], timeout: float = 30, what: str = "the condition") -> None:
    """Asks again and again until `holds` says so; fails when `timeout` seconds have passed."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come about within {timeout} s"
        time.sleep(0.03)
