"""The examples of endpoints: each goes through the functions that route live traffic, over the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .. import trial
from ..endpoints.hosts import host_of
from ..endpoints.table import Endpoint, Table
from ..endpoints.templates import TemplateError
from ..exchange import Exchange
from ..routing.nearest import difference
from ..snapshot import Snapshot
from .addresses import Services, encode_literal, split_address
from .diagnostics import Findings, Mark, excerpt
from .endpoints import Example


@dataclass(frozen=True, slots=True)
class Case:
    """The examples of one endpoint, the services that its file can name, and where findings go."""

    endpoint: Endpoint
    examples: Sequence[Example]
    services: Services
    findings: Findings


class Failure(NamedTuple):
    """Why an example did not come out as it says: the place of the part that is wrong, the rule, and the words."""

    mark: Mark
    code: str
    message: str


def check_examples(table: Table, cases: Sequence[Case]) -> None:
    """Route every example; one that does not come out as it says becomes a finding."""
    snapshot = Snapshot(0, table)
    for case in cases:
        for example in case.examples:
            failed = failure(snapshot, case, example)
            if failed is not None:
                case.findings.error(*failed)


def failure(snapshot: Snapshot, case: Case, example: Example) -> Failure | None:
    """Route one example over the whole table; None where it comes out as it says."""
    endpoint = case.endpoint
    shown = f"example '{excerpt(example.request.value)}'"
    try:
        expected = _expected_url(example, case.services)
    except TemplateError as error:
        return Failure(example.expected.mark.at(error.offset), error.code, f"{shown}: {error}")
    request = _request(endpoint, example.request.value)
    if request is None:
        return Failure(example.request.mark, "example-request", f"{shown} is neither '/path' nor '//host/path'")
    if expected is None:
        return None  # the service that it names is defined wrongly, which is a finding of its own
    exchange = trial.decided(request, snapshot)
    if exchange.endpoint is not endpoint and exchange.path:
        return Failure(example.request.mark, "example-endpoint", f"{shown} {_other(exchange, endpoint)}")
    if exchange.problem is not None:
        return Failure(example.request.mark, "example-refused", f"{shown} is refused: {exchange.problem.detail}")
    if exchange.forward is not None and exchange.forward.url != expected:
        return Failure(
            example.expected.mark,
            "example-target",
            f"{shown} gives {excerpt(exchange.forward.url, 200)}, not {excerpt(expected, 200)}",
        )
    return None


def _expected_url(example: Example, services: Services) -> str | None:
    """Return the URL that an example is to give; None where it names a service that is defined wrongly."""
    address = split_address(example.expected.value, services)
    if address is None:
        return None
    path = encode_literal(address.path or "", address.offset)
    if "{" in path + (address.query or ""):
        at = example.expected.value.index("{")
        raise TemplateError("example-variable", "write the value that the variable has in this request", at)
    query = "" if address.query is None else "?" + encode_literal(address.query, address.offset)
    return f"{address.origin}{address.base}{path}{query}"


def _request(endpoint: Endpoint, request: str) -> trial.Request | None:
    """Return the request that an example for `/path` or `//host/path` means; None where it is neither."""
    host = host_of(endpoint.host) or ""
    if request.startswith("//"):
        host, slash, path = request[2:].partition("/")
        request = slash + path
    if not request.startswith("/") or not host.isascii():
        return None
    return trial.Request(endpoint.method, host or None, request.encode("utf-8", "replace"))


def _other(exchange: Exchange, endpoint: Endpoint) -> str:
    """Why an example went elsewhere than to its own endpoint."""
    won = exchange.endpoint
    if won is not None:
        return f"goes to '{won.text}' ({won.place}), which is more specific"
    if not endpoint.host.fits(exchange.host):
        return f"does not fit its endpoint: the host is '{exchange.host}', not '{endpoint.host.text}'"
    segments = exchange.path.split("/")[1:]
    return f"does not fit its endpoint: {difference(endpoint, exchange.method, segments)}"
