"""Runs the learner and the baselines over the traffic of one document after the other, in several processes."""

from __future__ import annotations

import concurrent.futures
import functools
import gc
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from . import baselines, corpus, documents
from .noise import Exchange
from .scoring import Errors, Score, Template, Truth, shape
from .traffic import USUAL, synthesise

OURS: Final = "sluicegate"
BESIDE: Final = "speculator"
"""The baseline that the curve shows, too."""
CURVE: Final = (3.0, 10.0, 30.0, 100.0)


class Run(NamedTuple):
    """What a score is of. `part`: accuracy, all-hits, ablation or curve; `mean`: requests for each endpoint."""

    half: str
    part: str
    name: str
    regime: str
    mean: float
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured on each document. `ablation`: kinds of evidence, each left out in one run."""

    api: Path
    regimes: tuple[str, ...]
    seeds: int
    baselines: bool
    accuracy: bool
    ablation: tuple[str, ...]
    curve: bool


@dataclass(slots=True)
class Outcome:
    """What came of one document."""

    entry: corpus.Entry
    half: str
    scores: dict[Run, Score] = field(default_factory=dict)
    errors: dict[str, Errors] = field(default_factory=dict)
    """Of the first seed, by regime."""
    hits: Counter[int] = field(default_factory=Counter)
    """2xx answers of an endpoint → how many endpoints had so many (first seed, usual volume)."""
    requests: int = 0
    seconds: float = 0.0
    """What the learner took for that many requests, reading bodies included."""


def evidence() -> tuple[str, ...]:
    """The kinds of evidence that the learner can do without; nothing is saved here, so that is left out."""
    from sluicegate.learning.paths.settings import EVIDENCE

    return tuple(kind for kind in EVIDENCE if kind != "saved")


def measure(work: Sequence[tuple[str, corpus.Entry]], plan: Plan, jobs: int) -> Iterator[Outcome]:
    """Measure all documents in so many processes; outcomes come as they are ready."""
    # The largest first: the processes end at about the same time.
    ordered = sorted(work, key=lambda one: -one[1].paths)
    if jobs == 1:
        yield from (_document(plan, one) for one in ordered)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = [pool.submit(_document, plan, one) for one in ordered]
        try:
            for future in concurrent.futures.as_completed(futures):
                yield future.result()
        except BaseException:
            for process in multiprocessing.active_children():  # interrupted, or one failed: nobody wants the rest
                process.kill()
            raise


def _document(plan: Plan, work: tuple[str, corpus.Entry]) -> Outcome:
    half, entry = work
    gc.disable()  # traffic is large and lives to the end: looking through it again and again takes a third of the time
    api = documents.read(entry.name, corpus.load(plan.api, entry.name))
    outcome = Outcome(entry, half)
    for regime in plan.regimes:
        for seed in range(1, plan.seeds + 1):
            if plan.accuracy or plan.baselines:
                _usual(plan, outcome, api, regime, seed)
        if plan.ablation:
            _ablation(plan, outcome, api, regime)
        for mean in CURVE if plan.curve else ():
            truth = Truth(synthesise(api, regime, 1, mean))
            outcome.scores[Run(half, "curve", OURS, regime, mean, 1)] = learned(truth)[0]
            outcome.scores[Run(half, "curve", BESIDE, regime, mean, 1)] = compared(truth, BESIDE)[0]
        gc.collect()
    return outcome


def _usual(plan: Plan, outcome: Outcome, api: documents.Api, regime: str, seed: int) -> None:
    """The runs over traffic of the usual volume."""
    truth = Truth(synthesise(api, regime, seed))
    run = functools.partial(Run, outcome.half, regime=regime, mean=USUAL, seed=seed)
    if plan.accuracy:
        begun = time.process_time()
        score, errors = learned(truth)
        outcome.seconds += time.process_time() - begun
        outcome.requests += len(truth.exchanges)
        outcome.scores[run("accuracy", OURS)] = score
        if seed == 1:
            outcome.errors[regime] = errors
            outcome.hits.update(truth.hits.values())
    if plan.baselines:
        for name in baselines.HEURISTICS:
            outcome.scores[run("accuracy", name)], outcome.scores[run("all-hits", name)] = compared(truth, name)


def _ablation(plan: Plan, outcome: Outcome, api: documents.Api, regime: str) -> None:
    truth = Truth(synthesise(api, regime, 1))
    run = functools.partial(Run, outcome.half, "ablation", regime=regime, mean=USUAL, seed=1)
    outcome.scores[run(OURS)] = learned(truth)[0]
    for kind in plan.ablation:
        outcome.scores[run(kind)] = learned(truth, frozenset({kind}))[0]


def learned(truth: Truth, without: frozenset[str] = frozenset()) -> tuple[Score, Errors]:
    """Let the learner see the traffic, and compare its inbox with the document."""
    from sluicegate.learning.paths.learner import PathLearner
    from sluicegate.learning.paths.settings import Settings

    learner = PathLearner(Settings(without=without))
    for seen, _ in truth.exchanges:
        learner.observe(seen)
    found = {Template(one.method, one.host, shape(one.endpoint)) for one in learner.endpoints()}
    known: dict[tuple[str, str, str], Template] = {}

    def template_of(exchange: Exchange) -> Template:
        seen = exchange.observation
        place = (seen.method, seen.host, seen.path)
        if place not in known:
            key = learner.key_of(seen)
            known[place] = Template(key.method, key.host, shape(key.endpoint))
        return known[place]

    return truth.compare(found, template_of)


def compared(truth: Truth, name: str) -> tuple[Score, Score]:
    """Score a baseline: without the templates that one request led to, and with them."""
    counts, of = baselines.templates(baselines.HEURISTICS[name], truth.exchanges)

    def template_of(exchange: Exchange) -> Template:
        seen = exchange.observation
        return of.get((seen.method, seen.host, seen.path)) or Template(seen.method, seen.host, seen.path)

    dropped = truth.compare((one for one, count in counts.items() if count > 1), template_of)[0]
    return dropped, truth.compare(counts, template_of)[0]
