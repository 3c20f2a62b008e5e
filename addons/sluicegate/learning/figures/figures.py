"""The figures of one endpoint: taken in exchange by exchange, in constant memory, mergeable."""

from __future__ import annotations

from base64 import b64decode, b64encode
from time import time
from typing import Any, Final

from ..observation import Observation
from .buckets import Bucket
from .distinct import number_of
from .pace import Pace
from .windows import Span, Totals, Window, totals_of, window_of

HOURS: Final = 25
"""Clock hours that are told apart, at most: the newest. An older one becomes a part of its day."""
DAYS: Final = 8
"""Days (UTC) that are told apart beside them, at most: the newest. What is older counts in the totals only."""
_VERSION: Final = 1
_OPEN: Final = 2
"""Buckets that are ready to count, at most; the others are packed."""
_UNDATED: Final = 0
"""The bucket of exchanges without a time. Hours since the epoch have positive numbers, days negative ones."""
_OLDER: Final = -1
"""The bucket of all that is older than the days that are told apart."""
_EARLIEST: Final = 366 * 86_400.0
"""Seconds since the epoch: an earlier time was never a clock's."""
_AHEAD: Final = 86_400.0
"""Seconds: a time further in the future is the trace of a clock that was wrong, and counts as none."""


_NOWHERE: Final = Bucket()
"""Where nothing is counted: the first exchange after a rest finds its bucket."""


class Figures:
    """Counts of one endpoint by hour and day, and the pace of its sessions.

    Which hours and days are told apart depends on their numbers alone: exchanges may come in any order, and a clock
    that jumps back or forth costs at most the room of the hours that it was wrong. An exchange without a time is shown
    only where the endpoint has none with a time. `newest`: the latest time seen, 0.0 for none.
    """

    __slots__ = ("_bucket", "_buckets", "_end", "_start", "newest", "pace")

    def __init__(self) -> None:
        self.newest = 0.0
        self.pace = Pace()
        self._buckets: dict[int, Bucket | bytes] = {}
        self._bucket = _NOWHERE
        self._start = self._end = -1.0  # of the hour that _bucket counts

    def observe(self, o: Observation) -> None:
        """Count an exchange."""
        at = o.at
        if not self._start <= at < self._end:
            at = self._turn(at)
        if at > self.newest:
            self.newest = at
        bucket = self._bucket
        status, session, weight = o.status, o.session, o.weight
        hundreds = status // 100 if status is not None and 100 <= status < 600 else 0
        bucket.statuses[hundreds] += weight
        if session:
            bucket.named += weight
            number = number_of(session)
            bucket.sessions.add(number)
            if at:
                self.pace.add(number >> 16 & 0xFFFF_FFFF, at, weight)
        if hundreds == 2:
            bucket.succeed(o.identifier, weight)
        if o.origin_ms is not None:
            bucket.latency.add(o.origin_ms, weight)
        if o.body_bytes is not None:
            bucket.size.add(o.body_bytes, weight)

    def merge(self, other: Figures) -> None:
        """Add what another has counted."""
        self._close()
        for number in list(other._buckets):
            self._at(number).merge(other._read(number))
        self.pace.merge(other.pace)
        self.newest = max(self.newest, other.newest)
        self._close()

    def window(self, span: Span, until: float) -> Window:
        """Return the figures of a window that ends at a time, in seconds since the epoch."""
        last = int(until // 3600)
        whole = Bucket()
        for number in self._buckets:
            if self._shows(number, span, last):
                whole.merge(self._read(number))
        return window_of(span, until, whole)

    def totals(self) -> Totals:
        """Return what was counted from the beginning."""
        whole = Bucket()
        for number in self._buckets:
            whole.merge(self._read(number))
        return totals_of(whole)

    def members(self) -> dict[str, Any]:
        """As JSON; what was counted rests packed from now on."""
        self._close()
        buckets = {
            str(number): b64encode(bucket).decode("ascii")
            for number, bucket in self._buckets.items()
            if isinstance(bucket, bytes)
        }
        return {"version": _VERSION, "newest": self.newest, "buckets": buckets, "pace": self.pace.members()}

    @classmethod
    def from_members(cls, members: Any) -> Figures:
        """From JSON. Raises ValueError for what `members` never gives; a span that is damaged counts as empty."""
        found = cls()
        try:
            if members["version"] != _VERSION:
                raise ValueError("figures of another version")
            newest = members["newest"]
            if not 0.0 <= newest < float("inf"):
                raise ValueError("no time of what is newest")
            found.newest = float(newest)
            if len(members["buckets"]) > HOURS + DAYS + 2:
                raise ValueError("more hours and days than there can be")
            found._buckets = {
                int(number): b64decode(text, validate=True) for number, text in members["buckets"].items()
            }
            found.pace = Pace.from_members(members["pace"])
        except (AttributeError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"no figures: {error}") from None
        return found

    def _turn(self, at: float) -> float:
        """Count in the bucket of a time from now on; returns the time, 0.0 where it is none."""
        self._start = self._end = -1.0
        if not _EARLIEST <= at <= time() + _AHEAD:
            self._bucket = self._at(_UNDATED)
            return 0.0
        hour = int(at // 3600)
        self.pace.begin(hour)
        self._bucket = self._at(hour)
        self._rest()
        self._start, self._end = hour * 3600.0, hour * 3600.0 + 3600.0
        return at

    def _shows(self, number: int, span: Span, last: int) -> bool:
        """Whether a bucket counts in a window whose last hour is given."""
        if number == _UNDATED:
            return not self.newest
        if number > 0:
            return last - span.value < number <= last
        return span is Span.WEEK and number != _OLDER and last - span.value < -number * 24 + 23 and -number * 24 <= last

    def _at(self, number: int) -> Bucket:
        """The bucket that an hour or a day counts in, made where there is none, ready to count."""
        number = self._place(number)
        bucket = self._read(number) if number in self._buckets else Bucket()
        self._buckets.pop(number, None)
        self._buckets[number] = bucket  # the last of them: it was used last
        return bucket

    def _place(self, number: int) -> int:
        """Where an hour or a day is counted; what is oldest gives way to a newer one."""
        if number > 0 and number not in self._buckets:
            hours = [one for one in self._buckets if one > 0]
            if len(hours) >= HOURS:
                oldest = min(hours)
                if number < oldest:
                    return self._place(-(number // 24))
                self._move(oldest, -(oldest // 24))
        if number < _OLDER and number not in self._buckets:
            days = [-one for one in self._buckets if one < _OLDER]
            if len(days) >= DAYS:
                first = min(days)
                if -number < first:
                    return _OLDER
                self._move(-first, _OLDER)
        return number

    def _move(self, number: int, to: int) -> None:
        moved = self._read(number)
        del self._buckets[number]
        self._at(to).merge(moved)

    def _read(self, number: int) -> Bucket:
        bucket = self._buckets[number]
        if not isinstance(bucket, bytes):
            return bucket
        try:
            return Bucket.unpacked(bucket)
        except ValueError:  # read from a file where it was damaged: the rest of the figures stands
            return Bucket()

    def _rest(self, kept: int = _OPEN) -> None:
        """Pack all but the buckets that were used last."""
        for number in list(self._buckets)[: len(self._buckets) - kept]:
            bucket = self._buckets[number]
            if not isinstance(bucket, bytes):
                self._buckets[number] = bucket.packed()

    def _close(self) -> None:
        """Pack all; what comes next opens its bucket again."""
        self._bucket = _NOWHERE
        self._start = self._end = -1.0
        self._rest(0)
