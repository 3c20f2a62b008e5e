"""Clients: who they are, how long they stay, what they have at hand."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from .world import Kind, World

_REQUESTS: Final = 14
"""Of a session, on average."""
_USERS: Final = 1.5
"""Sessions of a user, on average."""
_LONGEST: Final = 200
_NEW_KEY: Final = 0.15
"""How often a user comes back with another token."""
_BROWSERS: Final = 0.3


@dataclass(slots=True)
class Session:
    """One client under way.

    `key`: '' where the API names no sessions. `steps`: requests still to come by popularity; `agenda`: operations still
    to visit besides. `focus`: the entity at hand of each kind below a parent; `seen`: those that it was shown.
    """

    number: int
    user: int
    key: str
    steps: int
    is_browser: bool
    agenda: list[int] = field(default_factory=list)
    focus: dict[tuple[Kind, str], str] = field(default_factory=dict)
    seen: dict[tuple[Kind, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    area: str = ""

    def show(self, kind: Kind, parent: str, value: str) -> None:
        """The client has seen an entity in an answer."""
        if value not in self.seen[kind, parent]:
            self.seen[kind, parent].append(value)

    def forget(self, kind: Kind, parent: str, value: str) -> None:
        """The entity is gone."""
        self.focus.pop((kind, parent), None)
        if value in self.seen.get((kind, parent), ()):
            self.seen[kind, parent].remove(value)

    def values(self, kinds: list[Kind], world: World, rng: random.Random) -> list[str]:
        """Choose the entities that a request names: at hand, seen, or another that the user comes upon."""
        values, parent = [], ""
        for kind in kinds:
            place = (kind, parent)
            seen = self.seen.get(place)
            if kind.is_scalar:
                value = world.pick(kind, self.user, "")
            elif place in self.focus and rng.random() < 0.6:
                value = self.focus[place]
            elif seen and rng.random() < 0.7:
                value = rng.choice(seen)
            else:
                value = world.pick(kind, self.user, parent)
            values.append(value)
            if not kind.is_scalar:
                self.focus[place] = value
                parent = value
        return values

    def related(self, kind: Kind, world: World) -> str:
        """An entity that a body of this session refers to."""
        at_hand = next((value for (known, _), value in self.focus.items() if known is kind), None)
        return at_hand or world.pick(kind, self.user, "")


def sessions(operations: int, requests: float, least: int, is_anonymous: bool, rng: random.Random) -> list[Session]:
    """Return the sessions of so many requests; each operation is on the agenda of `least` different ones."""
    count = max(least + 1, round(requests / _REQUESTS))
    users = max(3, round(count / _USERS))
    keys: dict[int, str] = {}
    made = []
    for number in range(count):
        user = rng.randrange(users)
        if user not in keys or rng.random() < _NEW_KEY:
            keys[user] = f"{rng.getrandbits(64):016x}"
        steps = min(_LONGEST, max(1, round(rng.lognormvariate(2.0, 0.9))))
        made.append(Session(number, user, "" if is_anonymous else keys[user], steps, rng.random() < _BROWSERS))
    free, whole = max(0.0, requests - least * operations), sum(session.steps for session in made)
    for session in made:
        session.steps = round(session.steps * free / whole)
    for number in range(operations):
        for session in rng.sample(made, least):
            session.agenda.append(number)
    for session in made:
        rng.shuffle(session.agenda)
    return made
