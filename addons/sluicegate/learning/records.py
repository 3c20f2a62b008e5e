"""What a gateway tells its learner of an exchange: a plain tuple, so that thousands a second cost next to nothing.

A batch is one datagram: `marshal` of the number of exchanges that were dropped before it, and of a list of records.
Both ends are the same program on the same machine; nothing else writes to their socket.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from ..exchange import Fields
from .observation import MOST_BODY, Observation, header

MOST_RECORDED: Final = 1 << 16
"""Bytes of a body that is told, at most: what the gateway buffers."""
MOST_CODINGS: Final = 2
"""Content codings on one body that are taken off, at most."""


class Head(NamedTuple):
    """A record without messages, or its beginning.

    `own`: the gateway answered by itself: the exchange is counted and nothing else. `weight`: so many exchanges of one
    endpoint, session and status. The others are those of `Observation`, in its units.
    """

    own: bool
    weight: int
    at: float
    method: str
    host: str
    path: str
    status: int | None
    session: str
    identifier: str
    endpoint: str
    endpoint_host: str
    body_bytes: int | None
    origin_ms: float | None


class Messages(NamedTuple):
    """What a record goes on with where the messages are told: no credentials in them, bodies as they were sent."""

    query: bytes
    request_headers: Fields
    request_body: bytes | None
    response_headers: Fields
    response_body: bytes | None


class Batch(NamedTuple):
    """What one datagram holds."""

    dropped: int
    records: list[tuple[Any, ...]]


def packed(dropped: int, records: list[Any]) -> bytes:
    """A batch as it is sent."""
    return marshal.dumps((dropped, records), 2)


def unpacked(data: bytes) -> Batch:
    """A batch as it was sent. Raises ValueError, EOFError or TypeError for what is none."""
    return Batch(*marshal.loads(data))


def observation(record: Sequence[Any]) -> Observation:
    """What a learner is to see of a record; bodies without their content coding."""
    (_, weight, at, method, host, path, status, session, identifier, endpoint, endpoint_host, body_bytes, origin_ms) = (
        record[: len(Head._fields)]
    )
    seen = Observation(
        method,
        host,
        path,
        status,
        at,
        session,
        identifier,
        endpoint=endpoint,
        endpoint_host=endpoint_host,
        body_bytes=body_bytes,
        origin_ms=origin_ms,
        weight=weight,
    )
    if len(record) > len(Head._fields):
        query, request_headers, request_body, response_headers, response_body = record[len(Head._fields) :]
        seen.query = query
        seen.request_headers, seen.response_headers = request_headers, response_headers
        seen.request_body = decoded(request_headers, request_body)
        seen.response_body = decoded(response_headers, response_body)
    return seen


# Credentials

_SECRET: Final = frozenset(
    (b"authorization", b"proxy-authorization", b"authentication-info", b"www-authenticate", b"proxy-authenticate")
)
_COOKIES: Final = frozenset((b"cookie", b"set-cookie"))
HIDDEN: Final = b"***"
"""What stands for a value that is not told."""


def without_credentials(fields: Iterable[tuple[bytes, bytes]], named: frozenset[bytes] = frozenset()) -> Fields:
    """Header fields fit to be told: of credentials the scheme, of cookies the names.

    `named` are further fields, in lower case, that hold credentials: those that sessions are told by.
    """
    told: list[tuple[bytes, bytes]] = []
    for name, value in fields:
        lower = name.lower()
        if lower in _SECRET:
            scheme, space, _ = value.partition(b" ")
            value = scheme + b" " + HIDDEN if space else HIDDEN
        elif lower in _COOKIES:
            value = _names(value) if lower == b"cookie" else _name(value)
        elif lower in named:
            value = HIDDEN
        told.append((name, value))
    return tuple(told)


def _names(cookies: bytes) -> bytes:
    return b"; ".join(_name(one.strip()) for one in cookies.split(b";"))


def _name(cookie: bytes) -> bytes:
    name, equals, _ = cookie.partition(b"=")
    return name + equals + HIDDEN if equals else HIDDEN


# Content codings (RFC 9110 section 8.4.1)


def decoded(fields: Fields, body: bytes | None) -> bytes | None:
    """A body without its content coding; None where that cannot be told, or the body grows too large."""
    if not body:
        return body
    codings = [one.strip() for one in header(fields, b"content-encoding").lower().split(",") if one.strip()]
    if len(codings) > MOST_CODINGS:
        return None
    for coding in reversed(codings):
        decode = _DECODERS.get(coding)
        if decode is None:
            return None
        try:
            body = decode(body)
        except Exception:  # each library has errors of its own
            return None
        if len(body) > MOST_BODY:
            return None
    return body


def _same(body: bytes) -> bytes:
    return body


def _unzipped(body: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, MOST_BODY + 1)
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, MOST_BODY + 1)  # deflate without its wrapper


def _brotli(body: bytes) -> bytes:
    import brotli

    unpack = brotli.Decompressor()
    found: bytes = unpack.process(body, output_buffer_limit=MOST_BODY + 1)
    return found


def _zstd(body: bytes) -> bytes:
    import zstandard

    with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(body) as unpack:  # RFC 9659
        found: bytes = unpack.read(MOST_BODY + 1)
        return found


_DECODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "identity": _same,
    "gzip": _unzipped,
    "x-gzip": _unzipped,
    "deflate": _unzipped,
    "br": _brotli,
    "zstd": _zstd,
}
