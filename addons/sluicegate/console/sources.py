"""Where a sub-command finds route files: folders, single files, git revisions; and how their places are shown."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from ..config.compiler import Compiled, Compiler, Outcome
from ..config.diagnostics import Diagnostic
from ..config.files import is_route_file, list_files, routes_folder
from ..endpoints.table import Place
from .options import UnusableError


@dataclass(frozen=True, slots=True)
class Source:
    """Route files that make one table: a folder, or some files of it by `names`.

    `shown` goes before a file's name where it is shown: people open places from the working directory.
    """

    folder: Path
    shown: str
    names: frozenset[str] | None = None

    def path(self, name: str) -> str:
        """A file's name as people can open it."""
        return os.path.normpath(os.path.join(self.shown, name))

    def place(self, place: Place | None) -> str:
        """Where something is defined, as `file:line`."""
        return "" if place is None else f"{self.path(place.file)}:{place.line}"

    def compiler(self, *, examples: bool = True) -> Compiler:
        """Return a compiler of these files; `examples`: examples that fail are errors."""
        return Compiler(self.folder, names=self.names, examples=examples)

    def compiled(self, *, examples: bool = True) -> Compiled:
        """Compile the files. Raises UnusableError, after every problem was printed to standard error."""
        return self.usable(self.compiler(examples=examples).compile())

    def usable(self, outcome: Outcome) -> Compiled:
        """Return what was compiled. Raises UnusableError, after every problem was printed to standard error."""
        self.refuse(outcome.diagnostics)
        if outcome.compiled is None:
            raise UnusableError(f"{self.shown}: the route files cannot be used")
        return outcome.compiled

    def refuse(self, found: Iterable[Diagnostic]) -> None:
        """Raise UnusableError where there is an error among problems, after all but the last were printed."""
        errors = [one for one in found if one.severity == "error"]
        for one in errors[:-1]:
            click.echo(f"sluice: {self.problem(one)}", err=True)
        if errors:
            raise UnusableError(self.problem(errors[-1]))

    def problem(self, one: Diagnostic) -> str:
        """A diagnostic as one line, with its file as people can open it."""
        return f"{self.path(one.file)}:{one.line}:{one.column}: {one.code}: {one.message}"


def routes_source(routes: str) -> Source:
    """Return the folder that `--routes` names, or the gateway's default. Raises UnusableError."""
    folder = routes_folder(routes)
    return _folder(folder, routes or os.path.relpath(folder))


def sources(arguments: Iterable[str], routes: str = "") -> list[Source]:
    """Return a source for each folder named, and one for the files named in each other folder.

    A file is read with the gateway's own file beside it. Without arguments: `routes_source`. Raises UnusableError.
    """
    found: list[Source] = []
    files: dict[str, list[str]] = {}
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir():
            found.append(_folder(path, argument))
        elif not path.exists():
            raise UnusableError(f"{argument}: no such file or folder")
        elif not is_route_file(path.name):
            raise UnusableError(f"{argument}: not a route file: its name ends in .yaml or .yml")
        else:
            files.setdefault(os.path.dirname(argument), []).append(path.name)
    found += [Source(Path(shown or ".").expanduser(), shown or ".", frozenset(names)) for shown, names in files.items()]
    return found or [routes_source(routes)]


def _folder(folder: Path, shown: str) -> Source:
    try:
        names = list_files(folder)
    except OSError as error:
        raise UnusableError(f"{shown}: {(error.strerror or str(error)).lower()}") from None
    if not names:
        raise UnusableError(f"{shown}: no route files in this folder: they end in .yaml or .yml")
    return Source(folder, shown)
