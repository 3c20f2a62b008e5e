"""How much mitmweb and the console keep: the oldest finished flows go first, those that a user marked stay."""

from __future__ import annotations

from collections import deque

from mitmproxy import ctx, http
from mitmproxy.flow import Flow

from .bodies import KeptBodies
from .flows import MARKS
from .guard import observing

MOST_BYTES = 256 << 20
"""Bytes of bodies and WebSocket messages in the flows that are kept, at most."""


class Retention:
    """Evicts flows from the view; without a view it does nothing."""

    name = "sluicegate-retention"

    def __init__(self, kept_bodies: KeptBodies) -> None:
        self._kept_bodies = kept_bodies
        self._finished: deque[tuple[http.HTTPFlow, int]] = deque()
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def running(self) -> None:
        view = ctx.master.addons.get("view")
        if view is not None:
            view.sig_store_remove.connect(self._removed)
            view.sig_store_refresh.connect(self._cleared)

    @observing
    def response(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is None:
            self._keep(flow)

    @observing
    def error(self, flow: http.HTTPFlow) -> None:
        self._keep(flow)

    @observing
    def websocket_end(self, flow: http.HTTPFlow) -> None:
        self._keep(flow)

    def _keep(self, flow: http.HTTPFlow) -> None:
        view = ctx.master.addons.get("view")
        if view is None:
            return
        size = _size(flow)
        self._bytes += size - self._sizes.get(flow.id, 0)
        if flow.id not in self._sizes:
            self._finished.append((flow, size))
        self._sizes[flow.id] = size
        most = ctx.options.keep_flows
        spared: list[tuple[http.HTTPFlow, int]] = []
        while self._finished and ((most and view.store_count() > most) or self._bytes > MOST_BYTES):
            oldest, size = self._finished.popleft()
            if oldest.marked and oldest.marked not in MARKS:
                spared.append((oldest, size))
            elif oldest is flow or oldest.live:
                spared.append((oldest, size))
                break
            elif view.get_by_id(oldest.id) is not None:
                view.remove([oldest])
            else:
                self._removed(oldest)
        self._finished.extendleft(reversed(spared))

    def _removed(self, flow: Flow) -> None:
        """A flow left the view: by eviction, or because a user deleted it."""
        self._bytes -= self._sizes.pop(flow.id, 0)
        if isinstance(flow, http.HTTPFlow):
            self._kept_bodies.drop(flow.request)
            self._kept_bodies.drop(flow.response)

    def _cleared(self) -> None:
        """The view was emptied."""
        view = ctx.master.addons.get("view")
        for flow, _ in list(self._finished):
            if view is None or view.get_by_id(flow.id) is None:
                self._removed(flow)
        self._finished = deque(one for one in self._finished if one[0].id in self._sizes)


def _size(flow: http.HTTPFlow) -> int:
    size = len(flow.request.data.content or b"")
    if flow.response is not None:
        size += len(flow.response.data.content or b"")
    if flow.websocket is not None:
        size += sum(len(message.content) for message in flow.websocket.messages)
    return size
