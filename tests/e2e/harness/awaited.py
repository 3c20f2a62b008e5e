"""Exchanges that a test holds open between the gateway and its target."""

from __future__ import annotations

import threading

from .client import Connection, head
from .upstream import Call, Handler, PeerGone
from .warmed import Stage, whole

AWAITED = head("GET", "/a/awaited")


class Awaited:
    """An exchange that its target answers when it is released; `left` is whether the gateway hung up instead."""

    def __init__(self, stage: Stage, *, answer: Handler | None = None, first: bytes = b"") -> None:
        self.begun = threading.Event()
        self.release = threading.Event()
        self.over = threading.Event()
        self.left = False
        self._answer = answer or whole(body=b"at last")
        self._first = first
        stage.one.on("/b/awaited", self._handle)

    def _handle(self, call: Call) -> None:
        call.read_body()
        call.send(self._first)
        self.begun.set()
        assert self.release.wait(15)
        try:
            self._answer(call)
        except PeerGone:
            self.left = True
        self.over.set()

    def begin(self, client: Connection, data: bytes = AWAITED) -> None:
        client.send(data)
        assert self.begun.wait(15)

    def end(self) -> None:
        self.release.set()
        assert self.over.wait(15)


def until_left(call: Call) -> None:
    """No answer, ever."""
    assert call.peer_left(15)
    call.close()
