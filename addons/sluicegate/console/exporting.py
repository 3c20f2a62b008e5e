"""`sluice export`: what was learned of an API, as a description that other tools read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from .learning.state import read_settled, saved_routes, say, snapshot, state_path
from .learning.thresholds import state_option
from .options import FOUND, UnusableError, routes_option
from .output import count

if TYPE_CHECKING:
    from ..endpoints.table import Table
    from ..learning.keeping import AnyLearner
    from ..learning.schemas.openapi import Learned

_TOLD = ("review", "saved")
"""States of endpoints that are exported; what was ignored, and noise, never is."""


@click.group()
def command() -> None:
    """Write a description of an API from what was learned of it."""


@command.command()
@click.option("--host", metavar="HOST", default="", help="Only endpoints that serve this host.  [default: all hosts]")
@click.option("--saved", "only_saved", is_flag=True, help="Only saved endpoints, none that is still in the inbox.")
@click.option("--with-thresholds", is_flag=True, help="With a recommended rate for each endpoint, where there is one.")
@click.option("--with-responses", is_flag=True, help="With the answers that were seen and their schemas.")
@click.option(
    "--preset",
    type=click.Choice(["laptop", "api-shield"]),
    default="laptop",
    show_default=True,
    help="From how many requests on something is stated: 5 and 50, or the documented 1,000 and 10,000.",
)
@click.option("-o", "--output", metavar="FILE", default="", help="Write to this file.  [default: standard output]")
@click.option("--force", is_flag=True, help="Overwrite the file where it exists.")
@state_option
@routes_option
def openapi(
    host: str,
    only_saved: bool,
    with_thresholds: bool,
    with_responses: bool,
    preset: str,
    output: str,
    force: bool,
    state: str,
    routes: str,
) -> None:
    """What was learned of endpoints as an OpenAPI 3.0.0 document, in JSON.

    It has the saved endpoints and those in the inbox, with the types, formats, ranges, lengths and enums of their
    parameters and bodies, as far as the evidence goes. Ignored endpoints and noise are never in it.

    What a document cannot have is left out, with a line on standard error and exit code 1.
    """
    from ..learning.paths.settings import PRESETS
    from ..learning.schemas.openapi import openapi as document_of
    from ..learning.schemas.settings import PRESETS as SCHEMAS
    from .writing import check_writable, write_text

    if output:
        check_writable(output, force=force)
    source = saved_routes(routes)
    learner = read_settled(state_path(state, routes), PRESETS[preset], source)
    found = list(_learned(learner, snapshot(source).table, preset if with_thresholds else ""))
    shown = [one for one in found if one.is_saved or not only_saved]
    try:
        made = document_of(shown, host, with_responses=with_responses, settings=SCHEMAS[preset])
    except ValueError as error:
        raise UnusableError(f"--host: {error}") from None
    endpoints = sum(map(len, made.data["paths"].values()))
    if not endpoints:
        hosts = sorted({one.key.host or "*" for one in shown})
        known = f": known {'are' if len(hosts) > 1 else 'is'} {', '.join(hosts[:5])}" if hosts else ""
        what = f"no endpoint of {host}" if host else "no endpoint"
        raise UnusableError(f"{what} was {'saved' if only_saved else 'saved or learned'}{known}")
    text = _json(made.data)
    if output:
        write_text(output, text, force=force)
        say(f"{output}: {count(endpoints, 'endpoint')}")
    else:
        click.echo(text, nl=False)
    for one in made.left_out:
        say(f"left out: {' '.join(one.key)}: {one.reason}")
    if made.left_out:
        raise SystemExit(FOUND)


def _learned(learner: AnyLearner, table: Table, rates: str) -> Iterator[Learned]:
    """What there is to export: what was found, and what the route files have; with rates where a preset is named."""
    from ..learning.figures.recommendation import PRESETS, recommend
    from ..learning.figures.reports import limit_members
    from ..learning.figures.windows import Span, end_of
    from ..learning.observation import Key
    from ..learning.schemas.openapi import Learned

    found = {Key(one.method, one.host, one.endpoint): str(one.state) for one in learner.endpoints()}
    states = {key: state for key, state in found.items() if state in _TOLD}
    states |= {Key(one.method, one.host.stored, one.path.stored): "saved" for one in table.endpoints()}
    now = time.time()
    figures = {key: one for key in states if rates and (one := learner.figures(key)) is not None}
    until = end_of(Span.DAY, max((one.newest for one in figures.values() if one.newest <= now), default=0.0), now)
    for key, state in states.items():
        limit = recommend(figures[key], until, PRESETS[rates]) if key in figures else None
        yield Learned(key, learner.profile(key), state == "saved", {} if limit is None else limit_members(limit))


def _json(data: dict[str, Any]) -> str:
    """A document as text; escaped where traffic had half a character, which no file can hold."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(data, indent=2) + "\n"
    return text
