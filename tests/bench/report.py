"""What the results say, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from .candidates import BY_NAME, STREAMED
from .changes import RATE, Changes
from .figures import Summary, middle
from .goals import Goal
from .learning import Learning
from .memory import Memory
from .results import Results
from .rules import Cost
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
        note += f"Runs with errors or without an answer, left out: {'; '.join(faulty)}."
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


def everything(results: Results, goals: list[Goal]) -> Iterator[Table]:
    """All tables of a run, the goals last."""
    yield from throughput(results)
    if lookups := results.parts.get("lookup"):
        yield _lookups(lookups)
    if costs := results.parts.get("rules"):
        yield _rules(costs)
    if changes := results.parts.get("changes"):
        yield from _changes(changes)
    if memory := results.parts.get("memory"):
        yield _memory(memory)
    if learning := results.parts.get("learning"):
        yield _learning(learning)
    if any(goal.measured != "–" for goal in goals):
        yield _goals(goals)


def _goals(goals: list[Goal]) -> Table:
    judged = [goal for goal in goals if goal.measured != "–"]
    marks = {True: "yes", False: "NO", None: "?"}
    rows = [[goal.name, goal.asked, goal.measured, marks[goal.met]] for goal in judged]
    left = len(goals) - len(judged)
    note = f"{left} of {len(goals)} goals were not measured." if left else ""
    return Table("Goals", ["#", "goal", "measured", "met"], rows, note, left=2)


def _lookups(found: list[dict[str, float]]) -> Table:
    rows = [[number(row["endpoints"]), number(row["hit_us"], 2), number(row["miss_us"], 2)] for row in found]
    note = "One lookup at random in the table alone, with the loop around it."
    return Table("Lookup", ["endpoints", "hit µs", "miss µs"], rows, note)


def _rules(costs: list[Cost]) -> Table:
    bare = next(cost for cost in costs if cost.candidate == "bare")
    labels = {"plain": "mitmdump -s addons/routing.py", "gateway": "scripts/gateway"}
    rows = [
        [
            labels.get(cost.candidate, cost.candidate),
            "" if cost is bare else number(cost.size),
            number(cost.requests),
            number(cost.cpu_ms, 2),
            times(cost.cpu_ms / bare.cpu_ms),
            number(cost.p50_ms, 2),
        ]
        for cost in costs
    ]
    note = "Fresh processes, one request after the other."
    return Table(
        "map_remote with equivalent rules",
        ["candidate", "rules or endpoints", "requests", "CPU ms/req", "× bare", "p50 ms"],
        rows,
        note,
    )


def _learning(found: list[Learning]) -> Table:
    rows = [
        [
            one.entry,
            number(one.requests),
            number(one.without_us),
            number(one.own_us),
            times(one.own_ratio, 3),
            number(one.whole_us),
            times(one.whole_ratio, 3),
        ]
        for one in found
    ]
    note = "16 connections, 100 endpoints; medians of pairs of runs, after the first 8,000 requests."
    headers = ["entry", "requests", "routing µs/req", "learning", "× routing", "with the learner", "× routing"]
    return Table("What learning costs, CPU per request", headers, rows, note)


def _changes(changes: Changes) -> Iterator[Table]:
    rows = [
        [BY_NAME[name].label, number(middle(seconds), 2), number(changes.start_over_bare(name), 2)]
        for name, seconds in changes.starts.items()
    ]
    yield Table("Start to first answer", ["candidate", "s", "over bare"], rows)
    rows = [
        [
            BY_NAME[name].label,
            number(reload.in_force),
            f"{reload.failed} of {reload.requests:,}",
            number(reload.during, 1),
            number(reload.outside, 1),
        ]
        for name, reload in changes.reloads.items()
    ]
    columns = ["candidate", "in force ms", "failed requests", "longest delay ms", "outside ms"]
    yield Table(f"Reload of 10,000 endpoints in 100 files under {RATE} requests/s", columns, rows)
    if changes.one_file:
        shown = [number((middle(changes.one_file) or 0) * 1e3), number(max(changes.one_file) * 1e3)]
        yield Table("One changed file of 100", ["", "median ms", "worst ms"], [["saved to in force", *shown]])


def _memory(memory: Memory) -> Table:
    texts = {
        "table": "1 endpoint → 10,000 endpoints, idle",
        "load": f"after warm-up → {memory.load.requests:,} requests later",
        "bodies": "idle → peak, 1 MB bodies, 16 connections",
        "download": "idle → peak, 200 MB down",
        "upload": "idle → peak, 200 MB up",
    }
    rows = []
    for name, text in texts.items():
        growth = getattr(memory, name)
        own = f"{growth.before:.1f} → {growth.after:.1f}"
        whole = f"{growth.whole_before:.0f} → {growth.whole_after:.0f}"
        rows.append([text, own, f"{growth.more:+.1f}", whole])
    columns = ["scripts/gateway", "serving process MiB", "more", "all processes MiB"]
    return Table("Resident memory", columns, rows, "The second process reads the route files.")


def markdown(results: Results, tables: list[Table], plotted: bool) -> str:
    """Return the whole report as Markdown."""
    lines = ["# Benchmark of Sluicegate", ""]
    lines += [f"- {name}: {value}" for name, value in results.machine.items()]
    lines += [f"- left out: {line}" for line in results.skipped]
    if plotted:
        lines += ["", "![Throughput and processor time of each candidate](results.png)"]
    explained = (
        "Candidates are asked in turn, round after round; figures are medians of the rounds, “× bare” medians of the "
        f"ratios to bare mitmdump in the same round. Each of {results.plan['rounds']} rounds takes "
        f"{results.plan['seconds']} s, with one connection half of it. CPU is that of the candidate's processes. Load "
        "generator and upstream share one core, a candidate of one process has another for itself; two workers share "
        "both with them. aiohttp, Starlette, nginx, HAProxy and Envoy have no table of routes, and one worker each; "
        "aiohttp and uvicorn run on uvloop where the named interpreter has it. Memory is the sum of all processes of "
        "a candidate. p99 holds the first request of each connection, too: short runs on a busy machine show that, "
        "and little else, with 64 connections."
    )
    return "\n".join([*lines, "", explained, "", *(table.markdown() for table in tables)])
