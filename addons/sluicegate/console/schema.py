"""`sluice schema`: the JSON Schema of route files, for editors."""

from __future__ import annotations

import click

from ..config.schemas import NAMES, schema_text
from .options import json_option


@click.command()
@click.argument("name", metavar="[routes|gateway|tests]", type=click.Choice(list(NAMES)), default="routes")
@json_option
def command(name: str, as_json: bool) -> None:
    """The JSON Schema (2020-12) of route files, of _gateway.yaml, or of *.test.yaml. It is JSON in any case.

    Editors complete and check a file whose first line names it:

        # yaml-language-server: $schema=route-file.json
    """
    click.echo(schema_text(name), nl=False)
