"""How fast the sessions of an endpoint ask: the largest count of each within any ten minutes of a day.

Requests are counted by session and slot of ten seconds. A window of 600 s is 60 slots, so what is counted lies between
the exact counts of 590 s and of 600 s. Order does not matter, and merging adds up: two halves of the same traffic give
what the whole gives, as long as slots are kept.

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
from itertools import chain, groupby
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
_ENTRY: Final = 12
"""Bytes of a count with its key."""

Packed = tuple["array[int]", "array[int]"]
"""Keys in order, of 8 bytes, and the count of each, of 4: a tenth of what a dict takes."""


class Pace:
    """The counts of an endpoint's sessions."""

    __slots__ = ("_fresh", "_mask", "_peaks", "_slots", "_thinned")

    def __init__(self) -> None:
        self._fresh: dict[int, int] = {}
        self._slots = _packed({})  # by session and slot
        self._peaks = _packed({})  # by session and hour
        self._thinned: dict[int, int] = {}  # how many times sessions were halved, by hour
        self._mask = 0  # of the bits that a session must not have to be counted now

    def add(self, session: int, at: float, requests: int = 1) -> None:
        """Count requests of a session, a number of 32 bits, at a time in seconds since the epoch.

        Requests that one stands for count at its time: as far as they came later, a window may be off by as much.
        """
        if session & self._mask:
            return
        key = session << 32 | int(at) // SLOT
        fresh = self._fresh
        fresh[key] = fresh.get(key, 0) + requests
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
        slots, peaks = self._all(), _unpacked(self._peaks)
        for key, count in other._all().items():
            slots[key] = slots.get(key, 0) + count
        for key, count in _unpacked(other._peaks).items():
            peaks[key] = max(peaks.get(key, 0), count)
        for hour, times in other._thinned.items():
            self._thinned[hour] = max(self._thinned.get(hour, 0), times)
        self._mask |= other._mask
        self._keep(slots, peaks)

    def maxima(self, until: float) -> tuple[list[int], int]:
        """Return the largest count of each session in the day before a time, and how many sessions each stands for."""
        last = int(until) // SLOT
        hours = range((last - _DAY) // _HOUR + 1, last // _HOUR + 1)
        times = max([0, *(times for hour, times in self._thinned.items() if hour in hours)])
        mask = (1 << times) - 1
        peaks = [(key, count) for key, count in _unpacked(self._peaks).items() if (key & _LOW) in hours]
        slots = [one for one in sorted(self._all().items()) if last - _DAY < (one[0] & _LOW) <= last]
        largest: dict[int, int] = {}
        for key, count in chain(peaks, _peaks(slots)):
            session = key >> 32
            if not session & mask and largest.get(session, 0) < count:
                largest[session] = count
        return sorted(largest.values()), 1 << times

    def members(self) -> dict[str, Any]:
        """As JSON."""
        self.rest()
        thinned = [[hour, times] for hour, times in self._thinned.items()]
        return {"slots": _text(self._slots), "peaks": _text(self._peaks), "thinned": thinned}

    @classmethod
    def from_members(cls, members: Any) -> Pace:
        """From JSON. Raises ValueError."""
        found = cls()
        try:
            slots, peaks = _read(members["slots"]), _read(members["peaks"])
            thinned = dict(members["thinned"])
        except (KeyError, TypeError, ValueError, zlib.error):
            raise ValueError("no counts of sessions") from None
        numbers = [*thinned.keys(), *thinned.values()]
        if len(thinned) > 100 or not all(type(one) is int for one in numbers) or not _are_halvings(thinned.values()):
            raise ValueError("no counts of sessions")
        found._thinned = thinned
        found._mask = (1 << (thinned[max(thinned)] if thinned else 0)) - 1
        found._keep(slots, peaks)
        return found

    def rest(self) -> None:
        """Take as little room as there can be; counting may go on."""
        if self._fresh:
            self._settle()

    def _all(self) -> dict[int, int]:
        """Every count by session and slot."""
        found = _unpacked(self._slots)
        for key, count in self._fresh.items():
            found[key] = found.get(key, 0) + count
        return found

    def _settle(self) -> None:
        """Bring what is fresh together with the rest."""
        slots = self._all()
        if len(slots) + len(self._peaks[0]) > MOST:
            self._keep(slots, _unpacked(self._peaks))
        else:
            self._slots = _packed(slots)
            self._fresh = {}

    def _keep(self, slots: dict[int, int], peaks: dict[int, int]) -> None:
        """Keep these counts and no others, within the limits."""
        if self._mask:
            slots, peaks = self._sampled(slots), self._sampled(peaks)
        if len(slots) + len(peaks) > MOST:
            newest = max(key & _LOW for key in slots or peaks)
            for kept in (2 * _WINDOW, _WINDOW):
                slots, peaks = _folded(slots, peaks, newest, kept)
                if len(slots) + len(peaks) <= MOST // 2:
                    break
            while len(slots) + len(peaks) > MOST // 4 * 3 and self._mask < _LOW:
                self._mask = self._mask << 1 | 1
                self._thinned[newest // _HOUR] = self._mask.bit_length()
                slots, peaks = self._sampled(slots), self._sampled(peaks)
        self._slots, self._peaks = _packed(slots), _packed(peaks)
        self._fresh = {}

    def _sampled(self, counts: dict[int, int]) -> dict[int, int]:
        return {key: count for key, count in counts.items() if not (key >> 32) & self._mask}


def _folded(
    slots: dict[int, int], peaks: dict[int, int], newest: int, kept: int
) -> tuple[dict[int, int], dict[int, int]]:
    """Make peaks of what is older than some slots before the newest; drop what is older than a day."""
    for key, count in _peaks(sorted(slots.items())):
        peaks[key] = max(peaks.get(key, 0), count)
    first = (newest - _DAY) // _HOUR
    peaks = _lasting({key: count for key, count in peaks.items() if (key & _LOW) >= first})
    return {key: count for key, count in slots.items() if (key & _LOW) > newest - kept}, peaks


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


def _are_halvings(times: Iterable[int]) -> bool:
    return all(0 <= one <= 32 for one in times)


def _packed(counts: dict[int, int]) -> Packed:
    keys = sorted(counts)
    return array("Q", keys), array("I", [min(counts[key], _LOW) for key in keys])


def _unpacked(packed: Packed) -> dict[int, int]:
    return dict(zip(*packed, strict=True))


def _text(packed: Packed) -> str:
    """As text: keys and counts, the least byte first, compressed, in base64."""
    numbers = tuple(array(one.typecode, one) for one in packed)
    if sys.byteorder == "big":
        for one in numbers:
            one.byteswap()
    return b64encode(zlib.compress(b"".join(one.tobytes() for one in numbers), 1)).decode("ascii")


def _read(text: str) -> dict[int, int]:
    """What `_text` wrote. Raises ValueError, TypeError, zlib.error."""
    reader = zlib.decompressobj()
    data = reader.decompress(b64decode(text, validate=True), _ENTRY * MOST + 1)
    if not reader.eof:
        raise ValueError
    entries = len(data) // _ENTRY
    keys, counts = array("Q", data[: 8 * entries]), array("I", data[8 * entries :])
    if sys.byteorder == "big":
        keys.byteswap()
        counts.byteswap()
    return _unpacked((keys, counts))
