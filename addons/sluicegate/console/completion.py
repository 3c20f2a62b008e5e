"""`sluice completion`: the script by which a shell completes sub-commands, options and their values."""

from __future__ import annotations

import click

from .options import UnusableError, json_option
from .output import print_json

_VARIABLE = "_SLUICE_COMPLETE"
"""By this environment variable the script asks the command itself."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
def command(shell: str, as_json: bool) -> None:
    """The completion script of a shell, for a `sluice` that is found by its name.

    \b
    bash (4.4 or newer), in ~/.bashrc:    source <(sluice completion bash)
    zsh, in ~/.zshrc after compinit:      source <(sluice completion zsh)
    fish, in ~/.config/fish/config.fish:  sluice completion fish | source
    """
    text = script(shell)
    if as_json:
        print_json({"shell": shell, "script": text})
    else:
        click.echo(text, nl=False)


def script(shell: str) -> str:
    """Return the script that the command line library has for a shell. Raises UnusableError where it has none."""
    from click.shell_completion import get_completion_class

    from .cli import sluice

    found = get_completion_class(shell)
    if found is None:
        raise UnusableError(f"{shell}: no completion for this shell")
    return found(sluice, {}, "sluice", _VARIABLE).source()
