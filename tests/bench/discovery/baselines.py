"""Heuristics of public tools, written anew from their published rules: each maps the paths of an API to templates."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from .noise import Exchange
from .scoring import Template

Segments = tuple[str, ...]
VARIABLE: Final = "{}"
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER: Final = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UUID_4_5: Final = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[45][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
)
_OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{24}")
_VERSION: Final = re.compile(r"api|v[0-9]+(?:\.[0-9]+)*", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")


class Path(NamedTuple):
    """One path that was asked for with 2xx answers: `answers` are the statuses and members of its bodies."""

    method: str
    host: str
    segments: Segments
    answers: frozenset[str]


Heuristic = Callable[[Sequence[Path]], dict[Path, Segments]]
"""Gives the template of each path."""


def _each(is_variable: Callable[[str], bool]) -> Heuristic:
    def heuristic(paths: Sequence[Path]) -> dict[Path, Segments]:
        return {path: tuple(VARIABLE if is_variable(text) else text for text in path.segments) for path in paths}

    return heuristic


def _speculator_value(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return bool(_NUMBER.fullmatch(text) or _UUID.fullmatch(text)) or (len(text) >= 8 and digits >= 3)


def _akto_value(text: str) -> bool:
    if _NUMBER.fullmatch(text) or _UUID.fullmatch(text) or _OBJECT_ID.fullmatch(text):
        return True
    digits = sum(character.isdigit() for character in text)
    return len(text) >= 6 and digits >= 3 and any(character.isalpha() for character in text)


def optic(paths: Sequence[Path]) -> dict[Path, Segments]:
    """Numbers, UUIDs of version 4 and 5, and any segment with a sibling seen, but never the first one, nor one behind a
    variable, `api` or a version. Started without a document."""
    found: dict[Path, list[str]] = {path: [] for path in paths}
    for depth in range(max((len(path.segments) for path in paths), default=0)):
        siblings: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for path, made in found.items():
            if len(path.segments) > depth:
                siblings[path.host, *made].add(path.segments[depth])
        for path, made in found.items():
            if len(path.segments) <= depth:
                continue
            text, known = path.segments[depth], siblings[path.host, *made]
            may = depth > 0 and made[-1] != VARIABLE and not _VERSION.fullmatch(made[-1])
            is_value = bool(_DIGITS.fullmatch(text) or _UUID_4_5.fullmatch(text))
            path_segment = VARIABLE if may and (is_value or len(known) > 1) else text
            found[path] = [*made, path_segment]
    return {path: tuple(made) for path, made in found.items()}


def akto(paths: Sequence[Path]) -> dict[Path, Segments]:
    """Numbers, UUIDs, ObjectIds and alphanumeric texts at once; then ten or more paths that differ in one segment and
    have answers of one shape, but for versions and languages."""
    made = _each(_akto_value)(paths)
    groups: dict[tuple[object, ...], set[str]] = defaultdict(set)

    def keys(path: Path) -> Iterable[tuple[int, tuple[object, ...]]]:
        segments = made[path]
        for place, text in enumerate(segments):
            if text != VARIABLE and not _VERSION.fullmatch(text) and not _LANGUAGE.fullmatch(text):
                rest = (*segments[:place], None, *segments[place + 1 :])
                yield place, (path.method, path.host, path.answers, rest)

    for path in paths:
        for place, key in keys(path):
            groups[key].add(made[path][place])
    for path in paths:
        for place, key in keys(path):
            if len(groups[key]) >= 10:
                made[path] = (*made[path][:place], VARIABLE, *made[path][place + 1 :])
                break
    return made


def metlo(paths: Sequence[Path]) -> dict[Path, Segments]:
    """Texts rarer than one of ten at their place among the paths of a host with as many segments."""
    counts: Counter[tuple[str, int, int, str]] = Counter()
    totals: Counter[tuple[str, int]] = Counter()
    for path in paths:
        length = len(path.segments)
        totals[path.host, length] += 1
        counts.update((path.host, length, place, text) for place, text in enumerate(path.segments))
    return {
        path: tuple(
            VARIABLE
            if counts[path.host, len(path.segments), place, text] < 0.1 * totals[path.host, len(path.segments)]
            else text
            for place, text in enumerate(path.segments)
        )
        for path in paths
    }


def sibling_trie(paths: Sequence[Path]) -> dict[Path, Segments]:
    """As speculator, then siblings with the same paths below them are one variable, from three on."""
    made = _each(_speculator_value)(paths)
    for depth in range(max((len(path.segments) for path in paths), default=0)):
        below: dict[tuple[str, ...], dict[str, set[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(set))
        for path, segments in made.items():
            if len(segments) > depth:
                below[path.host, *segments[:depth]][segments[depth]].add((path.method, *segments[depth + 1 :]))
        alike = {
            place: Counter(frozenset(rest) for text, rest in siblings.items() if text != VARIABLE)
            for place, siblings in below.items()
        }
        for path, segments in made.items():
            if len(segments) > depth and segments[depth] != VARIABLE:
                place = (path.host, *segments[:depth])
                if alike[place][frozenset(below[place][segments[depth]])] >= 3:
                    made[path] = (*segments[:depth], VARIABLE, *segments[depth + 1 :])
    return made


HEURISTICS: Final[dict[str, Heuristic]] = {
    "mitmproxy2swagger": _each(lambda text: _DIGITS.fullmatch(text) is not None),
    "speculator": _each(_speculator_value),
    "Optic, cold start": optic,
    "Akto-like": akto,
    "Metlo-like": metlo,
    "speculator + sibling trie": sibling_trie,
}


def templates(
    heuristic: Heuristic, exchanges: Sequence[Exchange]
) -> tuple[Counter[Template], dict[tuple[str, str, str], Template]]:
    """Return the templates of the exchanges with 2xx answers and the number of their requests, and the template of each
    method, host and path."""
    answers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    hits: Counter[tuple[str, str, str]] = Counter()
    for seen, _ in exchanges:
        if seen.is_success:
            key = (seen.method, seen.host, seen.path)
            hits[key] += 1
            body = seen.response_json
            members = ",".join(sorted(body)) if isinstance(body, dict) else type(body).__name__
            answers[key].add(f"{seen.status} {members}")
    known = {key: Path(key[0], key[1], tuple(key[2][1:].split("/")), frozenset(answers[key])) for key in hits}
    made = heuristic([*known.values()])
    of = {key: Template(path.method, path.host, "/" + "/".join(made[path])) for key, path in known.items()}
    counts: Counter[Template] = Counter()
    for key, template in of.items():
        counts[template] += hits[key]
    return counts, of
