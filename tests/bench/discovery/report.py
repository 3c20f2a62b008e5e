"""Tables and files of what was found."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..tables import Table
from .baselines import HEURISTICS
from .identifiers import REGIMES
from .measuring import CURVE, OURS, Outcome, Run
from .scoring import Score
from .traffic import USUAL

ASKED = {"typed": (0.96, 0.98), "mixed": (0.92, 0.95), "words": (0.88, 0.93)}
"""What F1 is asked for on held-out providers, and what is aimed at."""
_HALVES = {"dev": "development", "held-out": "held-out"}


class Report:
    """All outcomes of a run, summed over documents: micro averages."""

    def __init__(self, outcomes: Sequence[Outcome], providers: int, seconds: float) -> None:
        self._outcomes = outcomes
        self._seconds = seconds
        self.scores: dict[Run, Score] = defaultdict(Score)
        self.documents: Counter[str] = Counter()
        self._hits: Counter[int] = Counter()
        for outcome in outcomes:
            self.documents[outcome.half] += any(run.part != "curve" for run in outcome.scores)
            self._hits.update(outcome.hits)
            for run, score in outcome.scores.items():
                self.scores[run] += score
        self.regimes = [regime for regime in REGIMES if any(run.regime == regime for run in self.scores)]
        self.halves = [half for half in _HALVES if any(run.half == half for run in self.scores)]

    def mean(
        self, half: str, part: str, name: str, regime: str, of: Callable[[Score], float], mean: float = USUAL
    ) -> float:
        """The mean over the seeds of a figure; not measured: NaN."""
        values = [of(score) for run, score in self.scores.items() if run[:5] == (half, part, name, regime, mean)]
        return statistics.fmean(values) if values else float("nan")

    def tables(self) -> Iterator[Table]:
        for half in self.halves:
            if any(run.part == "accuracy" and run.half == half for run in self.scores):
                yield self._accuracy(half)
        if any((run.part, run.name) == ("accuracy", OURS) for run in self.scores):
            yield self._goals()
        for half in self.halves:
            if any(run.part == "ablation" and run.half == half for run in self.scores):
                yield self._ablation(half)
        for half in self.halves:
            if any(run.part == "curve" and run.half == half for run in self.scores):
                yield self._curve(half)

    def _accuracy(self, half: str) -> Table:
        rows = []
        for name in (OURS, *HEURISTICS):
            if any((run.half, run.part, run.name) == (half, "accuracy", name) for run in self.scores):
                f1 = [_figure(self.mean(half, "accuracy", name, regime, _f1)) for regime in self.regimes]
                share = [_figure(self.mean(half, "accuracy", name, regime, _accuracy)) for regime in self.regimes]
                rows.append([name, *f1, *share])
        columns = ["", *(f"F1 {regime}" for regime in self.regimes), *(f"requests {regime}" for regime in self.regimes)]
        seeds = len({run.seed for run in self.scores if run.half == half and run.part == "accuracy"})
        note = (
            f"{self.documents[half]} providers, one document each; mean of {seeds} seed{'s' * (seeds > 1)}. Baselines "
            "without the templates that only one request led to."
        )
        if self._hits:
            hits = sorted(self._hits.elements())
            low, middle, high, most = (hits[int((len(hits) - 1) * share)] for share in (0.25, 0.5, 0.75, 0.99))
            note += (
                f" 2xx answers of an endpoint: median {middle}, half of them {low} to {high}, one of 100 over {most}."
            )
        return Table(f"Templates found, {_HALVES[half]} providers", columns, rows, note)

    def _goals(self) -> Table:
        rows = []
        for regime in self.regimes:
            asked, aim = ASKED[regime]
            cells = [regime, f"{asked:.2f}", f"{aim:.2f}"]
            for half in self.halves:
                for figure in (_f1, _precision, _recall):
                    cells.append(_figure(self.mean(half, "accuracy", OURS, regime, figure)))
            rows.append(cells)
        columns = ["identifiers", "asked", "aim"]
        for half in self.halves:
            columns += [f"F1 {half}", "precision", "recall"]
        requests = sum(outcome.requests for outcome in self._outcomes)
        took = sum(outcome.seconds for outcome in self._outcomes) / max(1, requests) * 1e6
        note = f"The learner took {took:.0f} µs of processor time for each of {requests:,} requests, bodies included."
        return Table("What was asked, and found", columns, rows, note)

    def _ablation(self, half: str) -> Table:
        names = sorted({run.name for run in self.scores if run.part == "ablation" and run.half == half})
        whole = {
            regime: next(
                (score.f1 for run, score in self.scores.items()
                 if run == Run(half, "accuracy", OURS, regime, USUAL, 1)), float("nan"),
            )
            for regime in self.regimes
        }  # fmt: skip
        without = {name: [self.mean(half, "ablation", name, regime, _f1) for regime in self.regimes] for name in names}
        order = sorted(names, key=lambda name: sum(without[name]))
        rows = [["all of it", *map(_figure, whole.values()), *([""] * len(self.regimes))]]
        for name in order:
            lost = [f"{value - whole[regime]:+.3f}" for value, regime in zip(without[name], self.regimes, strict=True)]
            rows.append([f"without {name}", *map(_figure, without[name]), *lost])
        columns = [
            "evidence",
            *(f"F1 {regime}" for regime in self.regimes),
            *(f"± {regime}" for regime in self.regimes),
        ]
        return Table(
            f"What each kind of evidence is worth, {_HALVES[half]} providers", columns, rows, "The first seed."
        )

    def _curve(self, half: str) -> Table:
        names = [
            name for name in (OURS, "speculator") if any((run.part, run.name) == ("curve", name) for run in self.scores)
        ]
        rows = [
            [f"{mean:g}", *(_figure(self.mean(half, "curve", name, regime, _f1, mean)) for name in names
                            for regime in self.regimes)]
            for mean in CURVE
        ]  # fmt: skip
        columns = ["requests", *(f"{name} {regime}" for name in names for regime in self.regimes)]
        note = "F1 by requests for each endpoint on average, the first seed, fewer providers."
        return Table(f"How much traffic it takes, {_HALVES[half]} providers", columns, rows, note)

    def write(self, folder: Path) -> None:
        """Write discovery.json, for plots and comparisons, and discovery.md."""
        rows = [
            {**run._asdict(), **score._asdict(), "f1": round(score.f1, 4), "accuracy": round(score.accuracy, 4)}
            for run, score in sorted(self.scores.items())
        ]
        whole = {"documents": self.documents, "seconds": round(self._seconds, 1), "scores": rows}
        (folder / "discovery.json").write_text(json.dumps(whole, indent=1) + "\n")
        (folder / "discovery.md").write_text("\n".join(table.markdown() for table in self.tables()))


def _f1(score: Score) -> float:
    return score.f1


def _accuracy(score: Score) -> float:
    return score.accuracy


def _precision(score: Score) -> float:
    return score.precision


def _recall(score: Score) -> float:
    return score.recall


def _figure(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
