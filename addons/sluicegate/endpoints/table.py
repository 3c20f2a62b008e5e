"""The compiled table of endpoints: one lookup costs what the path's depth costs, however many endpoints there are.

A request matches at most one endpoint. Hosts that fit are tried from the most specific to the least; within a host
the path's segments are walked left to right: literal text before text with a variable in it (longer text first)
before a bare variable. API Shield says that the more specific endpoint wins; the order in full is ours. A table never
changes once it is built.

Where several ways lead on at one place, a lookup may try each: a table made for it, literal and variable side by side
at every place, makes a lookup try two ways at each depth.
"""

from __future__ import annotations

import uuid
from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from ..sessions.identifiers import Identifier
from .hosts import HostPattern
from .targets import Target
from .templates import Parts, PathTemplate, Segment, cuts_escape

_NAMESPACE = uuid.UUID("5f2d9d5e-2f0b-5c54-8a30-7c1f6a3f3d11")


def operation_id(method: str, host: HostPattern, path: PathTemplate) -> str:
    """Return the id of an operation: the same method, host pattern and stored path give the same UUIDv5."""
    return str(uuid.uuid5(_NAMESPACE, f"{method} {host.stored} {path.stored}"))


class Place(NamedTuple):
    """Where in the route files something is defined: file as shown to people, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One operation of the public API (Source Endpoint) and its route; `route` None: managed, not routed.

    `session_identifiers` None: the gateway's.
    """

    method: str
    host: HostPattern
    path: PathTemplate
    operation_id: str
    route: Target | None
    place: Place
    rewrite_location: bool = False
    normalize_to_origin: bool = False
    session_identifiers: tuple[Identifier, ...] | None = None

    @property
    def text(self) -> str:
        """Method and path as the route file has them."""
        return f"{self.method} {self.path.text}"

    def fits_path(self, segments: list[str]) -> bool:
        """Whether a path in normal form, split at slashes, is one of this endpoint's."""
        last = len(self.path.parts)
        return len(segments) == last + 1 and _rest_fits(self.path.parts, segments, 0, last)


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where requests go that no endpoint routes: an origin with an optional base path.

    `session_identifiers` None: the gateway's.
    """

    target: Target
    place: Place | None = None
    normalize_to_origin: bool = False
    rewrite_location: bool = False
    session_identifiers: tuple[Identifier, ...] | None = None


class Node:
    """One place in the tree of one method and one number of segments.

    Below it stands another node, or an endpoint that has the rest of its way for itself.
    """

    __slots__ = ("literals", "shapes", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, Node | Endpoint] = {}
        # One entry for each pair of lengths of the text around a variable, longest text first.
        self.shapes: tuple[tuple[int, int, dict[tuple[str, str], Node | Endpoint]], ...] = ()
        self.variable: Node | Endpoint | None = None


class HostTable:
    """The endpoints of one host pattern, and where its other requests go."""

    __slots__ = ("endpoints", "fallback", "pattern", "trees")

    def __init__(self, pattern: HostPattern) -> None:
        self.pattern = pattern
        self.fallback: Fallback | None = None
        self.endpoints: list[Endpoint] = []
        self.trees: dict[str, dict[int, Node]] = {}

    def add(self, endpoint: Endpoint) -> None:
        self.endpoints.append(endpoint)
        segments = endpoint.path.segments
        node = self.trees.setdefault(endpoint.method, {}).setdefault(len(segments) + 1, Node())
        for index, segment in enumerate(segments):
            below = _child(node, segment)
            if below is None or index == len(segments) - 1:
                _put(node, segment, endpoint)
                return
            if isinstance(below, Endpoint):  # it had this way for itself: it moves down one place
                deeper = Node()
                _put(deeper, below.path.segments[index + 1], below)
                _put(node, segment, deeper)
                below = deeper
            node = below


def _child(node: Node, segment: Segment) -> Node | Endpoint | None:
    if segment.variable is None:
        return node.literals.get(segment.prefix)
    if segment.is_bare:
        return node.variable
    for before, after, found in node.shapes:
        if (before, after) == (len(segment.prefix), len(segment.suffix)):
            return found.get((segment.prefix, segment.suffix))
    return None


def _put(node: Node, segment: Segment, below: Node | Endpoint) -> None:
    if segment.variable is None:
        node.literals[segment.prefix] = below
    elif segment.is_bare:
        node.variable = below
    else:
        lengths = (len(segment.prefix), len(segment.suffix))
        found = next((known for *own, known in node.shapes if tuple(own) == lengths), None)
        if found is None:
            found = {}
            shapes = [*node.shapes, (*lengths, found)]
            node.shapes = tuple(sorted(shapes, key=lambda shape: (-shape[0] - shape[1], -shape[0])))
        found[segment.prefix, segment.suffix] = below


def _find(node: Node, segments: list[str], index: int, last: int) -> Endpoint | None:
    """Return the most specific endpoint below a node: a loop where one way is left, a call where there are more."""
    while True:
        segment = segments[index]
        below = node.literals.get(segment)
        if below is not None:
            if below.__class__ is Endpoint:
                if _rest_fits(below.path.parts, segments, index, last):
                    return below
            elif node.variable is None and not node.shapes:
                node = below  # type: ignore[assignment]
                index += 1
                continue
            elif (found := _find(below, segments, index + 1, last)) is not None:  # type: ignore[arg-type]
                return found
        if node.shapes and (found := _find_shaped(node, segments, index, last)) is not None:
            return found
        below = node.variable
        if below is None or not segment:
            return None
        if below.__class__ is Endpoint:
            return below if _rest_fits(below.path.parts, segments, index, last) else None
        node = below  # type: ignore[assignment]
        index += 1


def _rest_fits(parts: Parts, segments: list[str], index: int, last: int) -> bool:
    """Whether what follows segment `index` of a path in normal form fits an endpoint's template."""
    while index < last:
        prefix, variable, suffix = parts[index]  # of segment index + 1: the first segment is the empty one
        index += 1
        if variable is None:
            if segments[index] != prefix:
                return False
        elif prefix or suffix:
            if not Segment(prefix, variable, suffix).fits(segments[index]):
                return False
        elif not segments[index]:
            return False
    return True


