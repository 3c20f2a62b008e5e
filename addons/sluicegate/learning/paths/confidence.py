"""How sure a template is: the probability that all of its segments are right, from the log-odds of each."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, prod
from typing import Final

from .model import chance
from .places import Place

_SLOPE: Final = 1.55
_SHIFT: Final = -1.75
_MOST: Final = 0.99
"""Turns what the log-odds say into what came true (Platt scaling, fitted on templates of development providers that
the weights were not fitted on)."""


def confidence_of(way: Sequence[Place], hits: int) -> float:
    """The confidence in the template that a way through the tree stands for; `hits`: its requests.

    A few requests say little: each adds to the trust in what they say.
    """
    said = prod(chance(abs(place.odds)) for place in way[1:]) * (hits + 1) / (hits + 1.5)
    return min(_MOST, chance(_SLOPE * log(said / (1 - said)) + _SHIFT))
