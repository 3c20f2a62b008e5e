"""The proof of a written route file: it is compiled, and every endpoint is tried with a request of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

from .. import trial
from ..config.addresses import Service
from ..config.compiler import Compiled
from ..config.gateway_file import GatewayFile
from ..config.linking import link
from ..config.route_files import GATEWAY_FILE, read_route_file
from ..endpoints.hosts import HostPattern, host_of
from ..snapshot import Snapshot
from .naming import VARIABLE, encoded
from .rows import Row

_NAME = "import.yaml"
_VALUES = ("7", "b-5", "Zx9", "q_4~1", "k.k.k", "%C3%A9", "w8w8w8w8w8w8")
"""What variables are filled with, each with a number behind it: of so many, one is like no other endpoint beside it."""


class Refuted(NamedTuple):
    """A row that does not do what it is to do; `reason` is fit for one line."""

    row: Row
    reason: str


def refuted(text: str, made: Sequence[Row], service: Service, host: HostPattern) -> list[Refuted]:
    """Compile a route file and try each of its rows, which come in the order of its lines; return those that fail.

    Raises RuntimeError where the file itself does not compile: a fault in what wrote it.
    """
    file = read_route_file(_NAME, text.encode("utf-8"), {})
    linked = link([file], GatewayFile(GATEWAY_FILE))
    errors = [one for one in (*file.findings, *linked.findings) if one.severity == "error"]
    if errors:
        reasons = {one.line: one.message for one in reversed(errors)}
        failed = [Refuted(row, reasons[line]) for line, row in _lines(text, made) if line in reasons]
        if not failed:
            raise RuntimeError(f"the route file does not compile: {errors[0]}")
        return failed
    snapshot = Compiled(linked.endpoints, linked.hosts).snapshot()
    return [Refuted(row, reason) for row in made if (reason := _difference(row, service, host, snapshot))]


def _lines(text: str, made: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    """The line that each row stands in: they come in the order in which they were given."""
    left = iter(made)
    row = next(left, None)
    for number, line in enumerate(text.split("\n"), 1):
        if row is not None and row.key in line and not line.lstrip().startswith("#"):
            yield number, row
            row = next(left, None)


def _difference(row: Row, service: Service, host: HostPattern, snapshot: Snapshot) -> str:
    """Try a row with different values in its variables; return '' where one try comes out as it should."""
    told = ""
    asked = host_of(host) or "any.test"
    operation = row.operation
    for value in _VALUES:
        # From the document's own path, so that a variable that was renamed wrongly shows.
        numbers = count()
        path = _as_sent(VARIABLE.sub(lambda _: f"{value}{next(numbers)}", encoded(operation.path)))  # noqa: B023
        sent = _as_sent(encoded(operation.base)) + path
        exchange = trial.decided(trial.Request(operation.method, asked, sent.encode("ascii")), snapshot)
        expected = f"{service.origin}{service.base}{path}"
        if exchange.forward is not None and exchange.forward.url == expected:
            return ""
        if not told:
            got = exchange.forward.url if exchange.forward else exchange.problem and exchange.problem.detail
            told = f"a request for it would come to '{got}', not to '{expected}'"
    return told


def _as_sent(path: str) -> str:
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode("utf-8")) for c in path)
