"""How fast the sessions of an endpoint ask: the largest count of each within any ten minutes of a day.

Requests are counted by session and slot of ten seconds. A window of 600 s is 60 slots, so what is counted lies between
the exact counts of 590 s and of 600 s. Order does not matter, and merging adds up: two halves of the same traffic give
what the whole gives.

It is bounded by MOST counts. Where there are more, what is older than the last twenty minutes, at least ten, becomes
one count for a session and hour, the largest of any window that ended in it, and not even that where a later one is as
large. Where there are still more, half of the sessions are given up. They are chosen by their hash, without regard to
what they do: percentiles stay right, with a wider interval. An hour later half of these are taken in again.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

PERIOD: Final = 600
"""Seconds of a window (API Shield: requests per 10 minutes)."""
SLOT: Final = 10
"""Seconds within which requests are counted together."""
MOST: Final = 4_096
"""Counts that are kept of an endpoint, at most."""
_FRESH: Final = 512
"""Counts that wait to be brought together with the others, at most."""
_WINDOW: Final = PERIOD // SLOT
_HOUR: Final = 3600 // SLOT
_DAY: Final = 24 * _HOUR
_LOW: Final = 0xFFFF_FFFF
_LARGEST: Final = 12 * MOST


class Pace:
    """The counts of an endpoint's sessions."""

    __slots__ = ("_counts", "_fresh", "_keys", "_mask", "_peaks", "_thinned")

    def __init__(self) -> None:
        self._fresh: dict[int, int] = {}
        self._keys, self._counts = array("Q"), array("I")  # by session and slot, in order
        self._peaks: dict[int, int] = {}  # by session and hour
        self._thinned: dict[int, int] = {}  # how many times sessions were halved, by hour
        self._mask = 0  # of the bits that a session must not have to be counted now

    def add(self, session: int, at: float) -> None:
        """Count a request of a session, a number of 32 bits, at a time in seconds since the epoch."""
        if session & self._mask:
            return
        key = session << 32 | int(at) // SLOT
        fresh = self._fresh
        fresh[key] = fresh.get(key, 0) + 1
        if len(fresh) > _FRESH:
            self._settle()

    def begin(self, hour: int) -> None:
        """An hour begins: half of the sessions that were given up are taken in again."""
        if self._thinned and hour > (last := max(self._thinned)):
            left = max(self._thinned[last] - (hour - last), 0)
            self._thinned = {one: times for one, times in self._thinned.items() if one >= hour - 24 and times}
            if self._thinned:
                self._thinned[hour] = left
            self._mask = (1 << left) - 1

    def merge(self, other: Pace) -> None:
        """Add what another has counted."""
        for key, count in other._all().items():
            self._fresh[key] = self._fresh.get(key, 0) + count
        for key, count in other._peaks.items():
            self._peaks[key] = max(self._peaks.get(key, 0), count)
        for hour, times in other._thinned.items():
            self._thinned[hour] = max(self._thinned.get(hour, 0), times)
        self._mask |= other._mask
        if len(self._fresh) > _FRESH or self._mask:
            self._settle()

    def maxima(self, until: float) -> tuple[list[int], int]:
        """Return the largest count of each session in the day before a time, and how many sessions each stands for."""
        last = int(until) // SLOT
        hours = range((last - _DAY) // _HOUR + 1, last // _HOUR + 1)
        times = max([0, *(times for hour, times in self._thinned.items() if hour in hours)])
        mask = (1 << times) - 1
        peaks = {key: count for key, count in self._peaks.items() if (key & _LOW) in hours and not (key >> 32) & mask}
        slots = ((key, count) for key, count in sorted(self._all().items()) if not (key >> 32) & mask)
        for key, count in _peaks(one for one in slots if last - _DAY < (one[0] & _LOW) <= last):
            peaks[key] = max(peaks.get(key, 0), count)
        largest: dict[int, int] = {}
        for key, count in peaks.items():
            largest[key >> 32] = max(largest.get(key >> 32, 0), count)
        return sorted(largest.values()), 1 << times

    def members(self) -> dict[str, Any]:
        """As JSON."""
        if self._fresh:
            self._settle()
        return {
            "slots": _text(self._keys, self._counts),
            "peaks": _text(self._peaks.keys(), self._peaks.values()),
            "thinned": [[hour, times] for hour, times in self._thinned.items()],
        }

    @classmethod
    def from_members(cls, members: Any) -> Pace:
        """From JSON. Raises ValueError."""
        found = cls()
        try:
            slots, peaks = _counted(members["slots"]), _counted(members["peaks"])
            thinned = dict(members["thinned"])
        except (KeyError, TypeError, ValueError, zlib.error):
            raise ValueError("no counts of sessions") from None
        if not all(type(hour) is int and type(times) is int and 0 <= times <= 32 for hour, times in thinned.items()):
            raise ValueError("no counts of sessions")
        found._thinned, found._peaks = thinned, peaks
        found._mask = (1 << (thinned[max(thinned)] if thinned else 0)) - 1
        found._bring(slots)
        return found

    def _all(self) -> dict[int, int]:
        """Every count by session and slot."""
        found = dict(zip(self._keys, self._counts, strict=True))
        for key, count in self._fresh.items():
            found[key] = found.get(key, 0) + count
        return found

    def _settle(self) -> None:
        self._bring(self._all())

    def _bring(self, slots: dict[int, int]) -> None:
        """Take these counts instead of all others, within the limits."""
        if self._mask:
            slots = self._sampled(slots)
            self._peaks = self._sampled(self._peaks)
        if len(slots) + len(self._peaks) > MOST:
            newest = max(key & _LOW for key in slots)
            for kept in (2 * _WINDOW, _WINDOW):
                slots = self._fold(slots, newest, kept)
                if len(slots) + len(self._peaks) <= MOST // 2:
                    break
            while len(slots) + len(self._peaks) > MOST // 4 * 3:
                self._mask = self._mask << 1 | 1
                self._thinned[newest // _HOUR] = self._mask.bit_length()
                slots = self._sampled(slots)
                self._peaks = self._sampled(self._peaks)
        keys = sorted(slots)
        self._keys, self._counts = array("Q", keys), array("I", [min(slots[key], _LOW) for key in keys])
        self._fresh = {}

    def _fold(self, slots: dict[int, int], newest: int, kept: int) -> dict[int, int]:
        """Make peaks of what is older than some slots before the newest; drop what is older than a day."""
        for key, count in _peaks((key, slots[key]) for key in sorted(slots)):
            self._peaks[key] = max(self._peaks.get(key, 0), count)
        first = (newest - _DAY) // _HOUR
        self._peaks = _lasting({key: count for key, count in self._peaks.items() if (key & _LOW) >= first})
        return {key: count for key, count in slots.items() if (key & _LOW) > newest - kept}

    def _sampled(self, counts: dict[int, int]) -> dict[int, int]:
        return {key: count for key, count in counts.items() if not (key >> 32) & self._mask}


def _peaks(slots: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the largest window of each session and hour, from counts in order of session and slot."""
    for session, counts in groupby(slots, key=lambda one: one[0] >> 32):
        window: deque[tuple[int, int]] = deque()
        total = 0
        largest: dict[int, int] = {}
        for key, count in counts:
            slot = key & _LOW
            window.append((slot, count))
            total += count
            while window[0][0] <= slot - _WINDOW:
                total -= window.popleft()[1]
            hour = slot // _HOUR
            if largest.get(hour, 0) < total:
                largest[hour] = total
        for hour, count in largest.items():
            yield session << 32 | hour, count


def _lasting(peaks: dict[int, int]) -> dict[int, int]:
    """Leave out what a later peak of the same session makes idle: it will never again be the largest of a day."""
    lasting: dict[int, int] = {}
    session = largest = -1
    for key in sorted(peaks, reverse=True):
        if key >> 32 != session:
            session, largest = key >> 32, 0
        if peaks[key] > largest:
            lasting[key] = largest = peaks[key]
    return lasting


def _text(keys: Iterable[int], counts: Iterable[int]) -> str:
    """Keys and their counts: as numbers of 8 and 4 bytes, the least byte first, compressed, in base64."""
    numbers = array("Q", keys), array("I", counts)
    if sys.byteorder == "big":
        for one in numbers:
            one.byteswap()
    return b64encode(zlib.compress(b"".join(one.tobytes() for one in numbers), 1)).decode("ascii")


def _counted(text: str) -> dict[int, int]:
    """What `_text` gave. Raises ValueError, TypeError, zlib.error."""
    data = zlib.decompressobj().decompress(b64decode(text, validate=True), _LARGEST)
    entries = len(data) // 12
    keys, counts = array("Q", data[: 8 * entries]), array("I", data[8 * entries :])
    if sys.byteorder == "big":
        keys.byteswap()
        counts.byteswap()
    return dict(zip(keys, counts, strict=True))
