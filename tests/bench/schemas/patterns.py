"""Texts that match a regular expression of a document."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

_PRINTABLE: Final = string.ascii_letters + string.digits + " _-.,"
_WORD: Final = string.ascii_letters + string.digits + "_"
_MORE: Final = 8
_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: string.digits,
    sre.CATEGORY_WORD: _WORD,
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_DIGIT: string.ascii_letters,
    sre.CATEGORY_NOT_WORD: " -.",
    sre.CATEGORY_NOT_SPACE: _WORD,
}


def from_pattern(pattern: str, rng: random.Random) -> Callable[[], str] | None:
    """Return what makes texts that match; None for a pattern that is not understood."""
    try:
        compiled = re.compile(pattern)
        parsed = parser.parse(pattern)
        tries = [_made(parsed, rng) for _ in range(20)]
    except (re.error, KeyError, ValueError, RecursionError, OverflowError):
        return None
    if not all(compiled.search(text) for text in tries):
        return None
    return lambda: _made(parsed, rng)


def _made(parsed: Any, rng: random.Random) -> str:
    return "".join(_part(operation, argument, rng) for operation, argument in parsed)


def _part(operation: Any, argument: Any, rng: random.Random) -> str:
    if operation is sre.LITERAL:
        return chr(argument)
    if operation is sre.NOT_LITERAL:
        return rng.choice([sign for sign in _PRINTABLE if sign != chr(argument)])
    if operation is sre.ANY:
        return rng.choice(_PRINTABLE)
    if operation is sre.AT:
        return ""
    if operation is sre.IN:
        return rng.choice(_signs(argument))
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, inner = argument
        count = rng.randint(least, min(int(most), least + _MORE))
        return "".join(_made(inner, rng) for _ in range(count))
    if operation is sre.SUBPATTERN:
        return _made(argument[3], rng)
    if operation is sre.BRANCH:
        return _made(rng.choice(argument[1]), rng)
    raise ValueError(f"{operation} is not understood")


def _signs(members: Any) -> str:
    found = ""
    negated = False
    for operation, argument in members:
        if operation is sre.NEGATE:
            negated = True
        elif operation is sre.LITERAL:
            found += chr(argument)
        elif operation is sre.RANGE:
            found += "".join(map(chr, range(argument[0], min(argument[1], argument[0] + 200) + 1)))
        else:
            found += _CATEGORIES[argument]
    return "".join(sign for sign in _PRINTABLE if sign not in found) if negated else found
