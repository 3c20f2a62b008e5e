"""The options that say from when on an endpoint is told, and where what was learned is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ...config.durations import parse_duration
from ..options import Command, UnusableError

if TYPE_CHECKING:
    from ...learning.paths.settings import Settings

_OPTIONS = ("preset", "requests", "within", "sessions", "hosts")


def threshold_options(command: Command) -> Command:
    """Add `--preset` and the thresholds, passed on as `preset`, `requests`, `within`, `sessions` and `hosts`."""
    for option in (
        click.option(
            "--min-hosts",
            "hosts",
            type=click.IntRange(0),
            help="Hosts with the same API that become one pattern; 0: none do.",
        ),
        click.option(
            "--min-sessions",
            "sessions",
            type=click.IntRange(0),
            help="Or so many sessions with a success; 0: sessions alone do not do.",
        ),
        click.option("--within", metavar="TIME", help="Time for these requests, such as 240h; 0: any time."),
        click.option(
            "--min-requests",
            "requests",
            type=click.IntRange(1),
            help="Successful requests of an endpoint that is told.",
        ),
        click.option(
            "--preset",
            type=click.Choice(["laptop", "api-shield"]),
            default="laptop",
            show_default=True,
            help="Thresholds: for a handful of requests, or those documented for API Shield (500 in ten days).",
        ),
    ):
        command = option(command)
    return command


def settings_of(chosen: Mapping[str, Any]) -> Settings:
    """Return the settings that the options ask for, and take them out of `chosen`. Raises UnusableError."""
    from ...learning.paths.settings import PRESETS

    asked = {name: chosen[name] for name in _OPTIONS}
    settings = PRESETS[asked.pop("preset")]
    within = asked.pop("within")
    found = {name: value for name, value in asked.items() if value is not None}
    if within is not None:
        seconds = parse_duration(within)
        if seconds is None:
            raise UnusableError(f"--within {within}: this is no time: write it like 90s, 30m or 240h")
        found["within_s"] = seconds
    return replace(settings, **found)


def state_option(command: Command) -> Command:
    """Add `--state PATH`, passed on as `state`: '' for the default, which is the gateway's."""
    return click.option(
        "--state",
        metavar="PATH",
        default="",
        help="State folder or file.  [default: '.sluicegate' beside the routes]",
    )(command)
