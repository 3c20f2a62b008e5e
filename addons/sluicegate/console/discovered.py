"""`sluice discovered`: the inbox of endpoints that were found in traffic, with what speaks for them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import click
from rich.text import Text

from .learning.thresholds import settings_of, state_option, threshold_options
from .options import json_option, routes_option
from .output import count, print_json, print_line

STATES = ("review", "saved", "ignored", "shadow")
_NOISE = "noise"
_COLOURS = {"review": "yellow", "saved": "green", "ignored": "dim", "shadow": "dim"}


@click.command()
@click.option("--state-is", "states", multiple=True, type=click.Choice(STATES), help="Only endpoints of this state.")
@click.option("--host", default="", help="Only endpoints whose host holds this text.")
@click.option("--method", default="", help="Only endpoints of this method.")
@click.option("--path", default="", help="Only endpoints whose path holds this text.")
@click.option("--noise", is_flag=True, help="Also what stays below the thresholds: scanners' paths, single requests.")
@state_option
@threshold_options
@routes_option
@json_option
def command(
    states: tuple[str, ...],
    host: str,
    method: str,
    path: str,
    noise: bool,
    state: str,
    routes: str,
    as_json: bool,
    **chosen: Any,
) -> None:
    """The endpoints that were found in traffic, by the gateway or by `sluice learn`, with what speaks for them.

    review: not settled yet. saved: stands in a route file. ignored: by `sluice ignore`. shadow: seen, never matched.
    """
    from .learning.state import read_settled, saved_routes, state_path

    learner = read_settled(state_path(state, routes), settings_of(chosen), saved_routes(routes))
    known = learner.endpoints()
    shown = learner.endpoints(noise=True) if noise else known
    found = [
        one
        for one in shown
        if (not states or one.state in states)
        and host.lower() in one.host
        and (not method or one.method == method.upper())
        and path in one.endpoint
    ]
    in_inbox = {(one.method, one.host, one.endpoint) for one in known}
    if as_json:
        print_json([_members(one, in_inbox) for one in found])
        return
    told = [_NOISE if (one.method, one.host, one.endpoint) not in in_inbox else one.state for one in found]
    for one, name in zip(found, told, strict=True):
        _print(one, name)
    _print_total(Counter(told), len(shown))


def _print(one: Any, state: str) -> None:
    from .learning.inbox import ANY_HOST, id_of, key_of

    told = f"{count(one.requests, 'request')}, {count(one.sessions, 'session')}"
    if state != _NOISE:
        told += f", confidence {one.confidence:.2f}"
    head = (f"{one.method} {one.host or ANY_HOST} {one.endpoint}", "bold")
    print_line(Text.assemble((id_of(key_of(one)), "cyan"), f"  {state:<7}  ", head, style=_COLOURS.get(state, "")))
    print_line(f"                   {told}")
    for variable in one.variables:
        print_line(f"                   {{{variable.name}}} {variable.type}: {variable.evidence}")


def _print_total(states: Counter[str], total: int) -> None:
    told = ", ".join(f"{states[state]:,} {state}" for state in (*STATES, _NOISE) if states[state])
    found = states.total()
    of = "" if found == total else f" of {total:,}"
    print_line(f"{count(found, 'endpoint')}{of}" + (f": {told}" if told else ""))


def _members(one: Any, in_inbox: set[tuple[str, str, str]]) -> dict[str, Any]:
    from .learning.inbox import id_of, key_of

    return {
        "id": id_of(key_of(one)),
        **one.members(),
        "noise": (one.method, one.host, one.endpoint) not in in_inbox,
        "first_seen": _time(one.first_seen),
        "last_seen": _time(one.last_seen),
    }


def _time(at: float) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if 0 < at < 1e11 else None
