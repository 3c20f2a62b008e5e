"""Requests from the gateway's own request log (`observing/request_log.py`): method, host, path, client and session.

It holds no queries, no header fields and no bodies, so its requests can be decided again but not sent again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ..trial import Request
from .recording import Answer, Recording, Skipped, UnreadableError

LONGEST_LINE = 1 << 20
"""Bytes in a line, at most: a head has 64 KiB unless the gateway was told otherwise (our choice)."""
REFUSED = "never became a request"
CUT = "not written to its end"

_MEMBERS = ("method", "host", "path")
"""What a line has to hold; who asked, `client`, may be left out."""
_SESSION = re.compile(r"[0-9a-f]{16}")
"""A keyed hash: whatever else a program may call a session could be what identifies it, and is not taken over."""
# Lines as the gateway writes them, without escapes: reading these without a JSON parser is four times as fast.
_TEXT = rb'"([ !#-\[\]-~]+)"'
_TIME = rb"(?:null|[0-9.e+-]+)"
_LINE = re.compile(
    rb'\{"request_id":"[ !#-\[\]-~]*","received":%b,"decided":%b,"first_byte":%b,"ended":%b,'
    rb'"client":"([0-9a-fA-F.:]+)","method":%b,"host":%b,"path":%b,"operation_id":' % (*[_TIME] * 4, *[_TEXT] * 3)
)


def request_of(line: bytes) -> Request | None:
    """Return the request of a line, or None for one that cannot be asked again: it had no method or no valid host.

    Raises UnreadableError, with a message that names no place, for what is no line of the log.
    """
    found = _LINE.match(line)
    if found is not None and line.endswith((b"}]}\n", b"[]}\n")):
        client, method, host, path = found.groups()
        return Request(method.decode(), host.decode(), path, (), "http", client.decode())
    return _parsed(line)


def read(stream: BinaryIO, skipped: Skipped, before: int = 0) -> Iterator[Recording]:
    """Read a log line by line; `before` lines of it were read already. Raises UnreadableError with the line's number.

    The log may be growing: a last line without its end is passed over.
    """
    number = before
    while line := stream.readline(LONGEST_LINE):
        number += 1
        whole = line.endswith(b"\n")
        if not whole and len(line) == LONGEST_LINE:
            raise UnreadableError(f"line {number}: longer than {LONGEST_LINE:,} bytes")
        try:
            record = _record(line)
            request = _request(record)
        except UnreadableError as error:
            if not whole:
                skipped[CUT] += 1
                return
            raise UnreadableError(f"line {number}: {error}") from None
        if request is None:
            skipped[REFUSED] += 1
        else:
            yield _recording(request, record, f"line {number}")


def _recording(request: Request, record: dict[str, Any], place: str) -> Recording:
    status, sent = _number(record, "status"), _number(record, "bytes_out")
    decided, first = _number(record, "decided"), _number(record, "first_byte")
    origin, waited = "", None
    if isinstance(target := record.get("target"), str):
        origin = _origin(target)
        waited = max(0.0, first - decided) * 1000 if decided is not None and first is not None else None
    session = record.get("session")
    return Recording(
        request,
        place,
        None,
        Answer(int(status), sent=None if sent is None else int(sent), origin_ms=waited) if status is not None else None,
        at=_number(record, "received") or 0.0,
        session=session if isinstance(session, str) and _SESSION.fullmatch(session) else "",
        origin=origin,
    )


def _number(record: dict[str, Any], name: str) -> float | None:
    value = record.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 else None


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _parsed(line: bytes) -> Request | None:
    return _request(_record(line))


def _record(line: bytes) -> dict[str, Any]:
    """Return the members of a line. Raises UnreadableError."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):  # UnicodeDecodeError, JSONDecodeError and numbers of too many digits
        raise UnreadableError("not a line of the request log: no JSON") from None
    if not isinstance(record, dict):
        raise UnreadableError("not a line of the request log: no JSON object")
    for name in (*_MEMBERS, "client"):
        if name not in record and name in _MEMBERS:
            raise UnreadableError(f"not a line of the request log: '{name}' is missing")
        if not isinstance(record.get(name), str | None):
            raise UnreadableError(f"not a line of the request log: '{name}' is no text")
    return record


def _request(record: dict[str, Any]) -> Request | None:
    """Return the request that a line tells of. Raises UnreadableError."""
    method, host, path = [record[name] for name in _MEMBERS]
    client = record.get("client")
    if method is None or host is None or path is None:
        return None
    try:
        host.encode("latin-1")
        return Request(method, host, path.encode("utf-8"), (), "http", client or "")
    except UnicodeEncodeError:
        raise UnreadableError("not a line of the request log: 'host' or 'path' holds what no request can") from None
