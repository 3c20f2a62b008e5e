"""Answers of the gateway's own: problem details, `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

CONTENT_TYPE = "application/problem+json"
_TITLES = {421: "Misdirected Request", 431: "Request Header Fields Too Large", 508: "Loop Detected"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the gateway answers a request itself.

    `kind` is the last part of the problem's type, `detail` is for the client: it never holds an internal address.
    `private` is what may be shown in addition where internals may be seen; `members` are extension members;
    `headers` are fields of the answer, such as Allow; `close` asks for the client's connection to be closed.
    """

    status: int
    kind: str
    detail: str
    private: str = ""
    members: Mapping[str, object] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False

    @property
    def title(self) -> str:
        """The status's own phrase (RFC 9457 section 4.2.1)."""
        return _TITLES.get(self.status) or HTTPStatus(self.status).phrase

    def body(self, instance: str | None, request_id: str, *, verbose: bool = False) -> bytes:
        """Return the JSON document; `instance` is the path that was asked for, `verbose` shows what is private."""
        document: dict[str, object] = {
            "type": f"urn:sluicegate:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": f"{self.detail} ({self.private})" if verbose and self.private else self.detail,
            "instance": instance,
            "request_id": request_id,
        }
        return json.dumps(document | dict(self.members), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def internal_fault() -> Problem:
    """The answer for a fault in the gateway itself; the log, not the client, gets to know which."""
    return Problem(500, "internal-fault", "The gateway failed to handle this request; its log says why.")
