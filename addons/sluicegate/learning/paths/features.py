"""What speaks for and against a segment being a value of a variable, as numbers: the features of the model.

Each is 0 where nothing is known, and belongs to one kind of evidence, which can be left out as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log, log1p
from typing import Final

from .kids import Kid
from .looks import LOOKS
from .nodes import EARLIER, ECHO, LOCATION, QUERY, REQUEST, RESPONSE, Sessions, number_of
from .provenance import Source
from .shapes import likeness
from .words import is_plural, singular, word, words_of

ID_FIELDS: Final = frozenset(
    """id uuid guid uid key name slug code number ref reference handle username login symbol sku sid arn self
    href""".split()
)
_COMPARED: Final = 24
"""Siblings that one is compared with, at most."""


@dataclass(slots=True)
class Setting:
    """A place whose segments are to be decided: `parent` is the segment before it ('' at the root, None a variable).

    `elsewhere`: under how many different segments each text was seen, in the whole API. `folded`: values that were
    folded at this place. `sources`: what the numbers in `Kid.sources` mean.
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
    by_look: Counter[str] = field(default_factory=Counter)
    by_source: Counter[int] = field(default_factory=Counter)
    by_sub: Counter[str] = field(default_factory=Counter)


FEATURES: Final[tuple[tuple[str, str], ...]] = (
    ("bias", ""),
    *((f"look {look}", "look") for look in LOOKS),
    ("long", "look"),
    ("same look", "look"),
    ("typed siblings", "look"),
    ("odd look out", "look"),
    ("common word", "words"),
    ("share of known words", "words"),
    ("plural", "words"),
    ("several words", "words"),
    ("requests", "recurrence"),
    ("sessions", "recurrence"),
    ("requests a session", "recurrence"),
    ("share of the sessions", "recurrence"),
    ("share of the requests", "recurrence"),
    ("siblings", "recurrence"),
    ("folded siblings", "recurrence"),
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
    ("alike share", "siblings"),
    ("alike number", "siblings"),
    ("unlike share", "siblings"),
    ("shares a sub-path", "siblings"),
    ("has sub-paths of its own", "siblings"),
    ("same methods", "siblings"),
    ("has sub-paths", "siblings"),
    ("ends here", "siblings"),
    ("after a variable", "parents"),
    ("at the root", "parents"),
    ("after a plural", "parents"),
    ("after a noun of collections", "parents"),
    ("elsewhere too", "elsewhere"),
    ("a word elsewhere too", "elsewhere"),
    ("misses here", "misses"),
)
NAMES: Final = tuple(name for name, _ in FEATURES)


def prepare(setting: Setting) -> None:
    """Count what the segments of a place have in common."""
    for kid in setting.kids:
        setting.by_look[kid.look] += 1
        setting.by_source.update(kid.sources)
        setting.by_sub.update(kid.subs)


def features(kid: Kid, at: Setting) -> list[float]:
    """The features of one segment, in the order of `FEATURES`; `prepare` comes before."""
    return [
        1.0,
        *(float(kid.look == look) for look in LOOKS),
        *_looks(kid, at),
        *_words(kid),
        *_recurrence(kid, at),
        *_provenance(kid, at),
        *_siblings(kid, at),
        *_parents(at),
        log1p(at.elsewhere[kid.text] - 1),
        log1p(at.elsewhere[kid.text] - 1) * min(1.0, sum(word(each).apis > 0 for each in kid.words)),
        log1p(at.misses),
    ]


def _looks(kid: Kid, at: Setting) -> list[float]:
    others = len(at.kids) - 1
    same = at.by_look[kid.look] - 1
    typed = sum(at.by_look[look] for look in LOOKS[:11]) - (kid.look in LOOKS[:11])
    return [
        log1p(max(0, len(kid.text) - 16)),
        log1p(same),
        typed / others if others else 0.0,
        float(others > 2 and same == 0),
    ]


def _words(kid: Kid) -> list[float]:
    known = [word(each) for each in kid.words if not each.isdigit()]
    if not known:
        return [0.0, 0.0, 0.0, 0.0]
    return [
        sum(log1p(each.apis) for each in known) / len(known),
        sum(each.apis > 0 for each in known) / len(known),
        float(is_plural(kid.words[-1])),
        log(len(known)),
    ]


def _recurrence(kid: Kid, at: Setting) -> list[float]:
    sessions, all_sessions = number_of(kid.sessions), number_of(at.sessions)
    return [
        log1p(kid.hits),
        log1p(sessions),
        log(max(1.0, kid.hits / sessions)) if sessions else 0.0,
        sessions / all_sessions if all_sessions else 0.0,
        kid.hits / at.hits if at.hits else 0.0,
        log1p(len(at.kids) - 1),
        log1p(at.folded),
        float(len(at.kids) == 1),
    ]


def _provenance(kid: Kid, at: Setting) -> list[float]:
    fields = [at.sources[number].field.lower() for number in kid.sources]
    noun = singular(words_of(at.parent)[-1]) if at.parent and words_of(at.parent) else ""
    last = [words_of(each)[-1:] for each in fields]
    shared = max((at.by_source[number] - 1 for number in kid.sources), default=0)
    return [
        float(bool(kid.flags & RESPONSE)),
        float(bool(kid.flags & REQUEST)),
        float(bool(kid.flags & LOCATION)),
        float(bool(kid.flags & QUERY)),
        float(bool(kid.flags & EARLIER)),
        float(bool(kid.flags & ECHO)),
        float(any(each and each[0] in ID_FIELDS for each in last) or any(each.endswith("id") for each in fields)),
        float(bool(noun) and any(noun in each for each in fields)),
        log1p(shared),
    ]


def _siblings(kid: Kid, at: Setting) -> list[float]:
    alike = unlike = methods = others = 0
    for other in at.kids[:_COMPARED] if len(at.kids) <= _COMPARED else at.kids[:: len(at.kids) // _COMPARED]:
        if other is kid:
            continue
        others += 1
        methods += bool(kid.methods) and kid.methods == other.methods
        best = max((likeness(kid.shapes[each], other.shapes[each]) for each in kid.shapes if each in other.shapes),
                   default=-1.0)  # fmt: skip
        alike += best >= 0.7
        unlike += 0.0 <= best < 0.4
    shared = max((at.by_sub[each] - 1 for each in kid.subs), default=0)
    return [
        alike / others if others else 0.0,
        log1p(alike),
        unlike / others if others else 0.0,
        log1p(shared),
        float(bool(kid.subs) and not shared and others > 0),
        methods / others if others else 0.0,
        float(bool(kid.subs)),
        float(bool(kid.methods)),
    ]


def _parents(at: Setting) -> list[float]:
    known = words_of(at.parent) if at.parent else ()
    return [
        float(at.parent is None),
        float(at.parent == ""),
        float(bool(known) and is_plural(known[-1])),
        word(known[-1]).before_variable - 0.5 if known else 0.0,
    ]
