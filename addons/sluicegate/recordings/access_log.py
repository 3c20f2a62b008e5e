"""Requests and answers from the access logs of other servers: the common and combined formats, and JSON lines.

    192.0.2.7 - ann [10/Oct/2026:13:55:36 +0200] "GET /hotels/7 HTTP/1.1" 200 2326 "-" "curl/8.5"

Sources: https://httpd.apache.org/docs/2.4/logs.html (common, combined, with `%v:%p` in front of them, too),
https://nginx.org/en/docs/http/ngx_http_log_module.html. What a server writes behind these fields is passed over.
JSON lines: `access_json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from ..trial import Request
from . import access_json
from .access_fields import FIX, asked_of, time_of, unescaped
from .recording import NOT_HTTP, UNANSWERED, Answer, Recording, Skipped, UnreadableError
from .request_log import CUT, LONGEST_LINE

_QUOTED = rb'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    rb"(?:(?P<host>\[[0-9A-Fa-f:.]+\]:\d+|(?!(?:\d{1,3}\.){3}\d{1,3} )[^\s:\[\"]+(?::\d+)?) )?"
    rb"(?P<client>[^\s\[\"]+) [^\s\[]+ (?P<user>[^\s\[\"]+|[^\[]*?) \[(?P<time>[^\]\"]{1,40})\] "
    rb"%b (?P<status>\d{3}|-) (?P<size>\d{1,15}|-)(?: %b %b)?(?=\s|$)" % (_QUOTED, _QUOTED, _QUOTED)
)


def is_line(line: bytes) -> bool:
    """Whether a text begins with a line of the common or combined format."""
    return _LINE.match(line) is not None


def read(stream: BinaryIO, skipped: Skipped, before: int = 0) -> Iterator[Recording]:
    """Read an access log line by line; nothing is known of bodies, and of header fields what the log was told to hold.

    The host of a request is None where the log does not tell it. `before` lines of it were read already. The log may be
    growing: a last line without its end is passed over. Raises UnreadableError with the line for what is none.
    """
    number = before
    while line := stream.readline(LONGEST_LINE):
        number += 1
        whole = line.endswith(b"\n")
        if not whole and len(line) == LONGEST_LINE:
            raise UnreadableError(f"longer than {LONGEST_LINE:,} bytes", number)
        if not line.strip():
            continue
        try:
            recording = recording_of(line, f"line {number}", skipped)
        except UnreadableError as error:
            if not whole:
                skipped[CUT] += 1
                return
            raise UnreadableError(str(error), number) from None
        if recording is not None:
            yield recording


def recording_of(line: bytes, place: str, skipped: Skipped) -> Recording | None:
    """Return what a line tells; None, counted in `skipped`, for what was no request or got no answer.

    Raises UnreadableError, with a message that names no place.
    """
    if line.lstrip(b"\xef\xbb\xbf \t")[:1] == b"{":
        return access_json.recording_of(line.removeprefix(b"\xef\xbb\xbf"), place, skipped)
    found = _LINE.match(line)
    if found is None:
        raise UnreadableError(f"not a line of an access log: {FIX}")
    text, agent = found[5], found[9]
    asked = asked_of(unescaped(text))
    if asked is None:
        skipped[NOT_HTTP] += 1
        return None
    if found["status"] in (b"-", b"000"):
        skipped[UNANSWERED] += 1
        return None
    method, target, scheme, host = asked
    headers = ((b"User-Agent", unescaped(agent)),) if agent not in (None, b"-", b"") else ()
    name, user = found["host"], found["user"]
    return Recording(
        Request(
            method, host or (name.decode("latin-1") if name else None), target, headers, scheme, _text(found["client"])
        ),
        place,
        None,
        Answer(int(found["status"]), sent=None if found["size"] == b"-" else int(found["size"])),
        at=time_of(_text(found["time"])),
        user="" if user in (b"-", b'""') else _text(unescaped(user)),
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
