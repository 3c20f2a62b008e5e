"""Requests that are wrong in one place: in its type, its range, its enum or its format."""

from __future__ import annotations

import copy
import random
import re
import string
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

Way = tuple[str | int, ...]
CLASSES: Final = ("wrong type", "out of range", "unknown enum", "bad format")
PARAMETERS: Final = ("path", "query", "header")


class Place(NamedTuple):
    """A value in a request: the way to it, its schema, and whether it is sent as text."""

    way: Way
    schema: dict[str, Any]
    value: Any
    is_text: bool

    @property
    def name(self) -> str:
        """The way without the numbers of items and the keys of maps."""
        return ".".join("[]" if isinstance(s, int) else "{}" if s.startswith("{}") else s for s in self.way)


class Mutant(NamedTuple):
    """A mutated request: its class, a finer kind, the name of the place that was changed."""

    group: str
    kind: str
    place: str
    message: dict[str, Any]


def places(message: dict[str, Any], schema: dict[str, Any], is_form: bool) -> Iterator[Place]:
    """Every value of a request with its schema."""
    for part, value in message.items():
        below = schema["properties"][part]
        is_text = part in PARAMETERS or is_form
        if part in PARAMETERS:
            for name, one in value.items():
                yield from _below((part, name), one, below["properties"][name], is_text)
        else:
            yield from _below((part,), value, below, is_text)


def _below(way: Way, value: Any, schema: dict[str, Any], is_text: bool) -> Iterator[Place]:
    if "anyOf" in schema and "properties" not in schema:
        schema = next((one for one in schema["anyOf"] if _fits(value, one)), {})
    yield Place(way, schema, value, is_text)
    if isinstance(value, dict):
        members, free = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, one in value.items():
            if name in members:
                yield from _below((*way, name), one, members[name], is_text)
            elif isinstance(free, dict):
                yield from _below((*way, "{}" + name), one, free, is_text)
    elif isinstance(value, list):
        for number, one in enumerate(value[:10]):
            yield from _below((*way, number), one, schema.get("items") or {}, is_text)


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    kind = schema.get("type") or ("object" if "properties" in schema else None)
    return kind == kinds.get(type(value)) or (kind == "number" and type(value) is int)


def mutants(
    message: dict[str, Any], schema: dict[str, Any], is_form: bool, group: str, rng: random.Random
) -> Iterator[Mutant]:
    """Mutated requests of one class in a random order, each of another place; not all are wrong."""
    found = list(places(message, schema, is_form))
    rng.shuffle(found)
    for place in found:
        changed = _CHANGES[group](place, rng)
        if changed is not None:
            kind, value = changed
            if place.way[0] == "path" and value == "":
                continue  # another path altogether
            yield Mutant(group, kind, place.name, _with(message, place.way, value))


