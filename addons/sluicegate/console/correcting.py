"""`sluice ignore`, `restore`, `split` and `merge`: corrections of what was discovered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..config.diagnostics import excerpt
from .learning.thresholds import state_option
from .options import UnusableError, json_option, routes_option
from .output import count, print_json, print_line

if TYPE_CHECKING:
    from ..learning.observation import Key
    from ..learning.paths.corrections import Action, Correction
    from .learning.inbox import Inbox

_ENDPOINT = "METHOD HOST PATH | ID…"


@click.command()
@click.argument("endpoint", nargs=-1, required=True, metavar=_ENDPOINT)
@state_option
@routes_option
@json_option
def ignore(endpoint: tuple[str, ...], state: str, routes: str, as_json: bool) -> None:
    """Keep endpoints out of the inbox: they are still counted, and listed as ignored."""
    _settle("ignore", "ignored", endpoint, state, routes, as_json=as_json)


@click.command()
@click.argument("endpoint", nargs=-1, required=True, metavar=_ENDPOINT)
@state_option
@routes_option
@json_option
def restore(endpoint: tuple[str, ...], state: str, routes: str, as_json: bool) -> None:
    """Bring ignored endpoints back into the inbox. One that stands in a route file is saved again by its traffic."""
    _settle("restore", "back in the inbox", endpoint, state, routes, as_json=as_json)


@click.command()
@click.argument("endpoint", nargs=-1, required=True, metavar="METHOD HOST PATH VALUE… | ID VALUE…")
@click.option("--variable", metavar="NAME", default="", help="Which variable, where there are several: var1.")
@state_option
@routes_option
@json_option
def split(endpoint: tuple[str, ...], variable: str, state: str, routes: str, as_json: bool) -> None:
    """Take values out of a variable: each is an endpoint of its own, also for what was learned before.

    sluice split GET api.hotel.test '/hotels/{var1}' best cheapest
    """
    from ..learning.paths.corrections import Correction, place_of_variable
    from .learning.inbox import key_of

    kept = _Kept(state, routes)
    inbox = kept.inbox()
    number = 1 if not any("/" in word for word in endpoint[:3]) else 2 if "/" in endpoint[1] else 3
    words, values = endpoint[:number], endpoint[number:]
    if not values:
        raise UnusableError("name the values to take out behind the endpoint")
    one = inbox.named(words)[0]
    key = key_of(one)
    names = [found.name for found in one.variables if f"{{{found.name}}}" in key.endpoint]  # those of the host are not
    wanted = variable.strip("{}") or (names[0] if len(names) == 1 else _holding(one, values))
    try:
        place = place_of_variable(key.endpoint, wanted)
    except ValueError:
        known = ", ".join(names) or "none"
        which = f"'{excerpt(wanted)}' is no variable of it" if wanted else "name the variable with --variable"
        raise UnusableError(f"{_text(key)}: {which}; its variables are: {known}") from None
    _check_values(values)
    kept.apply(inbox, [Correction("split", key, place, tuple(values))], as_json=as_json)


@click.command()
@click.argument("endpoint", nargs=-1, required=True, metavar="METHOD HOST PATH PATH… | ID ID…")
@state_option
@routes_option
@json_option
def merge(endpoint: tuple[str, ...], state: str, routes: str, as_json: bool) -> None:
    """Make one endpoint of several that differ in one segment: it becomes a variable, also for what was learned before.

    sluice merge GET api.hotel.test /hotels/paris /hotels/rome
    """
    from ..learning.paths.corrections import joining
    from .learning.inbox import key_of

    kept = _Kept(state, routes)
    inbox = kept.inbox()
    if len(endpoint) > 2 and endpoint[2].startswith("/"):
        found = [inbox.path(endpoint[0], endpoint[1], one) for one in endpoint[2:]]
    else:
        found = [one for word in endpoint for one in inbox.named([word])]
    try:
        corrections = joining([key_of(one) for one in found])
    except ValueError as error:
        raise UnusableError(str(error)) from None
    kept.apply(inbox, corrections, as_json=as_json)


def _settle(action: Action, done: str, endpoint: Sequence[str], state: str, routes: str, *, as_json: bool) -> None:
    from ..learning.paths.corrections import Correction
    from .learning.inbox import key_of
    from .learning.state import correct

    kept = _Kept(state, routes)
    found = [key_of(one) for one in kept.inbox().named(endpoint)]
    correct(kept.path, [Correction(action, key) for key in found])
    if as_json:
        print_json([{"method": key.method, "host": key.host, "endpoint": key.endpoint} for key in found])
        return
    for key in found:
        print_line(f"{_text(key)}: {done}")


class _Kept:
    """What was learned, as these commands read and correct it."""

    def __init__(self, state: str, routes: str) -> None:
        from .learning.state import saved_routes, state_path

        self.path, self._source = state_path(state, routes), saved_routes(routes)

    def inbox(self) -> Inbox:
        """Read it, noise included. Raises UnusableError."""
        from ..learning.paths.settings import LAPTOP
        from .learning.inbox import Inbox
        from .learning.state import read_settled

        return Inbox(read_settled(self.path, LAPTOP, self._source).endpoints(noise=True))

    def apply(self, before: Inbox, corrections: Sequence[Correction], *, as_json: bool) -> None:
        """Correct places, and tell what is there then."""
        from ..learning.paths.places import pattern_of
        from .learning.state import correct

        known = set(map(_identity, before.all))
        correct(self.path, corrections)
        first = corrections[0]
        beginning = pattern_of(first.key.endpoint)[: first.place]
        changed = [
            one
            for one in self.inbox().all
            if _identity(one) not in known and pattern_of(one.endpoint)[: first.place] == beginning
        ]
        if as_json:
            print_json([one.members() for one in changed])
            return
        for one in changed:
            print_line(f"{_text(one)}: {count(one.requests, 'request')}")
        if not changed:
            print_line("nothing changed: what was learned is so already")


def _identity(one: Any) -> tuple[str, str, str, int]:
    return one.method, one.host, one.endpoint, one.requests


def _text(key: Key) -> str:
    return f"{key.method} {key.host or '*'} {key.endpoint}"


def _holding(one: Any, values: Sequence[str]) -> str:
    """The variable that was seen with these values; '' where that is not one alone."""
    fits = [variable.name for variable in one.variables if any(value in dict(variable.values) for value in values)]
    return fits[0] if len(fits) == 1 else ""


def _check_values(values: Sequence[str]) -> None:
    for value in values:
        if not value or "/" in value or "{" in value:
            raise UnusableError(f"'{excerpt(value)}' is no value of a variable: it is one segment of a path")
