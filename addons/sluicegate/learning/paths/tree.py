"""The trees of paths of all hosts: where a request is counted, and how they stay within their cap."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

from .looks import TYPED, look_of
from .nodes import MOST_SOURCES, Folded, Leaf, Node
from .places import segments_of

MOST_SEGMENTS: Final = 32
"""Segments of a path that is looked into; a longer one is noise."""
MOST_HOSTS: Final = 1_000
"""Hosts that are told apart."""
MOST_KIDS: Final = 1_024
"""Segments at one place that are told apart before any is known to be a value."""
ROW_SEGMENTS: Final = 3
"""Segments of a path that have a row each; what is below the last is part of its row."""
_CACHED: Final = 50_000

Row = tuple[str, ...]
"""A host and the first segments of a path."""


class Forest:
    """A tree for each host. `most`: nodes of all trees together.

    Where they become too many, the ends of paths that were used least, and longest ago among these, are dropped. Values
    of one place are folded: they become one node, which keeps their requests.

    `touched` and `reshaped` tell what to write again: rows by their first segments, hosts as a whole.
    """

    def __init__(self, most: int) -> None:
        self.roots: dict[str, Node] = {}
        self.nodes = 0
        self.fresh: list[tuple[Node, str]] = []
        self.touched: dict[Row, None] = {}
        self.reshaped: set[str] = set()
        self._most = most
        self._leaves: dict[tuple[str, str, str], tuple[Leaf, Row]] = {}

    def leaf(self, method: str, host: str, path: str) -> Leaf | None:
        """The leaf of a path that was there lately; what is kept of it is about to change."""
        found = self._leaves.get((method, host, path))
        if found is None:
            return None
        self.touched[found[1]] = None
        return found[0]

    def grow(self, method: str, host: str, path: str) -> Leaf | None:
        """The leaf of a path, made where there is none; None where the path or the hosts are too many.

        Nodes that were made are appended to `fresh`, with their texts.
        """
        root = self.roots.get(host)
        if root is None:
            if len(self.roots) >= MOST_HOSTS:
                return None
            root = self.roots[host] = Node()
            self.nodes += 1
        segments = segments_of(path)
        if len(segments) > MOST_SEGMENTS:
            return None
        node = root
        row: Row = (host,)
        folded = False
        for number, text in enumerate(segments):
            kid = node.kids.get(text)
            if kid is None:
                self.touched[row] = None
                kid = self._kid(node, text, host)
            folded = folded or (node.rest is not None and kid is node.rest.node)
            if not folded and number < ROW_SEGMENTS:
                row = (*row, text)
            node = kid
        leaf = node.leaves.get(method)
        if leaf is None:
            leaf = node.leaves[method] = Leaf()
        self.touched[row] = None
        if not folded:
            if len(self._leaves) >= _CACHED:
                self._leaves.clear()
            self._leaves[method, host, path] = (leaf, row)
        return leaf

    def parent_of(self, host: str, path: str) -> Node | None:
        """The deepest node that a path leads to with all but its last segment; None where it leads nowhere."""
        node = self.roots.get(host)
        for text in segments_of(path)[:-1][:MOST_SEGMENTS]:
            if node is None:
                return None
            node = node.kids.get(text) or (node.rest.node if node.rest is not None else None)
        return node

    def _kid(self, node: Node, text: str, host: str) -> Node:
        rest = node.rest
        if rest is not None and text:
            look = look_of(text)
            if (look in TYPED and rest.kinds.get(look, 0) * 10 >= rest.values) or len(node.kids) >= MOST_KIDS:
                rest.values += 1
                rest.kinds[look] = rest.kinds.get(look, 0) + 1
                return rest.node
        kid = node.kids[text] = Node()
        self.nodes += 1
        self.fresh.append((kid, text))
        if len(node.kids) > 2 * MOST_KIDS:
            self.fold(host, node, node.kids, MOST_KIDS)
            if text not in node.kids and node.rest is not None:
                return node.rest.node
        return kid

    def fold(self, host: str, node: Node, texts: Iterable[str], keep: int) -> bool:
        """Fold values at a place, all but the `keep` used most and last; returns whether any was."""
        among = [text for text in texts if text]
        surplus = len(among) - keep
        if surplus <= 0:
            return False
        if node.rest is None:
            node.rest = Folded()
            self.nodes += 1
        rest = node.rest
        for text in nsmallest(surplus, among, key=lambda each: _use(node.kids[each])):
            kid = node.kids.pop(text)
            self.nodes -= kid.size()
            rest.values += 1
            rest.given += bool(kid.flags)
            look = look_of(text)
            rest.kinds[look] = rest.kinds.get(look, 0) + 1
            kid.flags = 0
            sources = kid.sources
            kid.sources = ()
            self.nodes += rest.node.merge(kid)
            if sources and rest.node.sources != sources:
                rest.node.sources = tuple(dict.fromkeys(rest.node.sources + sources))[:MOST_SOURCES]
        self.reshaped.add(host)
        self._leaves.clear()
        return True

    def is_full(self) -> bool:
        """Whether there are more nodes than there may be."""
        return self.nodes > self._most

    def shrink(self) -> None:
        """Make room: drop the ends of paths that were used least and longest ago, until a fifth is free."""
        ends: list[tuple[tuple[int, float], int, Node, str]] = []
        for root in self.roots.values():
            for node in root.walk():
                ends.extend(
                    (_use(kid), number, node, text)
                    for number, (text, kid) in enumerate(node.kids.items())
                    if not kid.kids and kid.rest is None
                )
        surplus = self.nodes - self._most * 4 // 5
        for _, _, node, text in nsmallest(max(1, surplus), ends, key=lambda end: end[:2]):
            del node.kids[text]
            self.nodes -= 1
        self.reshaped.update(self.roots)
        self._leaves.clear()

    def merge(self, other: Forest) -> None:
        """Take in another's trees, which must not be used after it."""
        for host, root in other.roots.items():
            own = self.roots.get(host)
            if own is not None:
                self.nodes += own.merge(root)
            elif len(self.roots) < MOST_HOSTS:
                self.roots[host] = root
                self.nodes += root.size()
            self.reshaped.add(host)
        self._leaves.clear()
        while self.is_full():
            self.shrink()


def _use(node: Node) -> tuple[int, float]:
    leaves = node.leaves.values()
    return sum(leaf.hits for leaf in leaves) + len(node.kids), max((leaf.last for leaf in leaves), default=0.0)
