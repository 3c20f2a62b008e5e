"""What every kind of recorded traffic comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..exchange import Fields
from ..trial import Request

LONGEST = 64 << 20
"""Bytes in one entry of a recording, at most: readers hold one entry at a time, and no more (our choice)."""

NOT_HTTP = "no HTTP request"
UNANSWERED = "no answer was recorded"

Skipped = Counter[str]
"""What was passed over, counted by the reason: `no HTTP request`."""


class UnreadableError(Exception):
    """A recording that cannot be read on; the message names the place in the file and what is wrong there.

    `line` is the line's number where the message leaves it out: it is then shown behind the file's name.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded response; `body` None: it was not recorded, or only its first part was.

    `decoded`: the body is stored without its content coding, whatever Content-Encoding says. `sent`: bytes of the body
    as they were sent. `origin_ms`: milliseconds up to the first byte of a target's answer; None where no target
    answered. Both are None where nothing tells.
    """

    status: int
    headers: Fields = ()
    body: bytes | None = None
    decoded: bool = False
    sent: int | None = None
    origin_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A request as its client had sent it, and its answer where there is one.

    `place` says where in the file it stands: `entry 3`, `line 17`, `flow 2`. `body` None: it was not recorded whole.
    `at`: when it came, in seconds since the epoch, 0.0 unknown. `session`: the keyed hash of its session, where the
    recording has that instead of what names it; `user`: whom the server had authenticated. `origin`: where it was sent,
    `https://api.hotel.test`; '' where nothing tells.
    """

    request: Request
    place: str
    body: bytes | None = b""
    answer: Answer | None = None
    http_version: str = "HTTP/1.1"
    at: float = 0.0
    session: str = ""
    user: str = ""
    origin: str = ""
