"""Paths that nothing was found at: what scanners and typos ask for. Kept apart, few, the oldest go first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ..observation import Key
from .nodes import Leaf


class Noise:
    """Requests without a success, by method, host and path, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.leaves: OrderedDict[Key, Leaf] = OrderedDict()

    def count(self, key: Key, session: int, at: float, requests: int = 1) -> None:
        """Count requests that found nothing."""
        leaf = self.leaves.get(key)
        if leaf is None:
            leaf = self.leaves[key] = Leaf()
            if len(self.leaves) > self._most:
                self.leaves.popitem(last=False)
        else:
            self.leaves.move_to_end(key)
        leaf.count(False, session, at, requests)

    def take(self, key: Key) -> Leaf | None:
        """What was counted at a path where something has been found now."""
        return self.leaves.pop(key, None)

    def merge(self, other: Noise) -> None:
        """Take in another's."""
        for key, leaf in other.leaves.items():
            mine = self.leaves.get(key)
            if mine is None:
                self.leaves[key] = leaf
            else:
                mine.merge(leaf)
        while len(self.leaves) > self._most:
            self.leaves.popitem(last=False)

    def members(self) -> list[Any]:
        """All of it as JSON."""
        return [[*key, leaf.hits, leaf.sessions, leaf.first, leaf.last] for key, leaf in self.leaves.items()]

    def load(self, members: Any) -> None:
        """Take in what `members` gave. Raises what nonsense raises."""
        for method, host, path, hits, sessions, first, last in members:
            leaf = Leaf()
            leaf.hits = int(hits)
            leaf.sessions = tuple(sorted(int(each) for each in sessions))
            leaf.first, leaf.last = float(first), float(last)
            self.leaves[Key(str(method), str(host), str(path))] = leaf
        while len(self.leaves) > self._most:
            self.leaves.popitem(last=False)
