"""A first draft of a route file from what was found in recorded traffic: composed, proved, and composed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..config.addresses import Service
from ..config.editing.quoting import quoted
from ..config.layout.writer import layout
from ..config.syntax import MAX_SIMPLE_KEY
from .naming import comment
from .openapi import Operation
from .proof import refuted
from .route_file import Imported, read_host
from .rows import LeftOut, Row, left_out, rows

_MOST_EVIDENCE = 160
"""Characters of a comment with evidence, at most (our choice)."""


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint that was found: its template, a few words on it, and what speaks for each of its variables."""

    method: str
    path: str
    told: str
    evidence: tuple[str, ...] = ()


def draft(found: Sequence[Found], about: Sequence[str], service: Service, host: str) -> Imported:
    """Return the route file of endpoints for a host that `read_host` takes; `about` are the comments at its top.

    Each endpoint goes to its own path behind the service. What cannot be an endpoint is left out and told.
    """
    pattern = read_host(host)
    evidence = {(one.method, one.path): one.evidence for one in found}
    made, out = rows([Operation(one.method, one.path, summary=one.told) for one in found], service, pattern)
    while True:
        text = layout("\n".join(_lines(made, out, evidence, about, service, host)) + "\n")
        failed = refuted(text, made, service, pattern)
        if not failed:
            return Imported(text, len(made), tuple(out))
        gone = {id(one.row) for one in failed}
        out += [left_out(one.row.operation, one.reason) for one in failed]
        made = [row for row in made if id(row) not in gone]


def _lines(
    made: Sequence[Row],
    out: Sequence[LeftOut],
    evidence: dict[tuple[str, str], tuple[str, ...]],
    about: Sequence[str],
    service: Service,
    host: str,
) -> Iterator[str]:
    for line in about:
        yield f"# {comment(line, _MOST_EVIDENCE)}"
    yield f"host: {quoted(host)}" if host else "# host: left out, so any host is meant: the recording tells none"
    yield from ("", "services:", f"  {service.name}: {quoted(f'{service.origin}{service.base}')}", "", "endpoints:")
    before: tuple[str, ...] = ()
    for row in made:
        told = evidence[row.operation.method, row.operation.path]
        if told != before:  # the same variables have the same evidence
            for line in told:
                yield f"  # {comment(line, _MOST_EVIDENCE)}"
        before = told
        key = quoted(row.key)
        if len(key) > MAX_SIMPLE_KEY:
            yield f"  ? {key}"
            key = ""
        yield f"  {key}: {quoted(row.target)}  # {comment(row.operation.summary)}"
    if out:
        yield from ("", "# Left out, because none of these can be an endpoint:")
        yield from (f"#   {one.operation}: {comment(one.reason, 300)}" for one in out)
