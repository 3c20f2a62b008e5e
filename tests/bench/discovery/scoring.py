"""Compares what was found with the document: sets of templates, and requests that fell into the right one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from .documents import Operation, Variable
from .noise import NEUTRAL, Exchange

_VARIABLE: Final = re.compile(r"\{[^{}]*\}")


class Template(NamedTuple):
    """An endpoint without the names of its variables: each segment that has one in it is `{}`."""

    method: str
    host: str
    path: str


class Score(NamedTuple):
    """Counts of templates: found and right, found and wrong, missed; of requests with a 2xx answer: right, all."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    requests_right: int = 0
    requests: int = 0

    def __add__(self, other: tuple[int, ...]) -> Score:  # type: ignore[override]
        return Score(*map(int.__add__, self, other))

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0

    @property
    def accuracy(self) -> float:
        """The share of requests with a 2xx answer that fell into the right template."""
        return self.requests_right / self.requests if self.requests else 0.0


def shape(path: str) -> str:
    """A template without names: a segment with a variable in it counts as one variable: /a/{id}.json → /a/{}"""
    return "/".join("{}" if _VARIABLE.search(segment) else segment for segment in path.split("/"))


class Truth:
    """What a document says of the endpoints that the traffic reached with 2xx answers.

    `exchanges`: all of the traffic. `templates`: those endpoints that count. A version or format that had one value is
    a literal. Operations whose templates nobody could tell apart are one.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.exchanges = [*exchanges]
        paths: dict[int, tuple[Operation, str, set[str]]] = {}
        for seen, truth in self.exchanges:
            if isinstance(truth, Operation) and (seen.is_success or id(truth) not in paths):
                _, _, known = paths.setdefault(id(truth), (truth, seen.host, set()))
                if seen.is_success:
                    known.add(seen.path)
        self._of = {number: _template(operation, host, known) for number, (operation, host, known) in paths.items()}
        self.templates = {
            self._of[number] for number, (operation, _, known) in paths.items() if known and not operation.is_neutral
        }
        self.hits = Counter(
            self._of[id(truth)] for seen, truth in self.exchanges if isinstance(truth, Operation) and seen.is_success
        )
        alike: dict[tuple[object, ...], tuple[Exchange, list[bool]]] = {}
        for exchange in self.exchanges:
            seen, truth = exchange
            place = (seen.method, seen.host, seen.path, truth if isinstance(truth, str) else id(truth))
            alike.setdefault(place, (exchange, []))[1].append(seen.is_success)
        self._alike = [(exchange, sum(successes)) for exchange, successes in alike.values()]
        self._neutral = {self._of[number] for number, (operation, _, _) in paths.items() if operation.is_neutral}

    def template(self, exchange: Exchange) -> Template | None:
        """The true template of an exchange; None for noise and for what is neutral."""
        if not isinstance(exchange.truth, Operation) or exchange.truth.is_neutral:
            return None
        return self._of[id(exchange.truth)]

    def compare(self, found: Iterable[Template], template_of: Callable[[Exchange], Template]) -> tuple[Score, Errors]:
        """Score what was found; `template_of` gives the template that an exchange fell into."""
        requests = right = 0
        reasons: dict[Template, set[Template | None]] = defaultdict(set)
        beside: set[Template] = set()
        for exchange, successes in self._alike:
            fell = template_of(exchange)
            true = self.template(exchange)
            if _is_neutral(exchange):
                beside.add(fell)
                continue
            reasons[fell].add(true)
            if true is not None:
                requests += successes
                right += successes * (fell == true)
        neutral = (beside - reasons.keys()) | self._neutral
        counted = {one for one in found if one.method not in ("OPTIONS", "HEAD") and one not in neutral}
        wrong, missed = counted - self.templates, self.templates - counted
        score = Score(len(counted & self.templates), len(wrong), len(missed), right, requests)
        return score, Errors({one: reasons.get(one, set()) for one in wrong}, missed)


class Errors(NamedTuple):
    """Wrong templates with the true ones of the exchanges in them (None: noise), and templates that were missed."""

    wrong: dict[Template, set[Template | None]]
    missed: set[Template]


def _is_neutral(exchange: Exchange) -> bool:
    truth = exchange.truth
    return truth == NEUTRAL or (isinstance(truth, Operation) and truth.is_neutral)


def _template(operation: Operation, host: str, paths: set[str]) -> Template:
    """The template of an operation, in which versions and formats are literals where they had one value."""
    seen = [path[1:].split("/") for path in paths]
    texts = []
    for number, segment in enumerate(operation.segments):
        variables = [part for part in segment if isinstance(part, Variable)]
        values = {segments[number] for segments in seen}
        if not variables:
            texts.append("".join(part for part in segment if isinstance(part, str)))
        elif all(variable.is_fixed for variable in variables) and len(values) == 1:
            texts.append(values.pop())
        else:
            texts.append("{}")
    return Template(operation.method, host, "/" + "/".join(texts))
