"""`sluice save`: discovered endpoints become lines of route files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..config.files import routes_folder
from .learning.thresholds import state_option
from .options import UnusableError, json_option, routes_option
from .output import count, print_json, print_line

if TYPE_CHECKING:
    from .learning.placing import Placed


@click.command()
@click.argument("endpoint", nargs=-1, metavar="METHOD HOST PATH | ID…")
@click.option("--all", "everything", is_flag=True, help="All endpoints of the inbox that wait for review.")
@click.option(
    "--to", metavar="FILE", default="", help="The route file.  [default: the one for the host, else a new one]"
)
@click.option(
    "--target",
    metavar="URL",
    default="",
    help="Where the requests go: a URL or a service in front of the path.  [default: to the file's origin]",
)
@state_option
@routes_option
@json_option
def command(
    endpoint: tuple[str, ...], everything: bool, to: str, target: str, state: str, routes: str, as_json: bool
) -> None:
    """Write discovered endpoints into route files, which keep every comment and stay laid out as `sluice fmt` does it.

    The files are compiled before anything is written, and each is written whole. What is there already is not added
    twice. Without --target an endpoint is managed, not routed: it goes to the origin of its file.
    """
    from ..learning.paths.corrections import Correction
    from ..learning.paths.settings import LAPTOP
    from .learning.inbox import Inbox, key_of
    from .learning.placing import Placing
    from .learning.state import correct, read_settled, saved_routes, state_path

    if everything == bool(endpoint):
        raise UnusableError("name an endpoint by METHOD HOST PATH or by its id, or all that wait for review by --all")
    path = state_path(state, routes)
    source = saved_routes(routes)
    learner = read_settled(path, LAPTOP, source)
    if everything:
        found = [one for one in learner.endpoints() if one.state == "review"]
    else:
        found = Inbox(learner.endpoints(noise=True)).named(endpoint)
    placing = Placing(routes_folder(routes), source, to=to, target=target)
    placed = placing.place(key_of(one) for one in found)
    if placed:
        correct(path, [Correction("save", one.key) for one in placed])
    if as_json:
        print_json([_members(one) for one in placed])
    else:
        _print(placed)


def _print(placed: Sequence[Placed]) -> None:
    for one in placed:
        there = "saved at" if one.is_new else "was there already:"
        goes = f"to {one.target}" if one.target else "managed, not routed"
        print_line(f"{one.key.method} {one.key.host or '*'} {one.key.endpoint}: {there} {one.file}:{one.line}, {goes}")
    new = sum(one.is_new for one in placed)
    print_line(f"{count(new, 'endpoint')} saved" if placed else "nothing waits for review")


def _members(one: Placed) -> dict[str, object]:
    return {
        "method": one.key.method,
        "host": one.key.host,
        "endpoint": one.key.endpoint,
        "file": one.file,
        "line": one.line,
        "target": one.target or None,
        "added": one.is_new,
    }
