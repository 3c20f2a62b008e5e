"""`sluice test`: the examples of the route files, and the tests beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree

import click
from rich.text import Text

from .. import trial
from ..config.compiler import Compiler
from ..config.diagnostics import Diagnostic, excerpt
from ..config.examples import failure
from ..config.files import is_test_file, list_files
from ..config.route_tests import RouteTest, read_test_file, unmet
from ..snapshot import Snapshot
from .options import FOUND, UnusableError, json_option, routes_option
from .output import print_json, print_line
from .requests import RequestError, read_request
from .sources import Source, routes_source, sources
from .writing import write_text

_WIDTH = 80
_MARKS = 60
"""Tests shown in one line."""


@dataclass(frozen=True, slots=True)
class Result:
    """One test that was run: where it stands, what it asks, and what it came to differ in ('' where it passed)."""

    file: str
    line: int
    request: str
    failure: str = ""

    @property
    def name(self) -> str:
        """The test as a report names it."""
        return f"{self.file}:{self.line} {self.request}"


@click.command()
@click.argument("arguments", metavar="[ROUTES]...", nargs=-1)
@click.option("-v", "--verbose", is_flag=True, help="A line for every test.")
@click.option("--junit", type=click.Path(dir_okay=False), metavar="FILE", help="Write a report in JUnit's XML, too.")
@routes_option
@json_option
@click.pass_context
def command(
    context: click.Context, arguments: tuple[str, ...], verbose: bool, junit: str | None, routes: str, as_json: bool
) -> None:
    """Run the `examples` of the route files and every *.test.yaml beside them; nothing is sent.

    ROUTES are folders, route files, or files of tests (run against the folder that they are in). Exit code 1 where a
    test fails.
    """
    started = perf_counter()
    results = [result for one, only in _chosen(arguments, routes) for result in _run(one, only)]
    seconds = perf_counter() - started
    if junit is not None:
        write_text(junit, junit_report(results, seconds), force=True)
    failed = [result for result in results if result.failure]
    if as_json:
        print_json(
            {
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "tests": [
                    {
                        "file": one.file,
                        "line": one.line,
                        "request": one.request,
                        "outcome": "failed" if one.failure else "passed",
                        "message": one.failure or None,
                    }
                    for one in results
                ],
            }
        )
    else:
        for line in report(results, seconds, verbose=verbose):
            print_line(line)
    if failed:
        context.exit(FOUND)


def _chosen(arguments: Sequence[str], routes: str) -> Iterator[tuple[Source, frozenset[str] | None]]:
    """The tables to test, each with the names of the test files to run alone; None: all tests and examples."""
    tests: dict[str, set[str]] = {}
    others: list[str] = []
    for argument in arguments:
        path = Path(argument).expanduser()
        if is_test_file(path.name) and path.is_file():
            tests.setdefault(str(path.parent), set()).add(path.name)
        else:
            others.append(argument)
    if others or not tests:
        yield from ((source, None) for source in sources(others, routes))
    for folder, names in tests.items():
        yield _table_around(Path(folder), names, routes)


def _table_around(folder: Path, names: set[str], routes: str) -> tuple[Source, frozenset[str]]:
    """The table that test files in a folder are about: the routes folder's where it lies in that, else its own."""
    try:
        source = routes_source(routes)
        inside = folder.resolve().relative_to(source.folder.resolve())
    except (UnusableError, ValueError):
        return sources([str(folder)])[0], frozenset(names)
    return source, frozenset((inside / name).as_posix() for name in names)


def _run(source: Source, only: frozenset[str] | None) -> Iterator[Result]:
    compiler = source.compiler(examples=False)
    compiled = source.usable(compiler.compile())
    snapshot = compiled.snapshot()
    if only is None:
        for case in compiled.cases:
            for example in case.examples:
                failed = failure(snapshot, case, example)
                text = example.request.value
                yield Result(
                    source.path(case.findings.file),
                    example.request.mark.line,
                    f"{case.endpoint.method} {excerpt(text, 200)}",
                    failed.message if failed else "",
                )
    for name, tests in _test_files(source, compiler, only):
        for test in tests:
            yield Result(
                source.path(name),
                test.mark.line,
                excerpt(f"{test.method} {test.url}", 200),
                _failure(test, snapshot, source),
            )