def _find_shaped(node: Node, segments: list[str], index: int, last: int) -> Endpoint | None:
    for below in _shaped(node, segments[index]):
        if isinstance(below, Node):
            if (found := _find(below, segments, index + 1, last)) is not None:
                return found
        elif _rest_fits(below.path.parts, segments, index, last):
            return below
    return None


def _shaped(node: Node, segment: str) -> Iterator[Node | Endpoint]:
    for before, after, found in node.shapes:
        end = len(segment) - after
        if before < end and not cuts_escape(segment, end):
            below = found.get((segment[:before], segment[end:]))
            if below is not None:
                yield below


def _find_all(node: Node, segments: list[str], index: int) -> Iterator[Endpoint]:
    """Every endpoint below a node that fits, most specific first: the order that `_find` stops in at the first."""
    segment = segments[index]
    ways = [node.literals.get(segment), *_shaped(node, segment), node.variable if segment else None]
    for below in ways:
        if isinstance(below, Node):
            yield from _find_all(below, segments, index + 1)
        elif below is not None and _rest_fits(below.path.parts, segments, index, len(segments) - 1):
            yield below


def _serving(
    hosts: dict[tuple[str | None, ...], HostTable], masks: dict[int, list[tuple[bool, ...]]], host: str
) -> tuple[HostTable, ...]:
    labels = (host,) if host.startswith("[") else tuple(host.split(".")) if host else ()
    keys = [
        tuple(None if variable else label for variable, label in zip(mask, labels, strict=True))
        for mask in (masks.get(len(labels), ()) if labels else ())
        if not (host.startswith("[") and any(mask))
    ]
    return tuple(served for key in (*keys, ()) if (served := hosts.get(key)) is not None)


class Table:
    """All endpoints of all host patterns. Fill it with `add` and `add_host`, then only look up."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[str | None, ...], HostTable] = {}
        # By number of labels: where variables stand in the patterns, most specific first. There are few such masks.
        self._masks: dict[int, list[tuple[bool, ...]]] = {}
        # Hostile hosts push each other out of this cache, nothing else. It must not hold the table itself: a table in
        # a reference cycle waits for a full collection, which would stop the world for tens of milliseconds.
        self.serving = lru_cache(maxsize=1024)(partial(_serving, self._hosts, self._masks))
        """The host tables that a host's requests are looked up in, most specific first."""

    def add_host(self, pattern: HostPattern, fallback: Fallback | None = None) -> HostTable:
        """Make a host pattern known, and the origin of its unrouted requests."""
        served = self._hosts.get(pattern.labels)
        if served is None:
            served = self._hosts[pattern.labels] = HostTable(pattern)
            mask = tuple(label is None for label in pattern.labels)
            masks = self._masks.setdefault(len(mask), [])
            if mask not in masks:
                insort(masks, mask, key=lambda one: (sum(one), one[::-1]))
            self.serving.cache_clear()
        if fallback is not None:
            served.fallback = fallback
        return served

    def add(self, endpoint: Endpoint) -> None:
        """Put an endpoint into the table; the same method, host pattern and stored path must come once only."""
        self.add_host(endpoint.host).add(endpoint)

    def __len__(self) -> int:
        return sum(len(served.endpoints) for served in self._hosts.values())

    @property
    def hosts(self) -> list[HostTable]:
        """The host tables, most specific pattern first."""
        return sorted(self._hosts.values(), key=lambda served: served.pattern.rank)

    def endpoints(self) -> Iterable[Endpoint]:
        """Every endpoint, host by host."""
        for served in self._hosts.values():
            yield from served.endpoints

    def lookup(self, method: str, host: str, path: str) -> Endpoint | None:
        """Return the one endpoint that a request belongs to, or None.

        Method and path (in normal form, without query) count as they are, the host as `parse_authority` gives it.
        """
        segments = path.split("/")
        count = len(segments)
        for served in self.serving(host):
            trees = served.trees.get(method)
            if trees is not None:
                tree = trees.get(count)
                if tree is not None:
                    endpoint = _find(tree, segments, 1, count - 1)
                    if endpoint is not None:
                        return endpoint
        return None

    def matches(self, method: str, host: str, path: str) -> Iterator[Endpoint]:
        """Every endpoint that fits a request: the first is the one that `lookup` returns, the others lost to it."""
        segments = path.split("/")
        for served in self.serving(host):
            tree = served.trees.get(method, {}).get(len(segments))
            if tree is not None:
                yield from _find_all(tree, segments, 1)

    def methods(self, host: str, path: str) -> list[str]:
        """The methods for which a path has an endpoint, sorted: what an Allow field says."""
        segments = path.split("/")
        found = {
            method
            for served in self.serving(host)
            for method, trees in served.trees.items()
            if (tree := trees.get(len(segments))) and _find(tree, segments, 1, len(segments) - 1)
        }
        return sorted(found)

    def own_fallback(self, endpoint: Endpoint) -> Fallback | None:
        """The origin of an endpoint's own host pattern."""
        return self._hosts[endpoint.host.labels].fallback

    def fallback(self, host: str) -> Fallback | None:
        """Where the unrouted requests of a host go: the origin of the most specific pattern that fits it."""
        for served in self.serving(host):
            return served.fallback
        return None
