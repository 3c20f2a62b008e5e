"""The columns of a route file: the targets of the endpoint table, and the comments behind lines.

All bounds are our choice: they keep a column in sight where one line is very long.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

STEP = 2
"""Columns of one level of indentation."""
KEY_BOUND = 60
"""Columns of an endpoint's key up to which it moves the column of targets; a longer one stands out of the table."""
FILE_BOUND = 40
"""Columns of a line up to which it moves the column that the comments of the whole file share."""
LINE_BOUND = 100
"""Columns of a line up to which it moves the column of the comments beside it."""
COMMENT_DISTANCE = 2
"""Blanks before the comment behind a line, at least."""


@dataclass(slots=True)
class Row:
    """A line of the new text while it is made.

    `text` goes without its indentation. `table` is a number for the mapping of an endpoint line, and `key_end` where
    its key ends in the text (with the colon); `has_value`: its whole value stands on this line. `is_blank`: an empty
    line that parts what stands around it, which an empty line inside a text is not.
    """

    indent: int
    text: str = ""
    comment: str = ""
    table: int = -1
    key_end: int = 0
    has_value: bool = False
    is_blank: bool = False

    @property
    def width(self) -> int:
        return self.indent + columns(self.text)


def columns(text: str) -> int:
    """Return how many columns a text takes where wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def align(rows: list[Row]) -> None:
    """Put targets and comments in columns; the rows are changed in place.

    The targets of endpoint lines of one mapping share a column as far as no empty line parts them. The comments
    behind lines share one column in the whole file; where lines that follow each other reach farther, their comments
    share a column of their own.
    """
    for block in _parted(rows, lambda row: row.is_blank):
        tables: dict[int, list[Row]] = {}
        for row in block:
            if row.has_value:
                tables.setdefault(row.table, []).append(row)
        for table in tables.values():
            _align_targets(table)
    commented = [row.width for row in rows if row.comment]
    shared = max((width for width in commented if width <= FILE_BOUND), default=0) + COMMENT_DISTANCE
    for run in _parted(rows, lambda row: not row.comment):
        widths = [row.width for row in run]
        column = max((width for width in widths if width <= LINE_BOUND), default=0) + COMMENT_DISTANCE
        for row, width in zip(run, widths, strict=True):
            blanks = max(COMMENT_DISTANCE, max(column, shared) - width) if row.text else 0
            row.text += " " * blanks + row.comment


def _parted(rows: Iterable[Row], parts: Callable[[Row], bool]) -> Iterator[list[Row]]:
    for is_between, run in groupby(rows, parts):
        if not is_between:
            yield list(run)


def _align_targets(rows: list[Row]) -> None:
    ends = [row.indent + columns(row.text[: row.key_end]) for row in rows]
    column = max((end for end in ends if end <= KEY_BOUND), default=0) + 1
    for row, end in zip(rows, ends, strict=True):
        value = row.text[row.key_end :].lstrip(" ")
        row.text = row.text[: row.key_end] + " " * max(1, column - end) + value
