"""What a gateway changes in the header fields that it passes on (RFC 9110 section 7.6).

Hop-by-hop fields end here; what a client claims about the way it came is believed of trusted proxies only.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from ..exchange import Exchange, Fields, Values, by_name
from ..problems import Problem

NAME = "loop"

# transfer-encoding is hop-by-hop too, but it is framing: the HTTP layer writes it anew for its own connection.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authorization",
        b"te",
        b"upgrade",
        b"http2-settings",
    }
)
_OWN = frozenset(
    {b"host", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"x-request-id"}
)
_REQUEST_HANDLED = _HOP_BY_HOP | _OWN
_RESPONSE_HANDLED = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"upgrade"})
_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""What Connection must not nominate: a sender could take framing or Host away with it."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~+/=-]{1,128}")


def _plain(name: bytes) -> bytes:
    """A field's name as servers behind CGI or WSGI read it: `X_Forwarded_For` is `X-Forwarded-For` to them."""
    name = name.lower()
    if b"_" in name and (dashed := name.replace(b"_", b"-")) in _OWN:
        return dashed
    return name


def request_id(exchange: Exchange) -> str:
    """Return the client's request id where it has one that is fit to be kept, else a new one."""
    found = exchange.field_values(b"x-request-id")
    if len(found) == 1 and _REQUEST_ID.fullmatch(found[0]):
        return found[0].decode("ascii")
    return new_request_id()


def new_request_id() -> str:
    """Return an id for a request that has none: 128 random bits."""
    return next(_ids)


def _random_ids() -> Iterator[str]:
    """Ids cut from blocks of random bits: to ask the system for each one would be a system call for each request."""
    while True:
        block = secrets.token_hex(16 * 256)
        for start in range(0, len(block), 32):
            yield block[start : start + 32]


_ids = _random_ids()


def wants_websocket(exchange: Exchange) -> bool:
    """Whether a request asks for the one upgrade that passes (RFC 6455 section 4.1; HTTP/1.1 only)."""
    upgrades = exchange.field_values(b"upgrade")
    if not upgrades or exchange.http_version != "HTTP/1.1" or exchange.method != "GET":
        return False
    if len(exchange.field_values(b"sec-websocket-key")) != 1:
        return False
    asked = [value.strip().lower() for value in upgrades]
    return asked == [b"websocket"] and b"upgrade" in connection_options(exchange.values)


def connection_options(values: Values) -> set[bytes]:
    """The options of the Connection field, in lower case: names of fields that end here, and `close` or `upgrade`."""
    return {option.strip().lower() for value in values.get(b"connection", ()) for option in value.split(b",")}


@dataclass(frozen=True, slots=True)
class Hop:
    """This gateway as one hop: the pseudonym in Via by which it knows itself, and whether it writes Forwarded."""

    pseudonym: str
    forwarded: bool = False

    def refuse_loop(self, exchange: Exchange) -> None:
        """A stage: refuse with 508 what this very gateway has sent on before (RFC 9110 section 7.6.3)."""
        own = self.pseudonym.encode("ascii")
        for value in exchange.field_values(b"via"):
            if own in value:
                exchange.refuse(NAME, Problem(508, "loop", "The request came back to the gateway that had sent it on."))
                return

    def request_fields(self, exchange: Exchange, host: str) -> Fields:
        """Return the fields of an admitted request as they go to the target; `host` goes first, HTTP/2 has none."""
        http2 = exchange.http_version == "HTTP/2.0"
        ended = _REQUEST_HANDLED | (connection_options(exchange.values) - _FRAMING)
        kept: list[tuple[bytes, bytes]] = [] if http2 else [(b"Host", host.encode("latin-1"))]
        kept += [field for field in exchange.headers if _plain(field[0]) not in ended]
        if wants_websocket(exchange):
            kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
        if http2 and b"trailers" in b",".join(exchange.field_values(b"te")).lower():
            kept.append((b"te", b"trailers"))  # without it gRPC servers refuse (RFC 9113 section 8.2.2 allows it)
        kept += self._path_so_far(exchange)
        if http2:
            return tuple((name.lower(), value) for name, value in kept)
        return tuple(kept)

    def _path_so_far(self, exchange: Exchange) -> list[tuple[bytes, bytes]]:
        trusted = exchange.snapshot is not None and exchange.snapshot.settings.trusts(exchange.client)
        believed: Values = exchange.values if trusted else {}
        client = exchange.client.encode("ascii", "replace")
        authority = exchange.authority.encode("latin-1")
        scheme = exchange.scheme.encode("ascii")
        fields = [
            (b"X-Forwarded-For", b", ".join([*believed.get(b"x-forwarded-for", ()), client])),
            (b"X-Forwarded-Proto", believed.get(b"x-forwarded-proto", [scheme])[0]),
            (b"X-Forwarded-Host", believed.get(b"x-forwarded-host", [authority])[0]),
            (b"X-Request-Id", exchange.request_id.encode("ascii")),
            (b"Via", f"{exchange.http_version[5:]} {self.pseudonym}".encode("ascii")),
        ]
        earlier = believed.get(b"forwarded", [])
        if self.forwarded:
            node = b'"[%s]"' % client if b":" in client else client
            fields.append(
                (
                    b"Forwarded",
                    b", ".join([*earlier, b'for=%s;host="%s";proto=%s' % (node, authority, scheme)]),
                )
            )
        elif earlier:
            fields.append((b"Forwarded", b", ".join(earlier)))
        return fields


def response_fields(headers: Fields, *, upgraded: bool) -> Fields:
    """Return the fields of a response as they go to the client; `upgraded`: it switches to WebSocket."""
    if _RESPONSE_HANDLED.isdisjoint([name.lower() for name, _ in headers]):
        return headers
    values = by_name(headers)
    ended = _RESPONSE_HANDLED | (connection_options(values) - _FRAMING)
    kept = [field for field in headers if field[0].lower() not in ended]
    if upgraded:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    return tuple(kept)


def changes(before: Fields, after: Fields) -> dict[str, list[str]]:
    """Say which field names were added, removed or changed between two sets of fields, for the trail."""

    old = {name.decode("latin-1"): values for name, values in by_name(before).items()}
    new = {name.decode("latin-1"): values for name, values in by_name(after).items()}
    told = {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
    }
    return {what: names for what, names in told.items() if names}
