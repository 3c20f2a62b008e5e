"""`sluice list`: the table of endpoints."""

from __future__ import annotations

from collections.abc import Callable

import click

from ..endpoints.hosts import HostPattern, parse_authority
from ..endpoints.table import Endpoint
from .options import json_option, routes_option
from .output import count, print_json, print_line, print_table
from .sources import Source, routes_source

NO_ROUTE = "(origin)"
"""Shown as the target of an endpoint that is managed, not routed."""

_SORTS: dict[str, Callable[[Endpoint], object]] = {
    "path": lambda one: (one.path.text, one.method, one.host.rank),
    "host": lambda one: (one.host.rank, one.host.text, one.path.text, one.method),
    "method": lambda one: (one.method, one.path.text, one.host.rank),
    "target": lambda one: (one.route.text if one.route else "", one.path.text, one.method),
    "file": lambda one: one.place,
}


@click.command()
@click.option("--host", default="", help="Only endpoints that serve this host, or whose pattern holds this text.")
@click.option("--method", default="", help="Only endpoints of this method.")
@click.option("--path", default="", help="Only endpoints whose path holds this text.")
@click.option("--sort", type=click.Choice(list(_SORTS)), default="path", show_default=True)
@routes_option
@json_option
def command(host: str, method: str, path: str, sort: str, routes: str, as_json: bool) -> None:
    """The table of endpoints: method, host, path, target, place and operation id."""
    source = routes_source(routes)
    compiled = source.compiled()
    found = [
        one
        for one in compiled.endpoints
        if (not method or one.method == method.upper()) and path in one.path.text and serves(one.host, host)
    ]
    found.sort(key=_SORTS[sort])  # type: ignore[arg-type]
    if as_json:
        print_json([_members(one, source) for one in found])
        return
    print_table(
        ("METHOD", "HOST", "PATH", "TARGET", "DEFINED AT", "OPERATION ID"),
        [
            (one.method, one.host.text, one.path.text, target_text(one), source.place(one.place), one.operation_id)
            for one in found
        ],
    )
    total = len(compiled.endpoints)
    print_line(f"{count(len(found), 'endpoint')}" + ("" if len(found) == total else f" of {total:,}"))


def serves(pattern: HostPattern, asked: str) -> bool:
    """Whether a host that was asked for is one of a pattern's, or a part of its text; '' asks for any."""
    authority = parse_authority(asked)
    return asked.lower() in pattern.text or (authority is not None and pattern.fits(authority.host))


def target_text(endpoint: Endpoint) -> str:
    """An endpoint's target as people read it."""
    return endpoint.route.text if endpoint.route else NO_ROUTE


def _members(endpoint: Endpoint, source: Source) -> dict[str, object]:
    return {
        "method": endpoint.method,
        "host": endpoint.host.text,
        "path": endpoint.path.text,
        "target": endpoint.route.text if endpoint.route else None,
        "file": source.path(endpoint.place.file),
        "line": endpoint.place.line,
        "operation_id": endpoint.operation_id,
    }
