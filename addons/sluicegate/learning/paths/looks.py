"""What a segment looks like, finer than its kind: which texts are written as names are, which as values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ..values import kind_of

# Clients choose what is matched here: there is one way alone to match a text, so that time cannot explode.
_LOOKS: Final = tuple(
    (look, re.compile(pattern))
    for look, pattern in (
        ("version", r"v[0-9][0-9a-z]*(?:[._-][0-9a-z]+)*|[0-9]{1,2}(?:\.[0-9]{1,2}){1,2}"),
        ("code", r"[A-Z]{2,3}|[a-z]{2}"),
        ("locale", r"[a-z]{2}[-_][A-Za-z]{2}"),
        ("upper", r"[A-Z][A-Z0-9_.-]+"),
        ("lower", r"[a-z]+"),
        ("title", r"[A-Z][a-z]+"),
        ("camel", r"[a-z]+[A-Z][A-Za-z0-9]*"),
        ("pascal", r"(?:[A-Z]+[a-z0-9]+){2,}[A-Z]*"),
        ("snake", r"_?[a-z]+(?:_[a-z]+)+"),
        ("slug", r"[a-z]+(?:-[a-z]+)+"),
        ("dotted", r"[A-Za-z_-]+(?:\.[A-Za-z_-]+)+"),
        ("numbered", r"[A-Za-z_-]+[0-9]+[A-Za-z0-9_.-]*|[0-9]+[A-Za-z_-]+[A-Za-z0-9_.-]*"),
    )
)
LOOKS: Final = (
    "integer", "number", "uuid", "date", "date-time", "ipv4", "email", "jwt", "ulid", "hex", "token",
    *(look for look, _ in _LOOKS), "odd",
)  # fmt: skip
TYPED: Final = frozenset(LOOKS[:11])
"""The looks that no name has as a rule."""
PLAIN: Final = frozenset(("uuid", "date", "date-time", "email", "jwt", "ulid", "hex"))
"""The looks that need no further evidence."""
_SUFFIX: Final = re.compile(
    r"(.+?)(?:\.(?:json|xml|html?|csv|txt|pdf|png|jpe?g|svg|zip|gz|ya?ml|rss|php|aspx?|action|do)|:[A-Za-z]+)"
)

_PREFIX: Final = re.compile(r"[A-Za-z_]{2,}[.:=]([0-9]{2,}|[0-9a-f-]{16,})")
"""A word before a value: `batch.59420`, `id=17`."""


@lru_cache(maxsize=16_384)
def stem_of(text: str) -> str:
    """A segment without a suffix that tells a format or an action: `7.json` → `7`, `7:cancel` → `7`."""
    found = _SUFFIX.fullmatch(text[:256])
    return found[1] if found else text


@lru_cache(maxsize=16_384)
def look_of(text: str) -> str:
    """The look of a segment without its suffix: its kind where that is not `word`, else how it is written."""
    text = stem_of(text)
    if len(text) > 128:
        return "odd"
    if _LOOKS[0][1].fullmatch(text):
        return "version"
    kind = kind_of(text)
    if kind == "word" and (beside := _PREFIX.fullmatch(text)):
        kind = kind_of(beside[1])
    if kind != "word":
        return kind
    for look, pattern in _LOOKS:
        if pattern.fullmatch(text):
            return look
    return "odd"


@lru_cache(maxsize=16_384)
def is_scrambled(text: str) -> bool:
    """Whether no one would say a text aloud: five consonants in a row, or letters that change case like dice."""
    return bool(_CONSONANTS.search(text)) or len(_FLIPS.findall(text)) * 3 > len(text)


_CONSONANTS: Final = re.compile(r"[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{5}")
_FLIPS: Final = re.compile(r"(?<=[a-z])[A-Z]|(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")
