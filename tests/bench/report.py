"""What the results say, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from .candidates import BY_NAME, STREAMED
from .figures import Summary
from .results import Results
from .tables import Table, number, times

_SIZES = {"200b": "200 B", "10k": "10 KB", "1m": "1 MB"}


def throughput(results: Results) -> Iterator[Table]:
    """One table for each load: every candidate's figures."""
    summaries = list(results.summaries())
    for body, connections in dict.fromkeys((summary.body, summary.connections) for summary in summaries):
        own = [summary for summary in summaries if (summary.body, summary.connections) == (body, connections)]
        yield _throughput(results, body, connections, own)


def _throughput(results: Results, body: str, connections: int, own: list[Summary]) -> Table:
    columns = ["candidate", "req/s", "× bare", "p50 ms", "p99 ms", "CPU µs/req", "× bare", "MiB idle → peak"]
    rows = []
    for summary in own:
        idle, peak = results.memory.get(body, {}).get(summary.candidate, (None, None))
        rows.append([BY_NAME[summary.candidate].label, *_cells(summary), f"{number(idle)} → {number(peak)}"])
    note = ""
    if body == "1m":
        note = f"The gateway streams such bodies, so bare does, too ({STREAMED}): all candidates here stream. "
    faulty = [
        f"{summary.candidate}: {summary.excluded} of {summary.runs} runs, {summary.errors} errors"
        for summary in own
        if summary.excluded
    ]
    if faulty:
        note += f"Runs with errors, left out: {'; '.join(faulty)}."
    clients = f"{connections} connection{'s' if connections > 1 else ''}"
    return Table(f"{_SIZES[body]} bodies, {clients}", columns, rows, note.strip())


def _cells(summary: Summary) -> list[str]:
    return [
        number(summary.rate),
        times(summary.rate_ratio),
        number(summary.p50, 2),
        number(summary.p99, 1),
        number(summary.cpu_us),
        times(summary.cpu_ratio, 3),
    ]
