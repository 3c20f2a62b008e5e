"""One API: the hosts that serve it, and the templates that its traffic has been found to have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..observation import Key
from .inference import Inference
from .kids import Kid
from .model import Decide
from .nodes import Node
from .places import Place, pattern_of, segments_of, template_of
from .provenance import Source

SETTLED: Final = 12
"""Values of a variable from which on what is learned of them is kept as one (our choice).

Before, a variable may still turn out to be names, and what was put together cannot be taken apart again.
"""
_CACHED: Final = 20_000

Pins = Callable[[tuple[str, ...], tuple[str | None, ...]], "dict[str | None, bool]"]


class Endpoint(NamedTuple):
    """The template of a path, and the one under which what is learned of it is kept: without young variables."""

    template: str
    held: str


@dataclass(slots=True)
class Space:
    """Hosts with one API, `host` is what they are called together; `place` the tree of templates."""

    host: str
    hosts: tuple[str, ...]
    place: Place
    keys: dict[tuple[str, str], Endpoint] = field(default_factory=dict)

    def endpoint_of(self, method: str, path: str) -> Endpoint | None:
        """The template that a path belongs to, None where it belongs to none."""
        known = self.keys.get((method, path))
        if known is not None:
            return known
        found = self._find(method, segments_of(path))
        if found is None:
            return None
        if len(self.keys) >= _CACHED:
            self.keys.clear()
        self.keys[method, path] = found
        return found

    def now(self, method: str, endpoint: str) -> Endpoint | None:
        """What an endpoint that was found before is part of now."""
        return self._find(method, pattern_of(endpoint))

    def _find(self, method: str, asked: Sequence[str | None]) -> Endpoint | None:
        found = self.place.find(asked, method)
        if found is None:
            return None
        template = template_of(found)
        place: Place | None = self.place
        held: list[str | None] = []
        for text, segment in zip(asked, found, strict=True):
            if place is not None:
                place = place.any if segment is None else place.names.get(segment)
            variable = place.variable if place is not None and segment is None else None
            held.append(text if variable is not None and variable.values < SETTLED else segment)
        return Endpoint(template, template_of(held) if held != list(found) else template)

    def templates(self) -> set[str]:
        """What tells this API from others: its methods and templates."""
        found: set[str] = set()
        for way, segments in self.place.walk():
            endpoint = template_of(segments)
            found.update(f"{method} {endpoint}" for node in way[-1].nodes for method in node.leaves)
        return found


def infer(
    host: str,
    roots: Iterable[tuple[str, Node]],
    decide: Decide,
    sources: list[Source],
    pins: Pins,
    look: Callable[[Kid], None],
) -> Space:
    """Find the templates of hosts that are one API."""
    trees = sorted(roots, key=lambda tree: tree[0])
    hosts = tuple(name for name, _ in trees)
    asked = tuple(dict.fromkeys((*hosts, host)))
    run = Inference([root for _, root in trees], decide, sources, lambda pattern: pins(asked, pattern), look)
    return Space(host, hosts, run.run())


def key_in(space: Space | None, method: str, host: str, path: str, *, held: bool = False) -> Key:
    """The key of a path: of its template, where it has one, else of the path itself; `held`: as it is kept."""
    if space is not None:
        endpoint = space.endpoint_of(method, path)
        if endpoint is not None:
            return Key(method, space.host, endpoint.held if held else endpoint.template)
    return Key(method, host, path)
