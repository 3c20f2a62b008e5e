"""Whether a request exists that two endpoints both fit, and such a request: what two patterns have in common.

    common(GET api.test/hotels/{hotel}, GET {tenant}.test/{kind}/7)  →  GET http://api.test/hotels/7

A variable stands for any text but none, so it is filled with a readable value made of its own name: such a value is
never a dot segment and holds no escape. Whatever two templates have in common, they have with such values, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .host_index import HostIndex
from .hosts import common_host, host_of, hosts_overlap, value_of
from .table import Endpoint, HostTable, Node, Table
from .templates import Parts, Segment, cuts_escape

ANY_HOST = "any-host.example"
"""A host for requests whose host does not matter (RFC 2606 section 2: a name that nobody has)."""
_ANY_SEGMENT = "/any-path"
_MAX_DEPTH = 9
"""Depths at which a short path is looked for."""
_NAME = "x"
"""A variable in the tree, which keeps no names."""


class Witness(NamedTuple):
    """A request that shows something; `host` None: any host will do. The path is in normal form, without query."""

    method: str
    host: str | None
    path: str

    @property
    def authority(self) -> str:
        """The host to ask for."""
        return self.host or ANY_HOST

    @property
    def text(self) -> str:
        """The request in one line: `GET http://api.hotel.test/hotels/hotel1`."""
        return f"{self.method} http://{self.authority}{self.path}"


def witness(endpoint: Endpoint, number: int = 1) -> Witness:
    """Return a request that fits an endpoint (another one may win it); another `number` gives other values."""
    return Witness(endpoint.method, host_of(endpoint.host, number), path_of(endpoint.path.parts, number))


def common(one: Endpoint, other: Endpoint, number: int = 1) -> Witness | None:
    """Return a request that fits both endpoints, or None where there is none."""
    if one.method != other.method or not hosts_overlap(one.host, other.host):
        return None
    path = common_path(one.path.parts, other.path.parts, number)
    return None if path is None else Witness(one.method, common_host(one.host, other.host, number), path)


def path_of(parts: Parts, number: int = 1) -> str:
    """Return a path that fits a template."""
    return "/" + "/".join(f"{prefix}{value_of(name, number) if name else ''}{suffix}" for prefix, name, suffix in parts)


def common_path(one: Parts, other: Parts, number: int = 1) -> str | None:
    """Return a path that fits both templates, or None where there is none."""
    if len(one) != len(other):
        return None
    found: list[str] = []
    for own, their in zip(one, other, strict=True):
        text = common_text(Segment(*own), Segment(*their), number)
        if text is None:
            return None
        found.append(text)
    return "/" + "/".join(found)


def common_text(one: Segment, other: Segment, number: int = 1) -> str | None:
    """Return a segment of a path that fits both segments of templates, or None where there is none.

    Of two variables each needs its own text around it: the longer beginning has to begin with the shorter one, the
    longer end to end in the shorter one, and not within a percent escape.
    """
    if one.variable is None:
        return one.prefix if other.fits(one.prefix) else None
    if other.variable is None:
        return other.prefix if one.fits(other.prefix) else None
    shorter, prefix = sorted((one.prefix, other.prefix), key=len)
    if not prefix.startswith(shorter):
        return None
    shorter, suffix = sorted((one.suffix, other.suffix), key=len)
    if not suffix.endswith(shorter) or cuts_escape(suffix, len(suffix) - len(shorter)):
        return None
    narrower = min(one, other, key=lambda segment: segment.rank)
    return prefix + value_of(narrower.variable or "", number) + suffix


def overlapping(hosts: HostIndex, endpoint: Endpoint) -> Iterator[Endpoint]:
    """Every other endpoint of these hosts that some request fits as well as the given one, which may be of none.

    Costs what the endpoints cost that have the path's beginning in common with it, not what all do.
    """
    segments = endpoint.path.segments
    for served in hosts.overlapping(endpoint.host):
        tree = served.trees.get(endpoint.method, {}).get(len(segments) + 1)
        if tree is not None:
            yield from (found for found in _below(tree, segments, 0) if found is not endpoint)


def rivals(one: HostTable, other: HostTable) -> Iterator[tuple[Endpoint, Endpoint] | None]:
    """Every pair of endpoints, one of each table, whose paths overlap: both trees are walked at once.

    Yields None for every step on the way: two tables can be made so that most steps lead to no pair, and whoever asks
    may stop.
    """
    for method, trees in one.trees.items():
        for count, tree in trees.items():
            their = other.trees.get(method, {}).get(count)
            if their is not None:
                yield from _pairs(tree, their, 0)


def untaken(table: Table, host: str | None) -> Witness:
    """Return a request of a host that no endpoint takes, whatever its method: its path is as short as that allows."""
    authority = host or ANY_HOST
    for path in ("/", *(_ANY_SEGMENT * depth for depth in range(1, _MAX_DEPTH))):
        if not table.methods(authority, path):
            return Witness("GET", host, path)
    # A path of n segments has n + 1 parts: one segment more than the longest template is no endpoint's.
    deepest = max(count for served in table.serving(authority) for trees in served.trees.values() for count in trees)
    return Witness("GET", host, _ANY_SEGMENT * deepest)


def _pairs(one: Node | Endpoint, other: Node | Endpoint, index: int) -> Iterator[tuple[Endpoint, Endpoint] | None]:
    """`index`: of the segment that the ways below two places begin with."""
    yield None
    if isinstance(one, Endpoint):
        if isinstance(other, Endpoint):
            if _rest_overlaps(one.path.parts, other.path.segments, index):
                yield one, other
        else:
            for below in _ways(other, one.path.segments[index]):
                yield from _pairs(one, below, index + 1)
    else:
        for segment, below in _children(one):
            yield None
            if isinstance(other, Node):
                for their in _ways(other, segment):
                    yield from _pairs(below, their, index + 1)
            elif common_text(segment, other.path.segments[index]) is not None:
                yield from _pairs(below, other, index + 1)


def _children(node: Node) -> Iterator[tuple[Segment, Node | Endpoint]]:
    for text, below in node.literals.items():
        yield Segment(text), below
    for *_, shaped in node.shapes:
        for (prefix, suffix), below in shaped.items():
            yield Segment(prefix, _NAME, suffix), below
    if node.variable is not None:
        yield Segment("", _NAME), node.variable


def _below(node: Node, segments: tuple[Segment, ...], index: int) -> Iterator[Endpoint]:
    for below in _ways(node, segments[index]):
        if isinstance(below, Node):
            yield from _below(below, segments, index + 1)
        elif _rest_overlaps(below.path.parts, segments, index + 1):
            yield below


def _ways(node: Node, segment: Segment) -> Iterator[Node | Endpoint]:
    """What stands below a node on the ways that a segment of a template has text in common with."""
    if segment.variable is None:
        if (below := node.literals.get(segment.prefix)) is not None:
            yield below
    else:
        yield from (below for text, below in node.literals.items() if segment.fits(text))
    for *_, shaped in node.shapes:
        for (prefix, suffix), below in shaped.items():
            if common_text(Segment(prefix, _NAME, suffix), segment) is not None:
                yield below
    if node.variable is not None and (segment.variable or segment.prefix):
        yield node.variable


def _rest_overlaps(parts: Parts, segments: tuple[Segment, ...], index: int) -> bool:
    return all(
        common_text(Segment(*part), segment) is not None
        for part, segment in zip(parts[index:], segments[index:], strict=True)
    )
