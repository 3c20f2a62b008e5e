"""One request and its answer as bytes, without a socket: what arrives goes in, what is to be sent comes out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import h11

from ..problems import Problem
from .addresses import is_local_host
from .answers import Answer, refusal

MOST_HEAD = 8192
"""Bytes of a request's head; a longer one is answered 431."""

Reply = Callable[[str, str], Answer]
"""Answers a method and a target."""


class Conversation:
    """A connection that asks once; a body is not looked at, and the connection closes after the answer."""

    def __init__(self, reply: Reply, *, check_host: bool) -> None:
        """`check_host`: refuse a Host that is not this machine's (421)."""
        self._reply = reply
        self._check_host = check_host
        self._is_head = False
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)

    def receive(self, data: bytes) -> bytes:
        """Take in what arrived; returns the whole answer, b'' while the head is not complete.

        Not to be called after the answer.
        """
        # What goes beyond the longest head can only be a body, or make the head too long.
        self._connection.receive_data(data[: MOST_HEAD + 1])
        try:
            event = self._connection.next_event()
        except h11.RemoteProtocolError as error:
            code = error.error_status_hint if error.error_status_hint in (431, 501, 505) else 400
            detail = f"The head has more than {MOST_HEAD} bytes." if code == 431 else "This is not an HTTP/1.1 request."
            return self._sent(refusal(Problem(code, "bad-request", detail)))
        if not isinstance(event, h11.Request):
            return b""
        return self._sent(self._answer(event))

    def _answer(self, request: h11.Request) -> Answer:
        self._is_head = request.method == b"HEAD"
        host = next((value for name, value in request.headers if name == b"host"), b"").decode("latin-1")
        if self._check_host and not is_local_host(host):
            return refusal(Problem(421, "misdirected", "The Host field must name this machine, such as localhost."))
        return self._reply(request.method.decode("ascii"), request.target.decode("ascii"))

    def _sent(self, answer: Answer) -> bytes:
        fields = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),  # a page elsewhere gets nothing out of it as a script or a style
            *answer.fields,
            ("Connection", "close"),
        ]
        reason = HTTPStatus(answer.status).phrase
        head = self._connection.send(h11.Response(status_code=answer.status, headers=fields, reason=reason))
        # The fields of an answer to HEAD are those of GET, its body is not sent (RFC 9110 section 9.3.2).
        body = None if self._is_head else self._connection.send(h11.Data(data=answer.body))
        return b"".join(part for part in (head, body) if part)
