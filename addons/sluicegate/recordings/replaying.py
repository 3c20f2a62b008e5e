"""Recorded requests, sent again through a running gateway, several at a time, and their answers compared."""

from __future__ import annotations

import contextlib
import http.client
import queue
import re
import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ..exchange import Fields, by_name
from ..forwarding.headers import connection_options
from .differences import VOLATILE, Body, Difference, body_difference, changed_fields, hold
from .recording import UNANSWERED, Answer, Recording, Skipped
from .sending import Connection, Gateway

HELD = 32 << 20
"""Bytes of recordings that are under way or wait for their turn, at most, but one of any length (our choice)."""
AHEAD = 4
"""Recordings that are read ahead for each connection."""

OTHER_METHOD = "another method"
NO_BODY = "its body was not recorded"
UPGRADED = "a WebSocket or a tunnel"
UNSPEAKABLE = "cannot be written as HTTP/1.1"

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_TARGET = re.compile(rb"[\x00-\x20\x7f]")
_NO_VALUE = re.compile(rb"[\r\n\x00]")
# Fields of the connection that was (RFC 9110 section 7.6.1), and framing, which is written anew.
_ENDED = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_PIECE = 1 << 16
_READ_AWAY = 1 << 20
"""Bytes of an answer that nothing is held against, up to which it is read so that the connection can be used again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to replay: where to, which methods (none named: all), which response fields to ignore (in lower case)."""

    gateway: Gateway
    concurrency: int = 8
    methods: frozenset[str] = frozenset()
    volatile: frozenset[bytes] = frozenset(name.lower().encode() for name in VOLATILE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: None is no difference; `body_compared`: there was a recorded body to compare."""

    difference: Difference | None
    body_compared: bool


class Replay:
    """Sends recordings through connections of its own, which end with the `with` block."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._connections = [Connection(plan.gateway) for _ in range(plan.concurrency)]
        self._free: queue.LifoQueue[Connection] = queue.LifoQueue()
        for connection in reversed(self._connections):
            self._free.put(connection)
        self._threads = ThreadPoolExecutor(plan.concurrency, "replay")

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for connection in self._connections:
            connection.abort()
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def reach(self) -> None:
        """Make the first connection. Raises OSError where the gateway cannot be reached."""
        self._connections[0].open()

    def outcomes(self, recordings: Iterable[Recording], skipped: Skipped) -> Iterator[Outcome]:
        """Send recordings, in their order but several at a time, and yield what became of each, in that order.

        What cannot be sent is counted in `skipped`. Raises what `recordings` raises.
        """
        waiting: deque[tuple[Future[Outcome], int]] = deque()
        held = 0
        for recording in recordings:
            message = self._message(recording, skipped)
            if message is None or recording.answer is None:
                continue
            size = len(message) + len(recording.answer.body or b"")
            while waiting and (len(waiting) >= AHEAD * self._plan.concurrency or held + size > HELD):
                future, freed = waiting.popleft()
                held -= freed
                yield future.result()
            waiting.append((self._threads.submit(self._sent, recording, recording.answer, message), size))
            held += size
        for future, _ in waiting:
            yield future.result()

    def _message(self, recording: Recording, skipped: Skipped) -> bytes | None:
        reason = self._why_not(recording)
        if reason is None:
            message = message_of(recording)
            if message is not None:
                return message
            reason = UNSPEAKABLE
        skipped[reason] += 1
        return None

    def _why_not(self, recording: Recording) -> str | None:
        if recording.answer is None:
            return UNANSWERED
        if self._plan.methods and recording.request.method not in self._plan.methods:
            return OTHER_METHOD
        if recording.answer.status == http.HTTPStatus.SWITCHING_PROTOCOLS or recording.request.method == "CONNECT":
            return UPGRADED
        return NO_BODY if recording.body is None else None

    def _sent(self, recording: Recording, recorded: Answer, message: bytes) -> Outcome:
        """Send one request, in a thread."""
        request = recording.request.text
        connection = self._free.get()
        try:
            response = connection.ask(recording.request.method, message)
            with contextlib.closing(response):
                body = _read(response, recorded)
                connection.done(response)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            told = failure(error, self._plan.gateway.timeout)
            return Outcome(Difference(request, recording.place, error=told), False)
        finally:
            self._free.put(connection)
        fields: Fields = tuple(
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()
        )
        status = None if response.status == recorded.status else (recorded.status, response.status)
        headers = changed_fields(recorded, fields, self._plan.volatile)
        differs = body_difference(recorded, fields, body, self._plan.volatile) if body is not None else None
        if status is None and not headers and differs is None:
            return Outcome(None, body is not None)
        return Outcome(Difference(request, recording.place, status, headers or None, differs), body is not None)


def message_of(recording: Recording) -> bytes | None:
    """Return a recorded request as the bytes to send, or None where HTTP/1.1 has no way to write it.

    Method, target and fields are as recorded, Host first; fields of the connection go and framing is written anew.
    Where the answer was stored decoded, `identity` is asked for in place of what the client accepted.
    """
    request, body = recording.request, recording.body or b""
    try:
        method = request.method.encode("ascii")
        host = None if request.host is None else request.host.encode("latin-1")
    except UnicodeEncodeError:
        return None
    values = by_name(request.headers)
    ended = _ENDED | connection_options(values)
    fields = [] if host is None else [(b"Host", host)]
    fields += [field for field in request.headers if field[0].lower() not in ended]
    if recording.answer is not None and recording.answer.decoded:
        fields = [(name, b"identity" if name.lower() == b"accept-encoding" else value) for name, value in fields]
    if recording.http_version.startswith(("HTTP/2", "HTTP/3")):
        fields = _one_cookie(fields)
    if body or request.method in _WITH_BODY or b"content-length" in values:
        fields.append((b"Content-Length", b"%d" % len(body)))
    if not _TOKEN.fullmatch(method) or not request.target or _NO_TARGET.search(request.target):
        return None
    if not all(_TOKEN.fullmatch(name) and not _NO_VALUE.search(value) for name, value in fields):
        return None
    version = b"HTTP/1.0" if recording.http_version == "HTTP/1.0" else b"HTTP/1.1"
    lines = [b"%b %b %b" % (method, request.target, version), *(b"%b: %b" % field for field in fields), b"", body]
    return b"\r\n".join(lines)


def _one_cookie(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Join the Cookie fields that HTTP/2 allows to be several (RFC 9113 section 8.2.3)."""
    cookies = [value for name, value in fields if name.lower() == b"cookie"]
    if len(cookies) < 2:
        return fields
    joined = [field for field in fields if field[0].lower() != b"cookie"]
    return [*joined, (b"cookie", b"; ".join(cookies))]


def _read(response: http.client.HTTPResponse, recorded: Answer) -> Body | None:
    """Read an answer's body against the recorded one; without that only as much as frees the connection."""
    if recorded.body is not None:
        body = hold(iter(lambda: response.read(_PIECE), b""), recorded.body)
        if body.ended and response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return body
    if response.length is not None and response.length <= _READ_AWAY:
        response.read()
    return None


def failure(error: Exception, timeout: float) -> str:
    """Say in a few words why no answer came."""
    if isinstance(error, TimeoutError):
        return f"no whole answer within {timeout:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "TLS failed: " + (error.reason or "unknown").lower().replace("_", " ")
    if isinstance(error, http.client.RemoteDisconnected | BrokenPipeError | ConnectionResetError):
        return "the connection ended without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended in the middle of the answer"
    if isinstance(error, http.client.HTTPException):
        return "the answer is no HTTP/1.1"
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
