"""Requests and answers from mitmproxy's flow files, of this gateway or of any other run.

Flows that came through the gateway carry what the client had sent beside what went to the target: that is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from mitmproxy import exceptions, flow, http
from mitmproxy.io import FlowReader

from ..endpoints.targets import Origin
from ..exchange import Fields
from ..recordings.recording import LONGEST, NOT_HTTP, Answer, Recording, Skipped, UnreadableError
from ..trial import Request
from . import replay

EDITED = "went edited to its recorded target"


class _Source:
    """What mitmproxy reads from, a byte or a flow at a time: counts the bytes and refuses lengths out of bounds."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.position = 0
        self.cut = False

    def peek(self, size: int) -> bytes:
        """Nothing: mitmproxy looks here for a HAR, which has a reader of its own."""
        return b""

    def read(self, size: int) -> bytes:
        if size > LONGEST:
            raise UnreadableError(f"longer than {LONGEST:,} bytes")
        data = self._stream.read(size)
        self.position += len(data)
        self.cut = len(data) < size
        return data


def read(stream: BinaryIO, skipped: Skipped) -> Iterator[Recording]:
    """Read the HTTP flows of a file, in the formats that mitmproxy itself reads; a body is None where it is not whole.

    Raises UnreadableError with the flow's number and the byte for what is damaged, cut or of a newer mitmproxy.
    """
    source = _Source(stream)
    flows = iter(FlowReader(source).stream())  # type: ignore[arg-type]
    number = 0
    while True:
        number += 1
        began = source.position
        try:
            one = next(flows, None)
            if one is None:
                return
            recording = _recording(one, f"flow {number}", skipped)
        except UnreadableError as error:
            raise UnreadableError(f"flow {number}, byte {began}: {error}") from None
        except Exception as error:  # a damaged state can make any part of mitmproxy raise anything
            if source.cut:
                place = f"flow {number}, byte {source.position}"
                raise UnreadableError(f"{place}: the file ends in the middle of it") from None
            raise UnreadableError(f"flow {number}, byte {began}: {_reason(error)}") from None
        if recording is not None:
            yield recording


def _reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, exceptions.FlowReadException) and "flow format version" in text and len(text) < 200:
        return " ".join(text.split())
    return "not a flow, or a damaged one"


def _recording(one: flow.Flow, place: str, skipped: Skipped) -> Recording | None:
    if not isinstance(one, http.HTTPFlow):
        skipped[NOT_HTTP] += 1
        return None
    record = replay.recorded(one) or {}
    if record.get("place") == replay.EDITED:
        skipped[EDITED] += 1
        return None
    source = record.get("source") or _own_source(one.request)
    fields = _fields(source["headers"])
    hosts = [index for index, (name, _) in enumerate(fields) if name.lower() == b"host"]
    host = fields[hosts[0]][1].decode("latin-1") if hosts else source["authority"] or None
    if hosts:
        fields = fields[: hosts[0]] + fields[hosts[0] + 1 :]
    peer = one.client_conn.peername
    request = Request(
        _typed(source["method"], str),
        host,
        _typed(source["target"], bytes),
        fields,
        "https" if source["scheme"] == "https" else "http",
        _typed(peer[0], str) if peer else "127.0.0.1",
    )
    cut = record.get("cut") or ()
    body = None if "request" in cut else _body(one.request)
    answer = _answer(one, whole="response" not in cut)
    return Recording(
        request,
        place,
        body,
        answer,
        _typed(source["http_version"], str),
        at=_time(one.request.timestamp_start) or 0.0,
        origin=_origin(record, request),
    )


def _origin(record: dict[str, Any], request: Request) -> str:
    """Where a request went: to the target that the gateway had chosen, else where its client had sent it."""
    if record.get("origin"):
        scheme, host, port = record["origin"]
        return str(Origin(_typed(scheme, str), _typed(host, str), _typed(port, int)))
    return f"{request.scheme}://{request.host}" if request.host else ""


def _typed[T](value: object, kind: type[T]) -> T:
    """A value from the file, which may hold anything in any place. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__}, not {kind.__name__}")
    return value


def _fields(pairs: Iterable[Iterable[object]]) -> Fields:
    return tuple((_typed(name, bytes), _typed(value, bytes)) for name, value in pairs)


def _body(message: http.Message) -> bytes | None:
    content = message.data.content
    return None if content is None else _typed(content, bytes)


def _own_source(request: http.Request) -> dict[str, Any]:
    """A request as another run of mitmproxy had it, in the form of `flows.source_of`."""
    data = request.data
    authority = data.authority.decode("latin-1")
    if not authority and data.host:
        host = f"[{data.host}]" if ":" in data.host else data.host
        authority = host if data.port in (80, 443) else f"{host}:{data.port}"
    return {
        "scheme": "https" if data.scheme == b"https" else "http",
        "method": data.method.decode("latin-1"),
        "authority": authority,
        "target": data.path,
        "http_version": data.http_version.decode("latin-1"),
        "headers": data.headers.fields,
    }


def _answer(one: http.HTTPFlow, *, whole: bool) -> Answer | None:
    if one.response is None:
        return None
    data = one.response.data
    body = _body(one.response) if whole and one.error is None else None
    return Answer(
        _typed(data.status_code, int),
        _fields(data.headers.fields),
        body,
        sent=None if body is None else len(body),
        origin_ms=_waited(one, one.response),
    )


def _waited(one: http.HTTPFlow, response: http.Response) -> float | None:
    """Milliseconds from the request's end to the answer's beginning, where a server answered."""
    asked, answered = _time(one.request.timestamp_end), _time(response.timestamp_start)
    if not one.server_conn.timestamp_start or asked is None or answered is None:
        return None
    return max(0.0, answered - asked) * 1000


def _time(at: object) -> float | None:
    """A time of a flow, in seconds since the epoch; None for none."""
    return float(at) if isinstance(at, int | float) and at else None
