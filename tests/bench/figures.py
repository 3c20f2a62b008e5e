"""The arithmetic of the benchmark: one run, medians over runs, ratios to the reference of the same round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple


class Run(NamedTuple):
    """What one candidate did under one load. Latencies in ms, processor time and duration in seconds."""

    candidate: str
    body: str
    connections: int
    round: int
    requests: int
    seconds: float
    p50: float
    p99: float
    cpu_seconds: float
    errors: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time for each request."""
        return self.cpu_seconds / self.requests * 1e6 if self.requests else float("inf")


class Summary(NamedTuple):
    """The medians of a candidate's sound runs under one load; ratios are medians of the rounds' ratios.

    None: there is no sound run, or no sound run of the reference in any of its rounds. `excluded` counts the runs
    with errors, `errors` the failed requests in them.
    """

    candidate: str
    body: str
    connections: int
    runs: int
    excluded: int
    errors: int
    rate: float | None
    rate_ratio: float | None
    p50: float | None
    p99: float | None
    p99_ratio: float | None
    cpu_us: float | None
    cpu_ratio: float | None


def middle(values: Iterable[float]) -> float | None:
    """Return the median, or None of nothing."""
    found = list(values)
    return median(found) if found else None


def summarise(runs: Iterable[Run], candidate: str, reference: str, body: str, connections: int) -> Summary:
    """Sum up a candidate's runs under one load beside those of the reference in the same rounds.

    A run with an error, or without any answer, is counted and left out.
    """
    load = [run for run in runs if run.body == body and run.connections == connections]
    own = [run for run in load if run.candidate == candidate]
    sound = [run for run in own if not run.errors and run.requests]
    beside = {run.round: run for run in load if run.candidate == reference and not run.errors and run.requests}
    pairs = [(run, beside[run.round]) for run in sound if run.round in beside]
    return Summary(
        candidate, body, connections, len(own), len(own) - len(sound), sum(run.errors for run in own),
        rate=middle(run.rate for run in sound),
        rate_ratio=middle(run.rate / other.rate for run, other in pairs),
        p50=middle(run.p50 for run in sound),
        p99=middle(run.p99 for run in sound),
        p99_ratio=middle(run.p99 / other.p99 for run, other in pairs if other.p99),
        cpu_us=middle(run.cpu_us for run in sound),
        cpu_ratio=middle(run.cpu_us / other.cpu_us for run, other in pairs if other.cpu_us),
    )  # fmt: skip


def pooled(
    runs: Iterable[Run],
    figure: Callable[[Run], float],
    candidate: str,
    beside: str,
    connections: Sequence[int],
    body: str = "200b",
) -> float | None:
    """Return the median ratio of a figure of two candidates over all rounds of several numbers of connections."""
    sound = {
        (run.candidate, run.connections, run.round): run
        for run in runs
        if run.body == body and not run.errors and run.requests
    }
    return middle(
        figure(run) / figure(other)
        for (name, count, number), run in sound.items()
        if name == candidate and count in connections
        if (other := sound.get((beside, count, number))) is not None and figure(other)
    )
