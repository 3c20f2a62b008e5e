"""What access logs of every format hold: request lines, escaped texts, times."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

FIX: Final = (
    "expected the combined or common format, or JSON lines with method, path and status (nginx, Apache, Caddy, "
    "Traefik): take the line out, or give the log another format"
)
"""What a line that is none is told."""

_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+)(?: (HTTP/\d(?:\.\d)?))?")
_ABSOLUTE = re.compile(rb"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE)
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"v": b"\v", b"f": b"\f"}


def asked_of(line: bytes) -> tuple[str, bytes, str, str | None] | None:
    """Return method, target, scheme and host of a request line; None for what is no request for a path.

    >>> asked_of(b"GET /hotels?x=1 HTTP/1.1")
    ('GET', b'/hotels?x=1', 'http', None)
    >>> asked_of(b"GET https://api.hotel.test/hotels HTTP/1.1")
    ('GET', b'/hotels', 'https', 'api.hotel.test')
    """
    found = _REQUEST.fullmatch(line)
    if found is None:
        return None
    method, target, scheme, host = found[1].decode("ascii"), found[2], "http", None
    if absolute := _ABSOLUTE.fullmatch(target):
        scheme, host = absolute[1].decode("ascii").lower(), absolute[2].decode("latin-1") or None
        target = absolute[3] if absolute[3].startswith(b"/") else b"/" + absolute[3]
    return (method, target, scheme, host) if target.startswith(b"/") else None


def unescaped(text: bytes) -> bytes:
    """Return a text as it was before the server had written `\\"`, `\\\\` and `\\x..` for what is not plain."""
    return _ESCAPE.sub(_byte, text) if b"\\" in text else text


def _byte(found: re.Match[bytes]) -> bytes:
    if found[1] is not None:
        return bytes((int(found[1], 16),))
    return _NAMED.get(found[2], found[2])


@lru_cache(maxsize=256)  # times come in order, with many requests in a second
def time_of(text: str) -> float:
    """Seconds since the epoch of a time as access logs write it; 0.0 for what is none."""
    try:
        if text[2:3] == "/":
            # strptime would ask the locale for the names of months.
            months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
            month = months.index(text[3:6]) + 1
            text = f"{text[7:11]}-{month:02}-{text[:2]}T{text[12:20]}{text[20:].strip()}"
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
