"""Values of path variables in three regimes: typed, mixed, words only."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from .nouns import Noun
from .words import (
    ADJECTIVES,
    COUNTRIES,
    CURRENCIES,
    FIRST_NAMES,
    LANGUAGES,
    LAST_NAMES,
    NOUNS,
    REGIONS,
    WORKPLACE,
    listed,
)

REGIMES: Final = ("typed", "mixed", "words")
Make = Callable[[random.Random], str]
"""Gives another identifier of its style each time, mostly one that was not given before."""

_BASE62: Final = string.digits + string.ascii_letters
_CODES: Final[dict[str, Sequence[str]]] = {
    "country": COUNTRIES,
    "countrycode": COUNTRIES,
    "currency": CURRENCIES,
    "currencycode": CURRENCIES,
    "language": LANGUAGES,
    "lang": LANGUAGES,
    "locale": LANGUAGES,
    "region": REGIONS,
}
_PEOPLE: Final = frozenset(
    listed(
        """
    user owner author member login username account follower assignee player
    """
    )
)
_UPPER_CODES: Final = frozenset(
    listed(
        """
    symbol ticker airport station stock exchange sku coin iata airline carrier
    """
    )
)
_DAYS: Final = frozenset(listed("date day startdate enddate from to since until fromdate todate"))


def style(noun: Noun, schema: dict[str, Any], regime: str, rng: random.Random) -> tuple[Make, bool]:
    """Return how the identifiers of a noun are made, and whether they are scalars (days, codes), no entities."""
    if regime == "words":
        return slugs(rng), False
    declared, form = schema.get("type"), schema.get("format")
    if form in ("date", "date-time") or noun.entity in _DAYS:
        return _days, True
    if declared == "number":
        return lambda rng: f"{rng.uniform(-90, 90):.4f}", True
    if declared == "integer":
        return _integers(noun, rng)
    if form == "uuid" or noun.attribute in ("uuid", "guid"):
        return _uuids, False
    if regime == "mixed" and (named := _by_name(noun, rng)) is not None:
        return named
    shares = {_integers(noun, rng)[0]: 40, _uuids: 35, _hexadecimal(rng): 25}
    if regime == "mixed":
        shares = {_integers(noun, rng)[0]: 20, _uuids: 20, _hexadecimal(rng): 10}
        shares |= {_prefixed(noun, rng): 20, _base62(rng): 20, slugs(rng): 10}
    return rng.choices([*shares], [*shares.values()])[0], False


def _by_name(noun: Noun, rng: random.Random) -> tuple[Make, bool] | None:
    """The style that a name asks for in the mixed regime."""
    entity, attribute = noun
    if codes := _CODES.get(entity):
        return lambda rng: rng.choice(codes), True
    if attribute == "email":
        return lambda rng: f"{rng.choice(FIRST_NAMES)}.{rng.choice(LAST_NAMES)}@{rng.choice(NOUNS)}.com", False
    if attribute == "domain" or entity in ("domain", "host", "hostname"):
        return lambda rng: f"{rng.choice(NOUNS)}{rng.choice(NOUNS)}.{rng.choice(('com', 'org', 'io', 'net'))}", False
    if entity in _PEOPLE and attribute in ("name", "login", "username", "handle", "slug"):
        return _user_names, False
    if entity in _UPPER_CODES:
        length = rng.choice((3, 4, 5))
        return lambda rng: "".join(rng.choices(string.ascii_uppercase, k=length)), False
    if attribute in ("name", "slug", "handle", "title", "label", "alias") or entity in (
        "name",
        "slug",
        "tag",
        "category",
    ):
        return slugs(rng), False
    return None


def _integers(noun: Noun, rng: random.Random) -> tuple[Make, bool]:
    if noun.entity in ("year", "season"):
        return lambda rng: str(rng.randint(2012, 2025)), True
    if noun.entity in ("page", "month", "week", "hour", "index", "offset", "limit"):
        return lambda rng: str(rng.randint(1, 12)), True
    low, high = rng.choice(((1, 400), (1_000, 99_999), (1_000_000, 99_999_999), (10**11, 10**12)))
    return lambda rng: str(rng.randint(low, high)), False


def _uuids(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _hexadecimal(rng: random.Random) -> Make:
    digits = rng.choice((16, 24, 24, 32, 40))
    return lambda rng: f"{rng.getrandbits(digits * 4):0{digits}x}"


def _prefixed(noun: Noun, rng: random.Random) -> Make:
    """As Stripe's `cus_9s6XKzkNRiz8i3`."""
    prefix = (noun.entity[: rng.choice((2, 3, 4))] or "x") + rng.choice(("_", "_", "-"))
    length = rng.choice((8, 14, 16, 24))
    return lambda rng: prefix + "".join(rng.choices(_BASE62, k=length))


def _base62(rng: random.Random) -> Make:
    length = rng.choice((7, 11, 16, 22))
    alphabet = _BASE62 + ("-_" if length == 11 else "")
    return lambda rng: "".join(rng.choices(alphabet, k=length))


def _user_names(rng: random.Random) -> str:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    form = rng.randrange(5)
    if form == 0:
        return f"{first[0]}{last}"
    if form == 1:
        return f"{first}.{last}"
    if form == 2:
        return f"{first}{rng.randint(1, 99)}"
    return first + last if form == 3 else f"{rng.choice(ADJECTIVES)}_{rng.choice(NOUNS)}"


def slugs(rng: random.Random) -> Make:
    """Slugs of one to three words; a kind has a usual length, which some differ from.

    Of four kinds one is named as things are at work: `billing`, `admin-portal`, `order-service`.
    """
    usual = rng.choices((1, 2, 3), (3, 5, 2))[0]
    joint = rng.choices("-_", (6, 1))[0]
    firsts, lasts = (WORKPLACE, WORKPLACE) if rng.random() < 0.25 else (ADJECTIVES, NOUNS)

    def make(rng: random.Random) -> str:
        words = usual if rng.random() < 0.8 else rng.randint(1, 3)
        return joint.join([*rng.choices(firsts, k=words - 1), rng.choice(lasts)])

    return make


def _days(rng: random.Random) -> str:
    return f"{rng.choice((2023, 2024, 2025))}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