def _with(message: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(message)
    holder: Any = made
    for step in way[:-1]:
        holder = holder[step.removeprefix("{}") if isinstance(step, str) else step]
    last = way[-1]
    holder[last.removeprefix("{}") if isinstance(last, str) else last] = value
    return made


def _wrong_type(place: Place, rng: random.Random) -> tuple[str, Any] | None:
    kind = place.schema.get("type")
    if place.value is None or (len(place.way) < 2 and place.way == ("body",)):
        return None
    if place.is_text:
        texts = {"integer": ("abc", "1.5", "12a", "1e", "x7"), "number": ("abc", "1,5", "ten", "1.2.3")}
        texts["boolean"] = ("yes", "maybe", "2", "TRUE?")
        return ("text", rng.choice(texts[kind])) if kind in texts else None
    others: dict[Any, tuple[Any, ...]] = {
        "string": (17, True, ["x"], {"x": 1}, 2.5),
        "integer": ("17", "abc", 2.5, True, [17], {"x": 1}),
        "number": ("17.5", "abc", True, [1], {"x": 1}),
        "boolean": ("true", 1, "no", [True]),
        "array": ("x", {"x": 1}, 7),
        "object": ("x", [1], 7, True),
    }
    return ("json", rng.choice(others[kind])) if kind in others else None


def _out_of_range(place: Place, rng: random.Random) -> tuple[str, Any] | None:
    value, schema = place.value, place.schema
    near = rng.random() < 0.5
    how = "near" if near else "far"
    if type(value) in (int, float):
        limits = [name for name in ("minimum", "maximum") if isinstance(schema.get(name), int | float)]
        if not limits:
            return None
        name = rng.choice(limits)
        limit, sign = schema[name], -1 if name == "minimum" else 1
        step = 1 if schema.get("type") == "integer" else rng.choice((1, 0.5))
        if near:
            return f"{name} {how}", limit + sign * step
        return f"{name} {how}", limit + sign * max(10, abs(limit)) * rng.choice((1, 9, 99))
    if isinstance(value, str) and not schema.get("enum"):
        if isinstance(least := schema.get("minLength"), int) and least > 0 and rng.random() < 0.5:
            return f"minLength {how}", value[: least - 1 if near else 0]
        if isinstance(most := schema.get("maxLength"), int) and most < 20_000:
            wanted = most + (1 if near else max(10, most))
            return f"maxLength {how}", (value or "x") + (value or "x")[-1] * (wanted - len(value or "x"))
    if isinstance(value, list) and value:
        if isinstance(least := schema.get("minItems"), int) and least > 0 and rng.random() < 0.5 and not place.is_text:
            return f"minItems {how}", value[: least - 1 if near else 0]
        if isinstance(most := schema.get("maxItems"), int) and most < 500:
            return f"maxItems {how}", (value * (most + 10))[: most + (1 if near else max(10, most))]
    return None


def _unknown_enum(place: Place, rng: random.Random) -> tuple[str, Any] | None:
    value = place.value
    if not place.schema.get("enum") or value is None or isinstance(value, bool):
        return None
    if type(value) in (int, float):
        return "number", value + rng.choice((-1000, 1, 7, 1000))
    if not isinstance(value, str) or not value:
        return None
    if rng.random() < 0.5:
        at = rng.randrange(len(value))
        slip = rng.choice((value[:at] + value[at + 1 :], value[:at] + rng.choice(string.ascii_lowercase) + value[at:]))
        return "slip", rng.choice((slip, slip, value.swapcase()))
    return "word", rng.choice(("unknown", "other", "TEST", "foo", "none_of_these", "42", f"{value}_v2"))


def _bad_format(place: Place, rng: random.Random) -> tuple[str, Any] | None:
    value, name = place.value, place.schema.get("format")
    if not isinstance(value, str) or place.schema.get("enum"):
        return None
    bad: dict[Any, tuple[str, ...]] = {
        "date": ("2024-13-01", "01/02/2024", "2024-2-3", "yesterday", "2024-02-30", "20240201"),
        "date-time": (
            "2024-01-01",
            "2024-01-01 10:00",
            "2024-01-01T25:00:00Z",
            "now",
            "1700000000",
            "2024-01-01T10:00:00",
        ),
        "uuid": (value[:-1], value.replace("-", "")[:-2], "g" + value[1:], "7", "none"),
        "email": (value.replace("@", "."), "nobody", "@" + value, value.split("@")[0] + "@"),
        "uri": ("not a uri", "//", "www.example", value.replace(":", "", 1)),
        "ipv4": ("300.1.1.1", "1.2.3", "localhost", value + ".1"),
        "ipv6": ("1:2:3", "zzzz::1", "localhost"),
        "hostname": ("-bad-.example", "a b.example", "under score"),
        "time": ("25:00:00Z", "noon", "10:61"),
    }
    if name in bad:
        return str(name), rng.choice(bad[name])
    if isinstance(pattern := place.schema.get("pattern"), str) and value:
        at = rng.randrange(len(value))
        changed = rng.choice(
            (
                value[:at] + rng.choice("!<{é ") + value[at + 1 :],
                value[:at] + rng.choice("xX9_-") + value[at + 1 :],
                f"{value} ",
                f"<{value}>",
            )
        )
        try:
            return ("pattern", changed) if not re.search(pattern, changed) else None
        except re.error:
            return None
    return None


_CHANGES: Final = dict(zip(CLASSES, (_wrong_type, _out_of_range, _unknown_enum, _bad_format), strict=True))
