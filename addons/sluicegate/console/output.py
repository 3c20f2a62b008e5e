"""What the sub-commands print with: JSON, tables, coloured lines on a terminal, progress bars on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from typing import Any, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_WIDE = 100_000
"""Columns where nobody looks at a terminal: nothing is wrapped or cut."""
_BATCH = 500
"""Lines that are printed at once."""
_BAR, _LONGEST = 16, 24
"""Columns of a progress bar, and of what stands before it: all of a line fits into 80."""


def _console() -> Console:
    terminal = sys.stdout.isatty()
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if terminal else _WIDE)


def print_json(value: object) -> None:
    """Print a JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_line(text: str | Text = "") -> None:
    """Print a line; styles show on a terminal only."""
    _console().print(printable(text))


def print_lines(lines: Iterable[str | Text]) -> None:
    """Print many lines, as `print_line` does, in a fraction of its time; away from a terminal tabs stay tabs."""
    console = _console()
    for batch in batched(map(printable, lines), _BATCH):
        if console.is_terminal:
            console.print(Text("\n").join(batch))
        else:
            click.echo("\n".join(line.plain for line in batch))


_PICTURES = {code: 0x2400 + code for code in range(32) if code != 9} | {127: 0x2421}
_PICTURES |= dict.fromkeys(range(128, 160), 65533)


def printable(text: str | Text) -> Text:
    """Return a text without control characters: traffic and files must not speak to the terminal.

    Each becomes one other character, so that columns stay: its picture (U+2400…), or U+FFFD.
    """
    shown = text.copy() if isinstance(text, Text) else Text(text)
    shown.plain = shown.plain.translate(_PICTURES)
    return shown


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str | Text]], *, numbers: Container[str] = ()) -> None:
    """Print rows below their headings; on a terminal long cells fold within its width. `numbers` align at the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in numbers else "left")
    for row in rows:
        table.add_row(*map(printable, row))
    console = _console()
    with console.capture() as captured:
        console.print(table, soft_wrap=False)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


class Advance(Protocol):
    """Moves a progress bar on to a position."""

    def __call__(self, position: int) -> None: ...


@contextmanager
def progress(what: str, total: int | None, *, bytes_read: bool = False) -> Iterator[Advance]:
    """Show a bar on standard error while long work runs, where that is a terminal; `total` None: unknown."""
    shown = Console(stderr=True)
    counter = DownloadColumn() if bytes_read else MofNCompleteColumn()
    text = TextColumn("{task.description}", markup=False)
    columns: tuple[Any, ...] = (text, BarColumn(_BAR), counter, TimeRemainingColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task(_fitting(what), total=total)
        yield lambda position: bar.update(task, completed=position)


def _fitting(what: str) -> str:
    """What is done, such as `reading FILE`, in a length that leaves room for the rest; the end of a file tells most."""
    word, _, rest = printable(what).plain.partition(" ")
    return f"{word} {rest if len(rest) <= _LONGEST else '…' + rest[1 - _LONGEST :]}"


def count(number: int, what: str) -> str:
    """Return a number with its noun: `1 file`, `2 files`, `3 entries`."""
    if number == 1:
        return f"1 {what}"
    return f"{number:,} {what[:-1]}ies" if what.endswith("ry") else f"{number:,} {what}s"
