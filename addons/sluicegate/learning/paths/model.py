"""The model: the log-odds that a segment is a value of a variable, as a weighted sum of its features.

It is asked twice. The first answer is for each segment alone; the second weighs in what the first said of the siblings
that are like it, because a place with a variable shows many values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import exp, log1p
from typing import Final

from .features import FEATURES, NAMES, Setting, features, prepare
from .kids import Kid
from .shapes import likeness
from .weights import FIRST, SECOND

Decide = Callable[[Setting], list[float]]
"""Gives the log-odds of each of a place's segments."""

SECOND_FEATURES: Final = (
    "bias",
    "alone",
    "values here",
    "names here",
    "like look",
    "like shape",
    "like sub-paths",
    "only one value",
)
_MOST: Final = 12.0
_COMPARED: Final = 48


def decide_with(without: frozenset[str] = frozenset()) -> Decide:
    """The model, with some kinds of evidence left out."""
    first = tuple(0.0 if group in without else FIRST[name] for name, group in FEATURES)
    second = tuple(SECOND[name] for name in SECOND_FEATURES)

    def decide(at: Setting) -> list[float]:
        prepare(at)
        alone = [clipped(_sum(first, features(kid, at))) for kid in at.kids]
        return [clipped(_sum(second, row)) for row in second_features(at, alone, "siblings" not in without)]

    return decide


def second_features(at: Setting, alone: Sequence[float], compare: bool = True) -> list[list[float]]:
    """The features of the second question, given the log-odds of the first."""
    chances = [chance(odds) for odds in alone]
    total = sum(chances)
    by_look: dict[str, tuple[float, float]] = {}
    for kid, own in zip(at.kids, alone, strict=True):
        number, odds = by_look.get(kid.look, (0.0, 0.0))
        by_look[kid.look] = (number + 1, odds + own)
    step = max(1, len(at.kids) // _COMPARED)
    compared = list(zip(at.kids, alone, strict=True))[::step] if compare else []
    rows: list[list[float]] = []
    for kid, odds, own in zip(at.kids, alone, chances, strict=True):
        number, all_odds = by_look[kid.look]
        shape, subs = _means(kid, compared)
        rows.append(
            [
                1.0,
                odds,
                log1p(total - own + at.folded),
                log1p(len(at.kids) - 1 - (total - own)),
                (all_odds - odds) / (number + 1),
                shape,
                subs,
                float(total - own + at.folded < 0.5),
            ]
        )
    return rows


def _means(kid: Kid, compared: Sequence[tuple[Kid, float]]) -> tuple[float, float]:
    """The mean log-odds of the siblings whose answers are alike, and of those that share a sub-path, drawn to 0."""
    shape_number = sub_number = 1.0
    shape_odds = sub_odds = 0.0
    for other, odds in compared:
        if other is kid:
            continue
        for method, shape in kid.shapes.items():
            their = other.shapes.get(method)
            if their is not None and likeness(shape, their) >= 0.7:
                shape_number += 1
                shape_odds += odds
                break
        if kid.subs and not kid.subs.isdisjoint(other.subs):
            sub_number += 1
            sub_odds += odds
    return shape_odds / shape_number, sub_odds / sub_number


def chance(odds: float) -> float:
    """The probability that log-odds stand for."""
    return 1.0 / (1.0 + exp(-odds))


def clipped(odds: float) -> float:
    """Log-odds within bounds: no evidence is a proof."""
    return max(-_MOST, min(_MOST, odds))


def strongest(kid: Kid, at: Setting, most: int = 3) -> list[tuple[str, float]]:
    """The features that speak most for or against a segment being a value, with their log-odds."""
    terms = zip(NAMES, (FIRST[name] for name in NAMES), features(kid, at), strict=True)
    weighed = [(name, weight * value) for name, weight, value in terms if name != "bias" and value]
    return sorted(weighed, key=lambda term: -abs(term[1]))[:most]


def _sum(weights: Sequence[float], row: Sequence[float]) -> float:
    return sum(map(float.__mul__, weights, row))


@lru_cache(maxsize=8)
def model(without: frozenset[str] = frozenset()) -> Decide:
    """The model, made once for each choice of evidence."""
    return decide_with(without)
