"""A first draft of a route file from what was found in recorded traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..config.addresses import Service
from ..config.editing.quoting import quoted
from .composing import Imported, composed, entry
from .naming import comment
from .openapi import Operation
from .rows import Row

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
    evidence = {(one.method, one.path): one.evidence for one in found}
    head = [f"# {comment(line, _MOST_EVIDENCE)}" for line in about]
    head.append(f"host: {quoted(host)}" if host else "# host: left out, so any host is meant: the recording tells none")
    operations = [Operation(one.method, one.path, summary=one.told) for one in found]
    return composed(operations, service, host, head, lambda made: _table(made, evidence))


def _table(made: Sequence[Row], evidence: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[str]:
    before: tuple[str, ...] = ()
    for row in made:
        told = evidence[row.operation.method, row.operation.path]
        if told != before:  # the same variables have the same evidence
            for line in told:
                yield f"  # {comment(line, _MOST_EVIDENCE)}"
        before = told
        yield from entry(row, comment(row.operation.summary))
