"""The part of scripts/bench-discovery that draws the curves of learned schemas."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from ..discovery import corpus
from ..machine import missing
from ..setting import PROGRAMS
from .measuring import Outcome, measure
from .report import Report


def measured(work: Sequence[tuple[str, corpus.Entry]], api: Path, jobs: int, advance: Callable[[], object]) -> Report:
    """Measure documents in so many processes; `advance` is called after each."""
    outcomes: list[Outcome] = []
    for outcome in measure(work, api, 1, jobs):
        outcomes.append(outcome)
        advance()
    return Report(outcomes)


def show(found: Report, console: Console, errors: int) -> None:
    """Print tables, and what is not reached; with `errors` also so many refusals of valid requests."""
    for table in found.tables():
        table.show(console)
    for told in found.lacks():
        console.print(f"not reached: {told}", style="red")
    if errors and "dev" in found.halves:
        for told in found.refusals(errors):
            console.print(told, style="dim", soft_wrap=True, markup=False)


def plot(python: Path, folder: Path) -> str | None:
    """Draw schemas.json as schemas.png; returns why there is none, or None."""
    picture = folder / "schemas.png"
    picture.unlink(missing_ok=True)
    if lacks := missing("matplotlib", python):
        return f"needs {lacks}"
    command = [python, PROGRAMS / "plot_schemas.py", folder / "schemas.json", picture]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return None if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]
