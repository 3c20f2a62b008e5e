"""The tree of paths as they were seen: one node for a segment, one leaf for each method that ended there.

What is not decided yet stays apart: a value is a node of its own until its place is known to be a variable, and then
all but the most used values are folded into one node, the rest. A tree is merged with another node by node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

Sessions = tuple[int, ...]
"""Hashes of sessions, ascending, the `MOST_SESSIONS` smallest of all (a k-minimum-values sketch)."""
MOST_SESSIONS: Final = 64
"""Sessions that are told apart at a leaf; above that their number is an estimate, 13 % off as a rule."""
MOST_SOURCES: Final = 6
"""Sources of a value that are kept."""
SPACE: Final = float(1 << 64)

RESPONSE, REQUEST, LOCATION, ECHO, EARLIER, QUERY = 1, 2, 4, 8, 16, 32
"""Where the value of a segment was seen: in a response, a request's body, a Location or Link header, in the answer to
the request itself; before it was first used as a segment; in a query."""


class Leaf:
    """What is known of one method at one path: requests, of them successes, sessions, the answer's shape, times."""

    __slots__ = ("bodies", "first", "good", "hits", "last", "sessions", "shape")

    def __init__(self) -> None:
        self.hits = 0
        self.good = 0
        self.bodies = 0
        self.sessions: Sessions = ()
        self.shape: tuple[int, ...] | None = None
        self.first = 0.0
        self.last = 0.0

    def count(self, good: bool, session: int, at: float, requests: int = 1) -> None:
        """Count requests; `session` 0: none, `at` 0.0: unknown."""
        self.hits += requests
        if good:
            self.good += requests
        if session and session not in self.sessions:
            self.sessions = with_session(self.sessions, session)
        if at:
            if at > self.last:
                self.last = at
            if not self.first or at < self.first:
                self.first = at

    def merge(self, other: Leaf) -> None:
        """Take in what another leaf knows."""
        self.hits += other.hits
        self.good += other.good
        self.bodies += other.bodies
        self.sessions = union(self.sessions, other.sessions)
        self.shape = self.shape if self.shape is not None else other.shape
        self.first = min(filter(None, (self.first, other.first)), default=0.0)
        self.last = max(self.last, other.last)


class Folded:
    """The values of a variable that are no longer kept each: a merged node, how many they were, and of which kinds."""

    __slots__ = ("given", "kinds", "node", "values")

    def __init__(self) -> None:
        self.node = Node()
        self.values = 0
        self.given = 0
        self.kinds: dict[str, int] = {}


class Node:
    """One segment at one place; `sources` and `flags` tell where its text was seen besides."""

    __slots__ = ("flags", "kids", "leaves", "misses", "rest", "sources")

    def __init__(self) -> None:
        self.kids: dict[str, Node] = {}
        self.leaves: dict[str, Leaf] = {}
        self.rest: Folded | None = None
        self.sources: tuple[int, ...] = ()
        self.flags = 0
        self.misses = 0

    def merge(self, other: Node) -> int:
        """Take in what another node knows, which must not be used after it; returns by how many nodes this grew."""
        grown = 0
        for method, leaf in other.leaves.items():
            mine = self.leaves.get(method)
            if mine is None:
                self.leaves[method] = leaf
            else:
                mine.merge(leaf)
        for text, kid in other.kids.items():
            own = self.kids.get(text)
            if own is None:
                self.kids[text] = kid
                grown += kid.size()
            else:
                grown += own.merge(kid)
        if other.rest is not None:
            if self.rest is None:
                self.rest = other.rest
                grown += other.rest.node.size()
            else:
                grown += self.rest.node.merge(other.rest.node)
                self.rest.values += other.rest.values
                self.rest.given += other.rest.given
                for kind, number in other.rest.kinds.items():
                    self.rest.kinds[kind] = self.rest.kinds.get(kind, 0) + number
        self.flags |= other.flags
        if other.sources:
            self.sources = tuple(dict.fromkeys(self.sources + other.sources))[:MOST_SOURCES]
        self.misses += other.misses
        return grown

    def size(self) -> int:
        """The number of nodes from here on."""
        return sum(1 for _ in self.walk())

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.kids.values())
            if node.rest is not None:
                waiting.append(node.rest.node)


def with_session(sessions: Sessions, session: int) -> Sessions:
    """The sketch with one more session, which it does not hold yet."""
    if len(sessions) >= MOST_SESSIONS and session > sessions[-1]:
        return sessions
    return tuple(sorted((*sessions, session))[:MOST_SESSIONS])


def union(one: Sessions, other: Sessions) -> Sessions:
    """The sketch of the sessions of both."""
    if not one or not other or one == other:
        return one or other
    return tuple(sorted({*one, *other})[:MOST_SESSIONS])


def number_of(sessions: Sessions) -> int:
    """How many sessions a sketch stands for: exact below `MOST_SESSIONS`, else estimated from the k-th smallest."""
    if len(sessions) < MOST_SESSIONS:
        return len(sessions)
    return max(MOST_SESSIONS, round((MOST_SESSIONS - 1) * SPACE / sessions[-1]))
