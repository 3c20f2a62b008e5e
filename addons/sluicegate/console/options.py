"""Options that several sub-commands share, and the one way to say that an input cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..config.diagnostics import printable

FOUND = 1
"""Exit code: the command ran and found something."""
UNUSABLE = 2
"""Exit code: used wrongly, or input that cannot be read."""

Command = Callable[..., Any]


class UnusableError(click.ClickException):
    """Input that cannot be used; the message is one line that names the place and, where there is one, the fix."""

    exit_code = UNUSABLE

    def show(self, file: Any = None) -> None:
        click.echo(f"sluice: {printable(self.format_message())}", err=True)


def json_option(command: Command) -> Command:
    """Add `--json`, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(command)


def routes_option(command: Command) -> Command:
    """Add `--routes DIR`, passed on as `routes`: '' for the default, which is the gateway's."""
    return click.option(
        "--routes",
        metavar="DIR",
        default="",
        help="Folder of route files.  [default: 'routes' here, else the gateway's own]",
    )(command)
