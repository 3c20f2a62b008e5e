"""Whether a request exists that two endpoints both fit, and such a request: what two patterns have in common.

    common(GET api.test/hotels/{hotel}, GET {tenant}.test/{kind}/7)  →  GET http://api.test/hotels/7

A variable stands for any text but none, so it is filled with a readable value made of its own name: such a value is
never a dot segment and holds no escape. Whatever two templates have in common, they have with such values, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .hosts import MAX_HOST, HostPattern
from .table import Endpoint, HostTable, Node, Table
from .templates import Parts, Segment, cuts_escape

ANY_HOST = "any-host.example"
"""A host for requests whose host does not matter (RFC 2606 section 2: a name that nobody has)."""
_MAX_NAME = 40
"""Characters of a variable's name that go into its value, at most: requests are to be read."""

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


def host_of(pattern: HostPattern, number: int = 1) -> str | None:
    """Return a host that fits a pattern; None for a pattern of any host."""
    return common_host(pattern, pattern, number)


def common_host(one: HostPattern, other: HostPattern, number: int = 1) -> str | None:
    """Return a host that fits both patterns; None where there is none, or where both are for any host."""
    if not one.labels or not other.labels:
        one = other = one if one.labels else other
    if len(one.labels) != len(other.labels):
        return None
    names = iter(one.variables)
    filled = [next(names) if label is None else None for label in one.labels]
    labels: list[str] = []
    short: list[str] = []
    for name, own, their in zip(filled, one.labels, other.labels, strict=True):
        fixed = own or their
        if own != their and ((own and their) or (fixed or "").startswith("[")):
            return None  # a variable stands for a label of a name, never for an address in brackets
        labels.append(fixed or _value((name or "").lower(), number))
        short.append(fixed or "x")
    host = ".".join(labels)
    if len(host) > MAX_HOST:
        host = ".".join(short)
    return host if 0 < len(host) <= MAX_HOST else None


def hosts_overlap(one: HostPattern, other: HostPattern) -> bool:
    """Whether some host fits both patterns."""
    if not one.labels or not other.labels:
        return True
    if len(one.labels) != len(other.labels):
        return False
    for own, their in zip(reversed(one.labels), reversed(other.labels), strict=True):
        if own != their and own is not None and their is not None:
            return False  # most pairs of patterns end here, without a host being made
    return common_host(one, other) is not None


def path_of(parts: Parts, number: int = 1) -> str:
    """Return a path that fits a template."""
    return "/" + "/".join(f"{prefix}{_value(name, number) if name else ''}{suffix}" for prefix, name, suffix in parts)


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
    return prefix + _value(narrower.variable or "", number) + suffix


def overlapping(table: Table, endpoint: Endpoint) -> Iterator[Endpoint]:
    """Every other endpoint of a table that some request fits as well as the given one, which may be of no table.

    Costs what the endpoints cost that have the path's beginning in common with it, not what all do.
    """
    segments = endpoint.path.segments
    for served in overlapping_hosts(table, endpoint.host):
        tree = served.trees.get(endpoint.method, {}).get(len(segments) + 1)
        if tree is not None:
            yield from (found for found in _below(tree, segments, 0) if found is not endpoint)


def overlapping_hosts(table: Table, pattern: HostPattern) -> list[HostTable]:
    """Return the host tables of patterns that some host fits as well as the given one, the most specific first."""
    if pattern.is_exact and (host := host_of(pattern)) is not None:
        return list(table.serving(host))
    return [served for served in table.hosts if hosts_overlap(served.pattern, pattern)]


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
    counts = [
        count for served in table.serving(authority) for trees in served.trees.values() for count in trees
    ]  # a path of n segments has n + 1 parts
    deepest = max(counts, default=1)
    paths = ["/", *(_ANY_SEGMENT * depth for depth in range(1, min(deepest, _MAX_DEPTH)))]
    path = next((path for path in paths if not table.methods(authority, path)), _ANY_SEGMENT * deepest)
    return Witness("GET", host, path)


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


def _value(name: str, number: int) -> str:
    return f"{name[:_MAX_NAME]}{number}"
