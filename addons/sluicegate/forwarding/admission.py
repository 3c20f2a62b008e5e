"""Which requests a gateway may act on at all: one authority, a path with one reading, a head without control bytes.

What is refused here would mean one thing to the gateway and another to a server behind it (RFC 9110 sections 7.2 and
17.10, RFC 9112 sections 3.2 and 11.2).
"""

from __future__ import annotations

import re

from ..endpoints.hosts import parse_authority
from ..endpoints.normalise import BadPathError, check_bytes, normalise
from ..exchange import Exchange
from ..problems import Problem

NAME = "admission"

VERSIONS = frozenset({"HTTP/1.0", "HTTP/1.1", "HTTP/2.0"})
CONTROLS = bytes([*range(9), *range(10, 32), 127])
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PORTS = {"http": 80, "https": 443}


class RefusalError(Exception):
    """A request that is not admitted; the message is for the client."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def admit(exchange: Exchange) -> None:
    """Check the request's head; set `host` (lower case, no port), `path` (normal form) and `query`, or refuse."""
    try:
        if exchange.http_version not in VERSIONS:
            raise RefusalError("bad-version", "The HTTP version does not exist or is not served.")
        if not _METHOD.fullmatch(exchange.method):
            raise RefusalError("bad-method", "The method is not a token.")  # RFC 9110 section 9.1
        head = b"".join(map(b"".join, exchange.headers))
        if len(head.translate(None, CONTROLS)) != len(head):
            raise RefusalError("bad-header", "A header field holds a control character.")
        exchange.host = _host(exchange)
        path, mark, query = exchange.target.partition(b"?")
        exchange.path = normalise(path)
        if mark:
            check_bytes(query, "query")
            exchange.query = query
    except BadPathError as error:
        exchange.refuse(NAME, Problem(400, "bad-target", f"Bad request target: {error}.", close=True))
    except RefusalError as error:
        exchange.refuse(NAME, Problem(400, error.kind, str(error), close=True))


def _host(exchange: Exchange) -> str:
    """The one host that a request names; '' for an HTTP/1.0 request that names none."""
    fields = exchange.field_values(b"host")
    if len(fields) > 1:
        raise RefusalError("bad-host", "The request has more than one Host.")
    text = fields[0].decode("latin-1") if fields else ""
    authority = parse_authority(text)
    named = parse_authority(exchange.authority) if exchange.authority else None
    if exchange.authority and named is None:
        raise RefusalError("bad-host", "The authority of the request is not a host with an optional port.")
    if fields and authority is None:
        raise RefusalError("bad-host", "The Host is not a host with an optional port.")
    if authority is None and named is None:
        if exchange.http_version == "HTTP/1.0":
            return ""
        raise RefusalError("bad-host", "The request has no Host.")
    if authority and named and not _same(authority, named, exchange.scheme):
        raise RefusalError("bad-host", "The authority of the request target differs from Host.")
    if not fields and exchange.http_version == "HTTP/1.1":
        raise RefusalError("bad-host", "The request has no Host.")
    exchange.authority = text or exchange.authority
    chosen = authority or named
    return chosen.host if chosen else ""


def _same(one: tuple[str, int | None], other: tuple[str, int | None], scheme: str) -> bool:
    port = _PORTS[scheme]
    return one[0] == other[0] and (one[1] or port) == (other[1] or port)