def _failure(test: RouteTest, snapshot: Snapshot, source: Source) -> str:
    host = ((b"Host", test.host.encode("utf-8")),) if test.host else ()
    try:
        request = read_request(test.method, test.url, host + test.headers, snapshot)
    except RequestError as error:
        return excerpt(str(error), 1000)
    return "\n".join(excerpt(line, 1000) for line in unmet(test, trial.decided(request, snapshot), source.path))


def _test_files(
    source: Source, compiler: Compiler, only: frozenset[str] | None
) -> Iterator[tuple[str, tuple[RouteTest, ...]]]:
    """The tests of each file. Raises UnusableError, after every other problem was printed, for one that is wrong."""
    problems: list[Diagnostic] = []
    read = []
    for found in list_files(source.folder, is_test_file):
        beside = found.name.replace(".test.", ".")
        if (source.names is not None and beside not in source.names) or (only is not None and found.name not in only):
            continue
        try:
            file = read_test_file(found.name, found.path.read_bytes(), compiler.services(beside))
        except OSError as error:
            raise UnusableError(f"{source.path(found.name)}: {(error.strerror or str(error)).lower()}") from None
        problems += file.findings
        read.append((found.name, file.tests))
    source.refuse(problems)
    yield from read


def report(results: Sequence[Result], seconds: float, *, verbose: bool) -> Iterator[Text]:
    """Give the results as lines to read, in the manner of pytest."""
    done = 0
    for file in dict.fromkeys(result.file for result in results):
        own = [result for result in results if result.file == file]
        done += len(own)
        if verbose:
            yield from (Text(one.name).append(*_word(one)) for one in own)
        else:
            rows = [own[start : start + _MARKS] for start in range(0, len(own), _MARKS)]
            for row in rows:
                lead = f"{file} " if row is rows[0] else "  "
                marks = Text.assemble(*(("F", "red") if one.failure else (".", "green") for one in row))
                end = f"  [{100 * done // len(results):3d}%]" if row is rows[-1] else ""
                yield Text(lead).append(marks).append(end)
    failed = [result for result in results if result.failure]
    if failed:
        yield Text()
        yield _rule("FAILURES", "red")
    for one in failed:
        yield Text(f"{one.name}", "bold red")
        yield from (Text(f"  {line}") for line in one.failure.splitlines())
    counts = [f"{len(failed)} failed"] if failed else []
    counts += [f"{len(results) - len(failed)} passed"] if len(results) > len(failed) else []
    yield Text()
    yield _rule(f"{', '.join(counts) or 'no tests'} in {seconds:.2f}s", "red" if failed else "green")


def _word(result: Result) -> tuple[str, str]:
    return (" FAILED", "red") if result.failure else (" PASSED", "green")


def _rule(title: str, style: str) -> Text:
    return Text(f" {title} ".center(_WIDTH, "="), style)


def junit_report(results: Sequence[Result], seconds: float) -> str:
    """Return the report that CI servers read, in JUnit's XML: one suite, a test case for each result."""
    failed = sum(bool(result.failure) for result in results)
    counts = {"tests": str(len(results)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    root = ElementTree.Element("testsuites", {"name": "sluice test", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": "sluice test", "skipped": "0", **counts})
    for one in results:
        attributes = {"classname": one.file, "name": f"{one.request} (line {one.line})", "file": one.file}
        case = ElementTree.SubElement(suite, "testcase", {**attributes, "line": str(one.line), "time": "0.000"})
        if one.failure:
            element = ElementTree.SubElement(case, "failure", {"message": one.failure.splitlines()[0]})
            element.text = f"{one.name}\n{one.failure}"
    ElementTree.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ElementTree.tostring(root, encoding='unicode')}\n"
