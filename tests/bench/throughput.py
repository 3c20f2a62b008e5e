"""Candidates side by side under load: all are started, warmed up, and asked in turn, round after round."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from . import wrk
from .candidates import MANY, Candidate
from .endpoints import requests
from .figures import Run
from .limits import Clock
from .processes import Server, StartError
from .setting import Setting

_AFTERWARDS = 150
"""Seconds that are kept for what is measured behind the loads."""
type Tell = Callable[[str], None]
"""Takes a line about what is going on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the candidates are asked: `seconds` for each run, half of it with one connection; `rounds` of each."""

    seconds: int
    rounds: int
    loads: dict[str, tuple[int, ...]]
    """The numbers of connections by body."""

    def seconds_with(self, connections: int) -> int:
        """The length of one run: with one connection the figures are steady sooner."""
        return max(1, self.seconds // 2) if connections == 1 else self.seconds


@dataclass(slots=True)
class Outcome:
    """The runs, the resident memory of each candidate in MiB (idle, peak) by body, and who did not start and why."""

    runs: list[Run] = field(default_factory=list)
    memory: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def measure(
    setting: Setting, candidates: Sequence[Candidate], plan: Plan, clock: Clock, tell: Tell, outcome: Outcome
) -> None:
    """Put the candidates under each load and add to the outcome. Rounds for which there is no time are left out."""
    for body, connections in plan.loads.items():
        wrk.write_paths(setting.paths(body), requests(body, MANY))
        taking = [candidate for candidate in candidates if body in candidate.bodies]
        if len(taking) < 2 and len(candidates) > len(taking):
            continue  # nothing to set beside the reference
        with contextlib.ExitStack() as stack:
            running = _start(setting, taking, stack, tell, outcome)
            for candidate, server in running:
                server.forget_peak()
                outcome.memory.setdefault(body, {})[candidate.name] = server.rss_mib(), 0
            _warm_up(setting, running, body, tell)
            _rounds(setting, running, body, connections, plan, clock, tell, outcome)
            for candidate, server in running:
                idle, _ = outcome.memory[body][candidate.name]
                outcome.memory[body][candidate.name] = idle, server.peak_mib()


type Running = list[tuple[Candidate, Server]]


def _start(
    setting: Setting, taking: Sequence[Candidate], stack: contextlib.ExitStack, tell: Tell, outcome: Outcome
) -> Running:
    running: Running = []
    for candidate in taking:
        tell(f"start {candidate.name}")
        try:
            running.append((candidate, stack.enter_context(candidate.start(setting))))
        except (StartError, OSError) as error:
            outcome.failed[candidate.name] = str(error)
    return running


def _warm_up(setting: Setting, running: Running, body: str, tell: Tell) -> None:
    for candidate, server in running:
        tell(f"{body} warm-up {candidate.name}")
        with contextlib.suppress(ValueError):
            wrk.load(server.port, setting.paths(body), 8, 1, setting.cores.load)


def _rounds(
    setting: Setting,
    running: Running,
    body: str,
    connections: Sequence[int],
    plan: Plan,
    clock: Clock,
    tell: Tell,
    outcome: Outcome,
) -> None:
    for number in range(plan.rounds):
        whole = sum(map(plan.seconds_with, connections)) * len(running) * 1.2
        if number and not clock.has(_AFTERWARDS + whole):
            outcome.failed[f"{body}, round {number + 1}"] = "no time was left"
            return
        for count in connections:
            for candidate, server in running:
                tell(f"{body} c={count} round {number + 1} {candidate.name}")
                before = server.cpu_seconds()
                try:
                    seconds = plan.seconds_with(count)
                    report = wrk.load(server.port, setting.paths(body), count, seconds, setting.cores.load)
                except ValueError as error:
                    outcome.failed[candidate.name] = str(error)
                    continue
                used = server.cpu_seconds() - before
                server.wait_idle()  # the next one shares the core
                outcome.runs.append(
                    Run(
                        candidate.name,
                        body,
                        count,
                        number,
                        report.requests,
                        report.seconds,
                        report.p50,
                        report.p99,
                        used,
                        report.errors,
                    )
                )
