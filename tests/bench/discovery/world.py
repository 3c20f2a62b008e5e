"""The things behind an API: kinds of entities with their identifiers, who owns them and what lies below what."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from .documents import SAFE, Api, Operation, Variable
from .identifiers import Make, slugs, style
from .nouns import Noun

_OWNED: Final = 0.5
_FEWEST, _MOST = 4, 400
_TRIES: Final = 60


@dataclass(eq=False, slots=True)
class Kind:
    """One kind of identifier. `nested`: found only below other entities. `is_scalar`: enums, days, codes, versions."""

    noun: Noun
    make: Make
    is_scalar: bool
    owned: bool
    nested: bool
    forbidden: frozenset[str]
    pool: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    weights: list[float] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def mint(self, rng: random.Random) -> str:
        """Return a new identifier: never a word that stands in the same place of another path of the API."""
        for attempt in range(_TRIES):
            value = self.make(rng)
            if attempt > _TRIES // 2:
                value += str(rng.randint(2, 99))
            if value not in self.taken and value.lower() not in self.forbidden:
                break
        self.taken.add(value)
        return value

    def popular(self, rng: random.Random) -> str:
        """Choose by popularity (Zipf)."""
        while len(self.weights) < len(self.pool):
            last = self.weights[-1] if self.weights else 0.0
            self.weights.append(last + 1 / (len(self.weights) + 1) ** 0.9)
        return rng.choices(self.pool, cum_weights=self.weights[: len(self.pool)])[0]


class World:
    """All kinds of an API; `kind(variable)` is what a variable takes its values from."""

    def __init__(self, api: Api, regime: str, rng: random.Random) -> None:
        self._rng = rng
        self._regime = regime
        self._forbidden = _siblings(api.operations)
        self.kinds: dict[tuple[Noun, bool], Kind] = {}
        self._related: dict[tuple[str, Kind], list[str]] = {}
        self._own: dict[tuple[int, Kind], list[str]] = {}
        at_home = {noun for operation in api.operations for noun in _first_nouns(operation)}
        for operation in api.operations:
            for variable in operation.variables:
                key = (variable.noun, variable.is_fixed)
                if key not in self.kinds:
                    self.kinds[key] = self._new(variable, variable.noun not in at_home)
        self.by_entity = {noun.entity: kind for (noun, _), kind in self.kinds.items() if noun.attribute == "id"}

    def kind(self, variable: Variable) -> Kind:
        return self.kinds[variable.noun, variable.is_fixed]

    def _new(self, variable: Variable, nested: bool) -> Kind:
        rng = self._rng
        forbidden = frozenset(self._forbidden.get(variable.noun, ()))
        listed = [_text(value) for value in variable.schema.get("enum") or () if value not in (None, "")]
        if variable.schema.get("type") == "boolean":
            listed = ["true", "false"]
        if variable.is_fixed:
            value = variable.schema.get("default") or (listed or [None])[0]
            listed = [_text(value)] if value else ["json" if "format" in variable.name.lower() else "v1"]
        make, is_scalar = style(variable.noun, variable.schema, self._regime, rng)
        kind = Kind(variable.noun, make, is_scalar, rng.random() < _OWNED, nested, forbidden)
        listed = [quote(value, safe=SAFE) for value in dict.fromkeys(listed) if value.lower() not in forbidden]
        if listed:
            kind.pool, kind.is_scalar = listed, True
        elif kind.is_scalar:
            kind.pool = [*dict.fromkeys(quote(make(rng), safe=SAFE) for _ in range(rng.randint(6, 40)))]
        elif not kind.nested and not kind.owned:
            size = round(math.exp(rng.uniform(math.log(_FEWEST), math.log(_MOST))))
            kind.pool = [kind.mint(rng) for _ in range(size)]
        if not listed and kind.is_scalar and any(value.lower() in forbidden for value in kind.pool):
            kind.make = slugs(rng)
            kind.pool = [kind.mint(rng) for _ in range(8)]
        return kind

    def create(self, kind: Kind, user: int, parent: str) -> str:
        """A user makes a new entity, which is hers, or everybody's, or its parent's."""
        value = kind.mint(self._rng)
        self.available(kind, user, parent).append(value)
        return value

    def available(self, kind: Kind, user: int, parent: str) -> list[str]:
        """The entities of a kind that a user comes upon, below a parent where there is one; never none."""
        if kind.is_scalar:
            return kind.pool
        if parent:
            found = self._related.setdefault((parent, kind), [])
            if not found:
                found += self._children(kind, user)
            return found
        if not kind.owned and not kind.nested:
            if not kind.pool:
                kind.pool.append(kind.mint(self._rng))
            return kind.pool
        found = self._own.setdefault((user, kind), [])
        if not found:
            found += [kind.mint(self._rng) for _ in range(_few(self._rng, 6))]
        return found

    def _children(self, kind: Kind, user: int) -> list[str]:
        rng = self._rng
        if kind.nested:
            return [kind.mint(rng) for _ in range(_few(rng, 8))]
        known = self.available(kind, user, "")
        return rng.sample(known, min(len(known), _few(rng, 6)))

    def pick(self, kind: Kind, user: int, parent: str) -> str:
        """Choose one of those: shared ones by popularity."""
        if kind.is_scalar or (not parent and not kind.owned and not kind.nested):
            self.available(kind, user, parent)
            return kind.popular(self._rng)
        return self._rng.choice(self.available(kind, user, parent))

    def delete(self, kind: Kind, value: str, user: int, parent: str) -> None:
        """An entity is gone; others may still ask for it."""
        for known in (kind.pool, self._own.get((user, kind), []), self._related.get((parent, kind), [])):
            if value in known and not kind.is_scalar:
                known.remove(value)
        kind.deleted.append(value)


def _few(rng: random.Random, most: int) -> int:
    """One, two or three, seldom more."""
    return min(most, 1 + int(rng.expovariate(0.6)))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_nouns(operation: Operation) -> Iterable[Noun]:
    """The first variable that names a thing: it is found without a parent."""
    return (variable.noun for variable in itertools.islice((v for v in operation.variables if not v.is_fixed), 1))


def _siblings(operations: Iterable[Operation]) -> dict[Noun, set[str]]:
    """For each noun the literals that stand where its values stand: a service would not give such a name."""
    literals: dict[tuple[str, ...], set[str]] = {}
    places: list[tuple[tuple[str, ...], Noun]] = []
    for operation in operations:
        shapes = operation.shape[1:].split("/")
        for number, segment in enumerate(operation.segments):
            before = tuple(shapes[:number])
            if shapes[number] != "{}":
                literals.setdefault(before, set()).add(shapes[number].lower())
            elif len(segment) == 1 and isinstance(segment[0], Variable):
                places.append((before, segment[0].noun))
    found: dict[Noun, set[str]] = {}
    for before, noun in places:
        found.setdefault(noun, set()).update(literals.get(before, ()))
    return found
