"""What the learner is told of exchanges: a record of each, put aside at once and sent in batches, without waiting."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mitmproxy import http

from ..endpoints.table import Endpoint
from ..learning.records import MOST_RECORDED, Head, packed, without_credentials
from ..learning.sampling import Held, Sampling, group_of
from ..observing.sessions import identifiers_of
from ..sessions.hiding import hides_body, secret_fields
from ..sessions.identifiers import Identifier
from ..sessions.session import Session
from .live import Live
from .sessions import FlowSessions

logger = logging.getLogger(__name__)

TOGETHER: Final = 64
"""Exchanges that are looked at together: less than half a millisecond."""
BYTES_TOGETHER: Final = 1 << 20
"""Bytes of their bodies after which they are looked at."""
IN_A_BATCH: Final = 256
"""Records after which a batch is sent."""
BYTES_IN_A_BATCH: Final = 1 << 17
"""Bytes of a batch with more than one record, at most: less than a socket takes by default."""
BYTES_OF_A_RECORD: Final = 3 << 16
"""Bytes of a record, at most: beyond, the exchange is told without its messages."""
DELAY: Final = 0.2
"""Seconds after which a batch is sent, however small."""
MOST_BYTES: Final = 8 << 20
"""Bytes that wait for a learner that is starting or busy, at most; the oldest are dropped and counted."""
LAST: Final = 4.0
"""Seconds in which the learner may take in what waits at the end: fewer than a worker has to end in."""
_NOBODY: Final = frozenset((errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE, errno.EBADF))
MOST_SAVED: Final = 20_000
"""Endpoints whose names are kept at hand."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was only looked at: `path` in normal form, the saved endpoint that it asks for, its session and
    what may name it. `is_coded`: its body has a content coding."""

    method: str
    host: str
    path: str
    query: bytes
    endpoint: Endpoint | None
    session: Session
    identifiers: Sequence[Identifier]
    is_coded: bool


class Teller:
    """Tells one learner of exchanges that are over."""

    def __init__(self, sender: socket.socket, sessions: FlowSessions) -> None:
        """`sender` is the end of a pair of datagram sockets that never blocks."""
        self._sender = sender
        self._sessions = sessions
        self._sampling = Sampling()
        self._held = Held()
        self._waiting: list[Any] = []
        self._bytes = 0
        self._packed: deque[tuple[bytes, int]] = deque()
        """Datagrams that were not sent yet, with the number of their records."""
        self._packed_bytes = 0
        self._is_blocked = False
        """The learner is busy: sending is tried again after a while."""
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        """Nobody learns any more."""
        self._saved: dict[str, tuple[str, str]] = {}
        self._over: list[tuple[http.HTTPFlow, Live]] = []
        self._over_bytes = 0
        self._has_failed = False

    def exchange(self, flow: http.HTTPFlow, live: Live) -> None:
        """Tell of an exchange of the gateway, soon. Replays and what a user has edited are not learned from."""
        if self._is_over or flow.is_replay is not None or flow._backup is not None:
            return
        self._over.append((flow, live))
        self._over_bytes += live.bytes_in + live.bytes_out
        if len(self._over) >= TOGETHER or self._over_bytes >= BYTES_TOGETHER:
            self._look()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._send)

    def _look(self) -> None:
        """Look at exchanges that are over: several at a time cost half as much as each for itself."""
        over, self._over, self._over_bytes = self._over, [], 0
        for flow, live in over:
            try:
                self._tell(flow, live)
            except Exception:
                if not self._has_failed:
                    self._has_failed = True
                    logger.exception("request %s cannot be learned from", live.exchange.request_id)

    def _tell(self, flow: http.HTTPFlow, live: Live) -> None:
        exchange, response = live.exchange, flow.response
        path = exchange.path
        if not path:
            return
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
            is_coded = b"content-encoding" in exchange.values
            record += self._messages(
                flow, exchange.query, exchange.headers, identifiers_of(exchange), session, is_coded=is_coded
            )
        self._put(key, record)

    def flow(self, flow: http.HTTPFlow, seen: Seen) -> None:
        """Tell of an exchange that was only looked at."""
        request, response = flow.request, flow.response
        if response is None or self._is_over:
            return
        data = request.data
        sent, first = request.timestamp_end, response.timestamp_start
        content = response.data.content
        status, session, endpoint = response.data.status_code, seen.session, seen.endpoint
        stored, stored_host = ("", "") if endpoint is None else self._names(endpoint)
        group = group_of(seen.method, seen.host, seen.path) if endpoint is None else endpoint.operation_id
        key = None if self._held.goes() else (group, session.key, status)
        if key is not None and self._held.again(key):
            return
        record: tuple[Any, ...] = (
            False,
            1,
            request.timestamp_start,
            seen.method,
            seen.host,
            seen.path,
            status,
            session.key,
            session.identifier,
            stored,
            stored_host,
            None if content is None else len(content),
            None if sent is None or first is None else max(0.0, first - sent) * 1000,
        )
        if self._sampling.wants(group):
            record += self._messages(
                flow, seen.query, data.headers.fields, seen.identifiers, session, is_coded=seen.is_coded
            )
        self._put(key, record)

    async def close(self) -> None:
        """Send all that waits; a learner that is starting or busy gets some time to take it in."""
        self._look()
        for weight, record in self._held.due(everything=True):
            self._add((record[0], weight, *record[2:]), _size(record))
        self._pack()
        self._flush()
        until = time.monotonic() + LAST
        while self._packed and not self._is_over and time.monotonic() < until:
            await asyncio.sleep(0.02)
            self._flush()
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if left := sum(number for _, number in self._packed):
            logger.warning("%d exchanges were not learned from: the learner was too busy at the end", left)

    # How

    def _names(self, endpoint: Endpoint) -> tuple[str, str]:
        """Path and host of a saved endpoint, as stored."""
        if len(self._saved) >= MOST_SAVED:
            self._saved.clear()
        names = self._saved[endpoint.operation_id] = (endpoint.path.stored, endpoint.host.stored)
        return names

    def _messages(
        self,
        flow: http.HTTPFlow,
        query: bytes | None,
        fields: Any,
        identifiers: Sequence[Identifier],
        session: Session,
        *,
        is_coded: bool,
    ) -> tuple[Any, ...]:
        """What a record goes on with where the messages are told, without what can name a session."""
        response = flow.response
        if response is None:
            return ()
        asked, answered = _content(flow.request), _content(response)
        return (
            query or b"",
            without_credentials(fields, secret_fields(identifiers)),
            None if hides_body(identifiers, session.identifier, asked, is_coded=is_coded) else asked,
            without_credentials(response.data.headers.fields),
            answered,
        )

    def _put(self, key: Hashable | None, record: tuple[Any, ...]) -> None:
        size = _size(record)
        if size > BYTES_OF_A_RECORD:
            record = record[: len(Head._fields)]
            size = _size(record)
        if key is None:
            self._add(record, size)
        elif not self._held.hold(key, record, size):
            self._dropped += 1
        if self._packed and not self._is_blocked:
            self._flush()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._send)

    def _send(self) -> None:
        """Send all that waits, as far as there is room; what is left is tried again after a while."""
        self._timer = None
        self._is_blocked = False
        self._look()
        for weight, record in self._held.due():
            self._add((record[0], weight, *record[2:]) if weight > 1 else record, _size(record))
        self._pack()
        self._flush()
        if self._timer is None and (self._held or self._packed) and not self._is_over:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._send)

    def _add(self, record: tuple[Any, ...], size: int) -> None:
        """Let a record wait for its batch, which is closed before it gets too long."""
        if self._bytes + size > BYTES_IN_A_BATCH:
            self._pack()
        self._waiting.append(record)
        self._bytes += size
        if len(self._waiting) >= IN_A_BATCH or self._bytes > BYTES_IN_A_BATCH:
            self._pack()

    def _pack(self) -> None:
        """Make a datagram of the records that wait; the oldest are dropped when they become too many."""
        if not self._waiting:
            return
        batch, self._waiting, self._bytes = self._waiting, [], 0
        data = packed(self._dropped, batch)
        self._dropped = 0
        self._packed.append((data, len(batch)))
        self._packed_bytes += len(data)
        while self._packed_bytes > MOST_BYTES:
            data, number = self._packed.popleft()
            self._packed_bytes -= len(data)
            self._dropped += number

    def _flush(self) -> None:
        """Send datagrams, as many as there is room for."""
        while self._packed:
            data, number = self._packed[0]
            try:
                self._sender.send(data)
            except BlockingIOError:
                self._is_blocked = True
                return
            except OSError as error:
                self._is_over = error.errno in _NOBODY
                self._dropped += number  # it is larger than the system lets a datagram be
            self._packed.popleft()
            self._packed_bytes -= len(data)


def _size(record: tuple[Any, ...]) -> int:
    """Bytes of a record as it is sent, by and large and rather too many."""
    size = 192 + len(record[3]) + len(record[4]) + 2 * len(record[5])
    if len(record) > len(Head._fields):
        query, asked_with, asked, answered_with, answered = record[len(Head._fields) :]
        size += len(query) + len(asked or b"") + len(answered or b"")
        for name, value in (*asked_with, *answered_with):
            size += 16 + len(name) + len(value)
    return size


def _content(message: http.Message) -> bytes | None:
    """A body that is told: whole, and not too long."""
    content = message.data.content
    if content is None or message.stream or len(content) > MOST_RECORDED:
        return None
    return content
