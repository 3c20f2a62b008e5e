"""Words that APIs are made of: how a segment is cut into words, and how often each is a name in public APIs."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

_CUT: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_MOST: Final = 12


class Word(NamedTuple):
    """In how many public APIs a word is a name in paths, and what share of its places have a variable next."""

    apis: int
    before_variable: float


UNKNOWN: Final = Word(0, 0.5)


@lru_cache(maxsize=16_384)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a segment, in lower case: `resetPassword` → ('reset', 'password')."""
    return tuple(found.lower() for found in _CUT.findall(text[:128]))[:_MOST]


def word(text: str) -> Word:
    """What is known of a word."""
    return _table().get(text, UNKNOWN)


def is_plural(text: str) -> bool:
    """Whether a word looks like the plural of a noun."""
    return len(text) > 3 and text.endswith("s") and not text.endswith(("ss", "us", "is"))


def singular(text: str) -> str:
    """The singular of a plural, roughly: `companies` → `company`."""
    if not is_plural(text):
        return text
    if text.endswith("ies"):
        return text[:-3] + "y"
    if text.endswith(("ches", "shes", "xes", "sses")):
        return text[:-2]
    return text[:-1]


@lru_cache(maxsize=1)
def _table() -> dict[str, Word]:
    table: dict[str, Word] = {}
    for line in files(__package__).joinpath("words.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            text, apis, before = line.split()
            table[text] = Word(int(apis), int(before) / 100)
    return table
