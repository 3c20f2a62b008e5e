"""Plausible values of a schema: each field has a habit of its own, drawn once, and values follow it."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..discovery.words import ADJECTIVES, FIRST_NAMES, LAST_NAMES, NOUNS
from .patterns import from_pattern

Make = Callable[[], Any]
_BASE62: Final = string.ascii_letters + string.digits


def presence(rng: random.Random) -> float:
    """How often an optional field is there: never for a quarter of them, else mostly rarely or nearly always."""
    return 0.0 if rng.random() < 0.25 else rng.betavariate(0.6, 0.6)


def zipf(rng: random.Random, count: int) -> list[float]:
    """Shares of so many values, in a random order."""
    exponent = rng.choice((0.0, 0.5, 1.0, 1.5))
    weights = [1 / (place + 1) ** exponent for place in range(count)]
    rng.shuffle(weights)
    return weights


def maker(schema: dict[str, Any], name: str, rng: random.Random) -> Make:
    """Return what makes values of a schema at a place with this name."""
    make = _maker(schema, name, rng)
    if schema.get("nullable") is True and rng.random() < 0.4:
        share = rng.choice((0.02, 0.1, 0.5))
        return lambda: None if rng.random() < share else make()
    return make


def _maker(schema: dict[str, Any], name: str, rng: random.Random) -> Make:
    enum = [value for value in schema.get("enum") or () if value is not None]
    if enum:
        return _one_of(enum, rng)
    variants = schema.get("anyOf")
    if variants and "properties" not in schema:
        makers = [maker(one, name, rng) for one in variants]
        shares = zipf(rng, len(makers))
        return lambda: rng.choices(makers, shares)[0]()
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    if kind == "object":
        return _object(schema, rng)
    if kind == "array":
        return _array(schema, name, rng)
    if kind == "boolean":
        share = rng.choice((0.1, 0.5, 0.9))
        return lambda: rng.random() < share
    if kind in ("integer", "number"):
        return _number(schema, kind, name.lower(), rng)
    return _text(schema, name.lower(), rng)


def _one_of(values: list[Any], rng: random.Random) -> Make:
    shares = zipf(rng, len(values))
    return lambda: rng.choices(values, shares)[0]


def _object(schema: dict[str, Any], rng: random.Random) -> Make:
    required = set(schema.get("required") or ())
    members = [
        (name, 1.0 if name in required else presence(rng), maker(one, name, rng))
        for name, one in (schema.get("properties") or {}).items()
    ]
    if not members and isinstance(schema.get("additionalProperties"), dict):
        value = maker(schema["additionalProperties"], "value", rng)
        key = rng.choice((lambda: _id(rng), lambda: rng.choice(NOUNS), lambda: str(rng.randrange(1, 99999))))
        return lambda: {key(): value() for _ in range(1 + _geometric(rng, 1.5))}
    return lambda: {name: make() for name, share, make in members if share >= 1 or rng.random() < share}


def _array(schema: dict[str, Any], name: str, rng: random.Random) -> Make:
    item = maker(schema.get("items") or {}, name, rng)
    least, most = int(schema.get("minItems", 0)), min(int(schema.get("maxItems", 50)), 200)
    start = max(least, rng.choice((0, 1, 1, 1)))
    mean = rng.choice((0.5, 1.0, 3.0))
    unique = schema.get("uniqueItems") is True

    def make() -> list[Any]:
        count = min(start + _geometric(rng, mean), max(most, least))
        made = [item() for _ in range(count)]
        if unique:
            made = [one for place, one in enumerate(made) if one not in made[:place]]
        return made

    return make


def _geometric(rng: random.Random, mean: float) -> int:
    count, share = 0, mean / (1 + mean)
    while rng.random() < share:
        count += 1
    return count


_USUAL: Final = {
    r"(per_?page|page_?size|limit|max_?results|^count$|^size$|^top$|take)": (10, 20, 25, 50, 100),
    r"^year$": (2019, 2020, 2021, 2022, 2023, 2024),
    r"^month$": tuple(range(1, 13)),
    r"(port)$": (80, 443, 8080, 8443, 3000, 5432),
}


def _number(schema: dict[str, Any], kind: str, name: str, rng: random.Random) -> Make:
    low, high = schema.get("minimum"), schema.get("maximum")
    step = schema.get("multipleOf")
    is_whole = kind == "integer"
    digits = 0 if is_whole else rng.choice((0, 1, 2, 2, 2, 6))
    for pattern, usual in _USUAL.items():
        fitting = [value for value in usual if _within(value, low, high)]
        if re.search(pattern, name) and len(fitting) > 1 and not step:
            return _one_of(fitting, rng)
    lowest = float(low) if isinstance(low, int | float) else None
    highest = float(high) if isinstance(high, int | float) else None
    base = lowest if lowest is not None and abs(lowest) < 1e12 else 0.0
    span = highest - base if highest is not None and highest > base else None
    spread = _spread(name, base, span, rng)

    def make() -> Any:
        value = spread()
        if highest is not None:
            value = min(value, highest)
        if lowest is not None:
            value = max(value, lowest)
        value = round(value, digits)
        if isinstance(step, int | float) and step > 0:
            value = round(value / step) * step
        return int(value) if is_whole else value

    return make


def _spread(name: str, base: float, span: float | None, rng: random.Random) -> Callable[[], float]:
    if re.search(r"lat(itude)?$", name):
        centre = rng.uniform(-50, 50)
        return lambda: max(-90.0, min(90.0, rng.gauss(centre, 8)))
    if re.search(r"(lon|lng|longitude)$", name):
        centre = rng.uniform(-100, 100)
        return lambda: max(-180.0, min(180.0, rng.gauss(centre, 15)))
    if re.search(r"(^id|id|number|no)$", name):
        most = min(span or 1e9, rng.choice((200, 50_000, 10_000_000)))
        return lambda: base + 1 + rng.random() * (most - 1)
    if re.search(r"(time|timestamp|date|since|until|from|to|start|end)$", name) and (span is None or span > 2e9):
        return lambda: 1.6e9 + rng.random() * 1e8
    habit = rng.random()
    if span is not None and span <= 1000 and habit < 0.6:
        return lambda: base + rng.random() * (span + 1) - 0.5
    if habit < 0.3:
        usual = [base + rng.lognormvariate(2, 1) for _ in range(rng.randrange(2, 9))]
        shares = zipf(rng, len(usual))
        return lambda: rng.choices(usual, shares)[0]
    if habit < 0.5:
        most = min(span or 1e9, rng.choice((10, 100, 1000)))
        return lambda: base + rng.random() * most
    middle, width = rng.choice((0.5, 2, 4, 6)), rng.choice((0.4, 0.8, 1.2))
    return lambda: base + rng.lognormvariate(middle, width)


def _within(value: float, low: Any, high: Any) -> bool:
    return not (isinstance(low, int | float) and value < low) and not (isinstance(high, int | float) and value > high)


def _id(rng: random.Random) -> str:
    return "".join(rng.choices(_BASE62, k=16))


def _text(schema: dict[str, Any], name: str, rng: random.Random) -> Make:
    made = _formatted(schema.get("format"), name, rng)
    if made is None and isinstance(schema.get("pattern"), str):
        make = from_pattern(schema["pattern"], rng)
        if make is not None:
            made = make
    if made is not None:
        return made
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 100_000))
    free = _habit(name, rng)

    def make_free() -> str:
        value = free()
        while len(value) < least:
            value += rng.choice(NOUNS)
        return value[:most].strip() if most >= least + 2 else value[:most]

    return make_free


def _formatted(name: Any, field: str, rng: random.Random) -> Make | None:
    if name == "date":
        return lambda: _moment(rng).date().isoformat()
    if name == "date-time":
        style = rng.choice(("Z", ".f", "+"))
        return lambda: _date_time(rng, style)
    if name in ("uuid", "guid"):
        return lambda: str(_uuid(rng))
    if name == "email" or (name is None and re.search(r"e-?mail$", field)):
        return lambda: (
            f"{rng.choice(FIRST_NAMES)}.{rng.choice(LAST_NAMES)}{rng.randrange(99)}@{rng.choice(NOUNS)}.example"
        )
    if name in ("uri", "url") or (name is None and re.search(r"(url|uri|href|link)$", field)):
        host = rng.choice(NOUNS)
        return lambda: (
            f"https://{host}.example/{rng.choice(NOUNS)}/{rng.randrange(9999)}" + rng.choice(("", "?a=b", "/"))
        )
    if name == "ipv4":
        return lambda: ".".join(str(rng.randrange(256)) for _ in range(4))
    if name == "ipv6":
        return lambda: ":".join(f"{rng.randrange(65536):x}" for _ in range(8))
    if name == "hostname":
        return lambda: f"{rng.choice(NOUNS)}.{rng.choice(NOUNS)}.example"
    if name == "time":
        return lambda: _moment(rng).strftime("%H:%M:%SZ")
    return None


def _moment(rng: random.Random) -> datetime:
    return datetime(2023, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.random() * 6e7)


def _date_time(rng: random.Random, style: str) -> str:
    text = _moment(rng).strftime("%Y-%m-%dT%H:%M:%S")
    if style == "Z":
        return text + "Z"
    if style == ".f":
        return f"{text}.{rng.randrange(1000):03}Z"
    return text + rng.choice(("+00:00", "+02:00", "-05:00"))


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def _habit(name: str, rng: random.Random) -> Callable[[], str]:
    """How free texts look at a place: by its name where that says something."""
    if re.search(r"(phone|mobile|fax)", name):
        return lambda: f"+{rng.randrange(1, 99)}{rng.randrange(10**8, 10**10)}"
    if re.search(r"(zip|postal)", name):
        return lambda: f"{rng.randrange(100000):05}"
    if re.search(r"country", name):
        return _one_of(["US", "DE", "GB", "FR", "JP", "IN", "BR", "CA", "AU", "NL", "SE", "PL", "KR", "ZA", "EG"], rng)
    if re.search(r"currency", name):
        return _one_of(["USD", "EUR", "GBP", "JPY", "INR", "BRL", "CHF", "SEK"], rng)
    if re.search(r"(lang|locale)", name):
        return _one_of(["en", "de", "fr", "es", "pt-BR", "en-GB", "ja", "it"], rng)
    if re.search(r"(description|comment|message|text|body|note|summary|content)", name):
        mean = rng.choice((6, 20, 60))
        return lambda: _sentence(rng, 1 + _geometric(rng, mean))
    if re.search(r"(first_?name|given)", name):
        return lambda: rng.choice(FIRST_NAMES).title()
    if re.search(r"(last_?name|surname|family)", name):
        return lambda: rng.choice(LAST_NAMES).title()
    if re.search(r"(name|title|label|^q$|query|search|city|street|company)", name):
        return lambda: " ".join(rng.choice(NOUNS).title() for _ in range(1 + _geometric(rng, 0.8)))
    if re.search(r"(id|uuid|key|ref|number|no)$", name):
        prefix = rng.choice(NOUNS)[:3]
        return rng.choice(
            (
                lambda: _id(rng),
                lambda: f"{prefix}_{_id(rng)}",
                lambda: f"{rng.getrandbits(96):024x}",
                lambda: str(rng.randrange(1, 10**7)),
                lambda: f"{prefix.upper()}-{rng.randrange(1, 9999):04}",
                lambda: _uuid(rng),
            )
        )
    few = [rng.choice(ADJECTIVES) for _ in range(rng.randrange(2, 9))]
    return rng.choice(
        (
            lambda: "-".join((rng.choice(ADJECTIVES), rng.choice(NOUNS))),
            lambda: rng.choice(NOUNS),
            lambda: _sentence(rng, 1 + _geometric(rng, 3)),
            _one_of(few, rng),
            lambda: f"{rng.randrange(1, 9)}.{rng.randrange(20)}.{rng.randrange(50)}",
        )
    )


def _sentence(rng: random.Random, words: int) -> str:
    made = " ".join(rng.choice(NOUNS if rng.random() < 0.6 else ADJECTIVES) for _ in range(words)).capitalize()
    return made + rng.choice((".", ".", "", "!", ", é", "'s"))
