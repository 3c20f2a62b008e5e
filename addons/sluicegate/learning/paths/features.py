"""What speaks for and against a segment being a value of a variable, as numbers: the features of the model.

Each is 0 where nothing is known, and belongs to one kind of evidence, which can be left out as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log, log1p
from typing import Final

from .kids import Kid
from .looks import LOOKS, TYPED, is_scrambled
from .nodes import EARLIER, ECHO, LOCATION, QUERY, REQUEST, RESPONSE, Sessions, number_of
from .provenance import Source
from .shapes import likeness
from .words import is_plural, singular, word, words_of

ID_FIELDS: Final = frozenset(
    {"id", "uuid", "guid", "uid", "key", "name", "slug", "code", "number", "ref", "reference", "handle", "username"}
    | {"login", "symbol", "sku", "sid", "arn", "self", "href"}
)
_ALIKE: Final = 0.6
_MOST_SHAPES: Final = 64
"""Shapes that are told apart at one place."""


@dataclass(slots=True)
class Setting:
    """A place whose segments are to be decided: `parent` is the segment before it ('' at the root, None a variable).

    `elsewhere`: under how many different segments each text was seen, in the whole API. `folded`: values that were
    folded at this place. `methods`: those that the path up to here takes itself. `sources`: what the numbers in
    `Kid.sources` mean.
    """

    parent: str | None
    depth: int
    kids: list[Kid]
    elsewhere: Counter[str]
    sources: Sequence[Source]
    sessions: Sessions = ()
    hits: int = 0
    misses: int = 0
    folded: int = 0
    methods: frozenset[str] = frozenset()
    by_look: Counter[str] = field(default_factory=Counter)
    by_source: Counter[int] = field(default_factory=Counter)
    by_sub: Counter[str] = field(default_factory=Counter)
    by_deeper: Counter[str] = field(default_factory=Counter)
    by_group: Counter[int] = field(default_factory=Counter)
    by_methods: Counter[frozenset[str]] = field(default_factory=Counter)
    typed: int = 0
    shown: int = 0
    echoed: int = 0
    siblings_log: float = 0.0
    misses_log: float = 0.0
    sessions_number: int = 0
    noun: str = ""
    common: tuple[float, ...] = ()

    @property
    def after_plural(self) -> bool:
        """Whether the segment before is a plural: what follows is one of many."""
        known = words_of(self.parent) if self.parent else ()
        return bool(known) and is_plural(known[-1])


FEATURES: Final[tuple[tuple[str, str], ...]] = (
    ("bias", ""),
    *((f"look {look}", "look") for look in LOOKS),
    ("scrambled", "look"),
    ("long", "look"),
    ("same look", "look"),
    ("typed siblings", "look"),
    ("odd look out", "look"),
    ("common word", "words"),
    ("share of known words", "words"),
    ("plural", "words"),
    ("several words", "words"),
    ("requests", "recurrence"),
    ("requests up to eight", "recurrence"),
    ("requests of its busiest path", "recurrence"),
    ("requests of each path", "recurrence"),
    ("requests of an unknown word", "recurrence"),
    ("requests among siblings", "recurrence"),
    ("sessions", "recurrence"),
    ("requests a session", "recurrence"),
    ("share of the sessions", "recurrence"),
    ("share of the requests", "recurrence"),
    ("siblings", "recurrence"),
    ("alone", "recurrence"),
    ("in a response", "provenance"),
    ("in a request", "provenance"),
    ("in a Location", "provenance"),
    ("in a query", "provenance"),
    ("before its use", "provenance"),
    ("in its own answer", "provenance"),
    ("in an id field", "provenance"),
    ("in a field of the parent's name", "provenance"),
    ("shares a source", "provenance"),
    ("siblings were seen, this was not", "provenance"),
    ("siblings are in their answers, this is not", "provenance"),
    ("alike share", "siblings"),
    ("alike number", "siblings"),
    ("unlike share", "siblings"),
    ("shares a sub-path", "siblings"),
    ("shares its sub-paths", "siblings"),
    ("shares a path two below", "siblings"),
    ("has sub-paths of its own", "siblings"),
    ("same methods", "siblings"),
    ("has sub-paths", "siblings"),
    ("ends here", "siblings"),
    ("takes POST", "methods"),
    ("takes PUT, PATCH or DELETE", "methods"),
    ("the parent takes GET", "methods"),
    ("the parent takes POST", "methods"),
    ("after a variable", "parents"),
    ("at the root", "parents"),
    ("after a plural", "parents"),
    ("after a noun of collections", "parents"),
    ("elsewhere too", "elsewhere"),
    ("a word elsewhere too", "elsewhere"),
    ("misses here", "misses"),
)
NAMES: Final = tuple(name for name, _ in FEATURES)
_PLACE: Final = {look: number for number, look in enumerate(LOOKS, 1)}
_CHANGING: Final = frozenset(("PUT", "PATCH", "DELETE"))


def prepare(setting: Setting) -> None:
    """Count what the segments of a place have in common."""
    shapes: list[tuple[str, tuple[int, ...], int]] = []
    for kid in setting.kids:
        setting.by_look[kid.look] += 1
        setting.by_source.update(kid.sources)
        setting.by_sub.update(kid.subs)
        setting.by_deeper.update(kid.deeper)
        setting.by_methods[kid.methods] += 1
        kid.group = _group(kid, shapes)
        setting.by_group[kid.group] += 1
    setting.shown = sum(bool(kid.flags & _SHOWN) for kid in setting.kids)
    setting.echoed = sum(bool(kid.flags & ECHO) for kid in setting.kids)
    setting.typed = sum(setting.by_look[look] for look in TYPED)
    setting.siblings_log = log1p(len(setting.kids) - 1 + setting.folded)
    setting.misses_log = log1p(setting.misses)
    setting.sessions_number = number_of(setting.sessions)
    setting.noun = singular(words_of(setting.parent)[-1]) if setting.parent and words_of(setting.parent) else ""
    setting.common = _common(setting)


def _group(kid: Kid, shapes: list[tuple[str, tuple[int, ...], int]]) -> int:
    """The number of the group of segments whose answers are like this one's, 0 where it has none."""
    if not kid.shapes:
        return 0
    for method, shape, number in shapes:
        own = kid.shapes.get(method)
        if own is not None and likeness(own, shape) >= _ALIKE:
            return number
    number = len(shapes) + 1
    if len(shapes) < _MOST_SHAPES:
        shapes.extend((method, shape, number) for method, shape in kid.shapes.items())
    return number


