"""`sluice addon`: the path of the door that mitmproxy loads."""

from __future__ import annotations

from pathlib import Path

import click

from .options import UnusableError, json_option
from .output import print_json

DOOR = "routing.py"


@click.command()
@json_option
def command(as_json: bool) -> None:
    """The path of the addon.

    mitmdump -s "$(sluice addon)" starts the gateway; mitmdump must be the one of the same Python environment.
    """
    path = door(Path(__file__).resolve().parents[1])
    if as_json:
        print_json({"path": str(path)})
    else:
        click.echo(path)


def door(package: Path) -> Path:
    """Return the door of a package: inside it where it was installed, beside it in a working tree.

    Raises UnusableError where it is missing.
    """
    inside = package / "addons" / DOOR
    beside = package.parent / DOOR
    if inside.is_file():
        return inside
    if package.parent.name == "addons" and beside.is_file():
        return beside
    raise UnusableError(f"{inside}: the addon is missing: install sluicegate again")
