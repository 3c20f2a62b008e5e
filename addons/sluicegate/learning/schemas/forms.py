"""What a text looks like: the formats it has, the classes of its characters, and its mask.

formats_of("2024-02-29")  →  DATE
mask_of("AB-1234")        →  ("A-0", (2, 1, 4))
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Final

INTEGER: Final = 1
NUMBER: Final = 2
BOOLEAN: Final = 4
UUID: Final = 8
DATE: Final = 16
DATE_TIME: Final = 32
EMAIL: Final = 64
IPV4: Final = 128
IPV6: Final = 256
URI: Final = 512
TIME: Final = 1024
JWT: Final = 2048
ALL: Final = 4095
TYPES: Final = INTEGER | NUMBER | BOOLEAN
"""What a parameter's text may stand for besides a string."""
IDENTIFYING: Final = UUID | DATE_TIME | EMAIL | IPV4 | IPV6 | URI | JWT
"""Formats whose values name one thing or one moment: they are no enum, and none of them is kept."""
FORMAT_NAMES: Final = (
    (UUID, "uuid"),
    (DATE, "date"),
    (DATE_TIME, "date-time"),
    (TIME, "time"),
    (EMAIL, "email"),
    (IPV4, "ipv4"),
    (IPV6, "ipv6"),
    (URI, "uri"),
)
"""Formats by their names in OpenAPI; each is at most as wide as the specification that defines it."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_ATOMS = r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOMS}@(?:{_LABEL}\.)+[A-Za-z]{{2,24}}")
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._~-]+(?::[0-9]{1,5})?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    """RFC 3339 section 5.6, with a capital T and Z, and no leap second."""
    if len(text) < 20 or text[10] != "T" or not _TIME.fullmatch(text, 11):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version and "%" not in text
    except ValueError:
        return False


_TESTS: Final[tuple[tuple[int, Callable[[str], object]], ...]] = (
    (INTEGER, _INTEGER.fullmatch),
    (NUMBER, _NUMBER.fullmatch),
    (BOOLEAN, ("true", "false").__contains__),
    (UUID, _UUID.fullmatch),
    (DATE, _is_date),
    (DATE_TIME, _is_date_time),
    (EMAIL, _EMAIL.fullmatch),
    (IPV4, lambda text: text.count(".") == 3 and _is_address(text, 4)),
    (IPV6, lambda text: ":" in text and _is_address(text, 6)),
    (URI, _URI.fullmatch),
    (TIME, _TIME.fullmatch),
    (JWT, _JWT.fullmatch),
)
MOST_FORMAT: Final = 2048
"""Characters of a text that formats are looked for in; a longer one has none."""


def formats_of(text: str, among: int = ALL) -> int:
    """Return those of the formats that a text has, as the sum of the numbers above."""
    if not among or len(text) > MOST_FORMAT:
        return 0
    found = 0
    for number, test in _TESTS:
        if among & number and test(text):
            found |= number
    return found


# Characters and their classes. Hexadecimal letters stand apart, so that hexadecimal values show.
CLASSES: Final = (
    "0-9",
    "a-f",
    "g-z",
    "A-F",
    "G-Z",
    "_",
    "-",
    ".",
    " ",
    "/",
    ":",
    "+",
    "=",
    ",",
    "@",
    "other ASCII",
    "beyond ASCII",
)
"""Classes of characters, as a regular expression has them in brackets; the last two cannot be stated."""
BEYOND: Final = len(CLASSES) - 1
_PUNCTUATION: Final = len(CLASSES) - 2


def _class_of(code: int) -> int:
    character = chr(code)
    for number, (first, last) in enumerate((("0", "9"), ("a", "f"), ("g", "z"), ("A", "F"), ("G", "Z"))):
        if first <= character <= last:
            return number
    return CLASSES.index(character) if character in "_-. /:+=,@" else _PUNCTUATION


_CLASS_TABLE: Final = bytes(_class_of(code) if code < 128 else BEYOND for code in range(256))
_MASK_TABLE: Final = bytes(
    ord("0" if 48 <= code < 58 else "a" if 97 <= code < 123 else "A" if 65 <= code < 91 else chr(code))
    for code in range(256)
)
_RUNS: Final = re.compile(rb"0+|a+|A+|[^0aA]")
MOST_MASKED: Final = 64
"""Characters of a text that has a mask, at most."""
_MOST_RUNS: Final = 14


def classes_of(text: str) -> set[int]:
    """Return the classes of a text's characters."""
    data = text.encode("ascii") if text.isascii() else text.encode("utf-8", "surrogatepass")
    return set(data.translate(_CLASS_TABLE))


def mask_of(text: str) -> tuple[str, tuple[int, ...]] | None:
    """Return a text with each run of digits, small and capital letters as one sign, and how long each run is.

    None: beyond ASCII, too long, or of too many runs.
    """
    if len(text) > MOST_MASKED or not text.isascii() or not text.isprintable():
        return None
    return _runs_of(text.encode("ascii").translate(_MASK_TABLE))


@lru_cache(maxsize=4096)
def _runs_of(signs: bytes) -> tuple[str, tuple[int, ...]] | None:
    runs = _RUNS.findall(signs)
    if len(runs) > _MOST_RUNS:
        return None
    return "".join(chr(run[0]) for run in runs), tuple(map(len, runs))
