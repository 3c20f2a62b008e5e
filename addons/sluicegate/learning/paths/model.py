"""The model: the log-odds that a segment is a value of a variable, as a weighted sum of its features.

It is asked twice. The first answer is for each segment alone; the second weighs in what the first said of the siblings
that are like it, because a place with a variable shows many values.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from math import exp, log, log1p
from typing import Final

from .features import FEATURES, NAMES, Setting, features, prepare
from .kids import Kid
from .looks import PLAIN
from .weights import FIRST, MEANS, SECOND

Decide = Callable[[Setting], list[float]]
"""Gives the log-odds of each of a place's segments."""

SECOND_FEATURES: Final = (
    "bias",
    "alone",
    "values here",
    "names here",
    "values of this look",
    "values that answer alike",
    "values with these sub-paths",
    "values with these methods",
    "only one value",
)
_MOST: Final = 12.0
_PLAIN_ODDS: Final = 9.0
"""What a look says that needs no further evidence (our choice: such names are not found in public APIs)."""
_VERSION_ODDS: Final = -4.0
"""What says that a digit is a version (our choice, as is what makes one)."""


def decide_with(without: frozenset[str] = frozenset()) -> Decide:
    """The model; a kind of evidence that is left out counts as what it says on average."""
    lost = sum(FIRST[name] * MEANS[name] for name, group in FEATURES if group in without)
    first = (FIRST["bias"] + lost, *(0.0 if group in without else FIRST[name] for name, group in FEATURES[1:]))
    second = tuple(SECOND[name] for name in SECOND_FEATURES)
    plain: frozenset[str] = frozenset() if "look" in without else PLAIN

    def decide(at: Setting) -> list[float]:
        prepare(at)
        versions = _versions(at) if plain else []
        alone = [_PLAIN_ODDS if kid.look in plain else clipped(_sum(first, features(kid, at))) for kid in at.kids]
        rows = second_features(at, alone, without)
        return [
            _PLAIN_ODDS if kid.look in plain else _VERSION_ODDS if kid in versions else clipped(_sum(second, row))
            for kid, row in zip(at.kids, rows, strict=True)
        ]

    return decide


def _versions(at: Setting) -> list[Kid]:
    """One or two single digits, each with several sub-paths, not after a plural: `/1/updates`, `/api/2/order`."""
    digits = [kid for kid in at.kids if kid.look == "integer"]
    if at.folded or len(digits) > 2 or at.parent is None or at.after_plural:
        return []
    return digits if all(len(kid.text) == 1 and len(kid.subs) > 1 for kid in digits) else []


class _Votes:
    """How many siblings of a kind are values, and how many names, as the first answers have it."""

    __slots__ = ("_all", "_values")

    def __init__(self) -> None:
        self._all: dict[Hashable, int] = {}
        self._values: dict[Hashable, float] = {}

    def add(self, kind: Hashable, own: float) -> None:
        self._all[kind] = self._all.get(kind, 0) + 1
        self._values[kind] = self._values.get(kind, 0.0) + own

    def ratio(self, kind: Hashable, own: float) -> float:
        """The log-odds that one more of a kind is a value, without its own vote; 0 where there is no other."""
        values = self._values[kind] - own
        return log((values + 0.5) / (self._all[kind] - 1 - values + 0.5))


def second_features(at: Setting, alone: Sequence[float], without: frozenset[str] = frozenset()) -> list[list[float]]:
    """The features of the second question, given the log-odds of the first."""
    chances = [chance(odds) for odds in alone]
    total = sum(chances)
    looks, groups, subs, deeper, methods = _Votes(), _Votes(), _Votes(), _Votes(), _Votes()
    for kid, own in zip(at.kids, chances, strict=True):
        looks.add(kid.look, own)
        groups.add(kid.group, own)
        methods.add(kid.methods, own)
        for each in kid.subs:
            subs.add(each, own)
        for each in kid.deeper:
            deeper.add(each, own)
    rows: list[list[float]] = []
    for kid, odds, own in zip(at.kids, alone, chances, strict=True):
        values = max(0.0, total - own)
        below = [subs.ratio(each, own) for each in kid.subs]
        below.extend(deeper.ratio(each, own) for each in kid.deeper)
        rows.append(
            [
                1.0,
                odds,
                log1p(values + at.folded),
                log1p(max(0.0, len(at.kids) - 1 - values)),
                0.0 if "look" in without else looks.ratio(kid.look, own),
                0.0 if "siblings" in without or not kid.group else groups.ratio(kid.group, own),
                0.0 if "siblings" in without or not below else max(below, key=abs),
                0.0 if "methods" in without or not kid.methods else methods.ratio(kid.methods, own),
                float(values + at.folded < 0.5),
            ]
        )
    return rows


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
