"""`*.test.yaml` beside the route files: a list of requests, and what the whole table is to make of each.

- request: GET /hotels/7/dates
  host: api.hotel.test
  expect: {target: "dates:/availability/7", endpoint: "GET /hotels/{hotel}/dates"}
- request: GET http://api.hotel.test/nowhere
  expect: {status: 404}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, SequenceNode

from ..endpoints.table import Endpoint
from ..endpoints.templates import TemplateError
from ..exchange import Exchange, Fields
from . import values
from .addresses import Services, encode_literal, split_address
from .diagnostics import Diagnostic, Findings, Mark, excerpt
from .documents import is_null, kind_of, mark_of, read_document
from .values import Text

TEST_KEYS = ("request", "host", "headers", "expect")
EXPECT_KEYS = ("target", "status", "endpoint")


@dataclass(frozen=True, slots=True)
class RouteTest:
    """One request, and what is expected of it; what is None is not said.

    `method` and `url` are the two parts of `request`; `endpoint` is method and path as a route file has them, or an
    operation id; `status` is that of the gateway's own answer.
    """

    mark: Mark
    method: str
    url: str
    host: str | None = None
    headers: Fields = ()
    target: str | None = None
    status: int | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class RouteTests:
    """What a file of tests says; `findings` are what is wrong in it."""

    name: str
    tests: tuple[RouteTest, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


def read_test_file(name: str, content: bytes, services: Services) -> RouteTests:
    """Return the tests of a file; `services` are those that an expected target may name."""
    findings = Findings(name)
    root = read_document(content, findings)
    tests: list[RouteTest] = []
    if isinstance(root, SequenceNode):
        read = [_read_test(node, services, findings) for node in root.value]
        tests = [test for test in read if test is not None]
    elif root is not None and not is_null(root):
        findings.error(mark_of(root), "wrong-type", f"a file of tests is a list of '- request: …', not {kind_of(root)}")
    return RouteTests(name, tuple(tests), tuple(findings.found))


def _read_test(node: Node, services: Services, findings: Findings) -> RouteTest | None:
    before = len(findings.found)
    listed = values.mapping(node, "a test", findings) or []
    found = values.known(listed, TEST_KEYS, "a test", findings)
    request = values.optional(found, "request", findings, values.text)
    host = values.optional(found, "host", findings, values.text)
    headers = values.optional(found, "headers", findings, _read_headers) or ()
    expect = values.optional(found, "expect", findings, values.mapping)
    for key in ("request", "expect"):
        if key not in found and len(findings.found) == before:
            findings.error(
                mark_of(node), "test-incomplete", f"a test has a 'request' and an 'expect': '{key}' is missing"
            )
    if request is None or expect is None:
        return None
    method, space, url = request.value.partition(" ")
    if not space or not url.strip():
        findings.error(request.mark, "test-request", f"'{excerpt(request.value)}' is not a request: write 'GET /path'")
        return None
    wanted = values.known(expect, EXPECT_KEYS, "'expect'", findings)
    if not wanted and len(findings.found) == before:
        findings.error(found["expect"].key_mark, "test-incomplete", "expect one of 'target', 'status' and 'endpoint'")
    target = values.optional(wanted, "target", findings, values.text)
    endpoint = values.optional(wanted, "endpoint", findings, values.text)
    return RouteTest(
        mark_of(node),
        method,
        url.strip(),
        host.value if host else None,
        headers,
        None if target is None else _expected_url(target, services, findings),
        values.optional(wanted, "status", findings, _read_status),
        endpoint.value if endpoint else None,
    )


def _read_headers(node: Node, what: str, findings: Findings) -> Fields | None:
    """Header fields: a mapping of names to a text or a list of texts."""
    if not isinstance(node, MappingNode):
        values.mapping(node, what, findings)
        return None
    return tuple(
        (entry.key.encode("utf-8"), text.value.encode("utf-8"))
        for entry in values.mapping(node, what, findings) or []
        for text in values.texts(entry.node, f"header field '{excerpt(entry.key)}'", findings)
    )


def _read_status(node: Node, what: str, findings: Findings) -> int | None:
    text = values.text(node, what, findings)
    if text is None:
        return None
    if len(text.value) == 3 and text.value.isascii() and text.value.isdigit() and 400 <= int(text.value) < 600:
        return int(text.value)
    findings.error(
        text.mark,
        "test-status",
        f"{what} is that of the gateway's own answer, such as 404, not '{excerpt(text.value)}'",
    )
    return None


def _expected_url(target: Text, services: Services, findings: Findings) -> str | None:
    """The URL that a target stands for: a URL, or a path behind a service."""
    try:
        address = split_address(target.value, services)
        if address is None:
            return None
        path = encode_literal(address.path or "", address.offset)
    except TemplateError as error:
        findings.error(target.mark.at(error.offset), error.code, str(error))
        return None
    query = "" if address.query is None else f"?{address.query}"
    return f"{address.origin}{address.base}{path}{query}"


def unmet(test: RouteTest, exchange: Exchange, path: Callable[[str], str] = str) -> list[str]:
    """Return what a decided exchange differs in from what its test expects; nothing where it passes.

    `path` makes of a place in the route files, such as `hotel.yaml:3`, what people can open.
    """
    got = _got(exchange, path)
    told: list[str] = []
    if test.target is not None and (exchange.forward is None or exchange.forward.url != test.target):
        told.append(f"expected the target {test.target}, got {got}")
    if test.status is not None and (exchange.problem is None or exchange.problem.status != test.status):
        told.append(f"expected the answer {test.status}, got {got}")
    endpoint = exchange.endpoint
    if test.endpoint is not None and (endpoint is None or test.endpoint not in _names(endpoint)):
        won = f"'{endpoint.text}' ({path(str(endpoint.place))})" if endpoint else "no endpoint"
        told.append(f"expected the endpoint '{test.endpoint}', got {won}")
    return told


def _got(exchange: Exchange, path: Callable[[str], str]) -> str:
    if exchange.forward is not None:
        return f"{exchange.forward.url} ({path(exchange.forward.place)})"
    problem = exchange.problem
    return f"{problem.status} {problem.detail}" if problem else "nothing"


def _names(endpoint: Endpoint) -> tuple[str, ...]:
    """What a test may call an endpoint: as its route file has it, in its stored form, or by its operation id."""
    return endpoint.text, f"{endpoint.method} {endpoint.path.stored}", endpoint.operation_id
