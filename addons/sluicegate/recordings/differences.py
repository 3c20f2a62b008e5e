"""What differs between a recorded answer and the one that came now."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..exchange import Fields, Values, by_name
from .recording import Answer

VOLATILE = (
    "Age",
    "Connection",
    "Content-Length",
    "Date",
    "Expires",
    "Keep-Alive",
    "Proxy-Connection",
    "Server-Timing",
    "Transfer-Encoding",
    "Via",
    "X-Request-Id",
)
"""Response fields that are of one moment, one connection or one framing: they always differ and tell nothing."""
KEPT = 1 << 20
"""Bytes of a body up to which it is looked into, for its JSON and behind its content coding; beyond it is bytes."""

_OF_CODING = frozenset({b"content-encoding", b"vary"})
_DECODED = 8 * KEPT
_SHOWN = 60
_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_PROBLEM = b"application/problem+json"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Body:
    """A body that came now, held against a recorded one: its length, its first bytes, and where it first differs.

    `ended`: it was read to its end.
    """

    length: int
    first: bytes
    differs_at: int | None
    ended: bool


@dataclass(frozen=True, slots=True)
class BodyDifference:
    """How two bodies differ: their bytes, and the first byte or, where both are JSON, the first member that does.

    `recorded` and `now` show what stands there, None where nothing does.
    """

    recorded_bytes: int
    now_bytes: int
    byte: int | None
    member: str | None
    recorded: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """How an answer differs from the recorded one, or why there is none (`error`). Pairs are recorded and now."""

    request: str
    place: str
    status: tuple[int, int] | None = None
    headers: dict[str, tuple[list[str], list[str]]] | None = None
    body: BodyDifference | None = None
    error: str | None = None


def hold(pieces: Iterable[bytes], recorded: bytes) -> Body:
    """Hold a body that comes in pieces against a recorded one; stops reading one that is much longer."""
    first = bytearray()
    length = 0
    differs: int | None = None
    for piece in pieces:
        if differs is None and recorded[length : length + len(piece)] != piece:
            differs = length + _first_difference(recorded[length : length + len(piece)], piece)
        first += piece[: KEPT - len(first)]
        length += len(piece)
        if length > len(recorded) + KEPT:
            return Body(length, bytes(first), differs, False)
    if differs is None and length != len(recorded):
        differs = length
    return Body(length, bytes(first), differs, True)


def changed_fields(recorded: Answer, now: Fields, volatile: frozenset[bytes]) -> dict[str, tuple[list[str], list[str]]]:
    """Return the fields whose values differ, by name; `volatile` holds names in lower case."""
    before, after = by_name(recorded.headers), by_name(now)
    ignored = volatile | _OF_CODING if recorded.decoded else volatile
    found = {}
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = [[_shown(value.strip()) for value in values.get(name, ())] for values in (before, after)]
        if old != new and name not in ignored:
            found[_shown(name)] = (old, new)
    return found


def body_difference(recorded: Answer, headers: Fields, body: Body, volatile: frozenset[bytes]) -> BodyDifference | None:
    """Return how a body differs from the recorded one, or None where it is the same.

    Where the bytes differ, contents are compared behind `gzip` and `deflate`; and the `request_id` of problem documents
    is as volatile as the field that it repeats.
    """
    if body.differs_at is None or recorded.body is None:
        return None
    before, after = by_name(recorded.headers), by_name(headers)
    old = recorded.body if recorded.decoded else _content(recorded.body, before)
    new = _content(body.first, after) if body.ended and body.length <= KEPT else None
    if old is None or new is None or len(old) > _DECODED:
        return _at(recorded.body, body.first, body.differs_at, body.length)
    if old == new:
        return None
    if (documents := _documents(old, before, new, after)) is not None:
        if b"x-request-id" in volatile and all(_type(values).startswith(_PROBLEM) for values in (before, after)):
            documents = tuple(_without_id(one) for one in documents)
            if _first_member(*documents) is None:
                return None
        if (found := _first_member(*documents)) is not None:
            member, was, now = found
            return BodyDifference(len(old), len(new), None, member, _json(was), _json(now))
    return _at(old, new, _first_difference(old, new), len(new))


def _at(old: bytes, new: bytes, place: int, length: int) -> BodyDifference:
    was, now = [_shown(one[place : place + _SHOWN // 2]) if place < len(one) else None for one in (old, new)]
    if now is None and place < length:
        now = "…"  # no longer held
    return BodyDifference(len(old), length, place, None, was, now)


def _first_difference(one: bytes, other: bytes) -> int:
    """Return the first place at which two texts differ, or the shorter one's length."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # bisected: comparing slices is done in C
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _content(body: bytes, values: Values) -> bytes | None:
    """Return a body without its content coding, or None where that cannot be undone here or comes to too much."""
    codings = b",".join(values.get(b"content-encoding", ())).strip().lower()
    if codings in (b"", b"identity"):
        return body
    if codings not in (b"gzip", b"x-gzip", b"deflate"):
        return None
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # takes gzip and zlib (RFC 9110 section 8.4.1)
    try:
        content = unpack.decompress(body, _DECODED)
    except zlib.error:
        return None
    return content if unpack.eof and not unpack.unused_data else None


def _type(values: Values) -> bytes:
    return b",".join(values.get(b"content-type", ())).strip().lower()


def _documents(old: bytes, before: Values, new: bytes, after: Values) -> tuple[Any, ...] | None:
    if not (_JSON.match(_type(before)) and _JSON.match(_type(after))):
        return None
    try:
        return json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        return None


def _without_id(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {name: value for name, value in document.items() if name != "request_id"}


def _first_member(old: Any, new: Any) -> tuple[str, Any, Any] | None:
    """Return the path and the values of the first member that differs, in the recorded document's order."""
    waiting: list[tuple[str, Any, Any]] = [("$", old, new)]
    while waiting:
        path, one, other = waiting.pop()
        inner: list[tuple[str, Any, Any]] = []
        if isinstance(one, dict) and isinstance(other, dict):
            names = [*one, *(name for name in other if name not in one)]
            inner = [(f"{path}{_step(name)}", one.get(name, _MISSING), other.get(name, _MISSING)) for name in names]
        elif isinstance(one, list) and isinstance(other, list):
            inner = [(f"{path}[{at}]", *pair) for at, pair in enumerate(zip(one, other, strict=False))]
            longer, at = max(one, other, key=len), min(len(one), len(other))
            if len(longer) > at:
                pair = (longer[at], _MISSING) if longer is one else (_MISSING, longer[at])
                inner.append((f"{path}[{at}]", *pair))
        elif type(one) is not type(other) or one != other:
            return path, one, other
        waiting += reversed(inner)
    return None


def _step(name: str) -> str:
    return f".{name}" if _NAME.fullmatch(name) else f"[{json.dumps(name)}]"


def _json(value: Any) -> str | None:
    if value is _MISSING:
        return None
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = "…"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _shown(value: bytes) -> str:
    """Bytes as people read them, also where they are no text."""
    text = value.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
