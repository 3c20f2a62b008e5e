"""`sluice status`: what a running gateway has loaded, and what became of the last reload."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from ..config.diagnostics import printable
from ..config.files import routes_folder
from ..control.addresses import Address, parse_url
from ..control.places import port_of
from ..state import state_folder
from .options import FOUND, UnusableError, json_option, routes_option
from .output import count, print_json, print_line

MOST_FILES = 20
"""Files that the text names; `--json` names all."""


@click.command()
@click.option("--url", default="", help="Where to ask: unix:/path/to.sock or http://127.0.0.1:PORT.")
@click.option("--port", type=int, help="The gateway that listens on this port, where several run.")
@click.option(
    "--state", metavar="PATH", default="", help="State folder or file.  [default: '.sluicegate' beside the routes]"
)
@routes_option
@json_option
@click.pass_context
def command(ctx: click.Context, url: str, port: int | None, state: str, routes: str, as_json: bool) -> None:
    """What a running gateway has loaded, and what became of the last reload.

    Exit code 0: it serves, and the last reload was taken over. 1: it does not serve, or the last reload had errors.
    2: no gateway answers, or several do.
    """
    status = _by_url(url) if url else _by_rule(state_folder(state, routes_folder(routes)), port)
    if as_json:
        print_json(status)
    else:
        _print(status)
    ctx.exit(FOUND if status["errors"] or not status["ready"] else 0)


def _by_url(url: str) -> dict[str, Any]:
    try:
        address = parse_url(url)
    except ValueError as error:
        raise UnusableError(f"--url {url}: {error}") from None
    found = _ask(address)
    if isinstance(found, _Silent):
        raise UnusableError(f"{url}: {found.reason}")
    return found


def _by_rule(state: Path, port: int | None) -> dict[str, Any]:
    """Ask the gateways that have a socket in a state folder; exactly one may answer."""
    from ..control.client import find_sockets

    paths = [path for path in find_sockets(state) if port is None or port_of(path.name) == port]
    asked = [(path, _ask(Address(path=str(path)))) for path in paths]
    answered = [(path, one) for path, one in asked if not isinstance(one, _Silent)]
    if len(answered) == 1:
        return answered[0][1]
    shown = _shown(str(state))
    if answered:
        raise UnusableError(f"{len(answered)} gateways answer; choose one: {choices([path for path, _ in answered])}")
    silent = [f"{_shown(str(path))}: {one.reason}" for path, one in asked if isinstance(one, _Silent)]
    if silent:
        raise UnusableError(f"no gateway answers; {'; '.join(silent)}")
    which = "" if port is None else f" on port {port}"
    hint = "" if port is not None else "; name its routes with --routes DIR, or where it is asked with --url"
    raise UnusableError(f"{shown}: no control socket of a running gateway{which} here{hint}")


def choices(paths: Sequence[Path]) -> str:
    """Return the options that tell gateways apart: by port, where that is enough."""
    ports = [port_of(path.name) for path in paths]
    return ", ".join(
        f"--port {port}" if ports.count(port) == 1 else f"--url unix:{path}"
        for port, path in zip(ports, paths, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Silent:
    """Why nobody told how they are."""

    reason: str


def _ask(address: Address) -> dict[str, Any] | _Silent:
    from ..control.client import AnswerError, fetch
    from ..control.status import read_members

    try:
        code, body = fetch(address, "/status")
        if code != 200:
            return _Silent(f"it answers {code}, not the status of a gateway")
        return harmless(read_members(body))  # type: ignore[no-any-return]
    except ConnectionRefusedError:
        if address.path:
            return _Silent("nobody listens: left behind by a gateway that was killed")
        return _Silent("nobody listens: start the gateway with --set control=PORT")
    except OSError as error:
        return _Silent((error.strerror or str(error)).lower())
    except (AnswerError, ValueError) as error:
        return _Silent(str(error))


def harmless(value: Any) -> Any:
    """Return a document whose texts hold nothing that a terminal would carry out: whoever answers may be anyone."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(name): harmless(one) for name, one in value.items()}
    return [harmless(one) for one in value] if isinstance(value, list) else value


