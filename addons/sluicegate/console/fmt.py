"""`sluice fmt`: route files in the one canonical layout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.text import Text

from ..config.diagnostics import START, Diagnostic, Findings, printable
from ..config.documents import MAX_BYTES
from ..config.files import is_route_file, is_test_file, list_files, readable, routes_folder, signature
from .line_diff import unified
from .options import FOUND, UNUSABLE, UnusableError, json_option, routes_option
from .output import count, print_json, print_line, print_lines
from .writing import write_text

STANDARD_INPUT = "-"
_SHOWN_INPUT = "<stdin>"
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file to lay out: where it is, and its path as people can open it."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a file: `problems` where it cannot be laid out, else its text before and after."""

    shown: str
    old: str = ""
    new: str = ""
    problems: tuple[Diagnostic, ...] = ()

    @property
    def is_changed(self) -> bool:
        return self.old != self.new


@click.command()
@click.argument("arguments", metavar="[ROUTES]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; show what would change, exit code 1 where anything would.")
@routes_option
@json_option
@click.pass_context
def command(context: click.Context, arguments: tuple[str, ...], check: bool, routes: str, as_json: bool) -> None:
    """Bring route files into the one canonical layout; what they say and their comments stay as they are.

    ROUTES are folders (with the *.test.yaml files in them) or files; `-` reads standard input and prints the result.
    A file with YAML errors is left as it is, and the others are done.
    """
    if STANDARD_INPUT in arguments:
        if len(arguments) > 1:
            raise UnusableError("-: standard input goes alone: name no files beside it")
        if as_json and not check:
            raise UnusableError("-: the laid out text takes standard output: --json goes with --check only")
        results = [lay_out(_SHOWN_INPUT, sys.stdin.buffer.read(MAX_BYTES + 1))]
        if not check and not results[0].problems:
            sys.stdout.buffer.write(results[0].new.encode())
    else:
        results = [lay_out_file(one, write=not check) for one in _chosen(arguments, routes)]
    if as_json:
        print_json(_members(results))
    else:
        _print(results, check, is_input=STANDARD_INPUT in arguments)
    for one in (problem for result in results for problem in result.problems):
        click.echo(f"sluice: {printable(str(one))}", err=True)
    if any(result.problems for result in results):
        context.exit(UNUSABLE)
    if check and any(result.is_changed for result in results):
        context.exit(FOUND)


def _chosen(arguments: Sequence[str], routes: str) -> list[Chosen]:
    """Return the files that are meant, each once, whatever links lead to it. Raises UnusableError."""
    found: dict[str, Chosen] = {}
    for argument in arguments or [routes or os.path.relpath(routes_folder())]:
        for one in _named(argument):
            found.setdefault(os.path.realpath(one.path), one)
    return list(found.values())


def _named(argument: str) -> Iterator[Chosen]:
    path = Path(argument).expanduser()
    if path.is_dir():
        yield from _inside(path, argument)
    elif not os.path.lexists(path):
        raise UnusableError(f"{readable(argument)}: no such file or folder")
    elif not _counts(path.name):
        raise UnusableError(f"{readable(argument)}: not a route file: its name ends in .yaml or .yml")
    else:
        yield Chosen(path, readable(os.path.normpath(argument)))


def _inside(folder: Path, shown: str) -> Iterator[Chosen]:
    try:
        listed = list_files(folder, _counts)
    except OSError as error:
        raise UnusableError(f"{readable(shown)}: {(error.strerror or str(error)).lower()}") from None
    if not listed:
        raise UnusableError(f"{readable(shown)}: no route files in this folder: they end in .yaml or .yml")
    for found in listed:
        yield Chosen(found.path, os.path.normpath(os.path.join(readable(shown), found.name)))


def _counts(name: str) -> bool:
    return is_route_file(name) or is_test_file(name)


def lay_out_file(one: Chosen, *, write: bool) -> Result:
    """Lay a file out, and write it where that changes it."""
    try:
        before = signature(one.path)
        with one.path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        return _failed(one.shown, "file-unreadable", f"the file cannot be read: {reason.lower()}")
    result = lay_out(one.shown, content)
    if write and result.is_changed:
        try:
            if signature(one.path) != before:
                message = "somebody else wrote this file meanwhile: it is left as it is, run fmt again"
                return _failed(one.shown, "file-changed", message)
            write_text(str(one.path), result.new, force=True)
        except OSError as error:
            return _failed(one.shown, "file-unwritable", (error.strerror or str(error)).lower())
        except UnusableError as error:
            message = error.message.removeprefix(f"{one.path}: ")
            return _failed(one.shown, "file-unwritable", f"the file {message}")
    return result


def lay_out(shown: str, content: bytes) -> Result:
    from ..config.layout.canonical import laid_out  # only here: it brings the YAML parser

    findings = Findings(shown)
    new = laid_out(content, findings)
    if new is None:
        return Result(shown, problems=tuple(findings.found))
    return Result(shown, content.decode(), new.decode())


def _failed(shown: str, code: str, message: str) -> Result:
    return Result(shown, problems=(Diagnostic(shown, START.line, START.column, "error", code, message),))


def _print(results: Sequence[Result], check: bool, *, is_input: bool) -> None:
    for result in results:
        if check:
            print_lines(_coloured(line) for line in unified(result.shown, result.old, result.new))
        elif result.is_changed and not is_input:
            print_line(result.shown)
    fine = [result for result in results if not result.problems]
    changed = sum(result.is_changed for result in fine)
    if fine and (check or not is_input):
        would = "would change" if check else "changed"
        print_line(f"{count(changed, 'file')} {would}, {len(fine) - changed:,} unchanged")


def _coloured(line: str) -> Text:
    return Text(line, "bold" if line.startswith(("--- ", "+++ ")) else _STYLES.get(line[:1], ""))


def _members(results: Sequence[Result]) -> dict[str, object]:
    changed: list[object] = []
    for result in results:
        if result.is_changed:
            diff = "\n".join([*unified(result.shown, result.old, result.new), ""])
            changed.append({"file": result.shown, "diff": diff})
    return {
        "changed": changed,
        "unchanged": [result.shown for result in results if not result.problems and not result.is_changed],
        "failed": [one.members() for result in results for one in result.problems],
    }
