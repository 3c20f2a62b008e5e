"""The examples of endpoints: each goes through the functions that route live traffic, over the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..endpoints.hosts import HostPattern
from ..endpoints.table import Endpoint, Table
from ..endpoints.templates import TemplateError
from ..exchange import Exchange
from ..forwarding.admission import admit
from ..routing.nearest import difference
from ..routing.stage import route
from ..snapshot import Snapshot
from .addresses import Services, encode_literal, split_address
from .diagnostics import Findings, excerpt
from .endpoints import Example


@dataclass(frozen=True, slots=True)
class Case:
    """The examples of one endpoint, the services that its file can name, and where findings go."""

    endpoint: Endpoint
    examples: Sequence[Example]
    services: Services
    findings: Findings


def check_examples(table: Table, cases: Sequence[Case]) -> None:
    """Route every example; one that does not come out as it says becomes a finding."""
    snapshot = Snapshot(0, table)
    for case in cases:
        for example in case.examples:
            _check(snapshot, case, example)


def host_of(pattern: HostPattern) -> str:
    """Return a host that fits a pattern, each variable filled with its own name; '' for any host."""
    names = iter(pattern.variables)
    return ".".join(next(names).lower() if label is None else label for label in pattern.labels)


def _check(snapshot: Snapshot, case: Case, example: Example) -> None:
    endpoint, findings = case.endpoint, case.findings
    shown = f"example '{excerpt(example.request.value)}'"
    try:
        expected = _expected_url(example, case.services)
    except TemplateError as error:
        findings.error(example.expected.mark.at(error.offset), error.code, f"{shown}: {error}")
        return
    exchange = _exchange(snapshot, endpoint, example.request.value)
    if expected is None or exchange is None:
        if exchange is None:
            findings.error(example.request.mark, "example-request", f"{shown} is neither '/path' nor '//host/path'")
        return
    admit(exchange)
    if exchange.problem is None:
        route(exchange)
        if exchange.endpoint is not endpoint:
            findings.error(example.request.mark, "example-endpoint", f"{shown} {_other(exchange, endpoint)}")
            return
    if exchange.problem is not None:
        findings.error(example.request.mark, "example-refused", f"{shown} is refused: {exchange.problem.detail}")
    elif exchange.forward is not None and exchange.forward.url != expected:
        findings.error(
            example.expected.mark,
            "example-target",
            f"{shown} gives {excerpt(exchange.forward.url, 200)}, not {excerpt(expected, 200)}",
        )


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


def _exchange(snapshot: Snapshot, endpoint: Endpoint, request: str) -> Exchange | None:
    """Return the exchange that a request for `/path` or `//host/path` would be; None where it is neither."""
    host = host_of(endpoint.host)
    if request.startswith("//"):
        host, slash, path = request[2:].partition("/")
        request = slash + path
    if not request.startswith("/") or not host.isascii():
        return None
    return Exchange(
        request_id="example",
        received=0.0,
        client="127.0.0.1",
        scheme="http",
        method=endpoint.method,
        authority="",
        target=request.encode("utf-8", "replace"),
        headers=((b"host", host.encode("ascii")),) if host else (),
        # A request may leave its host out up to this version only.
        http_version="HTTP/1.1" if host else "HTTP/1.0",
        snapshot=snapshot,
    )


def _other(exchange: Exchange, endpoint: Endpoint) -> str:
    """Why an example went elsewhere than to its own endpoint."""
    won = exchange.endpoint
    if won is not None:
        return f"goes to '{won.text}' ({won.place}), which is more specific"
    if not endpoint.host.fits(exchange.host):
        return f"does not fit its endpoint: the host is '{exchange.host}', not '{endpoint.host.text}'"
    segments = exchange.path.split("/")[1:]
    return f"does not fit its endpoint: {difference(endpoint, exchange.method, segments)}"
