"""From what was seen to what is stated: schemas in the dialect of OpenAPI 3.0, only as far as the evidence goes."""

from __future__ import annotations

import math
from typing import Any, Final

from . import forms
from .bounds import SETTLED, confidence, is_settled, lower, upper
from .fields import Field, Group
from .numbers import Numbers
from .settings import SchemaSettings
from .shapes import Arrays, Objects, Shape
from .texts import Facts, Mask, Texts

Schema = dict[str, Any]

_FIXED: Final = frozenset(("uuid", "date", "date-time", "time", "ipv4", "ipv6"))
"""Formats that say how long a text may be."""
_DRIFT: Final = 6.0
"""Standard errors from which on values are taken to grow or fall with time."""
_FAR_DOWN: Final = 0.1
"""Share of the greatest value below which a lower bound is none but the sign: ids of up to a million begin with 1."""
_MOST_INTEGERS: Final = 10
"""Whole numbers of an enum, at most: more of them are a range (our choice)."""


def text_schema(texts: Texts, settings: SchemaSettings) -> Schema:
    """Return what is stated of texts; those of a parameter may be numbers or truth values."""
    facts = texts.common()
    if texts.count < settings.types_after:
        return {"type": "string"}
    if texts.typed and facts.formats & forms.NUMBER:
        # "5.0" is a whole number, but not written as one.
        kind = {"type": "integer" if facts.formats & forms.INTEGER else "number"}
        return {**number_schema(facts.numbers, settings), **kind} if facts.numbers is not None else kind
    if texts.typed and facts.formats & forms.BOOLEAN:
        return {"type": "boolean"}
    made: Schema = {"type": "string"}
    name = "" if texts.secret else next((name for bit, name in forms.FORMAT_NAMES if facts.formats & bit), "")
    if name:
        made["format"] = name
    if texts.count < settings.bounds_after:
        return made
    if not name and texts.table and len(texts.table) <= settings.most_enum and is_settled(texts.table.values()):
        return {**made, "enum": sorted(texts.table)}
    if name not in _FIXED:
        _state(made, "minLength", "maxLength", facts.lengths, least=0)
    if not name and not texts.secret and (pattern := _pattern(facts)):
        made["pattern"] = pattern
    return made


def number_schema(numbers: Numbers, settings: SchemaSettings) -> Schema:
    """Return what is stated of numbers."""
    made: Schema = {"type": "number" if numbers.fractions or numbers.huge else "integer"}
    if numbers.secret or numbers.huge or numbers.count < settings.bounds_after:
        return made
    table = numbers.table
    if table and not numbers.fractions and len(table) <= min(settings.most_enum, _MOST_INTEGERS):
        is_row = max(table) - min(table) + 1 == len(table)
        if not is_row and is_settled(table.values()):
            return {**made, "enum": sorted(int(value) for value in table)}
    _state(made, "minimum", "maximum", numbers)
    return made


def shape_schema(shape: Shape, settings: SchemaSettings) -> Schema:
    """Return what is stated of JSON values: of several types any."""
    if shape.count < settings.types_after:
        return {}
    types: list[Schema] = []
    if shape.booleans:
        types.append({"type": "boolean"})
    if shape.numbers is not None and shape.numbers.count:
        types.append(number_schema(shape.numbers, settings))
    if shape.texts is not None:
        types.append(text_schema(shape.texts, settings) if shape.texts.count else {"type": "string"})
    if shape.arrays is not None:
        types.append(_array_schema(shape.arrays, settings))
    if shape.objects is not None:
        types.append(_object_schema(shape.objects, settings))
    if not types:
        return {}
    made = types[0] if len(types) == 1 else {"anyOf": types}
    if shape.nulls:
        # OpenAPI 3.0.3 has `nullable` beside a type alone; and an enum must name null, too.
        for one in types:
            one["nullable"] = True
            if "enum" in one:
                one["enum"] = [*one["enum"], None]
    return made


def form_schema(group: Group, messages: int, settings: SchemaSettings) -> Schema:
    """Return what is stated of the fields of a form; `messages` is how many forms there were."""
    properties: Schema = {}
    for name, field in sorted(group.fields.items()):
        properties[name] = {**field_schema(field, settings), "description": told(field.count)}
    made: Schema = {"type": "object", "properties": properties}
    required = [name for name, field in sorted(group.fields.items()) if is_required(field.count, messages, settings)]
    return {**made, "required": required} if required else made


def field_schema(field: Field, settings: SchemaSettings) -> Schema:
    """Return what is stated of a parameter: an array of what its values are, where it was seen repeated."""
    made = text_schema(field.values, settings)
    return {"type": "array", "items": made} if field.repeated else made


