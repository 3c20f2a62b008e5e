"""What is wrong with route files: each finding names its place, the rule, and the fix where there is one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding.

    `file` is relative to the routes folder, with slashes; line and column count from 1, in characters. `code` is
    the rule's name in kebab-case; `message` names the offending text and, where there is one, the fix. `witness` is
    a request that shows it, '' where there is none: one and the same finding may be shown by several.
    """

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str
    witness: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code}: {self.message}"

    def members(self, file: str = "") -> dict[str, str | int | None]:
        """Return the finding as members of a JSON document; `file` is the file's name as it is to be shown."""
        return {
            "file": file or self.file,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "witness": self.witness or None,
        }


class Mark(NamedTuple):
    """Where a text stands in its file: line and column from 1.

    `exact`: the text stands there letter by letter, so that an offset in it is one in the line.
    """

    line: int
    column: int
    exact: bool = False

    def at(self, offset: int) -> Mark:
        """The place of a part of the text; the text's own where that cannot be told."""
        return Mark(self.line, self.column + offset, True) if self.exact else self


class Findings:
    """The findings of one file, in the order that they are made; what a file holds cannot steer who prints them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def error(self, mark: Mark, code: str, message: str, witness: str = "") -> None:
        """Note something that keeps the route files from being used."""
        self.found.append(Diagnostic(self.file, mark.line, mark.column, "error", code, printable(message), witness))

    def warn(self, mark: Mark, code: str, message: str) -> None:
        """Note something that is legal and probably not meant."""
        self.found.append(Diagnostic(self.file, mark.line, mark.column, "warning", code, printable(message)))


START = Mark(1, 1)


def suggest(text: str, known: Iterable[str]) -> str:
    """Return the end of a message: the known name nearest to a text, else the known names, else nothing."""
    names = sorted(known)
    folded = {name.lower(): name for name in names}
    near = difflib.get_close_matches(text.lower(), folded, n=1, cutoff=0.6)
    if near:
        return f"; nearest is '{folded[near[0]]}'"
    if not names:
        return ""
    more = ", …" if len(names) > 12 else ""
    return f"; known are {', '.join(names[:12])}{more}"


def excerpt(text: str, most: int = 80) -> str:
    """Return a text fit for one line of a message: cut where long, what cannot be printed as escapes."""
    return printable(text if len(text) <= most else text[: most - 1] + "…")


def printable(text: str) -> str:
    """Return a text with what cannot be printed, such as control characters, as escapes."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