def _print(status: dict[str, Any]) -> None:
    for name, text in lines(status):
        print_line(Text.assemble((f"{name:<13}", "bold"), text))
    errors = status["errors"]
    if errors:
        print_line()
    for one in errors:
        place = f"{_shown(os.path.join(status['routes'], one['file']))}:{one['line']}:{one['column']}"
        print_line(Text.assemble((f"{place}: ", "bold"), (f"{one['code']}: ", "red"), one["message"]))
        if one.get("witness"):
            print_line(f"    for example: {one['witness']}")
    left = status["error_count"] - len(errors)
    if left > 0:
        print_line(f"{count(left, 'more error')}: see the gateway's log")


def lines(status: dict[str, Any]) -> list[tuple[str, str | Text]]:
    """Return what the text tells, by name."""
    ready = Text("yes", "green") if status["ready"] else Text(f"no: {status['not_ready']}", "red")
    since = f", since {_time(status['loaded_at'])}" if status["loaded_at"] else ""
    last = status["last_reload"]
    told = "none yet"
    if last is not None:
        taken = "taken over" if last["taken_over"] else "NOT taken over"
        told = f"{_time(last['at'])}, {taken}, {last['milliseconds']:.0f} ms"
    program = f"{status['pid']}, up {duration(status['uptime'])}; sluicegate {status['version']}"
    found: list[tuple[str, str | Text]] = [
        ("ready", ready),
        ("generation", f"{status['generation']}{since}"),
        ("endpoints", f"{status['endpoints']:,}"),
        ("files", _files(status["files"])),
        ("last reload", told),
        ("routes", _shown(status["routes"])),
        ("listens on", ", ".join(status["listeners"]) or "nothing"),
        ("process", f"{program}, mitmproxy {status['mitmproxy']}"),
    ]
    if [one["pid"] for one in status["workers"]] != [status["pid"]]:
        found.append(("workers", "; ".join(map(_worker, status["workers"]))))
    if status["learning"] is not None:
        found.append(("learning", _learning(status["learning"])))
    return found


def _learning(learning: dict[str, Any]) -> str:
    """What is learned: `1,024 exchanges, 3 dropped, by 4711, into .sluicegate/state.db`."""
    if learning["off"]:
        return f"off: {learning['off']}"
    into = f"into {_shown(learning['state'])}"
    if not learning["pid"] and not learning["learned"]:
        return f"waits for the first exchange, {into}"
    dropped = f", {learning['dropped']:,} dropped" if learning["dropped"] else ""
    return f"{count(learning['learned'], 'exchange')}{dropped}, by {learning['pid'] or 'nobody just now'}, {into}"


def _worker(worker: dict[str, Any]) -> str:
    """A process that serves: `4712 serves generation 3, restarted once`."""
    does = f"{worker['pid']} serves generation {worker['generation']}" if worker["ready"] else "one that does not serve"
    times = {0: "", 1: ", restarted once"}.get(worker["restarts"], f", restarted {worker['restarts']} times")
    return does + times


def _files(files: dict[str, str]) -> str:
    names = [f"{name} ({digest[:12]})" for name, digest in sorted(files.items())]
    more = f" and {count(len(names) - MOST_FILES, 'more file')}" if len(names) > MOST_FILES else ""
    return ", ".join(names[:MOST_FILES]) + more or "none"


def duration(seconds: float) -> str:
    """Return a time span in its two largest units: `3 s`, `4 min 5 s`, `2 h 7 min`, `12 d 3 h`."""
    whole = int(seconds)
    units = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((at for at, (number, _) in enumerate(units) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in units[first : first + 2])


def _time(text: str) -> str:
    """A time in this machine's zone, to the second."""
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return json.dumps(text)


def _shown(path: str) -> str:
    """A path as people can open it: from the working directory, where it lies below."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
