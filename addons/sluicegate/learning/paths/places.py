"""What was found: a tree of places, each with the names and at most one variable that may follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .nodes import Folded, Leaf, Node, Sessions

_MOST_STEPS: Final = 256
"""Places that are looked at for one path, at most."""


class Value(NamedTuple):
    """What a list of endpoints tells of one value of a variable."""

    text: str
    hits: int
    look: str
    sessions: Sessions
    sources: tuple[int, ...]


@dataclass(slots=True)
class Variable:
    """What is known of a variable: the values that are kept apart, those that were folded, and the log-odds of each."""

    kids: list[Value]
    rests: list[Folded]
    odds: list[float]

    @property
    def values(self) -> int:
        """How many values were seen; where many were folded about so many."""
        return len(self.kids) + sum(rest.values for rest in self.rests)


@dataclass(slots=True)
class Place:
    """One place of the tree of templates: `nodes` are those of the paths that lead here.

    `odds`: the log-odds that the segment that leads here is a value: for a name below 0 as a rule, for a variable those
    of all of its values together.
    """

    nodes: list[Node]
    odds: float = 0.0
    variable: Variable | None = None
    names: dict[str, Place] = field(default_factory=dict)
    any: Place | None = None

    def leaves(self) -> dict[str, list[Leaf]]:
        """The leaves that end here, by method."""
        found: dict[str, list[Leaf]] = {}
        for node in self.nodes:
            for method, leaf in node.leaves.items():
                found.setdefault(method, []).append(leaf)
        return found

    def walk(self) -> Iterator[tuple[tuple[Place, ...], tuple[str | None, ...]]]:
        """Every place from here on with those before it, and the segments that lead to it, None for a variable."""
        waiting: list[tuple[tuple[Place, ...], tuple[str | None, ...]]] = [((self,), ())]
        while waiting:
            way, segments = waiting.pop()
            yield way, segments
            place = way[-1]
            if place.any is not None:
                waiting.append(((*way, place.any), (*segments, None)))
            waiting.extend(((*way, kid), (*segments, text)) for text, kid in reversed(place.names.items()))

    def find(self, segments: Sequence[str | None], method: str) -> tuple[str | None, ...] | None:
        """The template that a path belongs to: one that ends with its method, else one that ends, else None.

        A segment that is None asks for the variable at its place.
        """
        found: tuple[str | None, ...] | None = None
        waiting: list[tuple[Place, tuple[str | None, ...]]] = [(self, ())]
        for _ in range(_MOST_STEPS):
            if not waiting:
                break
            place, template = waiting.pop()
            if len(template) == len(segments):
                if any(method in node.leaves for node in place.nodes):
                    return template
                if found is None and any(node.leaves for node in place.nodes):
                    found = template
                continue
            text = segments[len(template)]
            if place.any is not None and text != "":
                waiting.append((place.any, (*template, None)))
            if text is not None and text in place.names:
                waiting.append((place.names[text], (*template, text)))
        return found


def template_of(segments: Sequence[str | None]) -> str:
    """The template as it is stored: variables are `{var1}`, `{var2}` … from left to right."""
    number = 0
    shown: list[str] = []
    for text in segments:
        if text is None:
            number += 1
            text = f"{{var{number}}}"
        shown.append(text)
    return "/" + "/".join(shown)


def segments_of(path: str) -> list[str]:
    """The segments of a path or a template; a trailing slash is an empty one at the end."""
    return path[1:].split("/")


def is_variable(segment: str) -> bool:
    """Whether a segment of a template as it is stored is a variable, whatever stands beside it."""
    return "{" in segment and "}" in segment


def pattern_of(template: str) -> tuple[str | None, ...]:
    """The segments of a stored template, None for each that holds a variable."""
    return tuple(None if is_variable(text) else text for text in segments_of(template))
