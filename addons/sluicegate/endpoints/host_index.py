"""The host tables whose patterns overlap with one, found without comparing it with all."""

from __future__ import annotations

from collections.abc import Iterable

from .hosts import HostPattern
from .overlap import hosts_overlap
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

    def overlapping(self, pattern: HostPattern) -> list[HostTable]:
        """Return the host tables whose patterns some host fits as well as the given one."""
        if not pattern.labels:
            return self._hosts
        numbers = [*self._any, *min(self._candidates(pattern.labels), key=len)]
        found = (self._hosts[number] for number in sorted(numbers))
        return [served for served in found if hosts_overlap(served.pattern, pattern)]

    def _candidates(self, labels: tuple[str | None, ...]) -> list[list[int]]:
        count = len(labels)
        candidates = [self._by_count.get(count, [])]
        for place, label in enumerate(labels):
            if label is not None:
                same, variable = ((count, place, label), (count, place, None))
                candidates.append([*self._by_label.get(same, []), *self._by_label.get(variable, [])])
        return candidates
