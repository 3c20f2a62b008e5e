"""Exchanges as the files that people have: HAR, mitmproxy flows, the request log, and logs of other servers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from .shop import Exchange


def write_har(path: Path, exchanges: Iterable[Exchange]) -> Path:
    creator = {"name": "by hand", "version": "1"}
    entries = [_har_entry(each) for each in exchanges]
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}), encoding="utf-8")
    return path


def _har_entry(one: Exchange) -> dict[str, object]:
    pairs = [piece.partition("=") for piece in one.query.split("&") if piece]
    sent = {"postData": {"mimeType": "application/json", "text": one.sent_bytes.decode()}} if one.sent else {}
    return {
        "startedDateTime": datetime.fromtimestamp(one.at, UTC).isoformat(),
        "time": one.took * 1000,
        "request": {
            "method": one.method,
            "url": f"http://{one.host}{one.target}",
            "httpVersion": "HTTP/1.1",
            "cookies": [{"name": name, "value": value} for name, value in one.cookies.items()],
            "headers": [{"name": name, "value": value} for name, value in one.request_headers],
            "queryString": [{"name": name, "value": value} for name, _, value in pairs],
            "headersSize": -1,
            "bodySize": len(one.sent_bytes),
            **sent,
        },
        "response": {
            "status": one.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in one.response_headers],
            "content": {
                "size": len(one.body_bytes),
                "mimeType": "application/json",
                "text": one.body_bytes.decode(),
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(one.body_bytes),
        },
        "cache": {},
        "timings": {"send": 0, "wait": one.took * 1000, "receive": 0},
    }


def write_flows(path: Path, exchanges: Iterable[Exchange]) -> Path:
    from mitmproxy.http import Headers, Request, Response
    from mitmproxy.io import FlowWriter
    from mitmproxy.test import tflow

    def headers(pairs: Iterable[tuple[str, str]]) -> Headers:
        return Headers([(name.encode(), value.encode()) for name, value in pairs])

    with path.open("wb") as file:
        writer = FlowWriter(file)
        for one in exchanges:
            request = Request.make(
                one.method, f"http://{one.host}{one.target}", one.sent_bytes, headers(one.request_headers)
            )
            request.timestamp_start = request.timestamp_end = one.at
            response = Response.make(one.status, one.body_bytes, headers(one.response_headers))
            response.timestamp_start = response.timestamp_end = one.at + one.took
            flow = tflow.tflow(req=request, resp=response)
            flow.timestamp_created = one.at
            writer.add(flow)
    return path


def write_request_log(path: Path, exchanges: Iterable[Exchange]) -> Path:
    """The gateway's own log, as it would be where no endpoint is known and an origin takes everything."""
    lines = []
    for number, one in enumerate(exchanges):
        lines.append(
            {
                "request_id": f"request-{number}",
                "received": one.at,
                "decided": one.at,
                "first_byte": one.at + one.took,
                "ended": one.at + one.took,
                "client": one.client,
                "session": hashlib.sha256(one.token.encode()).hexdigest()[:16] if one.token else None,
                "method": one.method,
                "host": one.host,
                "path": one.path,
                "operation_id": None,
                "endpoint": None,
                "target": f"http://127.0.0.1:9000{one.path}",
                "status": one.status,
                "bytes_in": len(one.sent_bytes),
                "bytes_out": len(one.body_bytes),
                "generation": 1,
                "verdicts": [{"stage": "routing", "outcome": "origin", "reason": "no endpoint"}],
            }
        )
    return _write_lines(path, map(json.dumps, lines))


def write_combined(path: Path, exchanges: Iterable[Exchange]) -> Path:
    """The combined log format of Apache httpd and nginx."""
    return _write_lines(path, map(_combined, exchanges))


def _combined(one: Exchange) -> str:
    when = datetime.fromtimestamp(one.at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    length = len(one.body_bytes) or "-"
    return f'{one.client} - - [{when}] "{one.method} {one.target} HTTP/1.1" {one.status} {length} "-" "shop-client/1.0"'


def write_json_log(path: Path, exchanges: Iterable[Exchange]) -> Path:
    """What people let nginx write with `log_format … escape=json`, by the names of its variables."""
    return _write_lines(
        path,
        (
            json.dumps(
                {
                    "time_iso8601": datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds"),
                    "remote_addr": one.client,
                    "request_method": one.method,
                    "request_uri": one.target,
                    "host": one.host,
                    "status": str(one.status),
                    "body_bytes_sent": str(len(one.body_bytes)),
                    "request_time": f"{one.took:.3f}",
                    "http_user_agent": "shop-client/1.0",
                }
            )
            for one in exchanges
        ),
    )


def _write_lines(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


type Writer = Callable[[Path, Iterable[Exchange]], Path]

WRITERS: dict[str, Writer] = {
    "har": write_har,
    "flows": write_flows,
    "request-log": write_request_log,
    "combined": write_combined,
    "json": write_json_log,
}
"""Each kind of file that `sluice learn` reads."""