def is_required(count: int, messages: int, settings: SchemaSettings) -> bool:
    """Whether what `count` of so many messages had is taken to be in all."""
    return 0 < settings.required_after <= messages <= count


def told(count: int, more: str = "") -> str:
    """The evidence as people read it."""
    seen = f"{count:,} value{'s' * (count != 1)}"
    return f"Learned from {seen}{more}, confidence {math.floor(confidence(count) * 10_000) / 10_000:.4g}."


def _array_schema(arrays: Arrays, settings: SchemaSettings) -> Schema:
    made: Schema = {"type": "array", "items": shape_schema(arrays.items, settings)}
    if arrays.lengths.count == arrays.count >= settings.bounds_after:
        _state(made, "minItems", "maxItems", arrays.lengths, least=0)
    return made


def _object_schema(objects: Objects, settings: SchemaSettings) -> Schema:
    made: Schema = {"type": "object"}
    properties: Schema = {}
    required: list[str] = []
    for name, shape in sorted(objects.members.items()):
        properties[name] = {**shape_schema(shape, settings), "description": told(shape.count)}
        if is_required(shape.count, objects.count, settings):
            required.append(name)
    if properties:
        made["properties"] = properties
    elif objects.free is not None and (below := shape_schema(objects.free, settings)):
        made["additionalProperties"] = {**below, "description": told(objects.free.count)}
    if required:
        made["required"] = required
    return made


def _state(made: Schema, least_name: str, most_name: str, numbers: Numbers, least: int | None = None) -> None:
    """State bounds: none where values grow or fall with time, whole ones for whole numbers.

    `least`: of lengths, which never are below; one more or one less of them means little, so they settle later.
    """
    settled, drift = SETTLED if least is None else 2 * SETTLED, numbers.drift()
    below, above = numbers.from_below(), numbers.from_above()
    low = lower(below, settled) if drift > -_DRIFT else None
    high = upper(above, settled) if drift < _DRIFT else None
    if low is not None and least is None and 0 < low < min(below[0][0], _FAR_DOWN * above[0][0]):
        low = 0 if numbers.fractions else 1
    if low is not None and not numbers.fractions:
        low = math.ceil(low)
    if high is not None and not numbers.fractions:
        high = math.floor(high)
    if low is not None and (least is None or low > least):
        made[least_name] = low
    if high is not None:
        made[most_name] = high


def _pattern(facts: Facts) -> str:
    """A regular expression that all texts match and fresh ones should; '' where none is certain enough."""
    masks = facts.masks or {}
    # Of several forms, only ones of fixed lengths are forms of their own: `A+` and `A+_A+` are words with underscores.
    if (
        masks
        and is_settled(found[0] for found in masks.values())
        and (len(masks) == 1 or all(map(_is_fixed, masks.values())))
    ):
        return "^(?:" + "|".join(_mask_pattern(mask, *found[1:]) for mask, found in sorted(masks.items())) + ")$"
    seen = [number for number, times in enumerate(facts.classes) if times]
    counts = [times for times in facts.classes if times]
    space = forms.CLASSES.index(" ")
    if not seen or space in seen or max(seen) >= len(forms.CLASSES) - 2 or not is_settled(counts):
        return ""
    inside = _merged("".join(forms.CLASSES[number] for number in seen if forms.CLASSES[number] != "-"))
    if forms.CLASSES.index("-") in seen:
        inside += "-"
    return f"^{''.join(map(_escaped, facts.prefix or ''))}[{inside}]*$"


def _is_fixed(mask: Mask) -> bool:
    return mask[1] == mask[2]


def _merged(inside: str) -> str:
    return inside.replace("a-fg-z", "a-z").replace("A-FG-Z", "A-Z")


_SIGNS: Final = {"0": "[0-9]", "a": "[a-z]", "A": "[A-Z]"}


def _mask_pattern(mask: str, low: tuple[int, ...], high: tuple[int, ...]) -> str:
    parts: list[str] = []
    for sign, shortest, longest in zip(mask, low, high, strict=True):
        one = _SIGNS.get(sign) or _escaped(sign)
        if shortest != longest:
            parts.append(f"{one}+")
        else:
            parts.append(one if longest == 1 else f"{one}{{{longest}}}")
    return "".join(parts)


def _escaped(sign: str) -> str:
    """A sign as ECMA-262 has it: what needs no backslash gets none."""
    return f"\\{sign}" if sign in r"\^$.|?*+()[]{}/" else sign
