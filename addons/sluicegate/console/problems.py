"""How problems of route files are printed: as text with the line and a caret, as annotations, as JSON."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from rich.cells import cell_len
from rich.text import Text

from ..config.diagnostics import Diagnostic, printable
from ..config.files import list_files
from .output import print_line
from .sources import Source

_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""Line breaks as YAML 1.1 counts them (section 5.4)."""
_BEFORE = 60
_BEHIND = 40
"""Characters shown before and behind a column, at most."""
_TAB = 8
_INDENT = "    "


class Files:
    """The lines of a source's files, read when they are asked for."""

    def __init__(self, source: Source) -> None:
        self._paths: dict[str, Path] = {}
        self._lines: dict[str, list[str]] = {}
        try:
            self._paths = {found.name: found.path for found in list_files(source.folder)}
        except OSError:
            return  # what is wrong with the folder is a problem of its own

    def line(self, name: str, number: int) -> str | None:
        """Return a line of a file by its number from 1, without its end; None where it cannot be read."""
        if name not in self._lines:
            self._lines[name] = self._read(name)
        lines = self._lines[name]
        return lines[number - 1] if number <= len(lines) else None

    def _read(self, name: str) -> list[str]:
        path = self._paths.get(name)
        try:
            return [] if path is None else _LINE_END.split(path.read_bytes().decode("utf-8-sig", "replace"))
        except OSError:
            return []


def excerpt(line: str, column: int) -> tuple[str, str]:
    """Return a line as it can be printed, cut around a column (from 1), and a line with a caret below that column."""
    at = min(column - 1, len(line))
    start = max(at - _BEFORE, 0) if len(line) > _BEFORE + _BEHIND else 0
    end = max(at, start + _BEFORE) + _BEHIND
    before = _printable(("…" if start else "") + line[start:at])
    behind = _printable(line[at:end], cell_len(before)) + ("…" if end < len(line) else "")
    return before + behind, " " * cell_len(before) + "^"


def _printable(text: str, cells: int = 0) -> str:
    """Text without tabs and control characters, for a place so many cells into the line."""
    shown: list[str] = []
    for character in text:
        if character == "\t":
            piece = " " * (_TAB - cells % _TAB)
        else:
            piece = printable(character)
        shown.append(piece)
        cells += cell_len(piece)
    return "".join(shown)


def print_problem(one: Diagnostic, source: Source, files: Files) -> None:
    """Print a problem: place, code and message, then the line with a caret, then the request that shows it.

    A terminal shows in colour whether it is an error; elsewhere a warning says so at its end.
    """
    place = f"{printable(source.path(one.file))}:{one.line}:{one.column}: "
    line = files.line(one.file, one.line)
    below = [_INDENT + shown for shown in excerpt(line, one.column)] if line is not None and line.strip() else []
    if one.witness:
        below.append(f"  for example: {one.witness}")
    if sys.stdout.isatty():
        colour = "red" if one.severity == "error" else "yellow"
        print_line(Text.assemble((place, "bold"), (one.severity, f"bold {colour}"), f" {one.code}: {one.message}"))
        for text in below:
            print_line(Text(text, colour if text.endswith("^") and text.strip() == "^" else ""))
    else:
        mark = " (warning)" if one.severity == "warning" else ""
        click.echo("\n".join([f"{place}{one.code}: {printable(one.message)}{mark}", *below]))


def print_annotation(one: Diagnostic, source: Source) -> None:
    """Print a problem as a workflow command of GitHub Actions, which shows it beside the line.

    Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions, and the escapes of
    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
    """
    properties = {"file": printable(source.path(one.file)), "line": one.line, "col": one.column, "title": one.code}
    listed = ",".join(f"{name}={_escaped(str(value), in_property=True)}" for name, value in properties.items())
    message = printable(one.message) + (f"\nfor example: {one.witness}" if one.witness else "")
    click.echo(f"::{one.severity} {listed}::{_escaped(message)}")


def _escaped(text: str, *, in_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if in_property else text
