"""What a running gateway tells about itself, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

MOST_ERRORS = 100
"""Errors in one answer, at most; the log has the same bound."""


@dataclass(frozen=True, slots=True)
class Reload:
    """The last reload that said something new: when it ended (seconds since the epoch), what came of it, how long."""

    at: float
    taken_over: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A process that serves: which generation it runs, whether it serves now, how often it was started again.

    `pid` is 0 while there is none.
    """

    pid: int
    generation: int
    ready: bool
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class LearningStatus:
    """What is learned from traffic: by which process (0: none, before the first exchange), into which state file.

    `learned` and `dropped` count exchanges since the gateway started. `off`: why nothing is learned, '' while it is.
    """

    pid: int
    state: str
    learned: int = 0
    dropped: int = 0
    off: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A gateway at one moment.

    `not_ready`: why it does not serve, '' where it does. `generation`, `files` (name to SHA-256), `endpoints` and
    `loaded_at` are those of the snapshot in force; 0, none and None before the first. `errors` are the first problems
    of the last reload, as JSON members, `error_count` is how many there are; none when it was taken over. `workers`
    are the processes that serve: the gateway itself, or several whose parent it is; `generation` is then the one that
    all run. `learning` is None where that was not asked for. Times are seconds since the epoch.
    """

    pid: int
    started_at: float
    now: float
    version: str
    mitmproxy: str
    routes: str
    listeners: tuple[str, ...] = ()
    not_ready: str = ""
    generation: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    endpoints: int = 0
    loaded_at: float | None = None
    errors: tuple[Mapping[str, object], ...] = ()
    error_count: int = 0
    last_reload: Reload | None = None
    workers: tuple[WorkerStatus, ...] = ()
    learning: LearningStatus | None = None

    def members(self) -> dict[str, object]:
        """The JSON document of `/status`."""
        last = self.last_reload
        return {
            "ready": not self.not_ready,
            "not_ready": self.not_ready or None,
            "generation": self.generation,
            "files": dict(self.files),
            "endpoints": self.endpoints,
            "loaded_at": None if self.loaded_at is None else _rfc3339(self.loaded_at),
            "errors": [dict(one) for one in self.errors],
            "error_count": self.error_count,
            "last_reload": None
            if last is None
            else {
                "at": _rfc3339(last.at),
                "taken_over": last.taken_over,
                "milliseconds": round(last.milliseconds, 1),
            },
            "routes": self.routes,
            "listeners": list(self.listeners),
            "workers": [asdict(one) for one in self.workers],
            "learning": None if self.learning is None else asdict(self.learning),
            "pid": self.pid,
            "version": self.version,
            "mitmproxy": self.mitmproxy,
            "started_at": _rfc3339(self.started_at),
            "uptime": round(self.now - self.started_at, 1),
        }


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_SHAPE: dict[str, type | tuple[type, ...]] = {
    "ready": bool,
    "not_ready": (str, type(None)),
    "generation": int,
    "files": dict,
    "endpoints": int,
    "loaded_at": (str, type(None)),
    "errors": list,
    "error_count": int,
    "last_reload": (dict, type(None)),
    "routes": str,
    "listeners": list,
    "workers": list,
    "learning": (dict, type(None)),
    "pid": int,
    "version": str,
    "mitmproxy": str,
    "started_at": str,
    "uptime": (int, float),
}
_ERROR: dict[str, type | tuple[type, ...]] = {
    "file": str,
    "line": int,
    "column": int,
    "severity": str,
    "code": str,
    "message": str,
}
_WORKER: dict[str, type | tuple[type, ...]] = {"pid": int, "generation": int, "ready": bool, "restarts": int}
_LEARNING: dict[str, type | tuple[type, ...]] = {"pid": int, "state": str, "learned": int, "dropped": int, "off": str}
_RELOAD: dict[str, type | tuple[type, ...]] = {"at": str, "taken_over": bool, "milliseconds": (int, float)}


def read_members(body: bytes) -> dict[str, Any]:
    """Return the document of `/status` as it was received, its members checked. Raises ValueError."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the answer is not JSON") from None
    _check(document, _SHAPE)
    for one in document["errors"]:
        _check(one, _ERROR)
    for one in document["workers"]:
        _check(one, _WORKER)
    if document["learning"] is not None:
        _check(document["learning"], _LEARNING)
    if document["last_reload"] is not None:
        _check(document["last_reload"], _RELOAD)
    texts = [*document["files"].values(), *document["listeners"]]
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("the answer is not the status of a gateway")
    found: dict[str, Any] = document
    return found


def _check(value: object, shape: Mapping[str, type | tuple[type, ...]]) -> None:
    if not isinstance(value, dict) or not all(
        isinstance(value.get(name, _check), kind) for name, kind in shape.items()
    ):
        raise ValueError("the answer is not the status of a gateway")
