"""What a load comes to, in the words of the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..problems import Problem
from .building import Loaded
from .diagnostics import Diagnostic

MOST_LOGGED: Final = 100
"""Findings in the log for one load, at most."""


class LastLoad(NamedTuple):
    """The last load that said something: when it was over (seconds since the epoch), what came of it, seconds."""

    at: float
    taken_over: bool
    seconds: float


def findings(loaded: Loaded, generation: int, error: int = logging.ERROR) -> Iterator[tuple[int, str]]:
    """Give the lines, and the level of each, that say what is wrong; none where nothing is.

    `generation` is the one in force before, 0 for none; `error` is the level of what keeps files from being used.
    """
    if loaded.fault:
        yield error, f"reading the route files failed: {loaded.fault}"
    for diagnostic in loaded.diagnostics[:MOST_LOGGED]:
        yield error if diagnostic.severity == "error" else logging.WARNING, str(diagnostic)
    if len(loaded.diagnostics) > MOST_LOGGED:
        yield error, f"route files: {len(loaded.diagnostics) - MOST_LOGGED} more findings"
    if loaded.table is None and not loaded.unchanged:
        kept = f"generation {generation} stays" if generation else "no routes yet"
        yield error, f"route files not taken over: {kept}"


def taken_over(loaded: Loaded, generation: int, seconds: float, endpoints: int) -> str:
    """The receipt of a generation: `seconds` it took, `endpoints` are in its table."""
    told = [
        f"{what} {listed.count}: {listed}" if generation > 1 else f"{what} {listed.count}"
        for what, listed in (
            ("added", loaded.receipt.added),
            ("removed", loaded.receipt.removed),
            ("changed", loaded.receipt.changed),
        )
        if listed.count
    ]
    parts = [
        _count(len(loaded.files), "file"),
        _count(endpoints, "endpoint"),
        "; ".join(told) or "no endpoint differs",
        f"{seconds * 1000:.0f} ms",
    ]
    return f"routes generation {generation}: {', '.join(parts)}"


def no_routes(errors: Sequence[Diagnostic]) -> Problem:
    """The answer while no table was taken over yet: which file to mend, and where."""
    if not errors:
        return Problem(503, "no-routes", "The gateway has not read its route files yet.")
    if errors[0].code == "routes-folder":
        return Problem(503, "no-routes", "The folder of route files is missing.")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(503, "bad-route-files", f"The route files are not valid: {errors[0]}{more}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
