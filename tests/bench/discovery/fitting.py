"""Fits the weights of the path model on traffic of development providers, and writes `learning/paths/weights.py`.

    python -m tests.bench.discovery.fitting API_FOLDER [PROVIDERS]        needs numpy, which matplotlib brings

Each place of an API's tree is decided as the document has it, so that every segment below is judged from the right
place; what the model sees of each segment there is a row, with the truth beside it. Takes some seconds a provider.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from sluicegate.learning.paths import PathLearner, Settings, inference, model, sightings, tree, words
from sluicegate.learning.paths.features import NAMES, Setting, features, prepare
from sluicegate.learning.paths.features import _words as features_of_words
from sluicegate.learning.paths.looks import PLAIN
from sluicegate.learning.paths.places import segments_of

from . import corpus, documents, scoring, traffic, vocabulary
from .documents import Operation
from .identifiers import REGIMES

_AMOUNTS: Final = ((25.0, 1.0), (6.0, 0.5))
"""Requests for each endpoint, and what such traffic weighs."""
_OF_A_PLACE: Final = 6.0
_PENALTY: Final = 1.0
_FOLDS: Final = 4
_WEIGHTS: Final = Path("addons/sluicegate/learning/paths/weights.py")

Labels = dict[tuple[tuple[str | None, ...], str], bool]


@dataclass(slots=True)
class Rows:
    """What the model saw: a row of features for each segment, whether it was a value, its weight and its provider."""

    features: list[list[float]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    provider: list[int] = field(default_factory=list)
    places: list[tuple[Setting, list[int]]] = field(default_factory=list)


def labels_of(exchanges: Sequence[traffic.Exchange]) -> Labels:
    """Whether a segment after the beginning of a true template is a value, as most requests have it."""
    truth = scoring.Truth(exchanges)
    votes: dict[tuple[tuple[str | None, ...], str], Counter[bool]] = defaultdict(Counter)
    for exchange in exchanges:
        if not exchange.observation.is_success or not isinstance(exchange.truth, Operation):
            continue
        template = truth.template(exchange)
        if template is None:
            continue
        before: tuple[str | None, ...] = ()
        for text, shape in zip(segments_of(exchange.observation.path), segments_of(template.path), strict=False):
            votes[before, text][shape == "{}"] += 1
            before = (*before, None if shape == "{}" else shape)
    return {place: counts[True] > counts[False] for place, counts in votes.items()}


def collect(api: documents.Api, regime: str, number: int, seed: int, mean: float, weight: float, rows: Rows) -> None:
    """Add the rows of one API's traffic."""
    exchanges = traffic.synthesise(api, regime, seed, mean)
    labels = labels_of(exchanges)
    learner = PathLearner(Settings(values=1_000_000))
    for exchange in exchanges:
        learner.observe(exchange.observation)
    for root in learner._forest.roots.values():
        run = _Taught(labels, weight, number, rows, [root], learner)
        run.run()


class _Taught(inference.Inference):
    """Decides as the document has it, and notes what the model would have seen."""

    def __init__(
        self, labels: Labels, weight: float, number: int, rows: Rows, roots: list[Any], learner: PathLearner
    ) -> None:
        memory = learner._memory
        super().__init__(
            roots, self._decided, memory.sources, lambda _: None, lambda kid: sightings.look_again(kid, memory)
        )
        self._labels, self._weight, self._number, self._rows = labels, weight, number, rows
        self._before: tuple[str | None, ...] = ()

    def _divide(self, place: Any, template: tuple[str | None, ...], parent: str | None) -> None:
        self._before = template
        super()._divide(place, template, parent)

    def _decided(self, at: Setting) -> list[float]:
        prepare(at)
        known = [self._labels.get((self._before, kid.text)) for kid in at.kids]
        values = sum(each is True for each in known)
        rows = self._rows
        first = len(rows.features)
        for kid, label in zip(at.kids, known, strict=True):
            rows.features.append(features(kid, at))
            rows.values.append(float(bool(label)))
            share = 0.0 if label is None or kid.look in PLAIN else min(1.0, _OF_A_PLACE / values) if label else 1.0
            rows.weights.append(share * self._weight)
            rows.provider.append(self._number)
        rows.places.append((at, [*range(first, len(rows.features))]))
        return [5.0 if label else -5.0 for label in known]


