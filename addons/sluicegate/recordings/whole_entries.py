"""The entries of a HAR, each decoded at once, for as long as nothing in the file is out of the ordinary.

That is four times as fast as a parser that tells every value. Whatever is unusual (a head in another order, what is no
JSON, a cut, a huge entry) is left to that parser, with everything from the last entry's end on.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, BinaryIO, Final, NamedTuple

from .events import MOST_VALUES

BEGINNING: Final = b'{"log":{"entries":['
"""What stands for the file's beginning before the bytes that are left."""

_BLOCK: Final = 1 << 18
_LONGEST_HEAD: Final = 1 << 20
_LONGEST_ENTRY: Final = 4 << 20
"""Characters of one entry, at most: built whole, JSON may take tens of times its length."""
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_BYTE_ORDER_MARK: Final = codecs.BOM_UTF8


def _finite(text: str) -> float:
    """Raises ValueError for what JSON has no number for, and for one without a value here."""
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


_DECODE: Final = json.JSONDecoder(parse_constant=_finite, parse_float=_finite).raw_decode


class Left(NamedTuple):
    """What was not taken: the bytes from there on, and where in the file that is; `inside` the array of entries."""

    stream: BinaryIO
    position: int
    inside: bool


class WholeEntries:
    """Takes entries from the beginning of a HAR."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = self._before = self._base = 0
        self._undecoded = b""
        self._inside = self._ended = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield entries; ends where the rest is to be read by other means, also at the end of them all."""
        if not self._head():
            return
        self._inside = True
        while (entry := self._entry()) is not None:
            yield entry

    def back(self) -> None:
        """Give the last entry back."""
        self._at = self._before

    def left(self) -> Left:
        """Return what was not taken."""
        rest = self._text[self._at :].encode() + self._decoder.getstate()[0] + self._undecoded
        position = self._base + len(self._text[: self._at].encode())
        return Left(_Joined(rest, self._stream), position, self._inside)  # type: ignore[arg-type]

    def _more(self) -> bool:
        """Read another block behind what is there; False at the end, and for what is no UTF-8."""
        if self._undecoded or self._ended:
            return False
        first = not self._base and not self._text
        data = self._stream.read(_BLOCK)
        self._ended = not data
        if first:
            data = data.removeprefix(_BYTE_ORDER_MARK)
        held = self._decoder.getstate()
        try:
            text = self._decoder.decode(data)
        except UnicodeDecodeError:
            self._decoder.setstate(held)
            self._undecoded = data
            return False
        start = min(self._before, self._at)
        self._base += len(self._text[:start].encode())
        self._text = self._text[start:] + text
        self._at -= start
        self._before -= start
        return bool(data)

    def _head(self) -> bool:
        """Pass over what stands before the entries; False, with nothing taken, where that is unusual."""
        while True:
            try:
                at = self._head_end()
            except (ValueError, RecursionError):
                at = -1
            if at >= 0:
                self._at = self._before = at
                return True
            if len(self._text) > _LONGEST_HEAD or not self._more():
                return False

    def _head_end(self) -> int:
        """The place behind the bracket of `log.entries`. Raises ValueError, also where more is needed."""
        at = self._expect(0, "{")
        for _ in range(100):
            key, at = _DECODE(self._text, at)
            at = self._expect(at, ":")
            if key == "log":
                break
            _, at = _DECODE(self._text, at)
            at = self._expect(at, ",")
        at = self._expect(at, "{")
        for _ in range(100):
            key, at = _DECODE(self._text, at)
            at = self._expect(at, ":")
            if key == "entries":
                return self._expect(at, "[")
            _, at = _DECODE(self._text, at)
            at = self._expect(at, ",")
        raise ValueError

    def _expect(self, at: int, sign: str) -> int:
        """The place of what follows a sign. Raises ValueError."""
        at = self._skip(at)
        if self._text[at : at + 1] != sign:
            raise ValueError
        return self._skip(at + 1)

    def _skip(self, at: int) -> int:
        found = _BLANKS.match(self._text, at)
        return found.end() if found is not None else at

    def _entry(self) -> dict[str, Any] | None:
        """The next entry with the sign behind it; None where it is to be read by other means."""
        self._before = self._at
        while True:
            start = self._skip(self._at)
            if self._text[start : start + 1] in ("{", ""):
                try:
                    entry, end = _DECODE(self._text, start)
                    follows = self._skip(end)
                    behind = self._skip(follows + 1)
                    if self._text[behind : behind + 1]:
                        # The last one is left: what follows it is to be looked at, too.
                        is_usual = self._text[follows] == "," and self._text[behind] == "{"
                        if not is_usual or self._text.count(",", start, end) >= MOST_VALUES:
                            return None
                        self._at = behind
                        found: dict[str, Any] = entry
                        return found
                except (ValueError, RecursionError):
                    pass
            else:
                return None
            if len(self._text) - start > _LONGEST_ENTRY or not self._more():
                return None


class _Joined(io.RawIOBase):
    """Some bytes, and a stream behind them."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first = first
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if self._first and size:
            data = self._first if size < 0 else self._first[:size]
            self._first = self._first[len(data) :]
            return data
        return self._stream.read(size)
