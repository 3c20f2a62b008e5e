"""Which rows a forest has: which changed, which are gone, and how they are read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from .nodes import Node
from .provenance import Memory
from .rows import members_of, node_members, read_node, text_of
from .tree import MOST_HOSTS, ROW_SEGMENTS, Forest, Row

_TREE = "tree "


class Stored:
    """The rows of a forest as they were last given or read."""

    def __init__(self) -> None:
        self._rows: set[Row] = set()

    def changed(self, forest: Forest, memory: Memory) -> Iterator[tuple[str, bytes | None]]:
        """The rows that changed since they were last given, None for those that are gone; then nothing has changed."""
        rows = dict.fromkeys(forest.touched)
        if forest.reshaped:
            for host in forest.reshaped:
                if host in forest.roots:
                    rows.update(dict.fromkeys(rows_of(host, forest.roots[host])))
            rows.update(dict.fromkeys(row for row in self._rows if row[0] in forest.reshaped))
        forest.touched.clear()
        forest.reshaped.clear()
        for row in rows:
            node = node_at(forest, row)
            if node is not None:
                self._rows.add(row)
                yield name_of(row), text_of(_members(node, len(row) - 1, memory))
            elif row in self._rows:
                self._rows.discard(row)
                yield name_of(row), None

    def load(self, forest: Forest, memory: Memory, name: str, data: bytes) -> None:
        """Take in a row. Raises what nonsense raises."""
        row = tuple(json.loads(name.removeprefix(_TREE)))
        if not row or len(row) > ROW_SEGMENTS + 1 or not all(isinstance(text, str) for text in row):
            raise ValueError("no row of a tree")
        node = read_node(members_of(data), memory)
        root = forest.roots.get(row[0])
        if root is None:
            if len(forest.roots) >= MOST_HOSTS:
                return
            root = forest.roots[row[0]] = Node()
            forest.nodes += 1
        for text in row[1:]:
            kid = root.kids.get(text)
            if kid is None:
                kid = root.kids[text] = Node()
                forest.nodes += 1
            root = kid
        forest.nodes += root.merge(node)
        self._rows.add(row)


def is_tree(name: str) -> bool:
    """Whether a row is one of a tree."""
    return name.startswith(_TREE)


def name_of(row: Row) -> str:
    """The name of a row."""
    return _TREE + json.dumps(row)


def rows_of(host: str, root: Node) -> Iterator[Row]:
    """The rows of a tree."""
    waiting: list[tuple[Row, Node]] = [((host,), root)]
    while waiting:
        row, node = waiting.pop()
        yield row
        if len(row) <= ROW_SEGMENTS:
            waiting.extend(((*row, text), kid) for text, kid in node.kids.items())


def node_at(forest: Forest, row: Row) -> Node | None:
    """The node of a row."""
    node = forest.roots.get(row[0])
    for text in row[1:]:
        if node is None:
            return None
        node = node.kids.get(text)
    return node


def _members(node: Node, depth: int, memory: Memory) -> object:
    if depth >= ROW_SEGMENTS:
        return node_members(node, memory)
    alone = Node()  # its own part of the row; its kids have rows of their own
    alone.leaves, alone.rest, alone.sources = node.leaves, node.rest, node.sources
    alone.flags, alone.misses = node.flags, node.misses
    return node_members(alone, memory)


def readable(rows: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The rows that are texts and bytes at all."""
    return ((name, data) for name, data in rows if isinstance(name, str) and isinstance(data, bytes))