def features(kid: Kid, at: Setting) -> list[float]:
    """The features of one segment, in the order of `FEATURES`; `prepare` comes before."""
    others = at.elsewhere[kid.text] - 1
    elsewhere = log1p(others) if others > 0 else 0.0
    words = _words(kid.words)
    row = [0.0] * (len(LOOKS) + 1)
    row[0] = row[_PLACE[kid.look]] = 1.0
    row += _looks(kid, at)
    row += words
    row += _recurrence(kid, at, words[1] > 0)
    row += _provenance(kid, at)
    row += _siblings(kid, at)
    row += (float("POST" in kid.methods), float(not _CHANGING.isdisjoint(kid.methods)))
    row += at.common
    row += (elsewhere, elsewhere if words[1] else 0.0, at.misses_log)
    return row


def _looks(kid: Kid, at: Setting) -> tuple[float, ...]:
    others = len(at.kids) - 1
    same = at.by_look[kid.look] - 1
    long = len(kid.text) - 16
    return (
        float(is_scrambled(kid.text)),
        log1p(long) if long > 0 else 0.0,
        log1p(same),
        (at.typed - (kid.look in TYPED)) / others if others else 0.0,
        float(others > 2 and same == 0),
    )


@lru_cache(maxsize=16_384)
def _words(words: tuple[str, ...]) -> tuple[float, ...]:
    known = [word(each) for each in words if not each.isdigit()]
    if not known:
        return (0.0, 0.0, 0.0, 0.0)
    return (
        sum(log1p(each.apis) for each in known) / len(known),
        sum(each.apis > 0 for each in known) / len(known),
        float(is_plural(words[-1])),
        log(len(known)),
    )


