"""Tables of results, printed on a terminal and written as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Table:
    """The first `left` columns are texts, the others figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    left: int = 1

    def markdown(self) -> str:
        """Return the table with its title as a heading and its note below."""
        rule = ["---"] * self.left + ["---:"] * (len(self.columns) - self.left)
        lines = [f"### {self.title}", "", *map(_row, (self.columns, rule, *self.rows))]
        return "\n".join([*lines, "", *([self.note, ""] if self.note else [])])

    def show(self, console: Console) -> None:
        """Print the table."""
        drawn = Drawn(title=self.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
        for number, column in enumerate(self.columns):
            drawn.add_column(column, justify="left" if number < self.left else "right")
        for row in self.rows:
            drawn.add_row(*map(Text, row))
        console.print(drawn)
        if self.note:
            console.print(Text(self.note, style="dim"), soft_wrap=True)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return a figure as people read it; nothing measured is a dash."""
    return "–" if value is None else f"{value:,.{digits}f}{unit}"


def times(value: float | None, digits: int = 2) -> str:
    """Return a ratio; large ones without decimals."""
    return "–" if value is None else f"{value:.{digits if value < 20 else 0}f}×"
