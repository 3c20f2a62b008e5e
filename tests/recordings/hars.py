"""HAR files written by hand."""

from __future__ import annotations

import io
import json
from typing import Any

from sluicegate.recordings import har
from sluicegate.recordings.recording import Recording, Skipped


def entry(
    url: str = "http://api.hotel.test/hotels/7",
    method: str = "GET",
    *,
    headers: list[tuple[str, str]] | None = None,
    status: int = 200,
    answered: list[tuple[str, str]] | None = None,
    content: dict[str, Any] | None = None,
    **request: Any,
) -> dict[str, Any]:
    """An entry as a browser writes it; `request` are more members of the request, `content` is the answer's."""
    return {
        "startedDateTime": "2026-07-01T10:00:00.000Z",
        "time": 12.5,
        "request": {
            "method": method,
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": named(headers or []),
            "queryString": [],
            **request,
        },
        "response": {
            "status": status,
            "statusText": "",
            "headers": named(answered or []),
            "content": {"size": 0, "mimeType": ""} if content is None else content,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def named(fields: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def document(*entries: Any) -> bytes:
    """A HAR of these entries."""
    log = {"version": "1.2", "creator": {"name": "hand", "version": "1"}, "pages": [], "entries": list(entries)}
    return json.dumps({"log": log}).encode()


def read(data: bytes) -> tuple[list[Recording], Skipped]:
    """The recordings of a HAR, and what was passed over."""
    skipped = Skipped()
    return list(har.read(io.BytesIO(data), skipped)), skipped


def only(one: dict[str, Any]) -> Recording:
    """The recording of one entry."""
    (recording,), _ = read(document(one))
    return recording
