"""`sluice check`: every problem of the route files, and what is legal but suspicious."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass

import click

from ..config.diagnostics import Diagnostic, printable
from ..config.suspicions import suspicions, target_hosts, unresolved
from .options import FOUND, UNUSABLE, json_option, routes_option
from .output import count, print_json, print_line
from .problems import Files, print_annotation, print_problem
from .sources import Source, sources

UNREADABLE = frozenset({"not-utf-8", "file-unreadable", "file-size", "yaml-character", "routes-folder"})
"""Problems of files that cannot be read as text at all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a source came to: its problems, and how many files and endpoints it has."""

    source: Source
    problems: Sequence[Diagnostic]
    files: int
    endpoints: int


@click.command()
@click.argument("arguments", metavar="[ROUTES]...", nargs=-1)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option("--dns", is_flag=True, help="Look up the hosts of targets and origins; without it nothing is looked up.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="github: annotations in the log of a workflow.",
)
@routes_option
@json_option
@click.pass_context
def command(
    context: click.Context, arguments: tuple[str, ...], strict: bool, dns: bool, form: str, routes: str, as_json: bool
) -> None:
    """Every problem of the route files, and, where they have no error, what is legal but suspicious.

    ROUTES are folders, each with a table of its own, or route files. Exit code 1 for errors, 2 for files that cannot
    be read.
    """
    if as_json and form != "text":
        raise click.UsageError("--json and --format exclude each other: choose one")
    gc.disable()  # compiling makes many objects and next to no cycles: collecting meanwhile costs a tenth more
    checked = [check(source, dns=dns) for source in sources(arguments, routes)]
    problems = [(one, each.source) for each in checked for one in each.problems]
    unreadable = [pair for pair in problems if pair[0].code in UNREADABLE]
    for one, source in unreadable:
        click.echo(f"sluice: {printable(source.problem(one))}", err=True)
    if as_json:
        print_json([one.members(source.path(one.file)) for one, source in problems])
    elif form == "github":
        for one, source in problems:
            print_annotation(one, source)
    elif len(unreadable) < len(problems) or not problems:
        _print_text(checked)
    if unreadable:
        context.exit(UNUSABLE)
    if any(strict or one.severity == "error" for one, _ in problems):
        context.exit(FOUND)


def check(source: Source, *, dns: bool = False) -> Checked:
    """Compile a source's files and look for what is suspicious in them; `dns`: look up the hosts of targets, too."""
    compiler = source.compiler()
    outcome = compiler.compile()
    problems = list(outcome.diagnostics)
    if outcome.compiled is None:
        return Checked(source, problems, 0, 0)
    problems += suspicions(compiler.route_files, outcome.compiled)
    if dns:
        from .resolving import resolve

        hosts = target_hosts(outcome.compiled)
        problems += unresolved(hosts, resolve(hosts))
    return Checked(source, sorted(problems), len(outcome.compiled.files), len(outcome.compiled.endpoints))


def _print_text(checked: Sequence[Checked]) -> None:
    for each in checked:
        files = Files(each.source)
        for one in each.problems:
            if one.code not in UNREADABLE:
                print_problem(one, each.source, files)
    print_line(summary(checked))


def summary(checked: Sequence[Checked]) -> str:
    """What all sources came to, in one line: `2 errors, 1 warning in 3 files`, which are those with a problem."""
    problems = [(one.severity, each.source.path(one.file)) for each in checked for one in each.problems]
    if not problems:
        files, endpoints = sum(each.files for each in checked), sum(each.endpoints for each in checked)
        return f"{count(files, 'file')}, {count(endpoints, 'endpoint')}: no problems"
    severities = [severity for severity, _ in problems]
    found = [count(severities.count(one), one) for one in ("error", "warning") if one in severities]
    return f"{', '.join(found)} in {count(len({file for _, file in problems}), 'file')}"
