"""Which bodies are streamed, and what is counted and kept of them on their way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from mitmproxy import http

from .live import Live

BUFFERED = 1 << 16
"""Bytes up to which a body of known length is buffered: streaming every small one costs 10 % more CPU."""
KEPT = 1 << 20
"""Bytes of a streamed body that are kept for views and replays, at most."""
KEPT_IN_ALL = 64 << 20
"""Bytes of streamed bodies that are kept over all flows, at most."""


def is_streamed(request: http.Request, response: http.Response | None = None) -> bool:
    """Whether a message's body goes on as it comes: longer than 64 KiB, or of unknown length."""
    message = response or request
    length = coded = None
    for name, value in message.data.headers.fields:
        if len(name) == 14 and name.lower() == b"content-length":
            length = value
        elif len(name) == 17 and name.lower() == b"transfer-encoding":
            coded = value
    if coded is not None:
        return True
    if length is not None:
        return len(length) > 5 or not length.isdigit() or int(length) > BUFFERED
    # Without a length a request has a body only in HTTP/2, which tells with the last frame; a response may have one.
    return response is not None or message.is_http2


def through(live: Live, part: str, *, keep: bool) -> Callable[[bytes], bytes]:
    """Return the stream of a body, `part` request or response: counts its bytes and keeps the first of them."""
    kept = live.kept.setdefault(part, bytearray()) if keep else None

    def forward(data: bytes) -> bytes:
        if part == "request":
            live.bytes_in += len(data)
        else:
            live.bytes_out += len(data)
        if kept is not None and part not in live.cut:
            room = KEPT - len(kept)
            kept.extend(data[:room])
            if len(data) > room:
                live.cut.append(part)
        return data

    return forward


class KeptBodies:
    """Streamed bodies that were kept, over all flows; the oldest are let go when they become too many."""

    def __init__(self) -> None:
        self._messages: OrderedDict[int, tuple[http.Message, int]] = OrderedDict()
        self._size = 0

    def put(self, message: http.Message, content: bytes) -> None:
        """Give a streamed message the content that was kept of it."""
        self.drop(message)
        message.data.content = content
        self._messages[id(message)] = (message, len(content))
        self._size += len(content)
        while self._size > KEPT_IN_ALL and self._messages:
            _, (oldest, size) = self._messages.popitem(last=False)
            oldest.data.content = None
            self._size -= size

    def drop(self, message: http.Message | None) -> None:
        """Forget a message whose flow is gone."""
        found = self._messages.pop(id(message), None)
        if found is not None:
            self._size -= found[1]
