"""Requests as people write them on a command line or in a test file: method, URL, header fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..endpoints.hosts import parse_authority
from ..exchange import Fields
from ..snapshot import Snapshot
from ..trial import Request


class RequestError(ValueError):
    """A text that is no request; the message says what is wrong and how to write it."""


def read_request(method: str, url: str, fields: Fields, snapshot: Snapshot) -> Request:
    """Return the request of a method, a URL or a path, and header fields; a Host among these wins, as with curl.

    A path alone goes to the host of the fields, else to the one host that all endpoints are served on. The path stays
    byte for byte, non-ASCII text as UTF-8; a fragment is never sent (RFC 9110 section 7.1). Raises RequestError.
    """
    scheme, host, target = _split(url)
    hosts = [value.decode("latin-1") for name, value in fields if name.lower() == b"host"]
    if len(hosts) > 1:
        raise RequestError("more than one Host: give one")
    rest = tuple(field for field in fields if field[0].lower() != b"host")
    host = hosts[0] if hosts else host or _only_host(snapshot)
    return Request(method, host or None, target, rest, scheme)


def read_fields(texts: Iterable[str]) -> Fields:
    """Return header fields written as `Name: value`. Raises RequestError."""
    fields: list[tuple[bytes, bytes]] = []
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or name != name.strip():
            raise RequestError(f"'{text}' is not a header field: write 'Name: value'")
        fields.append((name.encode("utf-8"), value.strip().encode("utf-8")))
    return tuple(fields)


def _split(url: str) -> tuple[str, str, bytes]:
    """Scheme, authority ('' for a path alone) and request target of a URL."""
    url = url.partition("#")[0]
    if url.startswith("/"):
        return "http", "", url.encode("utf-8")
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        raise RequestError(f"'{url}' is not a URL: write http://HOST/path, or /path with -H 'Host: …'")
    end = min((at for character in "/?" if (at := rest.find(character)) >= 0), default=len(rest))
    authority, target = rest[:end], rest[end:]
    if "@" in authority:
        raise RequestError("the URL holds a user name: write it as an Authorization field")
    if parse_authority(authority) is None:
        raise RequestError(f"'{authority}' is not a host with an optional port")
    return scheme.lower(), authority, (target if target.startswith("/") else f"/{target}").encode("utf-8")


def _only_host(snapshot: Snapshot) -> str:
    """The one host that requests without one can only mean; '' where every host is served alike."""
    patterns = [served.pattern for served in snapshot.table.hosts]
    if all(not pattern.labels for pattern in patterns):
        return ""
    if len(patterns) == 1 and patterns[0].is_exact:
        return patterns[0].text
    raise RequestError(f"the request names no host: write http://HOST/path; served are {_listed(patterns)}")


def _listed(patterns: Sequence[object], most: int = 5) -> str:
    texts = [str(getattr(pattern, "text", pattern)) for pattern in patterns]
    return ", ".join(texts[:most]) + (", …" if len(texts) > most else "")
