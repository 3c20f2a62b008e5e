"""The figures of endpoints in the text format of Prometheus, version 0.0.4.

What was counted from the beginning are counters, for `rate()` and `increase()`. What holds for a window are gauges. A
summary has the percentiles of the window, and its count and sum from the beginning, as Prometheus' own clients do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .pace import PERIOD
from .reports import CLASSES, Report
from .spreads import Distribution
from .windows import Span, Totals

_PREFIX = "sluicegate_endpoint"
_STATUSES = ("all", "mixed", "none")

Labels = tuple[tuple[str, str], ...]


class _Sample(NamedTuple):
    """A value; `suffix` goes behind the family's name."""

    labels: Labels
    value: float
    suffix: str = ""


def exposition(endpoints: Sequence[tuple[Report, Totals]], span: Span, until: float) -> Iterator[str]:
    """Give the lines: of each family its help, its type and its samples, together as the format asks for."""
    reports = [one for one, _ in endpoints]
    yield from _family(
        "sluicegate_window_seconds", "gauge", "How far the window reaches back.", [_Sample((), span.value * 3600)]
    )
    yield from _family(
        "sluicegate_window_end_timestamp_seconds", "gauge", "When the window ends.", [_Sample((), round(until, 3))]
    )
    yield from _family(
        f"{_PREFIX}_requests_total",
        "counter",
        "Requests, by the class of the answer's status code.",
        _requests(endpoints),
    )
    yield from _family(
        f"{_PREFIX}_origin_latency_seconds",
        "summary",
        "From the decision to the first byte of the origin's answer; percentiles of the window.",
        _summaries((one, one.window.latency, total.latency, total.latencies, 1000) for one, total in endpoints),
    )
    yield from _family(
        f"{_PREFIX}_response_size_bytes",
        "summary",
        "Size of the responses' bodies; percentiles of the window.",
        _summaries((one, one.window.size, total.size, total.sizes, 1) for one, total in endpoints),
    )
    yield from _family(
        f"{_PREFIX}_sessions",
        "gauge",
        "Different sessions in the window.",
        [_Sample(_labels(one), one.window.sessions) for one in reports],
    )
    yield from _family(
        f"{_PREFIX}_error_ratio",
        "gauge",
        "Share of the window's requests that were answered with an error.",
        _errors(reports),
    )
    yield from _family(
        f"{_PREFIX}_successful_requests",
        "gauge",
        "Requests in the window that were answered with 2xx, by what identified their session.",
        _successes(reports),
    )
    yield from _family(
        f"{_PREFIX}_authentication",
        "gauge",
        "1 for which of its successful requests in the window named a session: all, some of them (mixed) or none.",
        _authentication(reports),
    )
    yield from _family(
        f"{_PREFIX}_suggested_session_requests",
        "gauge",
        f"Recommended limit of one session's requests in {PERIOD} seconds.",
        [_Sample(_labels(one), one.limit.suggested_threshold) for one in reports if one.limit is not None],
    )


def _requests(endpoints: Iterable[tuple[Report, Totals]]) -> Iterator[_Sample]:
    for one, totals in endpoints:
        for name, count in zip(CLASSES, totals.statuses, strict=True):
            yield _Sample((*_labels(one), ("status", name)), count)


def _summaries(found: Iterable[tuple[Report, Distribution | None, float, int, float]]) -> Iterator[_Sample]:
    """Samples of a summary: each with its percentiles, sum, count, and what one of its units is divided by."""
    for one, spread, total, count, unit in found:
        labels = _labels(one)
        if spread is not None:
            quantiles = (("0.5", spread.p50), ("0.9", spread.p90), ("0.95", spread.p95), ("0.99", spread.p99))
            for quantile, value in quantiles:
                yield _Sample((*labels, ("quantile", quantile)), value / unit)
        yield _Sample(labels, total / unit, "_sum")
        yield _Sample(labels, count, "_count")


def _errors(reports: Iterable[Report]) -> Iterator[_Sample]:
    for one in reports:
        window = one.window
        for name, share in (("4xx", window.client_errors), ("5xx", window.server_errors), ("all", window.errors)):
            if share is not None:
                yield _Sample((*_labels(one), ("status", name)), share)


def _successes(reports: Iterable[Report]) -> Iterator[_Sample]:
    for one in reports:
        for name, count in sorted(one.window.successes.items()):
            yield _Sample((*_labels(one), ("identifier", name or "none")), count)


def _authentication(reports: Iterable[Report]) -> Iterator[_Sample]:
    for one in reports:
        if (found := one.window.authentication) is not None:
            for status in _STATUSES:
                yield _Sample((*_labels(one), ("status", status)), int(status == found))


def _labels(one: Report) -> Labels:
    return (("method", one.key.method), ("host", one.key.host), ("endpoint", one.key.endpoint))


def _family(name: str, kind: str, told: str, samples: Iterable[_Sample]) -> Iterator[str]:
    """The lines of a family; none without samples."""
    lines = [f"{name}{one.suffix}{_written(one.labels)} {one.value:.17g}" for one in samples]
    if lines:
        yield f"# HELP {name} {told}"
        yield f"# TYPE {name} {kind}"
        yield from lines


def _written(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
