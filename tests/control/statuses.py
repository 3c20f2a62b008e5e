"""A gateway's status, as tests need one."""

from __future__ import annotations

from typing import Any

from sluicegate.control.status import Reload, Status, WorkerStatus

STARTED = 1_782_900_000.0
"""2026-07-01T10:00:00Z."""


def status(**members: Any) -> Status:
    """A gateway that serves its first generation, but for the members given."""
    told: dict[str, Any] = {
        "pid": 4711,
        "started_at": STARTED,
        "now": STARTED + 61.25,
        "version": "0.1.0",
        "mitmproxy": "12.2.3",
        "routes": "/srv/hotel/routes",
        "listeners": ("*:8080",),
        "generation": 1,
        "files": {"hotel.yaml": "ab" * 32},
        "endpoints": 4,
        "loaded_at": STARTED + 1,
        "last_reload": Reload(STARTED + 1, True, 12.345),
        "workers": (WorkerStatus(4711, 1, True),),
    }
    return Status(**told | members)
