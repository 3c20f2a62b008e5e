"""Which session a request belongs to. Nothing that identifies a client leaves this room, only its keyed hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from .identifiers import Identifier
from .steps import Steps, text_at
from .tokens import unverified_claims

KEY_BYTES: Final = 32
"""Bytes of the key of the hash."""
MOST_COOKIES: Final = 300
"""Cookies of one request that are looked at, at most: browsers keep up to 180 for a site (our choice)."""
MOST_KNOWN: Final = 1 << 12
"""Bytes of a token whose claims are kept at hand, at most (our choice)."""
MOST_BODY: Final = 1 << 16
"""Bytes of a body that is looked at, at most: what the gateway buffers (our choice)."""

Values = Mapping[bytes, Sequence[bytes]]
"""The values of each header field, in order, by its name in lower case."""


class Session(NamedTuple):
    """Who sent a request: `key` is a keyed hash of 16 hex digits, '' for nobody; `identifier` says what named it."""

    key: str
    identifier: str


NOBODY: Final = Session("", "")
"""The session of a request that has none of the identifiers."""

_UNREAD: Final = object()


class Sessions:
    """Names sessions under one key: the same key gives the same names, and without it nobody can try values out."""

    def __init__(self, key: bytes) -> None:
        self._key = key[:64]  # what BLAKE2b takes

    def session(self, identifiers: Sequence[Identifier], values: Values, body: bytes | None = None) -> Session:
        """Return the session that the first present identifier names, or NOBODY; an empty value is absent.

        `body` is the request's body without content coding, None where it is not known whole. Whatever it is labelled
        as, it is read as JSON where one of its fields is asked for.
        """
        found = identified(identifiers, values, body)
        if found is None:
            return NOBODY
        identifier, value = found
        return Session(blake2b(identifier.salt + value, digest_size=8, key=self._key).hexdigest(), identifier.text)


def identified(
    identifiers: Sequence[Identifier], values: Values, body: bytes | None = None
) -> tuple[Identifier, bytes] | None:
    """Return the first identifier that a request has, and its value: not to be stored or shown. None: it has none.

    The order is that of API Shield's alternatives: as configured.
    """
    cookies: Mapping[bytes, bytes] | None = None
    document: Any = _UNREAD
    for identifier in identifiers:
        if identifier.in_cookie:
            if cookies is None:
                cookies = _cookies(values[b"cookie"]) if b"cookie" in values else {}
            if not cookies:
                continue
            value = cookies.get(identifier.field_name)
        elif identifier.kind == "body":
            if document is _UNREAD:
                document = _json(body)
            value = text_at(document, identifier.steps).encode("utf-8", "surrogatepass")
        else:
            value = _first(values.get(identifier.field_name, ()))
        if value and identifier.kind == "jwt":
            value = (
                _claim(value, identifier.steps) if len(value) <= MOST_KNOWN else _read_claim(value, identifier.steps)
            )
        if value:
            return identifier, value
    return None


def _read_claim(value: bytes, steps: Steps) -> bytes:
    return text_at(unverified_claims(value), steps).encode("utf-8", "surrogatepass")


# A client sends the same token with each request. In memory alone, and at most 2 MiB.
_claim = lru_cache(maxsize=512)(_read_claim)


def _first(found: Sequence[bytes]) -> bytes:
    for value in found:
        if value := value.strip(b" \t"):
            return value
    return b""


def _cookies(found: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """The cookies by name, the first of each name that is not empty (RFC 6265 section 4.2.1); quotes are left out.

    HTTP/2 may send each cookie in a field of its own (RFC 9113 section 8.2.3).
    """
    cookies: dict[bytes, bytes] = {}
    left = MOST_COOKIES
    for line in found:
        pairs = line.split(b";", left)[:left]
        left -= len(pairs)
        for pair in pairs:
            name, _, value = pair.partition(b"=")
            value = value.strip(b" \t")
            if len(value) > 1 and value[:1] == value[-1:] == b'"':
                value = value[1:-1]
            if value:
                cookies.setdefault(name.strip(b" \t"), value)
        if left <= 0:
            break
    return cookies


def _json(body: bytes | None) -> Any:
    if not body or len(body) > MOST_BODY:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
