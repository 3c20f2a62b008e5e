"""What is going on, shown while the benchmark runs: one line that changes, or lines where nobody looks on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextlib.contextmanager
def shown(console: Console) -> Iterator[Callable[[str], None]]:
    """Give the function that takes each step's line."""
    if not console.is_terminal:
        yield lambda line: console.print(line, style="dim", highlight=False, soft_wrap=True)
        return
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    # A slow refresh: it takes processor time from what is measured.
    with Progress(*columns, console=console, transient=True, refresh_per_second=2) as progress:
        task = progress.add_task("")
        yield lambda line: progress.update(task, description=line)
