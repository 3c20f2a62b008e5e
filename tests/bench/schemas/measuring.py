"""Runs the curves over the operations of one document after the other, in several processes."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..discovery import corpus
from .curves import STEPS, Tally, curve
from .truth import operations

OPERATIONS: Final = 4
"""Of each document, at most."""


@dataclass(slots=True)
class Outcome:
    """What came of one document. `left_out`: operations that gave no valid requests."""

    entry: corpus.Entry
    half: str
    tallies: dict[int, Tally] = field(default_factory=lambda: {step: Tally() for step in STEPS})
    operations: int = 0
    with_body: int = 0
    left_out: int = 0
    seconds: float = 0.0


def measure(work: Sequence[tuple[str, corpus.Entry]], api: Path, seed: int, jobs: int) -> Iterator[Outcome]:
    """Measure all documents in so many processes; outcomes come as they are ready."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = [pool.submit(document, api, seed, *one) for one in work]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()


def document(api: Path, seed: int, half: str, entry: corpus.Entry) -> Outcome:
    """Measure one document."""
    outcome, begun = Outcome(entry, half), time.process_time()
    for truth in operations(entry.name, corpus.load(api, entry.name), OPERATIONS):
        found = curve(truth, seed)
        if found is None:
            outcome.left_out += 1
            continue
        outcome.operations += 1
        outcome.with_body += truth.body is not None
        for step, tally in found.items():
            outcome.tallies[step].add(tally)
    outcome.seconds = time.process_time() - begun
    return outcome
