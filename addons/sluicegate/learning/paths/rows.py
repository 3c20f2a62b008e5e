"""The learner's rows: what it keeps between runs, as JSON, one row for the first segments of each host's tree.

What cannot be read is left out: a row is either taken whole or not at all.
"""

from __future__ import annotations

import json
from typing import Any, Final

from .nodes import MOST_SESSIONS, MOST_SOURCES, Folded, Leaf, Node
from .provenance import Memory, Source

VERSION: Final = 1
_DEPTH: Final = 64


def text_of(members: Any) -> bytes:
    """A row's text."""
    return json.dumps({"v": VERSION, "data": members}, ensure_ascii=True, separators=(",", ":")).encode()


def members_of(row: bytes) -> Any:
    """What a row holds. Raises ValueError."""
    try:
        read = json.loads(row)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(read, dict) or read.get("v") != VERSION:
        raise ValueError("not a row of this version")
    return read.get("data")


def node_members(node: Node, memory: Memory) -> dict[str, Any]:
    """A node and all below it as JSON; what is empty is left out."""
    found: dict[str, Any] = {}
    if node.leaves:
        found["m"] = {
            method: [leaf.hits, leaf.good, leaf.bodies, leaf.sessions, leaf.shape, leaf.first, leaf.last]
            for method, leaf in node.leaves.items()
        }
    if node.kids:
        found["k"] = {text: node_members(kid, memory) for text, kid in node.kids.items()}
    if node.rest is not None:
        rest = node.rest
        found["r"] = [rest.values, rest.given, rest.kinds, node_members(rest.node, memory)]
    if node.sources:
        found["s"] = [list(memory.sources[number]) for number in node.sources]
    if node.flags:
        found["f"] = node.flags
    if node.misses:
        found["x"] = node.misses
    return found


def read_node(members: Any, memory: Memory, depth: int = 0) -> Node:
    """Read what `node_members` gave. Raises ValueError, TypeError, KeyError on nonsense."""
    if not isinstance(members, dict) or depth > _DEPTH:
        raise ValueError("no node")
    node = Node()
    for method, leaf in members.get("m", {}).items():
        node.leaves[method] = _read_leaf(leaf)
    for text, kid in members.get("k", {}).items():
        node.kids[text] = read_node(kid, memory, depth + 1)
    if "r" in members:
        values, given, kinds, below = members["r"]
        rest = node.rest = Folded()
        rest.values, rest.given = int(values), int(given)
        rest.kinds = {str(kind): int(number) for kind, number in kinds.items()}
        rest.node = read_node(below, memory, depth + 1)
    for flag, endpoint, field in members.get("s", [])[:MOST_SOURCES]:
        node.sources = (*node.sources, memory.number(Source(int(flag), str(endpoint), str(field))))
    node.flags = int(members.get("f", 0))
    node.misses = int(members.get("x", 0))
    return node


def _read_leaf(members: Any) -> Leaf:
    leaf = Leaf()
    hits, good, bodies, sessions, shape, first, last = members
    leaf.hits, leaf.good, leaf.bodies = int(hits), int(good), int(bodies)
    leaf.sessions = tuple(sorted({int(each) for each in sessions}))[:MOST_SESSIONS]
    leaf.shape = None if shape is None else tuple(int(each) for each in shape)
    leaf.first, leaf.last = float(first), float(last)
    return leaf
