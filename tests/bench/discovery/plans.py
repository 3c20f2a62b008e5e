"""What is known of operations before traffic begins: their kinds of entities, their bodies, their popularity."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .bodies import Bodies, Node, Subject
from .documents import Api, Operation, Variable, shape_of
from .world import Kind, World

_WEIGHT: Final = {"GET": 1.0, "POST": 0.5, "PUT": 0.3, "PATCH": 0.3, "DELETE": 0.15}
_NEARBY: Final = 0.6


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation. `kinds`: of its variables; `child`: of what a collection holds, None for other operations."""

    operation: Operation
    kinds: list[Kind]
    child: Kind | None
    response: Node | None
    request: Node | None

    @property
    def is_about_one(self) -> bool:
        """Whether the path ends with the entity itself."""
        return any(isinstance(part, Variable) for part in self.operation.segments[-1])


def plans(api: Api, world: World, rng: random.Random) -> list[Plan]:
    """Return what is known of each operation, in the order of the document."""
    bodies = Bodies(api, set(world.by_entity), rng)
    below = _below(api.operations)
    return [_plan(operation, world, bodies, below) for operation in api.operations]


def _below(operations: Sequence[Operation]) -> dict[str, Variable]:
    """Collections: what stands right below a path, by that path's shape."""
    found: dict[str, Variable] = {}
    for operation in operations:
        shapes = [shape_of(segment) for segment in operation.segments]
        for number, segment in enumerate(operation.segments):
            variable = next((part for part in segment if isinstance(part, Variable)), None)
            if variable and not variable.is_fixed:
                found.setdefault("/" + "/".join(shapes[:number]), variable)
    return found


def _plan(operation: Operation, world: World, bodies: Bodies, below: dict[str, Variable]) -> Plan:
    variables = operation.variables
    on_entity = variables and variables[-1] in operation.segments[-1] and not variables[-1].is_fixed
    child = None if on_entity else below.get(operation.shape.rstrip("/"))
    one = child or next((variable for variable in reversed(variables) if not variable.is_fixed), None)
    subject = Subject(one.noun, one.name, child is not None) if one else None
    return Plan(
        operation,
        [world.kind(variable) for variable in variables],
        world.kind(child) if child else None,
        bodies.compile(operation.response, subject) if operation.response else None,
        bodies.compile(operation.request, subject) if operation.request else None,
    )


class Popularity:
    """Which operation comes next: by Zipf's law, reads above writes, mostly in the area of the one before."""

    def __init__(self, operations: Sequence[Operation], rng: random.Random) -> None:
        ranks = [*range(1, len(operations) + 1)]
        rng.shuffle(ranks)
        self._weights = [_WEIGHT[one.method] / rank for one, rank in zip(operations, ranks, strict=True)]
        by_area: dict[str, list[int]] = defaultdict(list)
        for number, operation in enumerate(operations):
            by_area[operation.area].append(number)
        self._everywhere = self._weighed([*range(len(operations))])
        self._by_area = {area: self._weighed(numbers) for area, numbers in by_area.items()}

    def next(self, area: str, rng: random.Random) -> int:
        """Return the number of an operation; `area` is that of the one before."""
        nearby = self._by_area.get(area) if rng.random() < _NEARBY else None
        numbers, weights = nearby or self._everywhere
        return rng.choices(numbers, cum_weights=weights)[0]

    def _weighed(self, numbers: list[int]) -> tuple[list[int], list[float]]:
        return numbers, [*itertools.accumulate(self._weights[number] for number in numbers)]
