"""The list of endpoints: what the trees of templates hold, with states, and what stays below the thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..observation import Key
from .confidence import confidence_of
from .corrections import Corrections, Pattern
from .discovered import Discovered, DiscoveredVariable, describe, describe_host
from .hosts import labels_at_variables
from .nodes import Leaf, number_of
from .noise import Noise
from .places import Place, pattern_of, template_of
from .provenance import Source
from .settings import Settings
from .spaces import Space


@dataclass(slots=True)
class _Found:
    key: Key
    space: Space
    way: tuple[Place, ...]
    leaf: Leaf


def listed(
    spaces: Iterable[Space],
    noise: Noise,
    corrections: Corrections,
    sources: Sequence[Source],
    settings: Settings,
    with_noise: bool,
) -> list[Discovered]:
    """All endpoints by host, path and method; those below the thresholds, and paths without a success, `with_noise`."""
    found: dict[Key, _Found] = {}
    by_host: dict[str, Space] = {}
    for space in spaces:
        by_host.update(dict.fromkeys(space.hosts, space))
        for each in _of_space(space):
            found[each.key] = each
    rest: list[Discovered] = []
    for key, leaf in noise.leaves.items():
        space_of = by_host.get(key.host)
        endpoint = space_of.endpoint_of(key.method, key.endpoint) if space_of is not None else None
        fits = (
            found.get(Key(key.method, space_of.host, endpoint.template)) if space_of is not None and endpoint else None
        )
        if fits is not None:
            fits.leaf.merge(leaf)
        elif with_noise:
            rest.append(_told(key, leaf, 0.0, corrections.states.get(key, "review"), ()))
    saved = _saved_by_pattern(corrections)
    for each in found.values():
        key = saved.get((each.key.method, each.key.host, pattern_of(each.key.endpoint)), each.key)
        state = corrections.states.get(key, "review")
        if state != "review" or with_noise or _is_enough(each.leaf, settings):
            variables = (*_variables(each.way, sources), *_host_variables(each.space))
            sure = 1.0 if state == "saved" else confidence_of(each.way, each.leaf.good)
            rest.append(_told(key, each.leaf, sure, state, variables))
    return sorted(rest, key=lambda one: (one.host, one.endpoint, one.method))


def _of_space(space: Space) -> Iterator[_Found]:
    for way, segments in space.place.walk():
        for method, leaves in way[-1].leaves().items():
            together = Leaf()
            for leaf in leaves:
                together.merge(leaf)
            yield _Found(Key(method, space.host, template_of(segments)), space, way, together)


def _variables(way: Sequence[Place], sources: Sequence[Source]) -> Iterator[DiscoveredVariable]:
    number = 0
    for place in way:
        if place.variable is not None:
            number += 1
            yield describe(number, place.variable, sources)


def _host_variables(space: Space) -> Iterator[DiscoveredVariable]:
    if len(space.hosts) == 1:
        return
    for name, labels in labels_at_variables(space.host, space.hosts):
        yield describe_host(name, labels)


def _is_enough(leaf: Leaf, settings: Settings) -> bool:
    if not leaf.good:
        return False
    good = float(leaf.good)
    if settings.within_s and leaf.last - leaf.first > settings.within_s:
        good *= settings.within_s / (leaf.last - leaf.first)  # as if they had come evenly
    return good >= settings.requests or 0 < settings.sessions <= number_of(leaf.sessions)


def _saved_by_pattern(corrections: Corrections) -> dict[tuple[str, str, Pattern], Key]:
    return {
        (key.method, key.host, pattern_of(key.endpoint)): key
        for key, state in corrections.states.items()
        if state == "saved"
    }


def _told(key: Key, leaf: Leaf, confidence: float, state: str, variables: tuple[DiscoveredVariable, ...]) -> Discovered:
    return Discovered(
        key.method,
        key.host,
        key.endpoint,
        leaf.hits,
        min(number_of(leaf.sessions), leaf.hits),
        confidence,
        state,
        variables,
        leaf.first,
        leaf.last,
        leaf.good,
    )
