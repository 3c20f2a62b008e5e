"""Tables and files of what was found."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..tables import Table
from .baselines import HEURISTICS
from .identifiers import REGIMES
from .measuring import BESIDE, CURVE, OURS, Outcome, Run
from .scoring import Score
from .traffic import USUAL

ASKED = {"typed": (0.96, 0.98), "mixed": (0.92, 0.95), "words": (0.88, 0.93)}
"""What F1 is asked for on held-out providers, and what is aimed at."""
_HALVES = {"dev": "development", "held-out": "held-out"}
_FIGURES: dict[str, Callable[[Score], float]] = {
    "F1": lambda score: score.f1,
    "precision": lambda score: score.precision,
    "recall": lambda score: score.recall,
    "requests": lambda score: score.accuracy,
}


class Report:
    """All outcomes of a run, summed over documents: micro averages."""

    def __init__(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        self._outcomes = outcomes
        self._seconds = seconds
        self.scores: dict[Run, Score] = defaultdict(Score)
        self._documents: Counter[tuple[str, str]] = Counter()
        for outcome in outcomes:
            self._documents.update({(outcome.half, run.part) for run in outcome.scores})
            for run, score in outcome.scores.items():
                self.scores[run] += score
        self._regimes = [regime for regime in REGIMES if any(run.regime == regime for run in self.scores)]
        self._halves = [half for half in _HALVES if any(run.half == half for run in self.scores)]

    def mean(self, figure: str, **wanted: Any) -> float | None:
        """The mean over the seeds of a figure of the runs wanted; None where there was none."""
        values = [
            _FIGURES[figure](score)
            for run, score in self.scores.items()
            if all(getattr(run, name) == value for name, value in wanted.items())
        ]
        return statistics.fmean(values) if values else None

    def tables(self) -> Iterator[Table]:
        """Give the tables of what was measured."""
        measured = {(run.part, run.half) for run in self.scores}
        for half in self._halves:
            if ("accuracy", half) in measured:
                yield self._accuracy(half)
        if any((run.part, run.name) == ("accuracy", OURS) for run in self.scores):
            yield self._goals()
        for half in self._halves:
            if ("ablation", half) in measured:
                yield self._ablation(half)
            if ("curve", half) in measured:
                yield self._curve(half)

    def _names(self, part: str, half: str) -> list[str]:
        found = {run.name for run in self.scores if (run.part, run.half) == (part, half)}
        return [name for name in (OURS, *HEURISTICS) if name in found]

    def _accuracy(self, half: str) -> Table:
        rows = [
            [
                name,
                *(
                    _told(self.mean(figure, half=half, part="accuracy", name=name, regime=regime))
                    for figure in ("F1", "requests")
                    for regime in self._regimes
                ),
            ]
            for name in self._names("accuracy", half)
        ]
        columns = ["", *(f"{figure} {regime}" for figure in ("F1", "requests") for regime in self._regimes)]
        seeds = len({run.seed for run in self.scores if (run.part, run.half) == ("accuracy", half)})
        note = (
            f"{self._documents[half, 'accuracy']} providers, one document each; mean of {seeds} "
            f"seed{'s' if seeds > 1 else ''}. F1: of templates; requests: share of those with a 2xx answer that fell "
            "into the right template. Other tools: without the templates that only one request led to."
        )
        return Table(f"Templates found, {_HALVES[half]} providers", columns, rows, note)

    def _goals(self) -> Table:
        rows = []
        for regime in self._regimes:
            cells = [regime, *(f"{share:.2f}" for share in ASKED[regime])]
            for half in self._halves:
                for figure in ("F1", "precision", "recall"):
                    cells.append(_told(self.mean(figure, half=half, part="accuracy", name=OURS, regime=regime)))
            rows.append(cells)
        columns = ["identifiers", "asked", "aim"]
        for half in self._halves:
            columns += [f"F1 {half}", "precision", "recall"]
        requests = sum(outcome.requests for outcome in self._outcomes)
        took = sum(outcome.seconds for outcome in self._outcomes) / max(1, requests) * 1e6
        hits = Counter[int]()
        for outcome in self._outcomes:
            hits.update(outcome.hits)
        ordered = sorted(hits.elements())
        low, middle, high, most = (ordered[int((len(ordered) - 1) * share)] for share in (0.25, 0.5, 0.75, 0.99))
        note = (
            f"2xx answers of an endpoint: median {middle}, half of them {low} to {high}, one of 100 over {most}. "
            f"The learner took {took:.0f} µs of processor time for each of {requests:,} requests, bodies included."
        )
        return Table("What was asked, and found", columns, rows, note)

    def _ablation(self, half: str) -> Table:
        names = {run.name for run in self.scores if (run.part, run.half) == ("ablation", half)}
        found = {
            name: [self.mean("F1", half=half, part="ablation", name=name, regime=regime) for regime in self._regimes]
            for name in names
        }
        whole = found.pop(OURS)
        rows = [["all of it", *map(_told, whole), *([""] * len(whole))]]
        for name in sorted(found, key=lambda name: sum(value or 0 for value in found[name])):
            lost = [
                f"{(value or 0) - (all_of_it or 0):+.3f}" for value, all_of_it in zip(found[name], whole, strict=True)
            ]
            rows.append([f"without {name}", *map(_told, found[name]), *lost])
        columns = ["evidence", *(f"{figure} {regime}" for figure in ("F1", "±") for regime in self._regimes)]
        note = f"{self._documents[half, 'ablation']} providers, the first seed."
        return Table(f"What each kind of evidence is worth, {_HALVES[half]} providers", columns, rows, note)

    def _curve(self, half: str) -> Table:
        names = [name for name in (OURS, BESIDE) if name in self._names("curve", half)]
        rows = [
            [
                f"{mean:g}",
                *(
                    _told(self.mean("F1", half=half, part="curve", name=name, regime=regime, mean=mean))
                    for name in names
                    for regime in self._regimes
                ),
            ]
            for mean in CURVE
        ]
        columns = ["requests", *(f"{name} {regime}" for name in names for regime in self._regimes)]
        note = (
            f"F1 by requests for each endpoint on average; {self._documents[half, 'curve']} providers, the first seed. "
            f"Three is the least that any endpoint has, {USUAL:g} is usual above."
        )
        return Table(f"How much traffic it takes, {_HALVES[half]} providers", columns, rows, note)

    def write(self, folder: Path) -> None:
        """Write discovery.json, for plots and comparisons, and discovery.md."""
        rows = [
            {**run._asdict(), **score._asdict(), "f1": round(score.f1, 4), "accuracy": round(score.accuracy, 4)}
            for run, score in sorted(self.scores.items())
        ]
        documents = [{"half": half, "part": part, "count": n} for (half, part), n in sorted(self._documents.items())]
        whole = {"seconds": round(self._seconds, 1), "documents": documents, "scores": rows}
        (folder / "discovery.json").write_text(json.dumps(whole, indent=1) + "\n")
        (folder / "discovery.md").write_text("\n".join(table.markdown() for table in self.tables()))


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
