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
    """A recording that cannot be read on; the message names the place in the file and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded response; `body` None: it was not recorded, or only its first part was.

    `decoded`: the body is stored without its content coding, whatever Content-Encoding says.
    """

    status: int
    headers: Fields = ()
    body: bytes | None = None
    decoded: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A request as its client had sent it, and its answer where there is one.

    `place` says where in the file it stands: `entry 3`, `line 17`, `flow 2`. `body` None: it was not recorded whole.
    """

    request: Request
    place: str
    body: bytes | None = b""
    answer: Answer | None = None
    http_version: str = "HTTP/1.1"
