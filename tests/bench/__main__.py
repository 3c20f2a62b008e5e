"""The command behind scripts/bench: chooses what is measured, runs it, shows and writes what was found."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from . import machine, native, report, throughput
from .candidates import BY_NAME, CANDIDATES, MANY, Candidate
from .endpoints import as_bytes, write_route_files
from .processes import Server, free_port
from .results import Results
from .setting import OWN_PYTHON, REPOSITORY, Cores, Setting
from .throughput import Plan

_FULL = {"200b": (1, 16, 64), "10k": (16,), "1m": (16,)}
_QUICK = {"200b": (1, 64), "1m": (16,)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute or so: shorter runs, fewer parts")
    parser.add_argument("--only", metavar="NAME,…", help=f"candidates: {', '.join(BY_NAME)}")
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
    chosen.seconds = chosen.seconds or (1 if chosen.quick else 2)
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 3)
    chosen.names = chosen.only.split(",") if chosen.only else []
    if unknown := [name for name in chosen.names if name not in BY_NAME]:
        parser.error(f"--only: unknown: {', '.join(unknown)}; known: {', '.join(BY_NAME)}")
    return chosen


def _wanted(names: Sequence[str], python: Path, skipped: list[str]) -> list[Candidate]:
    found = []
    for candidate in CANDIDATES:
        if names and candidate.name not in names and not candidate.name.startswith("bare"):
            continue
        lacks = [how for need in candidate.needs if (how := machine.missing(need, python))]
        if lacks:
            skipped.append(f"{candidate.name}: to have it: {'; '.join(lacks)}")
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


def main() -> int:
    """Run the benchmark; returns the exit status."""
    chosen = _arguments()
    console = Console()
    if not Path("/proc/self/task").is_dir():
        console.print("scripts/bench measures by /proc: it needs Linux.")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lacks = [how for need in ("wrk", "nginx") if (how := machine.missing(need, chosen.python))]
    if lacks:
        console.print(f"The load generator and the upstream are missing: {'; '.join(lacks)}")
        return 2
    plan = Plan(chosen.seconds, chosen.rounds, _QUICK if chosen.quick else _FULL)
    results = Results(
        machine.describe(chosen.python),
        {"seconds": plan.seconds, "rounds": plan.rounds, "quick": chosen.quick, "only": chosen.names},
    )
    started = time.monotonic()
    candidates = _wanted(chosen.names, chosen.python, results.skipped)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with _setting(chosen.python) as setting, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("start")
        outcome = throughput.Outcome(results.runs, results.memory)
        throughput.measure(setting, candidates, plan, lambda line: progress.update(task, description=line), outcome)
        results.skipped += [f"{name}: {why}" for name, why in outcome.failed.items()]
    results.machine["took"] = f"{time.monotonic() - started:.0f} s"
    _show(console, results, chosen.out)
    return 0


def _show(console: Console, results: Results, out: Path) -> None:
    tables = [*report.throughput(results)]
    for table in tables:
        table.show(console)
    for line in results.skipped:
        console.print(f"skipped: {line}", style="yellow", highlight=False, soft_wrap=True)
    out.mkdir(parents=True, exist_ok=True)
    results.write(out / "results.json", [])
    console.print(f"written: {out}/results.json", highlight=False)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
