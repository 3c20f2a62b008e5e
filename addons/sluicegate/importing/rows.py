"""Operations as rows of a route file's `endpoints`, and those that cannot be one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..config.addresses import Service, Services, split_address
from ..config.diagnostics import excerpt
from ..config.endpoints import METHODS
from ..config.targets import read_target, variables_of
from ..endpoints.hosts import HostPattern
from ..endpoints.templates import MAX_PATH, TemplateError, parse_path
from .naming import encoded, with_variables
from .openapi import Operation


class Row(NamedTuple):
    """An operation as an endpoint: its key and its target, as the file has them."""

    operation: Operation
    key: str
    target: str


class LeftOut(NamedTuple):
    """An operation that cannot be an endpoint, and why."""

    operation: str
    reason: str


def left_out(operation: Operation, reason: str) -> LeftOut:
    """Name an operation that is left out, in texts fit for one line."""
    return LeftOut(excerpt(operation.text, 200), excerpt(reason, 300))


def rows(operations: Iterable[Operation], service: Service, host: HostPattern) -> tuple[list[Row], list[LeftOut]]:
    """Return the rows of operations that can be endpoints behind a service, by tag, and what is left out.

    Tags, and the operations of each, are in the order in which the document first has them.
    """
    services = Services({service.name: service})
    made: dict[str, list[Row]] = {}
    out: list[LeftOut] = []
    first: dict[tuple[str, str], Row] = {}
    for operation in operations:
        try:
            row, stored = _row(operation, service, services, host)
        except TemplateError as error:
            out.append(left_out(operation, str(error)))
            continue
        earlier = first.setdefault((operation.method, stored), row)
        if earlier is not row:
            shown = excerpt(earlier.operation.text, 200)
            out.append(left_out(operation, f"it matches the same requests as '{shown}', which stands first"))
            continue
        made.setdefault(operation.tag, []).append(row)
    return [row for group in made.values() for row in group], out


def _row(operation: Operation, service: Service, services: Services, host: HostPattern) -> tuple[Row, str]:
    """Return the row of an operation and its path in stored form. Raises TemplateError, as the loader does."""
    if operation.method not in METHODS:
        shown = excerpt(operation.method, 40)
        raise TemplateError("method-unknown", f"'{shown}' is not a method of route files: {', '.join(METHODS)} are")
    if len(operation.base) + len(operation.path) > MAX_PATH:
        raise TemplateError("path-length", f"the path is longer than {MAX_PATH} characters")
    if not operation.path.startswith("/"):
        raise TemplateError("path-slash", f"the path '{excerpt(operation.path)}' does not begin with '/'")
    if "${" in operation.base + operation.path:
        raise TemplateError("environment-place", "'${' begins a reference to the environment in route files")
    path = with_variables(encoded(operation.path), host.variables)
    key = f"{operation.method} {encoded(operation.base)}{path}"
    template = parse_path(key.partition(" ")[2])
    # Behind the name of a service, two slashes would make a scheme of it.
    origin = f"{service.origin}{service.base}" if path.startswith("//") else f"{service.name}:"
    target = f"{origin}{path}"
    address = split_address(target, services)
    if address is not None:
        read_target(address, variables_of(template, host), key)
    return Row(operation, key, target), template.stored
