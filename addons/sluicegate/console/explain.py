"""`sluice explain`: where a request goes, why, and what lost to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.text import Text

from ..endpoints.table import Endpoint
from ..exchange import Fields
from ..sessions.identifiers import Identifier
from .explanation import Explanation, explained
from .options import FOUND, UnusableError, json_option, routes_option
from .output import print_json, print_line
from .requests import RequestError, read_fields, read_request
from .sources import Source, routes_source

_WIDTH = 12
"""Columns of the names at the left."""
_WIDEST = 72
"""Columns that one cell may push the others to the right, at most."""


@click.command()
@click.argument("method")
@click.argument("url")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header field; repeatable.")
@click.option("--data", default=None, metavar="TEXT|@FILE", help="The body: a text, or @ and a file ('@-': stdin).")
@routes_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    method: str,
    url: str,
    headers: tuple[str, ...],
    data: str | None,
    routes: str,
    as_json: bool,
) -> None:
    """Where a request goes, why, and what lost to it. Nothing is sent.

    URL is http://HOST/path, or /path with -H 'Host: …' (or where there is one host only). Exit code 1 where no endpoint
    takes the request, or where the gateway would answer it itself.
    """
    source = routes_source(routes)
    snapshot = source.compiled().snapshot()
    body = None if data is None else _body(data)
    try:
        fields = read_fields(headers)
        request = read_request(method, url, fields + _framing(body, fields), snapshot)
    except RequestError as error:
        raise UnusableError(str(error)) from None
    found = explained(request, snapshot, body)
    if as_json:
        print_json(members(found, source))
    else:
        for line in lines(found, source, request.text, body):
            print_line(line)
    if not found.is_forwarded:
        context.exit(FOUND)


def _body(data: str) -> bytes:
    if not data.startswith("@"):
        return data.encode("utf-8")
    try:
        return sys.stdin.buffer.read() if data == "@-" else Path(data[1:]).read_bytes()
    except OSError as error:
        raise UnusableError(f"{data[1:]}: {(error.strerror or str(error)).lower()}") from None


def _framing(body: bytes | None, fields: Fields) -> Fields:
    """The field by which a client tells the length of a body (RFC 9110 section 8.6), unless it is given."""
    if body is None or any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in fields):
        return ()
    return ((b"Content-Length", b"%d" % len(body)),)


def members(found: Explanation, source: Source) -> dict[str, object]:
    """Return an explanation as JSON."""
    exchange = found.exchange
    forward, problem = exchange.forward, exchange.problem
    return {
        "matched": exchange.endpoint is not None,
        "endpoint": _endpoint(exchange.endpoint, source) if exchange.endpoint else None,
        "variables": dict(found.variables),
        "target": forward.url if forward else None,
        "service": forward.target.service or None if forward else None,
        "request_line": found.start_line,
        "headers": dict(found.headers),
        "problem": {"status": problem.status, "title": problem.title, "detail": problem.detail} if problem else None,
        "losers": [{"endpoint": _endpoint(one.endpoint, source), "reason": one.reason} for one in found.losers],
        "nearest": [
            {"endpoint": _endpoint(one.endpoint, source), "differs": one.differs, "request": one.request}
            for one in found.nearest
        ],
        "session_identifier": found.identifier.text if found.identifier else None,
        "trail": [{"stage": one.stage, "outcome": one.outcome, "reason": one.reason} for one in exchange.trail],
    }


def _endpoint(endpoint: Endpoint, source: Source) -> dict[str, object]:
    return {
        "method": endpoint.method,
        "host": endpoint.host.text,
        "path": endpoint.path.text,
        "operation_id": endpoint.operation_id,
        "file": source.path(endpoint.place.file),
        "line": endpoint.place.line,
    }


def lines(found: Explanation, source: Source, request: str, body: bytes | None) -> Iterator[Text]:
    """Give an explanation as lines to read."""
    exchange = found.exchange
    endpoint, forward, problem = exchange.endpoint, exchange.forward, exchange.problem
    yield Text(request, "bold")
    if endpoint is None:
        yield _row("endpoint", "none", "yellow")
    else:
        yield _row("endpoint", f"{endpoint.text}  (host {endpoint.host.text})", "green")
        yield _row("defined at", source.place(endpoint.place))
        yield _row("operation", endpoint.operation_id)
        yield from (_row("variable", f"{name} = {value}") for name, value in found.variables.items())
    if forward is not None:
        if endpoint is None:
            yield _row("origin of", source.path(forward.place))
        service = f"  (service {forward.target.service})" if forward.target.service else ""
        yield _row("target", f"{forward.url}{service}", "green")
    if problem is not None:
        yield _row("answer", f"{problem.status} {problem.title}: {problem.detail}", "red")
    if found.identifier is not None:
        yield _row("session", _named_by(found.identifier))
    yield from _upstream(found, body)
    yield from _section("lost, or differs", [(*_named(one.endpoint, source), one.reason) for one in found.losers])
    yield from _section("nearest", [(*_named(one.endpoint, source), one.differs) for one in found.nearest])
    if found.nearest:
        yield from (Text(), Text(f"would match  {found.nearest[0].request}"))
    yield from _section("trail", [(one.stage, one.outcome, one.reason) for one in exchange.trail])


def _named_by(identifier: Identifier) -> str:
    """What names a session; never the value that does."""
    unverified = (
        "  (the token is not verified: good for learning, and for nothing else)" if identifier.kind == "jwt" else ""
    )
    return f"named by {identifier.text}{unverified}"


def _upstream(found: Explanation, body: bytes | None) -> Iterator[Text]:
    if found.start_line is None:
        return
    yield from (Text(), Text("sent upstream, with what changes", "bold"))
    yield Text(f"  {found.start_line}")
    for name, value in found.headers.items():
        yield Text(f"- {name}", "red") if value is None else Text(f"+ {name}: {value}", "green")
    if body is not None:
        yield Text(f"  body as it is, {len(body):,} bytes")


def _row(name: str, value: str, style: str = "") -> Text:
    return Text(f"{name:{_WIDTH}} ").append(value, style)


def _section(title: str, rows: Sequence[tuple[str, ...]]) -> Iterator[Text]:
    """Rows below a title, in columns."""
    if rows:
        yield from (Text(), Text(title, "bold"))
        widths = [min(max(map(len, column)), _WIDEST) for column in zip(*rows, strict=True)][:-1]
        for row in rows:
            cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
            yield Text("  " + "  ".join([*cells, row[-1]]))


def _named(endpoint: Endpoint, source: Source) -> tuple[str, str]:
    return endpoint.text, source.place(endpoint.place)
