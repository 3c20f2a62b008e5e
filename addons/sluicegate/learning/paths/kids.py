"""What is put together of one segment at one place, from all nodes that it was seen as, to decide what it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from .looks import TYPED, look_of, stem_of
from .nodes import Folded, Node, Sessions, union
from .words import words_of


@dataclass(slots=True)
class Total:
    """Requests and sessions at a node and below it; `paths`: paths with their methods, `busiest`: requests of one."""

    hits: int = 0
    paths: int = 0
    busiest: int = 0
    sessions: Sessions = ()


@dataclass(slots=True)
class Kid:
    """A segment below a place: its nodes, and what they show together. `group`: of those whose answers are alike.

    `subs`: the segments below; `deeper`: those two below that do not look like values.
    """

    text: str
    nodes: list[Node]
    look: str
    words: tuple[str, ...]
    hits: int = 0
    paths: int = 0
    busiest: int = 0
    sessions: Sessions = ()
    methods: frozenset[str] = frozenset()
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    subs: frozenset[str] = frozenset()
    deeper: frozenset[str] = frozenset()
    group: int = 0
    sources: tuple[int, ...] = ()
    flags: int = 0


def totals_of(root: Node) -> dict[int, Total]:
    """The totals of each node from here on, by id()."""
    order = list(root.walk())
    totals: dict[int, Total] = {}
    for node in reversed(order):
        total = Total()
        for leaf in node.leaves.values():
            total.hits += leaf.hits
            total.paths += 1
            total.busiest = max(total.busiest, leaf.hits)
            total.sessions = union(total.sessions, leaf.sessions)
        below = [*node.kids.values(), *((node.rest.node,) if node.rest is not None else ())]
        for kid in below:
            one = totals[id(kid)]
            total.hits += one.hits
            total.paths += one.paths
            total.busiest = max(total.busiest, one.busiest)
            total.sessions = union(total.sessions, one.sessions)
        totals[id(node)] = total
    return totals


def kids_of(nodes: Sequence[Node], totals: dict[int, Total]) -> list[Kid]:
    """The segments below a place, in the order of their texts."""
    by_text: dict[str, list[Node]] = {}
    for node in nodes:
        for text, kid in node.kids.items():
            by_text.setdefault(text, []).append(kid)
    return [_kid(text, by_text[text], totals) for text in sorted(by_text)]


def rests_of(nodes: Iterable[Node]) -> list[Folded]:
    """The folded values below a place."""
    return [node.rest for node in nodes if node.rest is not None]


@lru_cache(maxsize=1_024)
def _shared(methods: tuple[str, ...]) -> frozenset[str]:
    return frozenset(methods)  # one object for all segments with the same methods


def _kid(text: str, nodes: list[Node], totals: dict[int, Total]) -> Kid:
    kid = Kid(text, nodes, look_of(text), words_of(stem_of(text)))
    methods: set[str] = set()
    subs: set[str] = set()
    deeper: set[str] = set()
    for node in nodes:
        total = totals[id(node)]
        kid.hits += total.hits
        kid.paths += total.paths
        kid.busiest = max(kid.busiest, total.busiest)
        kid.sessions = union(kid.sessions, total.sessions)
        methods.update(node.leaves)
        for method, leaf in node.leaves.items():
            if leaf.shape is not None:
                kid.shapes.setdefault(method, leaf.shape)
        if len(subs) < 64:
            subs.update(node.kids)
            for below in islice(node.kids.values(), 16):
                if len(deeper) < 64:
                    deeper.update(text for text in below.kids if look_of(text) not in TYPED)
        kid.flags |= node.flags
        if node.sources:
            kid.sources = tuple(dict.fromkeys(kid.sources + node.sources))
    kid.methods = _shared(tuple(sorted(methods)))
    subs.discard("")
    deeper.discard("")
    kid.deeper = frozenset(deeper)
    kid.subs = frozenset(subs)
    return kid
