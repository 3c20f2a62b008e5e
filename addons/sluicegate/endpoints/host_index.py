"""The host tables whose patterns overlap with one, found without comparing it with all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge

from .hosts import HostPattern, hosts_overlap
from .table import HostTable


class HostIndex:
    """Host tables by number of labels and by each of their labels, in an order that answers keep.

    A pattern overlaps only with those that have, at the place of each label of its own, the same label or a variable:
    the place where the fewest do is looked at.
    """

    def __init__(self, hosts: Iterable[HostTable]) -> None:
        self._hosts = list(hosts)
        self._any: list[int] = []
        self._by_count: dict[int, list[int]] = {}
        self._by_label: dict[tuple[int, int, str | None], list[int]] = {}
        for number, served in enumerate(self._hosts):
            labels = served.pattern.labels
            if not labels:
                self._any.append(number)
                continue
            self._by_count.setdefault(len(labels), []).append(number)
            for place, label in enumerate(labels):
                self._by_label.setdefault((len(labels), place, label), []).append(number)

    def overlapping(self, pattern: HostPattern) -> Iterator[HostTable]:
        """Every host table whose pattern some host fits as well as the given one."""
        return (served for served in self.candidates(pattern) if hosts_overlap(served.pattern, pattern))

    def candidates(self, pattern: HostPattern) -> Iterator[HostTable]:
        """Every host table whose pattern may overlap with the given one: whoever has enough of them may stop."""
        if not pattern.labels:
            return iter(self._hosts)
        fewest = min(self._at_places(pattern.labels), key=lambda found: sum(map(len, found)))
        return (self._hosts[number] for number in merge(self._any, *fewest))

    def _at_places(self, labels: tuple[str | None, ...]) -> Iterator[list[list[int]]]:
        """For each place: the tables that fit there, in lists that are sorted and share none."""
        count = len(labels)
        yield [self._by_count.get(count, [])]
        for place, label in enumerate(labels):
            if label is not None:
                yield [self._by_label.get((count, place, each), []) for each in (label, None)]
