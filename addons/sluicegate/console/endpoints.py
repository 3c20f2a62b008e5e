"""`sluice endpoints`: how endpoints are used, how they answer, and what rate suits their sessions."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.text import Text

from .learning.state import read_state, saved_routes, snapshot, state_path
from .learning.thresholds import state_option
from .listing import serves
from .options import UnusableError, json_option, routes_option
from .output import count, print_json, print_line, print_lines, print_table

if TYPE_CHECKING:
    from ..endpoints.table import Table
    from ..learning.figures.reports import Report
    from ..learning.figures.windows import Span
    from ..learning.keeping import AnyLearner
    from ..learning.observation import Key

_SPANS = ("24h", "7d")
_NUMBERS = ("REQUESTS", "4XX", "5XX", "MEAN ms", "P50", "P90", "P95", "P99", "BYTES", "SESSIONS", "LIMIT")
_COLUMNS = ("METHOD", "HOST", "PATH", "STATE", "AUTH", *_NUMBERS)
_SPARED = ("P90", "P95", "STATE", "MEAN ms", "BYTES", "HOST", "SESSIONS", "5XX")
"""Columns that a narrow terminal does without, one after the other."""
_HIDDEN = ("ignored", "shadow")
"""States of endpoints that are not shown."""
_MANY_ERRORS = 0.05
"""Share of errors from which on it shows in colour."""

_SORTS: dict[str, Callable[[Report], object]] = {
    "path": lambda one: (one.key.endpoint, one.key.method, one.key.host),
    "host": lambda one: (one.key.host, one.key.endpoint, one.key.method),
    "method": lambda one: (one.key.method, one.key.endpoint, one.key.host),
    "requests": lambda one: -one.window.requests,
    "errors": lambda one: -(one.window.errors or 0.0),
    "latency": lambda one: -(one.window.latency.p99 if one.window.latency else -1.0),
    "size": lambda one: -(one.window.size.mean if one.window.size else -1.0),
    "sessions": lambda one: -one.window.sessions,
    "limit": lambda one: -(one.limit.suggested_threshold if one.limit else 0),
}
"""What comes first: in the order of letters, or the largest; latency by p99, size by the mean."""


@click.command()
@click.option("--window", type=click.Choice(_SPANS), default="24h", show_default=True, help="How far to look back.")
@click.option("--host", default="", help="Only endpoints that serve this host, or whose pattern holds this text.")
@click.option("--method", default="", help="Only endpoints of this method.")
@click.option("--path", default="", help="Only endpoints whose path holds this text.")
@click.option("--sort", type=click.Choice(list(_SORTS)), default="path", show_default=True)
@click.option(
    "--preset",
    type=click.Choice(["laptop", "api-shield"]),
    default="laptop",
    show_default=True,
    help="From when on a rate is recommended: 5 sessions in 24 hours, or the 50 documented for API Shield.",
)
@click.option("--prometheus", is_flag=True, help="Print the text format of Prometheus, for its node exporter.")
@state_option
@routes_option
@json_option
def command(
    window: str,
    host: str,
    method: str,
    path: str,
    sort: str,
    preset: str,
    prometheus: bool,
    state: str,
    routes: str,
    as_json: bool,
) -> None:
    """How endpoints are used, how they answer, and what rate suits their sessions.

    The figures come from the state file. A window ends now; where nothing came within it, it ends with the newest
    exchange, so that old recordings show, too. Endpoints of the route files that had no traffic show zeros. Latency is
    the origin's, and empty where none answered. AUTH: whether successful requests named a session (all, mixed, none).
    LIMIT: requests that one session should be able to send in ten minutes.
    """
    from ..learning.figures.windows import Span
    from ..learning.paths.settings import PRESETS

    if as_json and prometheus:
        raise UnusableError("--json and --prometheus exclude each other")
    table = snapshot(saved_routes(routes)).table
    learner = read_state(state_path(state, routes), PRESETS[preset])
    now = time.time()
    span = next(one for one in Span if one.text == window)
    until = _end(learner, span, now)
    states = _states(learner, table)
    asked = {key: told for key, told in states.items() if _is_asked_for(key, host, method, path)}
    shown = _reports(learner, asked, (span, until), preset)
    shown.sort(key=_SORTS["path"])  # type: ignore[arg-type]
    shown.sort(key=_SORTS[sort])  # type: ignore[arg-type]
    if prometheus:
        print_lines(_exposition(learner, shown, span, until))
    elif as_json:
        print_json(_members(shown, span, until))
    else:
        _print_table(shown, span, until, is_past=until < now)
        print_line(f"{count(len(shown), 'endpoint')}" + ("" if len(shown) == len(states) else f" of {len(states):,}"))


def _end(learner: AnyLearner, span: Span, now: float) -> float:
    """When the window ends; an exchange that a wrong clock put into the future is not waited for."""
    from ..learning.figures.windows import end_of

    every = [one.newest for key in learner.all_figures if (one := learner.all_figures.get(key)) is not None]
    return end_of(span, max([newest for newest in every if newest <= now], default=0.0), now)


def _reports(learner: AnyLearner, states: Mapping[Key, str], window: tuple[Span, float], preset: str) -> list[Report]:
    from ..learning.figures.recommendation import PRESETS
    from ..learning.figures.reports import report

    return [report(key, told, learner.figures(key), window, PRESETS[preset]) for key, told in states.items()]


def _states(learner: AnyLearner, table: Table) -> dict[Key, str]:
    """The endpoints to show, each with its state: those that were found, and those of the route files."""
    from ..learning.observation import Key

    found = {Key(one.method, one.host, one.endpoint): str(one.state) for one in learner.endpoints()}
    shown = {key: told for key, told in found.items() if told not in _HIDDEN}
    saved = {Key(one.method, one.host.stored, one.path.stored): "saved" for one in table.endpoints()}
    return shown | saved


def _is_asked_for(key: Key, host: str, method: str, path: str) -> bool:
    from ..endpoints.hosts import HostPattern

    if (method and key.method != method.upper()) or path not in key.endpoint:
        return False
    try:
        return not host or serves(HostPattern() if key.host in ("", "*") else HostPattern.parse(key.host), host)
    except ValueError:
        return host.lower() in key.host


def _exposition(learner: AnyLearner, shown: Sequence[Report], span: Span, until: float) -> Iterator[str]:
    from ..learning.figures.prometheus import exposition
    from ..learning.figures.windows import Totals

    totals = {one.key: figures.totals() for one in shown if (figures := learner.figures(one.key)) is not None}
    return exposition([(one, totals.get(one.key, Totals())) for one in shown], span, until)


def _members(shown: Sequence[Report], span: Span, until: float) -> dict[str, object]:
    from ..learning.figures.reports import members_of

    end = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
    return {"window": span.text, "until": end, "endpoints": [members_of(one) for one in shown]}


def _print_table(shown: Sequence[Report], span: Span, until: float, *, is_past: bool) -> None:
    told = "the last 24 hours" if span.text == "24h" else "the last 7 days"
    if is_past:
        told = f"{told} before the newest exchange, {datetime.fromtimestamp(until):%Y-%m-%d %H:%M:%S}"
    print_line(Text(told, "bold"))
    rows = [dict(zip(_COLUMNS, _cells(one), strict=True)) for one in shown]
    columns = _fitting(rows, shutil.get_terminal_size().columns) if sys.stdout.isatty() else list(_COLUMNS)
    print_table(columns, [[row[column] for column in columns] for row in rows], numbers=_NUMBERS)
    if left := [column for column in _COLUMNS if column not in columns]:
        print_line(f"not shown on this narrow terminal: {', '.join(left)}")


def _fitting(rows: Sequence[Mapping[str, str | Text]], width: int) -> list[str]:
    """The columns that fit side by side into so many characters, each two apart."""
    widths = {column: max([len(column), *(len(row[column]) for row in rows)]) + 2 for column in _COLUMNS}
    for column in _SPARED:
        if sum(widths.values()) <= width:
            break
        del widths[column]
    return list(widths)


def _cells(one: Report) -> Iterator[str | Text]:
    window = one.window
    yield from (one.key.method, one.key.host or "*", one.key.endpoint, one.state)
    yield Text(window.authentication or "", {"none": "red", "mixed": "yellow"}.get(window.authentication or "", ""))
    yield f"{window.requests:,}"
    yield from map(_share, (window.client_errors, window.server_errors))
    latency = window.latency
    if latency is None:
        yield from ("",) * 5
    else:
        yield from map(_number, (latency.mean, latency.p50, latency.p90, latency.p95, latency.p99))
    yield "" if window.size is None else f"{window.size.mean:,.0f}"
    yield f"{window.sessions:,}"
    yield "" if one.limit is None else f"{one.limit.suggested_threshold:,} ({one.limit.confidence})"


def _share(value: float | None) -> Text:
    """A share as a percentage; one that is not 0 never reads as 0."""
    if not value:
        return Text("" if value is None else "0 %")
    return Text(
        "<0.1 %" if value < 0.001 else f"{value:.1%}".replace("%", " %"), "red" if value >= _MANY_ERRORS else ""
    )


def _number(value: float) -> str:
    """A number to three digits, as far as they are known."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
