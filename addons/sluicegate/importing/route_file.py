"""The route file of a description: composed, proved, and composed again without what did not stand the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..config.addresses import Service, Services, read_base, split_address
from ..config.diagnostics import excerpt
from ..config.editing.quoting import quoted
from ..config.layout.writer import layout
from ..config.syntax import MAX_SIMPLE_KEY
from ..endpoints.hosts import HostPattern
from ..endpoints.templates import TemplateError
from .naming import comment, service_name
from .openapi import Description
from .proof import refuted
from .rows import LeftOut, Row, left_out, rows

_MOST_NAMED = 5
"""Servers that a comment names, at most."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A route file's text, how many endpoints it has, and what could not be one."""

    text: str
    endpoints: int
    left_out: tuple[LeftOut, ...]


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


def read_host(host: str) -> HostPattern:
    """Return the pattern of a host as route files have it, '' for any host. Raises ValueError."""
    return HostPattern.parse(host) if host else HostPattern()


def imported(description: Description, source: str, service: Service, host: str) -> Imported:
    """Return the route file of a description for a host that `read_host` takes.

    `source` names the document in the file's first line.
    """
    pattern = read_host(host)
    made, out = rows(description.operations, service, pattern)
    while True:
        text = _text(description, source, service, host, made, out)
        failed = refuted(text, made, service, pattern)
        if not failed:
            return Imported(text, len(made), tuple(out))
        gone = {id(one.row) for one in failed}
        out += [left_out(one.row.operation, one.reason) for one in failed]
        made = [row for row in made if id(row) not in gone]


def _text(
    description: Description,
    source: str,
    service: Service,
    host: str,
    made: Sequence[Row],
    out: Sequence[LeftOut],
) -> str:
    lines = [f"# {line}" for line in _about(description, source)]
    lines += _host(description, host)
    lines += ["", "services:", f"  {service.name}: {quoted(f'{service.origin}{service.base}')}", "", "endpoints:"]
    lines += _table(made)
    if out:
        lines += ["", "# Left out, because none of these can be an endpoint:"]
        lines += [f"#   {one.operation}: {comment(one.reason, 300)}" for one in out]
    return layout("\n".join(lines) + "\n")


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
            key, told = quoted(row.key), _comment(row)
            if len(key) > MAX_SIMPLE_KEY:
                yield f"  ? {key}"
                key = ""
            yield f"  {key}: {quoted(row.target)}" + (f"  # {told}" if told else "")


def _comment(row: Row) -> str:
    told = comment(row.operation.summary)
    if not row.operation.deprecated:
        return told
    return f"deprecated: {told}" if told else "deprecated"
