"""One API: the hosts that serve it, and the templates that its traffic has been found to have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ..observation import Key
from .inference import Inference
from .kids import Kid
from .model import Decide
from .nodes import Node
from .places import Place, is_variable, segments_of, template_of
from .provenance import Source

_CACHED: Final = 20_000

Pins = Callable[[tuple[str, ...], tuple[str | None, ...]], "dict[str | None, bool]"]


@dataclass(slots=True)
class Space:
    """Hosts with one API, `host` is what they are called together; `place` the tree of templates."""

    host: str
    hosts: tuple[str, ...]
    place: Place
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def endpoint_of(self, method: str, path: str) -> str | None:
        """The template that a path belongs to, None where it belongs to none."""
        known = self.keys.get((method, path))
        if known is not None:
            return known
        found = self.place.find(segments_of(path), method)
        if found is None:
            return None
        endpoint = template_of(found)
        if len(self.keys) >= _CACHED:
            self.keys.clear()
        self.keys[method, path] = endpoint
        return endpoint

    def now(self, method: str, endpoint: str) -> str | None:
        """What an endpoint that was found before is part of now."""
        asked = [None if is_variable(text) else text for text in segments_of(endpoint)]
        found = self.place.find(asked, method)
        return None if found is None else template_of(found)

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


def key_in(space: Space | None, method: str, host: str, path: str) -> Key:
    """The key of a path: of its template, where it has one, else of the path itself."""
    if space is not None:
        endpoint = space.endpoint_of(method, path)
        if endpoint is not None:
            return Key(method, space.host, endpoint)
    return Key(method, host, path)
