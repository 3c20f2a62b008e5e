"""What the control server answers: three things to look at, nothing to change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from ..forwarding.headers import new_request_id
from ..problems import CONTENT_TYPE, Problem
from .status import Status

METHODS = ("GET", "HEAD")
_NOT_FOUND = "There are /status, /healthz and /readyz here."


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code, body, its media type and further fields."""

    status: int
    body: bytes
    content_type: str = "application/json"
    fields: tuple[tuple[str, str], ...] = ()


def answer(method: str, target: str, look: Callable[[], Status]) -> Answer:
    """Answer a request for a target, `/path?query`; `look` tells how the gateway is and may raise."""
    path = target.partition("?")[0]
    if path not in ("/status", "/healthz", "/readyz"):
        return refusal(Problem(404, "not-found", _NOT_FOUND), path)
    if method not in METHODS:
        allow = (("Allow", ", ".join(METHODS)),)  # RFC 9110 section 15.5.6
        return refusal(Problem(405, "method-not-allowed", "This can only be looked at.", headers=allow), path)
    if path == "/healthz":
        return _json({"status": "ok"})
    status = look()
    if path == "/status":
        return _json(status.members())
    if status.not_ready:
        return refusal(Problem(503, "not-ready", status.not_ready), path)
    return _json({"status": "ready", "generation": status.generation})


def refusal(problem: Problem, path: str | None = None) -> Answer:
    """A problem (RFC 9457) as an answer; `path` is what was asked for."""
    return Answer(problem.status, problem.body(path, new_request_id()), CONTENT_TYPE, problem.headers)


def _json(document: object) -> Answer:
    return Answer(200, json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
