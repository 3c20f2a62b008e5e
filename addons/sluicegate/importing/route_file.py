"""The route file of an API description."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ..config.addresses import Service, Services, read_base, split_address
from ..config.diagnostics import excerpt
from ..config.editing.quoting import quoted
from ..endpoints.templates import TemplateError
from .composing import Imported, composed, entry
from .naming import comment, service_name
from .openapi import Description
from .rows import Row

_MOST_NAMED = 5
"""Servers that a comment names, at most."""


def read_target_url(url: str, title: str) -> Service:
    """Return the service of a target URL, named after a title, else after its host.

    Raises ValueError: not `http://host:port` or `https://host` with at most a path.
    """
    try:
        address = split_address(url, Services(complete=True))
        if address is None or address.service is not None:
            raise ValueError(f"'{excerpt(url)}' is not a URL: write it like 'http://127.0.0.1:9001'")
        base = read_base(address, f"'{excerpt(url)}'")
    except TemplateError as error:
        if error.code == "service-unknown":
            raise ValueError(f"'{excerpt(url)}' is not a URL: write it like 'http://127.0.0.1:9001'") from None
        raise ValueError(str(error)) from None
    return Service(service_name(title, address.origin.host), address.origin, base)


def imported(description: Description, source: str, service: Service, host: str) -> Imported:
    """Return the route file of a description for a host that `read_host` takes.

    `source` names the document in the file's first line.
    """
    head = [f"# {line}" for line in _about(description, source)] + _host(description, host)
    return composed(description.operations, service, host, head, _table)


def _about(description: Description, source: str) -> Iterator[str]:
    name = comment(f"{description.title or 'An API'} {description.version}")
    yield f"{name}: imported from {comment(source)} (OpenAPI {comment(description.openapi, 20)})"
    first, *others = description.servers or [None]
    if first is not None and first.base:
        yield f"Of the server {comment(first.url)} the base path {comment(first.base)} stands in front of every path."
    if others:
        named = ", ".join(comment(one.url) for one in others[:_MOST_NAMED] if one is not None)
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        yield f"Other servers of the document, not taken over: {named}{more}"


def _host(description: Description, host: str) -> list[str]:
    if host:
        return [f"host: {quoted(host)}"]
    hosts = list(dict.fromkeys(comment(one.host) for one in description.servers if one.host))[:_MOST_NAMED]
    if not hosts:
        return ["# host: left out, so any host is meant"]
    return [f"# host: left out, so any host is meant; the document's servers: {', '.join(hosts)}"]


def _table(made: Sequence[Row]) -> Iterator[str]:
    has_groups = len({row.operation.tag for row in made}) > 1
    for number, (tag, members) in enumerate(groupby(made, lambda row: row.operation.tag)):
        if has_groups:
            if number:
                yield ""
            yield f"  # {comment(tag) or 'without a tag'}"
        for row in members:
            yield from entry(row, _comment(row))


def _comment(row: Row) -> str:
    told = comment(row.operation.summary)
    if not row.operation.deprecated:
        return told
    return f"deprecated: {told}" if told else "deprecated"
