"""`sluice addon`: the path of a door that mitmproxy loads."""

from __future__ import annotations

from pathlib import Path

import click

from .options import UnusableError, json_option
from .output import print_json

DOORS = ("routing", "discovery")


@click.command()
@click.argument("name", type=click.Choice(DOORS), default=DOORS[0])
@json_option
def command(name: str, as_json: bool) -> None:
    """The path of an addon.

    mitmdump -s "$(sluice addon)" starts the gateway; mitmdump must be the one of the same Python environment.

    mitmdump -s "$(sluice addon discovery)" only learns from what mitmdump carries, in whatever mode.
    """
    path = door(Path(__file__).resolve().parents[1], name)
    if as_json:
        print_json({"path": str(path)})
    else:
        click.echo(path)


def door(package: Path, name: str = DOORS[0]) -> Path:
    """Return a door of a package: inside it where it was installed, beside it in a working tree.

    Raises UnusableError where it is missing.
    """
    inside = package / "addons" / f"{name}.py"
    beside = package.parent / f"{name}.py"
    if inside.is_file():
        return inside
    if package.parent.name == "addons" and beside.is_file():
        return beside
    raise UnusableError(f"{inside}: the addon is missing: install sluicegate again")
