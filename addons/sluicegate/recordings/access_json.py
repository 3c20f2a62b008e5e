"""Lines of access logs in JSON: of nginx and Apache, whose authors name the fields; of Caddy and of Traefik.

Sources: https://nginx.org/en/docs/http/ngx_http_log_module.html and the variables of nginx, by whose names the fields
are commonly called; https://caddyserver.com/docs/caddyfile/directives/log; https://doc.traefik.io/traefik/observability/
access-logs/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from ..trial import Request
from .access_fields import FIX, asked_of, time_of
from .recording import NOT_HTTP, UNANSWERED, Answer, Recording, Skipped, UnreadableError

_METHOD: Final = ("request_method", "RequestMethod", "method", "http_method", "verb")
_TARGET: Final = ("request_uri", "RequestPath", "uri", "url", "path", "request_path", "request_url")
_LINE: Final = ("request", "RequestLine", "request_line")
_QUERY: Final = ("args", "query_string", "query")
_HOST: Final = ("RequestHost", "http_host", "host", "vhost", "server_name", "domain", "RequestAddr")
_SCHEME: Final = ("scheme", "RequestScheme", "request_scheme")
_STATUS: Final = ("status", "DownstreamStatus", "status_code", "response_code", "response_status", "OriginStatus")
_CLIENT: Final = ("ClientHost", "client_ip", "remote_addr", "remote_ip", "client", "remoteIP", "clientip", "ip")
_USER: Final = ("ClientUsername", "remote_user", "user_id", "user", "remoteUser")
_SIZE: Final = ("body_bytes_sent", "DownstreamContentSize", "size", "bytes_sent", "bytes", "response_size")
_TIME: Final = (
    "msec", "ts", "StartUTC", "time_iso8601", "time_local", "@timestamp", "timestamp", "time", "StartLocal",
)  # fmt: skip
_SECONDS: Final = ("upstream_header_time", "upstream_response_time")
_NANOSECONDS: Final = ("OriginDuration",)

FOREIGN: Final = re.compile(
    rb'"(?:request_method|request_uri|RequestMethod|RequestPath|remote_addr|remote_ip|remoteIP|time_local|time_iso8601'
    rb"|body_bytes_sent|http_user_agent|ClientAddr|ClientHost|StartUTC|DownstreamStatus|uri|url|request|http_method"
    rb'|logger|bytes_sent|status_code|response_code)"\s*:'
)
"""Keys by which a line is told from one of the gateway's own request log, and from other JSON."""
_REDACTED = ("REDACTED", "[REDACTED]", "-", "")


def recording_of(line: bytes, place: str, skipped: Skipped) -> Recording | None:
    """Return what a line tells; None, counted in `skipped`, for what was no request or got no answer.

    Raises UnreadableError, with a message that names no place.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableError(f"not a line of an access log, and no JSON: {FIX}") from None
    if not isinstance(found, dict):
        raise UnreadableError(f"not a line of an access log: {FIX}")
    fields = {**found, **found["request"]} if isinstance(found.get("request"), dict) else found
    raw = _text(fields, _LINE)
    method, target = _text(fields, _METHOD), _text(fields, _TARGET)
    if not (method and target) and not raw:
        if "logger" in found or "level" in found:  # what else a server writes into the same file
            skipped[NOT_HTTP] += 1
            return None
        missing = "method" if not method else "path"
        raise UnreadableError(f"not a line of an access log: no field tells the {missing}: {FIX}")
    status = _number(fields, _STATUS)
    if status is None and not any(name in fields for name in _STATUS):
        raise UnreadableError(f"not a line of an access log: no field tells the status: {FIX}")
    asked = asked_of(f"{method} {_with_query(target, fields)}".encode() if method and target else raw.encode())
    if asked is None:
        skipped[NOT_HTTP] += 1
        return None
    if status is None or not 100 <= status <= 999:
        skipped[UNANSWERED] += 1
        return None
    size, user = _number(fields, _SIZE), _text(fields, _USER)
    return Recording(
        Request(
            asked[0],
            _host(fields) or asked[3],
            asked[1],
            tuple(_headers(fields, "request_", "http_", fields.get("headers"))),
            _scheme(fields) or asked[2],
            _text(fields, _CLIENT),
        ),
        place,
        None,
        Answer(
            int(status),
            tuple(_headers(fields, "downstream_", "sent_http_", fields.get("resp_headers"))),
            sent=int(size) if size is not None and size >= 0 else None,
            origin_ms=_waited(fields),
        ),
        at=_at(fields),
        user="" if user in _REDACTED else user,
    )


def _text(fields: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of these fields that is a text and not empty; '' for none."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value not in ("", "-"):
            return value.encode("utf-8", "replace").decode()
    return ""


def _number(fields: dict[str, Any], names: tuple[str, ...]) -> float | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str):
            # nginx gives one number for each server that was asked: "0.004, 0.021".
            value = re.split(r"[,:]", value)[-1].strip()
        elif isinstance(value, bool) or not isinstance(value, int | float):
            continue
        try:
            number = float(value)
        except (ValueError, OverflowError):
            continue
        if abs(number) < 1e19:
            return number
    return None


def _with_query(target: str, fields: dict[str, Any]) -> str:
    query = _text(fields, _QUERY)
    return f"{target}?{query.removeprefix('?')}" if query and "?" not in target else target


def _host(fields: dict[str, Any]) -> str | None:
    host = _text(fields, _HOST)
    return host if host.isascii() and host not in ("", "_") and not any(c.isspace() for c in host) else None


def _scheme(fields: dict[str, Any]) -> str:
    scheme = _text(fields, _SCHEME).lower()
    if scheme in ("http", "https"):
        return scheme
    return "https" if isinstance(fields.get("tls"), dict) else ""


def _headers(fields: dict[str, Any], prefix: str, variable: str, listed: object) -> Iterator[tuple[bytes, bytes]]:
    """Header fields: of Caddy in an object with lists, of Traefik and nginx each in a field of its own.

    Where a server wrote a mark in place of a value, as they do for credentials, the field is left out.
    """
    found: dict[str, object] = dict(listed) if isinstance(listed, dict) else {}
    for name, value in fields.items():
        if name.startswith(prefix) and name[len(prefix) :][:1].isupper():
            found[name[len(prefix) :]] = value
        elif name.startswith(variable) and name != "http_host":
            found[name[len(variable) :].replace("_", "-")] = value
    for name, value in found.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one not in _REDACTED and name.lower() != "host":
                yield name.encode("utf-8", "replace"), one.encode("utf-8", "replace")


def _waited(fields: dict[str, Any]) -> float | None:
    """Milliseconds up to a target's answer, where the log tells that apart from the server's own time."""
    seconds = _number(fields, _SECONDS)
    if seconds is not None:
        return max(0.0, seconds * 1000)
    nanoseconds = _number(fields, _NANOSECONDS)
    return nanoseconds / 1e6 if nanoseconds else None


def _at(fields: dict[str, Any]) -> float:
    for name in _TIME:
        value = fields.get(name)
        if isinstance(value, str) and not re.fullmatch(r"\d+(?:\.\d+)?", value):
            if at := time_of(value.strip("[]")):
                return at
        elif (number := _number(fields, (name,))) and number > 0:
            # Seconds have ten digits, milliseconds three more.
            return number if number < 1e11 else number / 1e3 if number < 1e14 else number / 1e6
    return 0.0
