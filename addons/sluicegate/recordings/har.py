"""Requests and answers from HAR files (HTTP Archive 1.2), read entry by entry whatever the file's length.

Source of the format: http://www.softwareishard.com/blog/har-12-spec/, and what browsers write beside it. URLs are taken
apart as RFC 3986 appendix B says, and no byte of a path is normalised.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

import ijson  # type: ignore[import-untyped]

from ..exchange import Fields
from ..trial import Request
from .events import Events, NotHarError, entries
from .recording import LONGEST, NOT_HTTP, UNANSWERED, Answer, Recording, Skipped, UnreadableError
from .whole_entries import BEGINNING, Left, WholeEntries

# The parser goes over a text again from its beginning with each block: small ones would make long bodies slow.
_BLOCK = 1 << 18

_MOST = 1e15
"""A number of bytes or milliseconds that is no number of anything."""
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<target>[^#]*)", re.DOTALL)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\"';\s]+)", re.IGNORECASE)
# Python knows more codecs than servers use, and some of them take hours for a long text.
_CHARSETS = re.compile(
    r"(?:utf-?(?:8|16|32)(?:le|be)?|us-ascii|iso-8859-\d+|latin-?1|windows-\d+|cp\d+|koi8-[ru]|gbk|gb2312|gb18030|big5"
    r"|shift_jis|euc-(?:jp|kr))",
    re.IGNORECASE,
)


class _Url(NamedTuple):
    scheme: str
    authority: str
    target: bytes


class _Message(NamedTuple):
    """A request's or response's object, and its name in errors; '' is the entry itself."""

    name: str
    members: dict[str, Any]

    def path(self, member: str) -> str:
        return f"{self.name}.{member}" if self.name else member

    def get(self, member: str, kind: Any, default: Any = None) -> Any:
        """Return a member of a type; absent or null is `default`, which None does not allow."""
        value = self.members.get(member)
        if value is None and default is not None:
            return default
        if not isinstance(value, kind) or isinstance(value, bool):
            raise NotHarError(f"{self.path(member)} is {'missing' if value is None else 'of the wrong type'}")
        return value

    def inner(self, member: str) -> _Message | None:
        """Return an object that may be absent."""
        found = self.get(member, dict, {})
        return _Message(self.path(member), found) if found else None


class _Counted:
    """What the parser reads from: counts the bytes, and stops where one entry has more than it may have.

    `position` counts from the file's beginning, whatever was read of it before.
    """

    def __init__(self, left: Left) -> None:
        self._stream = left.stream
        self._first = BEGINNING if left.inside else b""
        self.position = self.before = self.mark = left.position
        self.ended = False

    def read(self, size: int = -1) -> bytes:
        if self._first and size:
            data, self._first = self._first, b""
            return data
        if self.position - self.mark > LONGEST:
            raise NotHarError(f"more than {LONGEST:,} bytes in one piece")
        data = self._stream.read(size)
        if self.position == 0:
            data = data.removeprefix(b"\xef\xbb\xbf")  # some exporters write a byte order mark
        self.before = self.position
        self.position += len(data)
        self.ended = self.ended or (not data and size != 0)
        return data


def read(stream: BinaryIO, skipped: Skipped) -> Iterator[Recording]:
    """Read the entries of a HAR; a body is None where it was not recorded, or cannot be known from its text.

    Raises UnreadableError with the entry and the byte for what is cut, no JSON or no HAR.
    """
    whole = WholeEntries(stream)
    number = 0
    for entry in whole:
        try:
            recording = _recording(entry, f"entry {number + 1}", skipped)
        except (NotHarError, UnicodeEncodeError):
            whole.back()  # the slower way tells what is wrong, and where
            break
        number += 1
        if recording is not None:
            yield recording
    yield from _read_on(whole.left(), number, skipped)


def _read_on(left: Left, number: int, skipped: Skipped) -> Iterator[Recording]:
    """Read what is left behind so many entries, value by value. Raises UnreadableError."""
    source = _Counted(left)
    inside = False
    events: Events = ijson.basic_parse(source, use_float=True, buf_size=_BLOCK)
    try:
        for entry in entries(events):
            if entry is None:  # it begins here
                source.mark = source.position
                number += 1
                inside = True
                continue
            inside = False
            recording = _recording(entry, f"entry {number}", skipped)
            if recording is not None:
                yield recording
            source.mark = source.position
    except NotHarError as error:
        # What is wrong inside an entry is found when the whole of it was read.
        raise UnreadableError(f"entry {number}: {error}" if number else f"not a HAR: {error}") from None
    except ijson.JSONError as error:
        entry_named = f"entry {number}, " if inside else ""
        if source.ended:
            what = "it" if inside else "the HAR"
            raise UnreadableError(
                f"{entry_named}byte {source.position}: the file ends in the middle of {what}"
            ) from None
        raise UnreadableError(f"{entry_named}after byte {source.before}: not JSON: {_reason(error)}") from None
    except UnicodeDecodeError:  # half of a character that the parser lets pass
        entry_named = f"entry {number}, " if inside else ""
        raise UnreadableError(
            f"{entry_named}after byte {source.before}: not JSON: invalid bytes in UTF8 string"
        ) from None


def _reason(error: Exception) -> str:
    """The first line of what the parser says, which shows the place in lines of its own."""
    shown = error.args[0] if error.args else ""
    text = shown.decode("utf-8", "replace") if isinstance(shown, bytes) else str(shown)
    return text.partition("\n")[0].rpartition("error: ")[2].rstrip(".")[:100]


def _recording(entry: dict[str, Any], place: str, skipped: Skipped) -> Recording | None:
    whole = _Message("", entry)
    request = _Message("request", whole.get("request", dict))
    url = _url(request.get("url", str))
    if url is None:
        skipped[NOT_HTTP] += 1
        return None
    response = whole.inner("response")
    status = response.get("status", int | float, 0) if response else 0
    if response is None or not 100 <= status <= 999:
        skipped[UNANSWERED] += 1
        return None
    fields = _fields(request)
    hosts = [value for name, value in fields if name.lower() in (b"host", b":authority")]
    host = hosts[0].decode("latin-1") if hosts else url.authority
    own = tuple(field for field in fields if field[0].lower() != b"host" and not field[0].startswith(b":"))
    extra = tuple((b"Host", value) for value in hosts[1:] if value != hosts[0])  # refused by any gateway, as it was
    answer_fields = tuple(field for field in _fields(response) if not field[0].startswith(b":"))
    return Recording(
        Request(request.get("method", str), host, url.target, own + extra, url.scheme),
        place,
        _request_body(request, own),
        Answer(
            int(status),
            answer_fields,
            _response_body(response, answer_fields),
            decoded=True,
            sent=_size(response),
            origin_ms=_waited(entry),
        ),
        at=_at(entry),
        origin=f"{url.scheme}://{url.authority}",
    )


def _at(entry: dict[str, Any]) -> float:
    """When an entry's request began, in seconds since the epoch; 0.0 where no time is told."""
    try:
        return datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return 0.0


