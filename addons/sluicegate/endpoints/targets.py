"""Target Endpoints: where the requests of an endpoint go, as a template over its variables (API Shield, API Routing).

A target without a path keeps the request's own. Captured segments go in still encoded, so `%2F` survives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from .normalise import decode_unreserved


class Origin(NamedTuple):
    """Scheme, host and port that connections go to. The host is a name, an IPv4 address or an IPv6 address (bare)."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a Host field shows them: the port only where it is not the scheme's own."""
        return _authority(self)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=4096)  # asked for each request, and there are few origins
def _authority(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return host if origin.port == DEFAULT_PORTS[origin.scheme] else f"{host}:{origin.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """How an origin is reached: one for all routes to it, since connections are shared by address."""

    insecure: bool = False
    """Accept a certificate that cannot be verified."""
    h2c: bool = False
    """Speak HTTP/2 without TLS."""


class Capture(NamedTuple):
    """A part of the request's path: `segment` counts in the path split at slashes, the rest cuts text off it."""

    segment: int
    start: int | None = None
    stop: int | None = None


class HostCapture(NamedTuple):
    """A label of the request's host."""

    label: int


Part = str | Capture | HostCapture


@dataclass(frozen=True, slots=True)
class Target:
    """A Target Endpoint, ready to be rendered.

    `path` None keeps the request's path behind `base`. `guarded` asks for a look at the rendered path, because text
    joined from several pieces could read as a dot segment. `service` is the name by which the route files reach the
    origin, '' where they write it out; targets that differ in nothing else are equal.
    """

    origin: Origin
    text: str
    base: str = ""
    path: tuple[Part, ...] | None = None
    query: tuple[Part, ...] = ()
    guarded: bool = False
    connection: Connection = Connection()
    host_header: str = "target"
    timeout: float = 60.0
    service: str = field(default="", compare=False)


class UnsafePathError(ValueError):
    """A rendered path that would climb out of its place at the target."""


def render_path(target: Target, segments: Sequence[str], host: str) -> str | None:
    """Return the path toward the target, or None where the request's own path is kept.

    `segments` is the normalised request path split at slashes. Raises UnsafePathError.
    """
    if target.path is None:
        return None
    path = "".join([part if part.__class__ is str else _value(part, segments, host) for part in target.path])
    if target.guarded and not {b".", b".."}.isdisjoint(decode_unreserved(path.encode("ascii")).split(b"/")):
        raise UnsafePathError("the path toward the target would hold a dot segment")
    return path


def render_query(target: Target, query: bytes | None, segments: Sequence[str], host: str) -> bytes | None:
    """Return the query toward the target: the target's own first, then the client's byte for byte; None for none."""
    if not target.query:
        return query
    own = "".join(
        [part if isinstance(part, str) else _query_value(_value(part, segments, host)) for part in target.query]
    ).encode("ascii")
    return own if not query else own + b"&" + query


def _value(part: Part, segments: Sequence[str], host: str) -> str:
    if isinstance(part, Capture):
        return segments[part.segment][part.start : part.stop]
    if isinstance(part, HostCapture):
        return host.split(".")[part.label]
    return part


_QUERY_ESCAPES = str.maketrans({character: f"%{ord(character):02X}" for character in "&=+;"})


def _query_value(value: str) -> str:
    """A path segment as one query value: what separates pairs in a query is data here."""
    return value.translate(_QUERY_ESCAPES)
