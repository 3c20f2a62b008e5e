"""The last requests, decided again on each reload: a save tells at once which of them would go elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import perf_counter
from typing import Final

from ..comparing.traffic import Change, Comparison
from ..config.building import STEP
from ..config.diagnostics import printable
from ..exchange import Exchange
from ..routing.stage import NAME as ROUTING
from ..snapshot import Snapshot
from ..trial import Request

logger = logging.getLogger(__name__)

MOST_REQUESTS: Final = 100_000
"""Requests that may be asked to be kept, at most (our choice: more would take a reload's attention for seconds)."""
MOST_BYTES: Final = 64 << 20
"""Bytes of request targets and hosts that are kept, at most; the oldest go first."""
LONGEST_TARGET: Final = 8192
"""Bytes of a request target that is kept, at most: longer ones are left out."""
FIRST: Final = 3
"""Changes of each kind that are told one by one."""


class Preview:
    """Keeps request lines with their Host, and nothing else of a request, in memory only."""

    def __init__(self, most: int) -> None:
        """Keep the last `most` requests."""
        self._most = most
        self._requests: deque[Request] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    def keep(self, exchange: Exchange) -> None:
        """Keep the request of an exchange, unless it was refused before routing: no table changes that."""
        if not exchange.trail or exchange.trail[-1].stage != ROUTING or len(exchange.target) > LONGEST_TARGET:
            return
        request = Request(exchange.method, exchange.authority or None, exchange.target, (), exchange.scheme)
        self._requests.append(request)
        self._bytes += _size(request)
        while len(self._requests) > self._most or self._bytes > MOST_BYTES:
            self._bytes -= _size(self._requests.popleft())

    def reloaded(self, old: Snapshot, new: Snapshot) -> None:
        """Tell in the log, beside what else there is to do, what becomes of the kept requests.

        A newer reload ends this one's telling.
        """
        self.stop()
        if self._requests:
            self._task = asyncio.get_running_loop().create_task(self._tell(old, new), name="route preview")

    def stop(self) -> None:
        """End telling."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _tell(self, old: Snapshot, new: Snapshot) -> None:
        try:
            comparison = Comparison(old, new, FIRST)
            turn = perf_counter() + STEP
            for position, request in enumerate(tuple(self._requests)):
                comparison.take(request, position)
                if perf_counter() >= turn:
                    await asyncio.sleep(0)
                    turn = perf_counter() + STEP
            diff = comparison.diff
            counted = "request" if diff.total == 1 else f"{diff.total:,} requests"
            logger.info("of the last %s: %s", counted, diff.words)
            for change in diff.changes:
                logger.info("  %s", _words(change))
        except Exception:
            logger.exception("the preview of the last requests failed; the routes are in force")


def _size(request: Request) -> int:
    return len(request.target) + len(request.host or "")


def _words(change: Change) -> str:
    """A request that goes elsewhere, without its query, which may hold credentials: `GET a.test/x: dates → rooms`."""
    request = change.request
    path = request.target.partition(b"?")[0].decode("ascii", "backslashreplace")
    old, new = (one.target.partition("?")[0] or one.text for one in (change.old, change.new))
    if change.old.service != change.new.service and change.old.service and change.new.service:
        old, new = change.old.service, change.new.service
    return printable(f"{request.method} {request.host or ''}{path}: {old} → {new}")
