"""The curves: what schemas accept and refuse that were learned from 10, 30, 100, 300 and 1,000 requests."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sluicegate.learning.observation import Key
from sluicegate.learning.schemas.openapi import Learned, openapi
from sluicegate.learning.schemas.profile import Profile

from ..discovery.corpus import digest
from .judging import HOST, Judge, observation
from .mutating import CLASSES, Mutant, mutants, places
from .truth import FORM, Truth, validator
from .values import maker, presence

STEPS: Final = (10, 30, 100, 300, 1000)
FRESH: Final = 300
MUTANTS: Final = 30
"""Of each class and operation."""
_TRIES: Final = 12
_START: Final = 1_700_000_000.0


@dataclass(slots=True)
class Tally:
    """What came of the judging at one number of requests; `refused` by class and kind.

    `whole`: operations of which every fresh valid request was accepted, of all `operations`.
    """

    operations: int = 0
    whole: int = 0
    valid: int = 0
    accepted: int = 0
    mutated: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add what came of another operation."""
        self.operations += other.operations
        self.whole += other.whole
        self.valid += other.valid
        self.accepted += other.accepted
        self.mutated += other.mutated
        self.refused += other.refused
        self.reasons += other.reasons

    @property
    def acceptance(self) -> float:
        """Share of valid requests that are accepted."""
        return self.accepted / self.valid if self.valid else float("nan")

    def rejection(self, group: str = "") -> float:
        """Share of mutated requests that are refused, of one class or of all."""
        of = sum(count for (one, _), count in self.mutated.items() if group in ("", one))
        refused = sum(count for (one, _), count in self.refused.items() if group in ("", one))
        return refused / of if of else float("nan")


class Client:
    """Makes valid requests of an operation."""

    def __init__(self, truth: Truth, seed: int) -> None:
        self.truth = truth
        self.rng = random.Random(int(digest(f"{truth.name} {seed}")[:12], 16))
        self.schema = truth.schema()
        self.truly = validator(self.schema)
        rng = self.rng
        self._parameters = [
            (one.place, one.name, 1.0 if one.required else presence(rng), maker(one.schema, one.name, rng))
            for one in truth.parameters
        ]
        self._body = maker(truth.body, "body", rng) if truth.body is not None else None

    def valid(self) -> dict[str, Any] | None:
        """A valid request; None where several tries gave none."""
        for _ in range(_TRIES):
            made: dict[str, Any] = {}
            for place, name, share, make in self._parameters:
                if share >= 1 or self.rng.random() < share:
                    value = make()
                    if value == [] or (value == "" and place == "path"):
                        continue
                    made.setdefault(place, {})[name] = value
            if self._body is not None:
                made["body"] = self._body()
            if self.truly.is_valid(made):
                return made
        return None

    def mutated(self, message: dict[str, Any], group: str) -> Mutant | None:
        """A request with one place changed that is wrong."""
        for mutant in mutants(message, self.schema, self.truth.media == FORM, group, self.rng):
            if not self.truly.is_valid(mutant.message):
                return mutant
        return None


def curve(truth: Truth, seed: int) -> dict[int, Tally] | None:
    """Return what came of one operation at each number of requests; None where no valid requests can be made of it."""
    try:
        client = Client(truth, seed)
    except ValueError:  # a schema that is none
        return None
    probe = [client.valid() for _ in range(30)]
    if any(one is None for one in probe) or not any(probe):
        return None
    messages = list(_valid(client, max(STEPS) + FRESH))
    if len(messages) < max(STEPS) + FRESH:
        return None
    fresh = messages[max(STEPS) :]
    wrong = [(base, mutant) for base in fresh for mutant in _mutated(client, base)]
    client.rng.shuffle(wrong)
    profile = Profile()
    seen: set[str] = set()
    judged: dict[int, Tally] = {}
    for number, message in enumerate(messages[: max(STEPS)], 1):
        profile.observe(*observation(truth, message, _START + 60 * number))
        seen.update(place.name for place in places(message, client.schema, truth.media == FORM))
        if number in STEPS:
            judged[number] = _judged(truth, profile, fresh, wrong, seen)
    return judged


def _valid(client: Client, count: int) -> Iterator[dict[str, Any]]:
    for _ in range(count):
        message = client.valid()
        if message is None:
            return
        yield message


def _mutated(client: Client, message: dict[str, Any]) -> Iterator[Mutant]:
    for group in CLASSES:
        mutant = client.mutated(message, group)
        if mutant is not None:
            yield mutant


def learned_operation(truth: Truth, profile: Profile) -> dict[str, Any]:
    """The operation as it is exported."""
    variables = iter(range(1, 100))
    endpoint = "/".join(f"{{var{next(variables)}}}" if "{" in part else part for part in truth.template.split("/"))
    document = openapi([Learned(Key(truth.method, HOST, endpoint), profile)]).data
    operation: dict[str, Any] = document["paths"][endpoint][truth.method.lower()]
    return operation


def _judged(
    truth: Truth,
    profile: Profile,
    fresh: list[dict[str, Any]],
    wrong: list[tuple[dict[str, Any], Mutant]],
    seen: set[str],
) -> Tally:
    judge, tally = Judge(learned_operation(truth, profile)), Tally()
    refusals = [judge.refusal(truth, message) for message in fresh]
    tally.valid, tally.operations = len(fresh), 1
    tally.accepted = refusals.count("")
    tally.whole = int(tally.accepted == tally.valid)
    tally.reasons.update(f"{truth.name} | {told}" for told in refusals if told)
    accepted = {id(message) for message, told in zip(fresh, refusals, strict=True) if not told}
    left = Counter(dict.fromkeys(CLASSES, MUTANTS))
    for base, mutant in wrong:
        # What is refused for another reason than the change proves nothing.
        if left[mutant.group] and mutant.place in seen and id(base) in accepted:
            left[mutant.group] -= 1
            tally.mutated[mutant.group, mutant.kind] += 1
            if judge.refusal(truth, mutant.message):
                tally.refused[mutant.group, mutant.kind] += 1
    return tally
