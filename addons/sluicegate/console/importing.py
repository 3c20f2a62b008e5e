"""`sluice import`: route files from other descriptions of an API."""

from __future__ import annotations

import click

from .options import FOUND, UnusableError, json_option
from .output import count, print_json, print_line


@click.group()
def command() -> None:
    """Write a route file from another description of an API."""


@command.command()
@click.argument("spec")
@click.option("--target", metavar="URL", required=True, help="Where the requests go: stands for the server's URL.")
@click.option("--host", metavar="HOST", default="", help="The route file's host.  [default: any host]")
@click.option("-o", "--output", metavar="FILE", default="", help="Write to this file.  [default: standard output]")
@click.option("--force", is_flag=True, help="Overwrite the file where it exists.")
@json_option
def openapi(spec: str, target: str, host: str, output: str, force: bool, as_json: bool) -> None:
    """A route file from an OpenAPI 3.0 or 3.1 document, in JSON or YAML.

    The base path of the document's server is put in front of every path that clients ask for. The target URL stands
    for the whole server URL: what follows it is the path as the document has it, without the base path.

    What cannot be an endpoint is left out, with a line on standard error, a comment in the file and exit code 1.
    """
    from ..importing.composing import read_host
    from ..importing.documents import DocumentError
    from ..importing.openapi import read_openapi
    from ..importing.reading import Reader
    from ..importing.references import Documents
    from ..importing.route_file import imported, read_target_url
    from .writing import write_text

    try:
        read_host(host)
    except ValueError as error:
        raise UnusableError(f"--host: {error}") from None
    try:
        description = read_openapi(Documents(Reader(), spec))
    except DocumentError as error:
        raise UnusableError(str(error)) from None
    try:
        service = read_target_url(target, description.title)
    except ValueError as error:
        raise UnusableError(f"--target: {error}") from None
    made = imported(description, spec, service, host)
    for one in made.left_out:
        click.echo(f"sluice: {spec}: left out: {one.operation}: {one.reason}", err=True)
    if output:
        write_text(output, made.text, force=force)
    if as_json:
        skipped = [{"operation": one.operation, "reason": one.reason} for one in made.left_out]
        print_json({"file": made.text, "endpoints": made.endpoints, "skipped": skipped})
    elif output:
        print_line(f"{output}: {count(made.endpoints, 'endpoint')}")
    else:
        click.echo(made.text, nl=False)
    if made.left_out:
        raise SystemExit(FOUND)


@command.command()
@click.argument("file")
@click.option("--target", metavar="URL", default="", help="Where the requests go.  [default: where the recording went]")
@click.option("--host", metavar="HOST", default="", help="The host of the file.  [default: the one asked most]")
@click.option("-o", "--output", metavar="FILE", default="", help="Write to this file.  [default: standard output]")
@click.option("--force", is_flag=True, help="Overwrite the file where it exists.")
@json_option
def har(file: str, target: str, host: str, output: str, force: bool, as_json: bool) -> None:
    """A first draft of a route file from a HAR: the endpoints that are found in it, with what speaks for them.

    A route file is for one host: other hosts of the recording are told on standard error. - is standard input.

    What cannot be an endpoint is left out, with a line on standard error, a comment in the file and exit code 1.
    """
    from .learning.drafting import drafted
    from .writing import check_writable, write_text

    if output:
        check_writable(output, force=force)
    found = drafted(file, target=target, host=host)
    for one in found.made.left_out:
        click.echo(f"sluice: {file}: left out: {one.operation}: {one.reason}", err=True)
    for name, number in found.others:
        click.echo(f"sluice: {file}: {count(number, 'endpoint')} of {name}: --host {name} drafts them", err=True)
    if output:
        write_text(output, found.made.text, force=force)
    if as_json:
        skipped = [{"operation": one.operation, "reason": one.reason} for one in found.made.left_out]
        others = [{"host": name, "endpoints": number} for name, number in found.others]
        print_json(
            {
                "file": found.made.text,
                "host": found.host,
                "target": found.target,
                "endpoints": found.made.endpoints,
                "skipped": skipped,
                "other_hosts": others,
            }
        )
    elif output:
        print_line(f"{output}: {count(found.made.endpoints, 'endpoint')}")
    else:
        click.echo(found.made.text, nl=False)
    if found.made.left_out:
        raise SystemExit(FOUND)
