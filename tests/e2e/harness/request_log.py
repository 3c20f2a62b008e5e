"""The request log as whoever reads it sees it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from .waiting import wait_until

MEMBERS = {
    "request_id", "received", "decided", "first_byte", "ended", "client", "method", "host", "path",
    "operation_id", "endpoint", "session", "target", "status", "bytes_in", "bytes_out", "generation", "verdicts",
}  # fmt: skip


class RequestLog:
    """The lines of one file, each parsed and its members checked."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[dict[str, Any]]:
        """All whole lines so far."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        found = [json.loads(line) for line in whole.splitlines()]
        for line in found:
            assert line.keys() == MEMBERS, line.keys() ^ MEMBERS
        return found

    def about(self, path: str) -> list[dict[str, Any]]:
        """The lines about one path, oldest first."""
        return [line for line in self.lines() if line["path"] == path]

    def wait(self, path: str, count: int = 1) -> list[dict[str, Any]]:
        """Waits until there are `count` lines about a path."""
        wait_until(lambda: len(self.about(path)) >= count, what=f"{count} lines about {path}")
        return self.about(path)

    def line(self, path: str) -> dict[str, Any]:
        """Waits for the line about a path that is asked for once."""
        (only,) = self.wait(path)
        return only


def moment(value: Any) -> float:
    """A time of the log in seconds since the epoch, from such a number or an ISO 8601 text with its zone."""
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        assert parsed.tzinfo is not None, value
        return parsed.timestamp()
    assert isinstance(value, int | float), value
    return float(value)
