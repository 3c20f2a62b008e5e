"""The command behind scripts/bench-discovery."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..schemas import running as schemas
from ..setting import OWN_PYTHON, REPOSITORY
from . import corpus, drawing, errors, measuring, report
from .identifiers import REGIMES

PARTS = {
    "accuracy": "the learner on the usual traffic",
    "baselines": "public heuristics on the same",
    "ablation": "the learner without each kind of evidence",
    "curve": "3, 10, 30 and 100 requests for each endpoint",
    "schemas": "what learned schemas accept and refuse after 10 to 1,000 requests",
}
_QUICK_PROVIDERS, _PROVIDERS, _FEW = 30, 100, 20


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that the processes end with this one
    chosen = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        api = corpus.find(chosen.out)
    except corpus.CorpusError as error:
        sys.exit(f"scripts/bench-discovery: {error}")
    listed = corpus.entries(api, chosen.out / "openapi-index.json")
    halves = corpus.HALVES if chosen.half == "both" else (chosen.half,)
    work = [(half, entry) for half in halves for entry in corpus.chosen(listed, half, chosen.providers)]
    if chosen.provider:
        work = [one for one in work if one[1].provider == chosen.provider]
        if not work:
            sys.exit(f"scripts/bench-discovery: no provider {chosen.provider} among those chosen")
    if "schemas" in chosen.parts:
        _schemas(work, chosen, api, console)
        if len(chosen.parts) == 1:
            return
    begun = time.monotonic()
    outcomes = _measured(work, chosen, api, console)
    if chosen.errors:
        errors.show(outcomes, console, chosen.errors)
        return
    found = report.Report(outcomes, time.monotonic() - begun)
    for table in found.tables():
        table.show(console)
    found.write(chosen.out)
    lacks = drawing.plot(chosen.python, chosen.out)
    console.print(f"no plot: {lacks}" if lacks else f"plot: {chosen.out / 'discovery.png'}", style="dim")
    console.print(f"figures: {chosen.out / 'discovery.json'}", style="dim")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-discovery",
        description="Measures how well endpoints are found from traffic, on public OpenAPI documents.",
    )
    parser.add_argument("--quick", action="store_true", help="less than a minute: development half, one seed, accuracy")
    parser.add_argument("--half", choices=(*corpus.HALVES, "both"), help="providers (default: both; quick: dev)")
    parser.add_argument("--seeds", type=int, help="runs of which means are taken (default: 3; quick: 1)")
    parser.add_argument("--providers", type=int, help="of each half, at most (default: 100; quick: 30)")
    parser.add_argument("--provider", metavar="NAME", help="only this one of them")
    parser.add_argument("--regimes", metavar="NAME,…", help=f"of {', '.join(REGIMES)} (default: all)")
    parser.add_argument("--only", metavar="PART,…", help="; ".join(": ".join(part) for part in PARTS.items()))
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument(
        "--errors", type=int, nargs="?", const=12, metavar="N",
        help="show what is wrong in the N worst documents of the development half instead of tables",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / ".bench", help="folder of documents and results (.bench)"
    )
    parser.add_argument(
        "--python", type=Path, default=OWN_PYTHON, help="interpreter with matplotlib (default: of .venv)"
    )
    chosen = parser.parse_args()
    chosen.half = chosen.half or ("dev" if chosen.quick or chosen.errors else "both")
    if chosen.errors and chosen.half != "dev":
        parser.error("--errors: errors of held-out providers are not shown, or they would not be held out any longer")
    chosen.seeds = chosen.seeds or (1 if chosen.quick or chosen.errors else 3)
    chosen.providers = chosen.providers or (_QUICK_PROVIDERS if chosen.quick else _PROVIDERS)
    chosen.parts = _listed(parser, "--only", chosen.only, PARTS)
    chosen.parts = chosen.parts or (("accuracy",) if chosen.quick or chosen.errors else tuple(PARTS))
    chosen.regimes = _listed(parser, "--regimes", chosen.regimes, REGIMES) or REGIMES
    return chosen


def _listed(parser: argparse.ArgumentParser, option: str, text: str | None, known: object) -> tuple[str, ...]:
    names = tuple(text.split(",")) if text else ()
    if unknown := [name for name in names if name not in known]:  # type: ignore[operator]
        parser.error(f"{option}: unknown: {', '.join(unknown)}; known: {', '.join(known)}")  # type: ignore[call-overload]
    return names


def _measured(
    work: list[tuple[str, corpus.Entry]], chosen: argparse.Namespace, api: Path, console: Console
) -> list[measuring.Outcome]:
    """Measure; ablation and curve take many runs, and so they are of fewer providers of one half, the held-out one."""
    kinds = measuring.evidence() if "ablation" in chosen.parts else ()
    usual = measuring.Plan(
        api, chosen.regimes, chosen.seeds, "baselines" in chosen.parts, "accuracy" in chosen.parts, (), False
    )
    closer = measuring.Plan(api, chosen.regimes, 1, False, False, kinds, "curve" in chosen.parts)
    few = [one for one in work if one[0] == work[-1][0]][:_FEW]
    steps = [("templates", usual, work)] if usual.accuracy or usual.baselines else []
    steps += [("ablation and curve", closer, few)] if closer.ablation or closer.curve else []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    outcomes = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for name, plan, part in steps:
            task = progress.add_task(name, total=len(part))
            for outcome in measuring.measure(part, plan, chosen.jobs):
                outcomes.append(outcome)
                progress.update(task, advance=1)
    return outcomes


def _schemas(work: list[tuple[str, corpus.Entry]], chosen: argparse.Namespace, api: Path, console: Console) -> None:
    """Draw the curves of learned schemas."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("schemas", total=len(work))
        found = schemas.measured(work, api, chosen.jobs, lambda: progress.update(task, advance=1))
    schemas.show(found, console, chosen.errors or 0)
    found.write(chosen.out)
    lacks = schemas.plot(chosen.python, chosen.out)
    console.print(f"no plot: {lacks}" if lacks else f"plot: {chosen.out / 'schemas.png'}", style="dim")
    console.print(f"figures: {chosen.out / 'schemas.json'}", style="dim")


if __name__ == "__main__":
    main()
