"""How sure a template is: the probability that all of its segments are right, from the log-odds of each."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

from .model import chance
from .places import Place

SLOPE: Final = 1.0
"""How far log-odds are to be trusted (fitted together with the weights)."""


def confidence_of(way: Sequence[Place], hits: int) -> float:
    """The confidence in the template that a way through the tree stands for; `hits`: its requests.

    A few requests say little: each adds to the trust in what they say.
    """
    sure = prod(chance(SLOPE * abs(place.odds)) for place in way[1:])
    return sure * (hits + 1) / (hits + 1.5)
