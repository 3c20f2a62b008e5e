"""What a value looks like: the kinds of identifiers and scalars that are told apart by their form alone."""

from __future__ import annotations

import re
from typing import Final

_PATTERNS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("integer", r"-?[0-9]{1,18}"),
        ("number", r"-?[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?"),
        ("uuid", r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
        ("date", r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"),
        (
            "date-time",
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}"
            r"(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?",
        ),
        ("ipv4", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"),
        ("email", r"[^@\s/]+@[^@\s/]+\.[A-Za-z]{2,}"),
        ("jwt", r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
        ("ulid", r"[0-7][0-9A-HJKMNP-TV-Z]{25}"),
        ("hex", r"(?=.*[0-9])(?:[0-9a-f]{8,}|[0-9A-F]{8,})"),
    )
)


def kind_of(text: str) -> str:
    """The kind of a value by its form: one of those above, `token` (opaque: letters and digits mixed), or `word`."""
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(text):
            return kind
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    return "token" if digits >= 2 and letters and len(text) >= 6 else "word"
