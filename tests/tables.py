"""Endpoints, targets, tables and exchanges for tests, written as route files and requests are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sluicegate.config.addresses import Service, Services, split_address
from sluicegate.config.targets import read_target, variables_of
from sluicegate.endpoints.hosts import HostPattern
from sluicegate.endpoints.table import Endpoint, Fallback, Place, Table, operation_id
from sluicegate.endpoints.targets import Origin, Target
from sluicegate.endpoints.templates import parse_path
from sluicegate.exchange import Exchange
from sluicegate.snapshot import Settings, Snapshot

SERVICES = Services({"rooms": Service("rooms", Origin("http", "127.0.0.1", 9002), base="/v2")})


def pattern(host: str | None) -> HostPattern:
    return HostPattern() if host is None else HostPattern.parse(host)


def target(source: str, written: str, host: str | None = None, **options: Any) -> Target:
    """The target of a source path, as a route file has both."""
    address = split_address(written, SERVICES)
    assert address is not None
    return read_target(address, variables_of(parse_path(source), pattern(host)), source, **options)


def endpoint(text: str, route: str | None = None, host: str | None = None, **options: Any) -> Endpoint:
    """An endpoint such as `GET /a/{x}` with its route."""
    method, _, path = text.partition(" ")
    parsed = parse_path(path)
    to = None if route is None else target(path, route, host, host_header=options.pop("host_header", "target"))
    place = options.pop("place", Place("hotel.yaml", 1, 3))
    return Endpoint(method, pattern(host), parsed, operation_id(method, pattern(host), parsed), to, place, **options)


def fallback(url: str, **options: Any) -> Fallback:
    return Fallback(target("/", url, host_header=options.pop("host_header", "target")), **options)


def table(*endpoints: Endpoint, origins: Iterable[tuple[str | None, Fallback]] = ()) -> Table:
    made = Table()
    for one in endpoints:
        made.add(one)
    for host, origin in origins:
        made.add_host(pattern(host), origin)
    return made


def snapshot(*endpoints: Endpoint, origins: Iterable[tuple[str | None, Fallback]] = (), **options: Any) -> Snapshot:
    return Snapshot(1, table(*endpoints, origins=origins), options.pop("settings", Settings()), **options)


def exchange(request: str = "GET /", *headers: tuple[str, str], **options: Any) -> Exchange:
    """What a client's request begins; a Host of `a.test` is there unless `host` is another one or None."""
    method, _, path = request.partition(" ")
    host = options.pop("host", "a.test")
    fields = [("Host", host), *headers] if host is not None else [*headers]
    values: dict[str, Any] = {
        "request_id": "id-1",
        "received": 0.0,
        "client": "127.0.0.1",
        "scheme": "http",
        "method": method,
        "authority": "",
        "target": path.encode("latin-1"),
        "headers": tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields),
        "http_version": "HTTP/1.1",
        "snapshot": None,
    }
    return Exchange(**values | options)
