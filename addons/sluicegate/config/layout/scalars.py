"""Scalars that take several lines, in canonical layout: their lines stay, the blanks before them change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from yaml.tokens import ScalarToken

from .columns import STEP
from .tokens import BLANKS, BREAK, header_of

JOINED_ENDS = "\u2028\u2029"
"""Line ends that YAML 1.1 knows and editors do not: they stay in the line, since the value holds them."""


class Line(NamedTuple):
    """A line of a plain or quoted scalar: its content, its column from 0, and the line end before it where it stays."""

    content: str
    column: int
    joined: str


def continued(text: str, *, is_escaped: bool) -> tuple[str, Iterator[Line]]:
    """Return the first line of a plain or quoted scalar, and the others.

    The blanks around its line ends mean nothing (YAML 1.1 section 4.2.3, line folding); `is_escaped`: it stands in
    double quotes.
    """
    first, *others = BREAK.split(text)

    def lines() -> Iterator[Line]:
        for number, (line_end, line) in enumerate(zip(BREAK.findall(text), others, strict=True), 1):
            content = line.lstrip(BLANKS)
            column = len(line) - len(content)
            if number < len(others):
                content = _without_end(content, is_escaped)
            yield Line(content, column, line_end if line_end in JOINED_ENDS else "")

    return _without_end(first, is_escaped), lines()


def _without_end(line: str, is_escaped: bool) -> str:
    """Return a line without the blanks at its end; one behind a backslash is part of the value."""
    kept = line.rstrip(BLANKS)
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return line[: len(kept) + 1] if is_escaped and backslashes % 2 else kept


class BlockScalar(NamedTuple):
    """A block scalar as it is written: its header, the comment there or '', and its lines with their indentation.

    `ends_empty`: empty lines stood behind its content that are no part of the value.
    """

    header: str
    comment: str
    lines: list[str]
    ends_empty: bool


def block_scalar(token: ScalarToken, text: str, old: int, new: int, *, is_cut: bool) -> BlockScalar:
    """Write a block scalar with its content in column `new`; its content moves as a whole.

    `text` is the token's, `old` the column of the block that it stands in, `is_cut`: the file ends with it. Raises
    StrayTextError.
    """
    breaks = BREAK.findall(text)
    _, *lines = BREAK.split(text)
    header = header_of(token, text)
    indicators = re.sub("[1-9]", str(STEP), header.indicators)
    if is_cut and token.value and not token.value.endswith("\n") and "-" not in indicators:
        # Without a line end at the end of the file the value has none, whatever the header says; with one it would.
        indicators = indicators.replace("+", "") + "-"
    if lines and text.endswith(breaks[-1]):
        lines.pop()
    if header.indentation:
        column = header.indentation + old
    else:
        column = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), len(text))
    contents = [line[column:] if not line[:column].strip(" ") else "" for line in lines]
    used = len(contents)
    while "+" not in indicators and used and not contents[used - 1]:
        used -= 1
    written = list(_indented(contents[:used], breaks[1:], new))
    return BlockScalar(header.style + indicators, header.comment, written, used < len(contents))


def _indented(contents: list[str], breaks: list[str], column: int) -> Iterator[str]:
    joined = ""
    for content, line_end in zip(contents, [*breaks, "\n"], strict=False):
        joined += " " * column + content if content else ""
        if line_end in JOINED_ENDS:
            joined += line_end
        else:
            yield joined
            joined = ""
    if joined:
        yield joined
