"""A route file is composed, proved, and composed again without what did not stand the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..config.addresses import Service
from ..config.editing.quoting import quoted
from ..config.layout.writer import layout
from ..config.syntax import MAX_SIMPLE_KEY
from ..endpoints.hosts import HostPattern
from .naming import comment
from .openapi import Operation
from .proof import refuted
from .rows import LeftOut, Row, left_out, rows


@dataclass(frozen=True, slots=True)
class Imported:
    """A route file's text, how many endpoints it has, and what could not be one."""

    text: str
    endpoints: int
    left_out: tuple[LeftOut, ...]


def composed(
    operations: Sequence[Operation],
    service: Service,
    host: str,
    head: Sequence[str],
    table: Callable[[Sequence[Row]], Iterable[str]],
) -> Imported:
    """Return the route file of operations for a host that `read_host` takes, each behind the service at its own path.

    `head` are the lines above the services; `table` gives the lines of the endpoints. What cannot be an endpoint is
    left out and told.
    """
    pattern = read_host(host)
    made, out = rows(operations, service, pattern)
    while True:
        text = layout("\n".join(_lines(head, service, table(made), out)) + "\n")
        failed = refuted(text, made, service, pattern)
        if not failed:
            return Imported(text, len(made), tuple(out))
        gone = {id(one.row) for one in failed}
        out += [left_out(one.row.operation, one.reason) for one in failed]
        made = [row for row in made if id(row) not in gone]


def read_host(host: str) -> HostPattern:
    """Return the pattern of a host as route files have it, '' for any host. Raises ValueError."""
    return HostPattern.parse(host) if host else HostPattern()


def entry(row: Row, told: str) -> Iterator[str]:
    """The lines of an endpoint, with a comment behind it."""
    key = quoted(row.key)
    if len(key) > MAX_SIMPLE_KEY:
        yield f"  ? {key}"
        key = ""
    yield f"  {key}: {quoted(row.target)}" + (f"  # {told}" if told else "")


def _lines(head: Sequence[str], service: Service, table: Iterable[str], out: Sequence[LeftOut]) -> Iterator[str]:
    yield from head
    yield from ("", "services:", f"  {service.name}: {quoted(f'{service.origin}{service.base}')}", "", "endpoints:")
    yield from table
    if out:
        yield from ("", "# Left out, because none of these can be an endpoint:")
        yield from (f"#   {one.operation}: {comment(one.reason, 300)}" for one in out)