def logistic(x: Any, y: Any, weights: Any) -> Any:
    """The weights of a logistic regression, by Newton's method with an L2 penalty."""
    found = np.zeros(x.shape[1])
    for _ in range(40):
        chances = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weights * (chances - y)) + _PENALTY * found
        bend = (x * (weights * chances * (1 - chances))[:, None]).T @ x + _PENALTY * np.eye(len(found))
        step = np.linalg.solve(bend, slope)
        found -= step * min(1.0, 5.0 / max(1e-9, np.abs(step).max()))
        if np.abs(step).max() < 1e-4:
            break
    return found


def fit(rows: Rows) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """The weights of both questions and the means of the features."""
    x, y, weights = np.array(rows.features), np.array(rows.values), np.array(rows.weights)
    providers = np.unique(np.array(rows.provider), return_inverse=True)[1]
    used = weights > 0
    odds = np.zeros(len(x))
    for fold in range(_FOLDS):
        held = providers % _FOLDS == fold
        odds[held] = x[held] @ logistic(x[~held & used], y[~held & used], weights[~held & used])
    second = np.zeros((len(x), len(model.SECOND_FEATURES)))
    for at, numbers in rows.places:
        if numbers:
            second[numbers] = model.second_features(at, [model.clipped(float(each)) for each in odds[numbers]])
    means = (x[used] * weights[used][:, None]).sum(0) / weights[used].sum()
    return (
        dict(zip(NAMES, map(float, logistic(x[used], y[used], weights[used])), strict=True)),
        dict(zip(model.SECOND_FEATURES, map(float, logistic(second[used], y[used], weights[used])), strict=True)),
        dict(zip(NAMES, map(float, means), strict=True)),
    )


def text_of(parts: Sequence[tuple[str, dict[str, float]]], head: str) -> str:
    """The module of the weights, behind its head."""
    return head + "\n".join(
        f"{name}: Final = {{\n" + "".join(f'    "{each}": {weight:.3f},\n' for each, weight in found.items()) + "}\n"
        for name, found in parts
    )


def without(counted: dict[str, dict[str, vocabulary.Counts]], provider: str) -> dict[str, words.Word]:
    """The table of words as it would be without a provider."""
    lines = vocabulary.lines({name: found for name, found in counted.items() if name != provider})
    return {text: words.Word(int(apis), int(before) / 100) for text, apis, before in map(str.split, lines)}


def _use(table: dict[str, words.Word]) -> None:
    words._table = lambda: table  # type: ignore[assignment]
    features_of_words.cache_clear()


def taught(folder: Path, most: int) -> Iterator[str]:
    """Fit on so many development providers and write the weights; yields what was done."""
    counted = vocabulary.by_provider(folder)
    tree.MOST_KIDS = 10_000_000  # type: ignore[misc]  # nothing is folded while it is looked at
    rows = Rows()
    listed = corpus.chosen(corpus.entries(folder, Path(".bench/openapi-index.json")), "dev", most)
    for number, entry in enumerate(listed):
        _use(without(counted, entry.provider))
        api = documents.read(entry.name, corpus.load(folder, entry.name))
        for regime in REGIMES:
            for mean, weight in _AMOUNTS:
                collect(api, regime, number, 101, mean, weight, rows)
        yield f"{number + 1}/{len(listed)} {entry.name}: {len(rows.features):,} segments"
    first, second, means = fit(rows)
    head = _WEIGHTS.read_text().partition("FIRST: Final")[0]
    _WEIGHTS.write_text(text_of((("FIRST", first), ("SECOND", second), ("MEANS", means)), head))
    yield f"{_WEIGHTS} is written"


if __name__ == "__main__":
    for line in taught(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000):
        print(line, flush=True)
