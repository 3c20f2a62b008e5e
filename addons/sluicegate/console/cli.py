"""The command line: one sub-command per module, imported when it is asked for.

Exit codes: 0 fine, 1 found something, 2 used wrongly or unreadable input.
"""

from __future__ import annotations

from importlib import import_module

import click
from click.shell_completion import CompletionItem

COMMANDS = {
    "check": ("check", "Every problem of the route files, and what is legal but suspicious."),
    "explain": ("explain", "Where a request goes, why, and what lost to it."),
    "list": ("listing", "The table of endpoints."),
    "test": ("testing", "Run the examples of the route files and the tests beside them."),
    "diff": ("diff", "What differs between two sets of route files, for recorded traffic, too."),
    "fmt": ("fmt", "Bring route files into the one canonical layout."),
    "import": ("importing", "Write a route file from another description of an API."),
    "export": ("exporting", "Write a description of an API from what was learned of it."),
    "learn": ("learn", "Find the endpoints of an API in recorded traffic."),
    "endpoints": ("endpoints", "How endpoints are used, how they answer, and what rate suits their sessions."),
    "discovered": ("discovered", "The endpoints that were found in traffic, with what speaks for them."),
    "save": ("saving", "Write discovered endpoints into route files."),
    "ignore": ("correcting:ignore", "Keep discovered endpoints out of the inbox."),
    "restore": ("correcting:restore", "Bring ignored endpoints back into the inbox."),
    "split": ("correcting:split", "Take values out of a variable: endpoints of their own."),
    "merge": ("correcting:merge", "Make one endpoint with a variable of several."),
    "replay": ("replay", "Send recorded requests again and compare the answers."),
    "schema": ("schema", "The JSON Schema of route files, for editors."),
    "status": ("status", "What a running gateway has loaded."),
    "addon": ("addon", 'The path of the addon, for mitmdump -s "$(sluice addon)".'),
    "completion": ("completion", "The completion script of a shell."),
}
"""Sub-commands: the module that holds each (as `command`, unless a name follows), and its line in the help."""


class Lazy(click.Group):
    """A group that imports a sub-command when it runs, so that every one starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, member = COMMANDS[name][0].partition(":")
        found: click.Command = getattr(import_module(f"{__package__}.{module}"), member or "command")
        return found

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete names without importing what they stand for."""
        found = [CompletionItem(name, help=told) for name, (_, told) in COMMANDS.items() if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from ..version import version

        click.echo(f"sluice {version()}")
        ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def sluice() -> None:
    """Know what a route change does before it does it.

    Exit codes: 0 fine, 1 found something, 2 used wrongly or unreadable input.
    """
