"""Lines of request logs, and two tables to compare them under."""

from __future__ import annotations

import json

from sluicegate.comparing.contents import Contents
from sluicegate.console.traffic.blocks import Task

from ...tables import endpoint

TASK = Task(
    Contents([endpoint("GET /a", "http://one.test/a"), endpoint("GET /b", "http://one.test/b")]),
    Contents([endpoint("GET /a", "http://two.test/a"), endpoint("GET /b", "http://one.test/b")]),
    most=2,
)


def line(path: str, method: str = "GET", host: str | None = "api.shop.test") -> bytes:
    return json.dumps({"request_id": "a", "method": method, "host": host, "path": path}).encode() + b"\n"
