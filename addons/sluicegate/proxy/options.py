"""Options of the gateway, and those of mitmproxy that it needs to have one value."""

from __future__ import annotations

from pathlib import Path

from mitmproxy import exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode, ReverseMode
from mitmproxy.utils import human

from ..config.durations import parse_duration
from ..control.addresses import parse_control
from .preview import MOST_REQUESTS

NOWHERE = "reverse:http://undecided.invalid"
"""The listener's own target: no request ever goes there, because only decided connections are made."""

LEAST_IDLE, MOST_IDLE = 0.1, 3600.0
"""Seconds that a connection to a target may be told to idle."""

_REQUIRED = {
    "connection_strategy": "lazy",
    "keep_host_header": True,
    "onboarding": False,
    "validate_inbound_headers": True,  # else HTTP/2 heads may hold line ends: smuggling
}


def declare(loader: Loader) -> None:
    """Declare the options that users set with `--set NAME=VALUE`."""
    loader.add_option("routes", str, "", "Folder of route files. Default: 'routes' here, else the gateway's own.")
    loader.add_option("routes_polling", bool, False, "Watch route files by polling, for file systems without events.")
    loader.add_option("head_limit", str, "64k", "Bytes in the head of a request; a longer one is answered 431.")
    loader.add_option(
        "upstream_idle",
        str,
        # Each client has connections of its own, so what idles is soon many; and targets often close what has been
        # idle for 5 s (Node.js, uvicorn, Apache): who closes first sends no request into a connection that ends.
        "4s",
        "Time after which a connection to a target is closed that carries no exchange. 0: with its client's.",
    )
    loader.add_option("verbose_errors", bool, False, "Show internals, such as target addresses, in problem bodies.")
    loader.add_option("forwarded", bool, False, "Send the Forwarded field (RFC 7239) beside X-Forwarded-*.")
    loader.add_option("request_log", str, "", "File that gets one JSON line per exchange; '-' is standard output.")
    loader.add_option(
        "route_preview", int, 0, "Last request lines to keep, and to tell on each reload which would go elsewhere."
    )
    declare_learning(loader)
    loader.add_option(
        "control",
        str,
        "",
        "Where 'sluice status' asks. Default: a socket in the state folder; a port of 127.0.0.1; [::1]:PORT; 'off'.",
    )
    loader.add_option(
        "keep_flows",
        int,
        10_000,
        "Finished flows that mitmweb and the console keep; the oldest go first. 0: all.",
    )


def declare_learning(loader: Loader) -> None:
    """Declare the options of what is learned and kept: the gateway's, and those of discovery alone."""
    loader.add_option(
        "state", str, "", "Folder of what it keeps, or a file NAME.db. Default: '.sluicegate' beside the routes folder."
    )
    loader.add_option("learn", bool, True, "Learn from the traffic: endpoints, schemas and figures, in the state file.")


def enforce(options: Options) -> None:
    """Set what the gateway cannot work without, and show comments in mitmweb."""
    options.update(**{name: value for name, value in _REQUIRED.items() if name in options})
    if "web_columns" in options and "comment" not in options.web_columns:
        columns = list(options.web_columns)
        options.update(web_columns=[*columns, "comment"])


def check(options: Options) -> None:
    """Raise OptionsError for a value that the gateway cannot work with."""
    for name, value in _REQUIRED.items():
        if name in options and getattr(options, name) != value:
            raise exceptions.OptionsError(f"Sluicegate needs {name}={str(value).lower()}.")
    try:
        limit = human.parse_size(options.head_limit)
    except ValueError:
        limit = None
    if limit is None or limit < 1024:
        raise exceptions.OptionsError(f"head_limit: '{options.head_limit}' is not a size of at least 1k, such as 64k.")
    idle_limit(options)
    if options.keep_flows < 0:
        raise exceptions.OptionsError(f"keep_flows: {options.keep_flows} is negative; 0 keeps all flows.")
    if options.routes and not Path(options.routes).expanduser().parent.is_dir():
        raise exceptions.OptionsError(f"routes: '{options.routes}' lies in no folder that exists.")
    if not 0 <= options.route_preview <= MOST_REQUESTS:
        raise exceptions.OptionsError(f"route_preview: {options.route_preview} is not 0 to {MOST_REQUESTS:,} requests.")
    check_state(options)
    try:
        parse_control(options.control)
    except ValueError as error:
        raise exceptions.OptionsError(f"control: {error}.") from None
    for mode in options.mode:
        spec = ProxyMode.parse(mode)
        if mode != "regular" and not (isinstance(spec, ReverseMode) and spec.scheme in ("http", "https")):
            raise exceptions.OptionsError(f"Sluicegate is a reverse proxy for HTTP: --mode {mode} is not one.")


def check_state(options: Options) -> None:
    """Raise OptionsError for a state folder or file that cannot be."""
    if "\0" in options.state:
        raise exceptions.OptionsError("state: a folder's name holds no NUL.")


def idle_limit(options: Options) -> float:
    """Return the seconds that a connection to a target may idle; 0 is no limit. Raises OptionsError."""
    text: str = options.upstream_idle
    seconds = parse_duration(text)
    if seconds is None or not (seconds == 0 or LEAST_IDLE <= seconds <= MOST_IDLE):
        raise exceptions.OptionsError(f"upstream_idle: '{text}' is not a time from 100ms to 1h, such as 4s, nor 0.")
    return seconds


def names_sessions(options: Options) -> bool:
    """Whether somebody wants to know which session an exchange belongs to."""
    return bool(options.request_log or options.learn)


def check_change(updated: set[str]) -> None:
    """Raise OptionsError for a change, while the gateway runs, of what it has taken up when it started."""
    for name in ("mode", "routes", "routes_polling", "route_preview", "state", "learn", "control"):
        if name in updated:
            raise exceptions.OptionsError(f"{name} cannot change while Sluicegate runs: start it anew.")


def reverse_modes(options: Options) -> list[str]:
    """Return the listeners of the gateway: what `--mode` gives, else one whose own target is never used."""
    return [mode for mode in options.mode if mode.startswith("reverse:")] or [NOWHERE]


def default_url(options: Options) -> tuple[str, str, int] | None:
    """Scheme, host and port of an explicit `--mode reverse:URL`, the default origin; None where there is none."""
    for text in options.mode:
        mode = ProxyMode.parse(text)
        if isinstance(mode, ReverseMode) and text != NOWHERE and mode.scheme in ("http", "https"):
            return mode.scheme, mode.address[0], mode.address[1]
    return None
