"""Traffic under two tables: how many requests go elsewhere, from where to where, and the first of each kind."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..snapshot import Snapshot
from ..trial import Request, decisions
from .outcomes import CHANGES, UNCHANGED, Group, Kind, Outcome, group_of, kind_of

MOST_GROUPS: Final = 1000
"""Groups of changes that are told apart, at most."""
MOST_TOLD: Final = 8
"""Groups of one kind in a summary, at most: the largest."""
MOST_REMEMBERED: Final = 1 << 14
"""Decisions that are remembered for requests that come again, at most; then all are forgotten."""
LONGEST_REMEMBERED: Final = 512
"""Bytes of a request target whose decision is remembered, at most."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A request that goes elsewhere. `position` counts the requests of the traffic, `place` says where it stands."""

    position: int
    kind: Kind = field(compare=False)
    request: Request = field(compare=False)
    old: Outcome = field(compare=False)
    new: Outcome = field(compare=False)
    place: str = field(default="", compare=False)


class TrafficDiff:
    """What has come out so far: counts, groups, and the first `most` changes of each kind. Parts can be merged."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.unchanged = 0
        self.groups: Counter[Group] = Counter()
        self._changes: dict[Kind, list[Change]] = {kind: [] for kind in CHANGES}

    def count(self, group: Group, number: int = 1) -> None:
        """Count changes of a group; where there are too many groups, as changes of their kind alone."""
        if group not in self.groups and len(self.groups) >= MOST_GROUPS:
            group = Group(group.kind)
        self.groups[group] += number

    def wants(self, kind: Kind, position: int) -> bool:
        """Whether a change of this kind and position would be one of the first."""
        known = self._changes[kind]
        return len(known) < self.most or (self.most > 0 and position < known[-1].position)

    def keep(self, change: Change) -> None:
        """Keep a change if it is one of the first of its kind."""
        if self.wants(change.kind, change.position):
            known = self._changes[change.kind]
            insort(known, change)
            del known[self.most :]

    def merge(self, other: TrafficDiff) -> None:
        """Add what came out for another part of the same traffic."""
        self.unchanged += other.unchanged
        for group, number in other.groups.items():
            self.count(group, number)
        for change in other.changes:
            self.keep(change)

    @property
    def changes(self) -> list[Change]:
        """The first changes of each kind, kind by kind."""
        return [change for kind in CHANGES for change in self._changes[kind]]

    @property
    def total(self) -> int:
        """Requests that were compared."""
        return self.unchanged + self.groups.total()

    def number(self, kind: Kind) -> int:
        """Requests of a kind."""
        if kind == UNCHANGED:
            return self.unchanged
        return sum(number for group, number in self.groups.items() if group.kind == kind)

    @property
    def words(self) -> str:
        """The summary: `412 unchanged, 9 move from orders-v1 to orders-v2, 2 become 404`."""
        told = [f"{self.unchanged:,} unchanged"]
        for kind in CHANGES:
            told += [group.words(number) for group, number in self._largest(kind)]
        return ", ".join(told)

    def _largest(self, kind: Kind) -> Iterator[tuple[Group, int]]:
        found = sorted(
            ((group, number) for group, number in self.groups.items() if group.kind == kind and group.old),
            key=lambda one: (-one[1], one[0]),
        )
        yield from found[:MOST_TOLD]
        rest = sum(number for _, number in found[MOST_TOLD:]) + self.groups.get(Group(kind), 0)
        if rest:
            yield Group(kind), rest


class Comparison:
    """Requests decided under two snapshots, one after the other; `diff` is what has come out so far.

    A decision without header fields depends on method, scheme, host and target alone: traffic repeats itself, so the
    last few thousand of these are remembered.
    """

    def __init__(self, old: Snapshot, new: Snapshot, most: int) -> None:
        self.diff = TrafficDiff(most)
        self._snapshots: Sequence[Snapshot] = (old, new)
        self._known: dict[tuple[str, str, str | None, bytes], Group | None] = {}

    def take(self, request: Request, position: int, place: str = "") -> None:
        """Compare one request."""
        method, host, target, headers, scheme, _ = request
        key = None if headers or len(target) > LONGEST_REMEMBERED else (method, scheme, host, target)
        if key is not None and key in self._known:
            group = self._known[key]
            if group is None:
                self.diff.unchanged += 1
                return
            if not self.diff.wants(group.kind, position):
                self.diff.count(group)
                return
        old, new = decisions(request, self._snapshots)
        kind = kind_of(old, new)
        group = None if kind == UNCHANGED else group_of(old, new)
        if key is not None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = group
        if group is None:
            self.diff.unchanged += 1
            return
        self.diff.count(group)
        if self.diff.wants(kind, position):
            self.diff.keep(Change(position, kind, request, Outcome.of(old), Outcome.of(new), place))

    def taken(self) -> TrafficDiff:
        """Return what has come out since the last time, and begin anew."""
        diff, self.diff = self.diff, TrafficDiff(self.diff.most)
        return diff