def _recurrence(kid: Kid, at: Setting, known: bool) -> tuple[float, ...]:
    """Names recur in many sessions, values in few; what looks like a value by itself is not measured by this."""
    alone = float(len(at.kids) == 1)
    if kid.look in TYPED:
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, at.siblings_log, alone)
    sessions = number_of(kid.sessions)
    requests = log1p(kid.hits)
    return (
        requests,
        log1p(min(8, kid.hits)),
        log1p(kid.busiest),
        log1p(kid.hits / max(1, kid.paths)),
        0.0 if known else requests,
        requests * at.siblings_log,
        log1p(sessions),
        log(max(1.0, kid.hits / sessions)) if sessions else 0.0,
        sessions / at.sessions_number if at.sessions_number else 0.0,
        kid.hits / at.hits if at.hits else 0.0,
        at.siblings_log,
        alone,
    )


def _provenance(kid: Kid, at: Setting) -> tuple[float, ...]:
    flags = kid.flags
    others = max(1, len(at.kids) - 1)
    unseen = 0.0 if flags & _SHOWN else at.shown / others
    unsaid = 0.0 if flags & ECHO or not kid.shapes else at.echoed / others
    if not flags and not kid.sources:
        return (*_NOWHERE, unseen, unsaid)
    in_id = in_noun = False
    shared = 0
    for number in kid.sources:
        field = at.sources[number].field
        in_id = in_id or is_id_field(field)
        in_noun = in_noun or bool(at.noun and at.noun in field.lower())
        shared = max(shared, at.by_source[number] - 1)
    return (
        float(bool(flags & RESPONSE)),
        float(bool(flags & REQUEST)),
        float(bool(flags & LOCATION)),
        float(bool(flags & QUERY)),
        float(bool(flags & EARLIER)),
        float(bool(flags & ECHO)),
        float(in_id),
        float(in_noun),
        log1p(shared),
        unseen,
        unsaid,
    )


_SHOWN: Final = RESPONSE | REQUEST | LOCATION
_NOWHERE: Final = (0.0,) * 9


@lru_cache(maxsize=8_192)
def is_id_field(field: str) -> bool:
    """Whether a field's name says that it identifies something: `id`, `userId`, `slug` …"""
    words = words_of(field)
    return (bool(words) and words[-1] in ID_FIELDS) or field.lower().endswith("id")


def _siblings(kid: Kid, at: Setting) -> list[float]:
    others = len(at.kids) - 1
    alike = at.by_group[kid.group] - 1 if kid.group else 0
    unlike = others - alike - (at.by_group[0] - (kid.group == 0)) if kid.group else 0
    shared = max((at.by_sub[each] - 1 for each in kid.subs), default=0)
    return [
        alike / others if others else 0.0,
        log1p(alike),
        unlike / others if others else 0.0,
        log1p(shared),
        sum(at.by_sub[each] > 1 for each in kid.subs) / len(kid.subs) if kid.subs else 0.0,
        log1p(max((at.by_deeper[each] - 1 for each in kid.deeper), default=0)),
        float(bool(kid.subs) and not shared and others > 0),
        (at.by_methods[kid.methods] - 1) / others if others and kid.methods else 0.0,
        float(bool(kid.subs)),
        float(bool(kid.methods)),
    ]


def _common(at: Setting) -> tuple[float, ...]:
    """The features of the place itself."""
    known = words_of(at.parent) if at.parent else ()
    return (
        float("GET" in at.methods),
        float("POST" in at.methods),
        float(at.parent is None),
        float(at.parent == ""),
        float(bool(known) and is_plural(known[-1])),
        word(known[-1]).before_variable - 0.5 if known else 0.0,
    )
