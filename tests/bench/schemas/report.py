"""Tables and files of the curves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..tables import Table
from .curves import STEPS, Tally
from .measuring import Outcome
from .mutating import CLASSES

ASKED = {(100, "accepted"): 0.97, (1000, "accepted"): 0.999, (1000, "refused"): 0.90}
"""What is asked for; beside it at least 0.75 of each class after 1,000."""
EACH = 0.75
_HALVES = {"dev": "development", "held-out": "held-out"}


class Report:
    """All outcomes of a run, summed over operations: each has as many valid requests."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes = outcomes
        self.halves = [half for half in _HALVES if any(one.half == half for one in outcomes)]
        self.tallies = {(half, step): Tally() for half in self.halves for step in STEPS}
        for one in outcomes:
            for step, tally in one.tallies.items():
                self.tallies[one.half, step].add(tally)

    def tables(self) -> Iterator[Table]:
        """Give the tables of what was measured."""
        for half in self.halves:
            yield self._curve(half)
        for half in self.halves:
            yield self._kinds(half)

    def _curve(self, half: str) -> Table:
        rows = []
        for step in STEPS:
            tally = self.tallies[half, step]
            rows.append(
                [
                    f"{step:,}",
                    f"{100 * tally.acceptance:.2f} %",
                    _share(tally.whole / tally.operations if tally.operations else math.nan),
                    _share(tally.rejection()),
                    *(_share(tally.rejection(group)) for group in CLASSES),
                ]
            )
        found = [one for one in self._outcomes if one.half == half and one.operations]
        last = self.tallies[half, STEPS[-1]]
        note = (
            f"{sum(one.operations for one in found)} operations of {len(found)} providers, "
            f"{sum(one.with_body for one in found)} with a body; {last.valid:,} fresh valid requests and "
            f"{sum(last.mutated.values()):,} mutated ones. Asked for: 97 % accepted after 100, 99.9 % after 1,000; "
            "90 % of all mutated ones refused after 1,000, and 75 % of each class."
        )
        columns = ["learned from", "valid: accepted", "operations: all of them", "mutated: refused", *CLASSES]
        return Table(f"Learned schemas, {_HALVES[half]} providers", columns, rows, note)

    def _kinds(self, half: str) -> Table:
        tally = self.tallies[half, STEPS[-1]]
        rows = [
            [group, kind, f"{count:,}", _share(tally.refused[group, kind] / count)]
            for (group, kind), count in sorted(tally.mutated.items())
        ]
        title = f"What is refused after {STEPS[-1]:,} requests, {_HALVES[half]} providers"
        return Table(title, ["class", "kind", "mutated", "refused"], rows, left=2)

    def lacks(self) -> list[str]:
        """What was asked for and is not reached, in words."""
        told = []
        for half in self.halves:
            for (step, what), least in ASKED.items():
                tally = self.tallies[half, step]
                found = tally.acceptance if what == "accepted" else tally.rejection()
                if not found >= least:
                    told.append(f"{half}: {what} after {step:,}: {found:.4f}, asked for {least}")
            for group in CLASSES:
                if not (found := self.tallies[half, STEPS[-1]].rejection(group)) >= EACH:
                    told.append(f"{half}: {group} refused after {STEPS[-1]:,}: {found:.3f}, asked for {EACH}")
        return told

    def write(self, folder: Path) -> None:
        """Write schemas.json, for plots and comparisons, and schemas.md."""
        rows: list[dict[str, Any]] = []
        for (half, step), tally in self.tallies.items():
            rows.append(
                {
                    "half": half,
                    "requests": step,
                    "valid": tally.valid,
                    "accepted": tally.accepted,
                    "operations": tally.operations,
                    "whole": tally.whole,
                    "acceptance": _rounded(tally.acceptance),
                    "rejection": _rounded(tally.rejection()),
                    "classes": {group: _rounded(tally.rejection(group)) for group in CLASSES},
                    "kinds": [
                        {"class": group, "kind": kind, "mutated": count, "refused": tally.refused[group, kind]}
                        for (group, kind), count in sorted(tally.mutated.items())
                    ],
                }
            )
        operations = {half: sum(one.operations for one in self._outcomes if one.half == half) for half in self.halves}
        left_out = {half: sum(one.left_out for one in self._outcomes if one.half == half) for half in self.halves}
        whole = {"operations": operations, "left_out": left_out, "curves": rows}
        (folder / "schemas.json").write_text(json.dumps(whole, indent=1) + "\n")
        (folder / "schemas.md").write_text("\n".join(table.markdown() for table in self.tables()))

    def refusals(self, most: int) -> Iterator[str]:
        """Which valid requests of development providers were refused after 100 and 1,000, and why."""
        for step in (100, STEPS[-1]):
            for told, count in self.tallies["dev", step].reasons.most_common(most):
                yield f"after {step:,}: {count} × {told}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 5)
