"""`sluice diff`: what two sets of route files differ in, and which recorded requests would go elsewhere."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace

import click

from ..comparing.contents import means_the_same
from ..comparing.outcomes import MOVED, NEWLY_MATCHED, UNMATCHED, Kind
from ..config.compiler import Compiled
from .options import FOUND, json_option
from .output import print_json
from .revisions import revision
from .sources import Source, sources

_KINDS: tuple[Kind, ...] = (MOVED, UNMATCHED, NEWLY_MATCHED)
MOST = 10
"""Changes of each kind that are shown of traffic where nothing else is asked for."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def _kinds(_: click.Context, __: click.Parameter, text: str) -> frozenset[Kind]:
    named = {part.strip() for part in text.split(",") if part.strip()}
    if unknown := sorted(named.difference(_KINDS)):
        raise click.BadParameter(f"'{unknown[0]}' is none of {', '.join(_KINDS)}.")
    return frozenset(kind for kind in _KINDS if kind in named)


@click.command()
@click.argument("old")
@click.argument("new")
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--traffic",
    metavar="FILE...",
    multiple=True,
    help="Recorded requests: a HAR, a flow file of mitmproxy, or the gateway's request log.",
)
@click.option(
    "--most", type=click.IntRange(0), help=f"Changes of each kind to show.  [default: {MOST} of traffic, else all]"
)
@click.option(
    "--fail-on",
    "fail_on",
    metavar="KINDS",
    default="",
    callback=_kinds,
    help=f"Exit with 1 where there is one of these: {', '.join(_KINDS)}, separated by commas.",
)
@json_option
def command(
    old: str,
    new: str,
    more: tuple[str, ...],
    traffic: tuple[str, ...],
    most: int | None,
    fail_on: frozenset[Kind],
    as_json: bool,
) -> None:
    """What two sets of route files differ in, and which recorded requests would go elsewhere.

    OLD and NEW are folders, route files, or git revisions of them, such as HEAD:routes. Without traffic, an endpoint
    that went counts as unmatched, one that came as newly_matched, and every other difference as moved.
    """
    if more and not traffic:
        raise click.UsageError(f"Got more than OLD and NEW: '{more[0]}'. Recorded requests follow --traffic.")
    with ExitStack() as stack:
        try:
            sides = [_source(old, stack), _source(new, stack)]
            before, now = (side.compiled() for side in sides)
            now = _alike(before, now)
            if traffic:
                numbers = _traffic(sides, before, now, (*traffic, *more), MOST if most is None else most, as_json)
            else:
                numbers = _tables(sides, before, now, most, as_json)
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
    if any(numbers[kind] for kind in fail_on):
        raise SystemExit(FOUND)


def _source(named: str, stack: ExitStack) -> Source:
    """What OLD or NEW names: what is there is a path, anything else with a colon a revision. Raises UnusableError."""
    if ":" in named and not os.path.lexists(os.path.expanduser(named)):
        return stack.enter_context(revision(named))
    (source,) = sources([named])
    return source


def _alike(old: Compiled, new: Compiled) -> Compiled:
    """Return the new side with the old side's endpoints where these are the same: half the memory, read faster."""
    known = {endpoint.operation_id: endpoint for endpoint in old.endpoints}
    endpoints = []
    for endpoint in new.endpoints:
        before = known.get(endpoint.operation_id)
        same = before is not None and before.place == endpoint.place and means_the_same(before, endpoint)
        endpoints.append(before if before is not None and same else endpoint)
    return replace(new, endpoints=tuple(endpoints))


def _tables(sides: list[Source], old: Compiled, new: Compiled, most: int | None, as_json: bool) -> dict[Kind, int]:
    from ..comparing.tables import compare
    from .diff_report import print_tables, tables_json

    found = compare(old.snapshot(), new.snapshot())
    if as_json:
        print_json(tables_json(found, sides, most))
    else:
        print_tables(found, sides, most)
    return {
        MOVED: found.number("changed", "precedence"),
        UNMATCHED: found.number("removed"),
        NEWLY_MATCHED: found.number("added"),
    }


def _traffic(
    sides: list[Source], old: Compiled, new: Compiled, files: tuple[str, ...], most: int, as_json: bool
) -> dict[Kind, int]:
    from .diff_report import print_traffic, traffic_json
    from .traffic.comparing import compare_traffic

    report = compare_traffic(old, new, files, most)
    if as_json:
        print_json(traffic_json(report, sides))
    else:
        print_traffic(report, sides)
    return {kind: report.diff.number(kind) for kind in _KINDS}
