"""The goals, and whether one run of the benchmark met them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .figures import Run, pooled
from .memory import Growth
from .results import Results
from .tables import number, times


class Goal(NamedTuple):
    """What is asked for, what was measured, and whether that is enough (None: it was not measured)."""

    name: str
    asked: str
    measured: str
    met: bool | None


def judge(results: Results) -> list[Goal]:
    """Judge a run."""
    return [
        *_routing(results),
        *_speed(results),
        *_rules(results),
        *_others(results),
        *_memory(results),
        *_changes(results),
        *_learning(results),
    ]


def _rate(run: Run) -> float:
    return run.rate


def _cpu(run: Run) -> float:
    return run.cpu_us


def _p99(run: Run) -> float:
    return run.p99


def _at_least(name: str, asked: str, least: float, value: float | None, more: str = "") -> Goal:
    return Goal(name, f"{asked}: ≥ {least:g}×", times(value) + more, None if value is None else value >= least)


def _at_most(name: str, asked: str, most: float, value: float | None, more: str = "") -> Goal:
    return Goal(name, f"{asked}: ≤ {most:g}×", times(value, 3) + more, None if value is None else value <= most)


def _within(name: str, asked: str, most: float, unit: str, value: float | None, more: str = "") -> Goal:
    shown = number(value, 2 if most < 10 else 0, f" {unit}") + more
    return Goal(name, f"{asked}: ≤ {most:g} {unit}", shown, None if value is None else value <= most)


def _ratio(results: Results, figure: Callable[[Run], float], one: str, other: str, *counts: int) -> float | None:
    return pooled(results.runs, figure, one, other, counts)


def _routing(results: Results) -> Iterator[Goal]:
    cost = _ratio(results, _cpu, "plain", "noop", 1, 16, 64)
    yield _at_most("1", "CPU per request, plain with 10,000 endpoints to no-op addon", 1.05, cost)
    found = {row["endpoints"]: row for row in results.parts.get("lookup", [])}
    for kind in ("hit", "miss"):
        many = found.get(10_000, {}).get(f"{kind}_us")
        one = found.get(1, {}).get(f"{kind}_us")
        yield _within("2", f"one lookup, {kind}, 10,000 endpoints", 1.5, "µs", many)
        yield _at_most("2", "… to one endpoint", 1.3, many / one if many and one else None)


def _speed(results: Results) -> Iterator[Goal]:
    slow = _ratio(results, _rate, "gateway-slow", "bare", 16, 64)
    yield _at_least("3", "supported means only (speed=off), throughput to bare", 2, slow)
    for connections, least in ((16, 5), (64, 5), (1, 3.4)):
        value = _ratio(results, _rate, "gateway", "bare", connections)
        yield _at_least("4", f"gateway, throughput to bare, c={connections}", least, value)
    yield _at_most("4", "gateway, CPU per request to bare", 0.25, _ratio(results, _cpu, "gateway", "bare", 16, 64))
    yield _at_most("4", "gateway, p99 to bare, c=64", 0.5, _ratio(results, _p99, "gateway", "bare", 64))
    yield _at_least("5", "two workers, throughput to bare, c=64", 7.5, _ratio(results, _rate, "workers", "bare", 64))


def _rules(results: Results) -> Iterator[Goal]:
    costs = {(cost.candidate, cost.size): cost.cpu_ms for cost in results.parts.get("rules", [])}
    for count, least in ((100, 1.8), (1_000, 60), (10_000, 550)):
        theirs, plain, fast = (costs.get((name, count)) for name in ("map_remote", "plain", "gateway"))
        more = f" (scripts/gateway {times(theirs / fast)})" if theirs and fast else ""
        value = theirs / plain if theirs and plain else None
        yield _at_least("6", f"CPU of map_remote, {count:,} rules, to plain", least, value, more)


def _others(results: Results) -> Iterator[Goal]:
    for connections, least in ((16, 7), (64, 20)):
        value = _ratio(results, _rate, "gateway", "starlette", connections)
        yield _at_least("7", f"gateway to Starlette + httpx, c={connections}", least, value)
    for connections in (16, 64):
        value = _ratio(results, _rate, "gateway", "aiohttp", connections)
        yield _at_least("7", f"gateway to aiohttp proxy, c={connections}", 0.7, value)


def _memory(results: Results) -> Iterator[Goal]:
    memory = results.parts.get("memory")

    def growth(name: str) -> Growth | None:
        return getattr(memory, name) if memory else None

    for name, asked in (("download", "200 MB down, over idle"), ("upload", "200 MB up, over idle")):
        found = growth(name)
        yield _within("8", asked, 5, "MiB", found.more if found else None)
    load = growth("load")
    goal = _within("8", "100,000 more requests", 5, "MiB", load.more if load else None)
    if load and load.requests < 100_000:  # too slow a machine: fewer prove nothing
        goal = goal._replace(measured=f"{goal.measured} ({load.requests:,} requests)", met=goal.met and None)
    yield goal
    bodies = growth("bodies")
    more = f" (all processes {bodies.whole_after:.0f})" if bodies else ""
    yield _within("8", "1 MB bodies, c=16, serving process", 100, "MiB", bodies.after if bodies else None, more)
    table = growth("table")
    more = f" (all processes {table.whole_after - table.whole_before:.0f})" if table else ""
    yield _within("8", "table of 10,000 endpoints, serving process", 20, "MiB", table.more if table else None, more)


def _learning(results: Results) -> Iterator[Goal]:
    for found in results.parts.get("learning", []):
        more = f" (with the learner's process {times(found.whole_ratio, 3)})"
        yield _at_most("learning", f"CPU per request, {found.entry}, to routing alone", 1.05, found.own_ratio, more)


def _changes(results: Results) -> Iterator[Goal]:
    changes = results.parts.get("changes")
    for name in ("gateway", "plain"):
        value = changes.start_over_bare(name) if changes else None
        yield _within("9", f"{name}, 10,000 endpoints, start over bare", 0.5, "s", value)
    for name, reload in changes.reloads.items() if changes else [("gateway", None)]:
        shown, whole = "–", None
        if reload:
            shown = f"{reload.failed} of {reload.requests:,}" + ("" if reload.in_force else ", never in force")
            whole = reload.in_force is not None and not reload.failed
        yield Goal("9", f"{name}, reload of 10,000, failed requests: 0", shown, whole)
        more = f" (outside {reload.outside:.0f} ms)" if reload else ""
        yield _within("9", "… longest delay", 50, "ms", reload.during if reload else None, more)
    worst = max(changes.one_file, default=None) if changes else None
    yield _within("9", "one changed file of 100 in force, worst", 300, "ms", None if worst is None else worst * 1e3)
