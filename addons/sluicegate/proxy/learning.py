"""What the learner is told of exchanges: a record of each, put aside at once and sent in batches, without waiting."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Hashable
from typing import Any, Final

from mitmproxy import http

from ..endpoints.table import Endpoint
from ..learning.records import MOST_RECORDED, packed, without_credentials
from ..learning.sampling import Held, Sampling, group_of
from ..observing.sessions import identifiers_of
from ..sessions.hiding import hides_body, secret_fields
from ..sessions.session import Session
from .live import Live
from .sessions import FlowSessions

IN_A_BATCH: Final = 256
"""Records after which a batch is sent."""
BYTES_IN_A_BATCH: Final = 1 << 17
"""Bytes of messages after which a batch is sent: less than a socket takes."""
DELAY: Final = 0.2
"""Seconds after which a batch is sent, however small."""
MOST_WAITING: Final = 20_000
"""Records that wait for a learner that is starting or busy, at most; what comes then is counted and dropped."""
MOST_BYTES: Final = 8 << 20
"""Bytes of messages that wait, at most; what comes then is told without."""
_NOBODY: Final = frozenset((errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE, errno.EBADF))
MOST_SAVED: Final = 20_000
"""Endpoints whose names are kept at hand."""


class Teller:
    """Tells one learner of exchanges that are over."""

    def __init__(self, sender: socket.socket, sessions: FlowSessions) -> None:
        """`sender` is the end of a pair of datagram sockets that never blocks."""
        self._sender = sender
        self._sessions = sessions
        self._sampling = Sampling()
        self._held = Held()
        self._waiting: list[Any] = []
        self._due = IN_A_BATCH
        self._bytes = 0
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        """Nobody learns any more."""
        self._saved: dict[str, tuple[str, str]] = {}

    def exchange(self, flow: http.HTTPFlow, live: Live) -> None:
        """Tell of an exchange of the gateway. Replays and what a user has edited are not learned from."""
        exchange = live.exchange
        path = exchange.path
        if self._is_over or not path or flow.is_replay is not None or flow._backup is not None:
            return
        response = flow.response
        own = exchange.problem is not None or response is None
        if not own and exchange.forward is None:
            return  # another addon answered
        endpoint = exchange.endpoint
        stored = host = ""
        if endpoint is not None and endpoint.method == exchange.method:  # else a preflight: it follows another's route
            group = endpoint.operation_id
            stored, host = self._saved.get(group) or self._names(endpoint)
        else:
            group = group_of(exchange.method, exchange.host, path)
        status = None if response is None else response.data.status_code
        session = self._sessions.of(flow, live)
        key = None if self._held.goes() else (group, session.key, status, own)
        if key is not None and self._held.again(key):
            return
        first = live.first_byte
        record: tuple[Any, ...] = (
            own,
            1,
            exchange.received,
            exchange.method,
            exchange.host,
            path,
            status,
            session.key,
            session.identifier,
            stored,
            host,
            live.bytes_out,
            None if own or first is None else (first - live.decided) * 1000,
        )
        if not own and self._sampling.wants(group):
            identifiers = identifiers_of(exchange)
            told = self._messages(flow, exchange.query, exchange.headers, secret_fields(identifiers))
            is_coded = b"content-encoding" in exchange.values
            if told and hides_body(identifiers, session.identifier, told[2], is_coded=is_coded):
                told = (*told[:2], None, *told[3:])
            record += told
        self._put(key, record)

    def flow(self, flow: http.HTTPFlow, host: str, path: str, query: bytes, session: Session) -> None:
        """Tell of an exchange that was only looked at; `path` is in normal form."""
        request, response = flow.request, flow.response
        if response is None or self._is_over:
            return
        data = request.data
        sent, first = request.timestamp_end, response.timestamp_start
        content = response.data.content
        method, status = data.method.decode("latin-1"), response.data.status_code
        group = group_of(method, host, path)
        key = None if self._held.goes() else (group, session.key, status)
        if key is not None and self._held.again(key):
            return
        record: tuple[Any, ...] = (
            False,
            1,
            request.timestamp_start,
            method,
            host,
            path,
            status,
            session.key,
            session.identifier,
            "",
            "",
            None if content is None else len(content),
            None if sent is None or first is None else max(0.0, first - sent) * 1000,
        )
        if self._sampling.wants(group):
            record += self._messages(flow, query, data.headers.fields)
        self._put(key, record)

    def close(self) -> None:
        """Send what waits, where there is room."""
        self._take_held(everything=True)
        self._send()
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # How

    def _names(self, endpoint: Endpoint) -> tuple[str, str]:
        """Path and host of a saved endpoint, as stored."""
        if len(self._saved) >= MOST_SAVED:
            self._saved.clear()
        names = self._saved[endpoint.operation_id] = (endpoint.path.stored, endpoint.host.stored)
        return names

    def _messages(
        self, flow: http.HTTPFlow, query: bytes | None, fields: Any, secret: frozenset[bytes] = frozenset()
    ) -> tuple[Any, ...]:
        """What a record goes on with where the messages are told; () where too much waits already.

        `secret` are fields of the request, in lower case, that sessions are named by.
        """
        response = flow.response
        if response is None or self._bytes > MOST_BYTES:
            return ()
        asked, answered = _content(flow.request), _content(response)
        self._bytes += 1024 + len(asked or b"") + len(answered or b"")
        return (
            query or b"",
            without_credentials(fields, secret),
            asked,
            without_credentials(response.data.headers.fields),
            answered,
        )

    def _put(self, key: Hashable | None, record: tuple[Any, ...]) -> None:
        waiting = self._waiting
        if key is None:
            waiting.append(record)
        elif not self._held.hold(key, record):
            self._dropped += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._send)
        elif len(waiting) >= self._due or self._bytes >= BYTES_IN_A_BATCH:
            self._send()

    def _send(self) -> None:
        """Send what waits, as far as there is room; what is left is tried again with the next batch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._take_held()
        while self._waiting:
            batch = self._waiting[:IN_A_BATCH]
            if not self._goes(batch):
                break
            del self._waiting[: len(batch)]
        if not self._waiting:
            self._bytes = 0
        elif len(self._waiting) > MOST_WAITING:
            self._dropped += len(self._waiting) - MOST_WAITING
            del self._waiting[: len(self._waiting) - MOST_WAITING]
        self._due = len(self._waiting) + IN_A_BATCH
        if (self._held or self._waiting) and not self._is_over:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._send)

    def _take_held(self, *, everything: bool = False) -> None:
        for weight, record in self._held.due(everything=everything):
            self._waiting.append((record[0], weight, *record[2:]) if weight > 1 else record)

    def _goes(self, batch: list[Any]) -> bool:
        """Send a batch, in two where it is too large for one datagram; False where there is no room at present."""
        try:
            self._sender.send(packed(self._dropped, batch))
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                self._is_over = error.errno in _NOBODY
                return self._is_over
            if len(batch) == 1:
                self._dropped += 1
                return True
            half = len(batch) // 2
            if not self._goes(batch[:half]):
                return False
            if not self._goes(batch[half:]):
                self._dropped += len(batch) - half  # the first half must not go again
            return True
        self._dropped = 0
        return True


def _content(message: http.Message) -> bytes | None:
    """A body that is told: whole, and not too long."""
    content = message.data.content
    if content is None or message.stream or len(content) > MOST_RECORDED:
        return None
    return content