def _waited(entry: dict[str, Any]) -> float | None:
    """Milliseconds that the answer's beginning was waited for; -1 stands for what does not apply."""
    timings = entry.get("timings")
    waited = timings.get("wait") if isinstance(timings, dict) else None
    return float(waited) if isinstance(waited, int | float) and 0 <= waited < _MOST else None


def _size(response: _Message) -> int | None:
    """Bytes of a body as it was sent, else as it was stored; None where neither is told."""
    content = response.members.get("content")
    sizes = [response.members.get("bodySize"), content.get("size") if isinstance(content, dict) else None]
    return next((int(size) for size in sizes if isinstance(size, int | float) and 0 <= size < _MOST), None)


def _url(text: str) -> _Url | None:
    """Take a URL apart; None for what HTTP does not carry: `data:`, `blob:`, `ws:`, extensions of browsers."""
    found = _URL.fullmatch(text.partition("#")[0])
    if found is None or found["scheme"].lower() not in ("http", "https") or not found["authority"]:
        return None
    target = found["target"].encode("utf-8", "surrogateescape")
    if not target.startswith(b"/"):
        target = b"/" + target  # RFC 9112 section 3.2.1: an empty path is sent as "/"
    authority = found["authority"].rpartition("@")[2]
    return _Url(found["scheme"].lower(), authority.encode("utf-8").decode("latin-1"), target)


def _fields(message: _Message) -> Fields:
    """Return header fields; several values that an exporter joined with line ends are several fields again."""
    listed = message.get("headers", list, [])
    try:
        usual = tuple([(one["name"].encode(), one["value"].encode()) for one in listed])
        if not any(b"\n" in value for _, value in usual):
            return usual
    except (AttributeError, LookupError, TypeError):
        pass  # what is no text, or left out
    found: list[tuple[bytes, bytes]] = []
    for one in listed:
        name, text = (one.get("name"), one.get("value", "")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(text, str):
            raise NotHarError(f"{message.name}.headers holds what is no name and value")
        if "\n" not in text:
            found.append((name.encode("utf-8"), text.encode("utf-8")))
        else:
            found += [(name.encode("utf-8"), value.encode("utf-8")) for value in text.split("\n")]
    return tuple(found)


def _request_body(request: _Message, fields: Fields) -> bytes | None:
    posted = request.inner("postData")
    if posted is None or posted.members.get("text") is None:
        # Exporters leave out what they did not see; `params` without a text tells not how they were written.
        return b"" if posted is None and request.get("bodySize", int | float, 0) <= 0 else None
    if any(name.lower() == b"content-encoding" for name, _ in fields):
        return None  # the text is decoded, and how it was coded is not said
    return _body(posted)


def _response_body(response: _Message, fields: Fields) -> bytes | None:
    content = response.inner("content")
    if content is None or not content.members.get("text"):
        # Some exporters write an empty text for a body that they did not keep.
        promised = [value for name, value in fields if name.lower() == b"content-length"]
        if promised and promised[0].strip() != b"0":
            return None
    if content is None or content.members.get("text") is None:
        size = content.get("size", int | float, 0) if content else 0
        length = response.get("bodySize", int | float, -1)
        return b"" if size <= 0 and length <= 0 else None
    return _body(content)


def _body(holder: _Message) -> bytes | None:
    """Return the bytes behind a text that may be base64, or None where no charset gives them."""
    text: str = holder.get("text", str, "")
    encoding = holder.get("encoding", str, "").lower()
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            raise NotHarError(f"{holder.name}.text is not base64") from None
    charset = _CHARSET.search(holder.get("mimeType", str, ""))
    if charset is not None:
        try:
            return text.encode(charset[1]) if _CHARSETS.fullmatch(charset[1]) else None
        except (LookupError, ValueError):
            return None
    return _undeclared(text)


def _undeclared(text: str) -> bytes:
    """Return a text without a declared charset as bytes: UTF-8.

    Exporters that fall back to Latin-1 make two characters of one: what is UTF-8 when written as Latin-1 was that
    (our choice: any other text of that kind is next to impossible).
    """
    if not text.isascii():
        try:
            raw = text.encode("latin-1")
            raw.decode("utf-8")
        except UnicodeError:
            pass
        else:
            return raw
    return text.encode("utf-8")
