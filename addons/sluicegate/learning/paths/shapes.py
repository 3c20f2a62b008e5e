"""The shape of a JSON body: the names of its fields, as a few hashes, so that two bodies can be compared."""

from __future__ import annotations

from typing import Any, Final
from zlib import crc32

MOST_FIELDS: Final = 16
"""Hashes of a shape: the smallest of all (bottom-k MinHash), so that equal and nearly equal bodies share most."""
_MOST_VISITS: Final = 200
_DEPTH: Final = 3


def shape_of(document: Any) -> tuple[int, ...]:
    """The shape of a parsed body; a list counts by its first two elements."""
    found: set[int] = set()
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    at = 0
    while at < len(waiting) and at < _MOST_VISITS:
        place, value, depth = waiting[at]
        at += 1
        if isinstance(value, dict):
            found.add(crc32((place + "{").encode()))
            for key, each in list(value.items())[:64]:
                name = f"{place}.{key}"
                found.add(crc32(name.encode("utf-8", "surrogatepass")))
                if depth < _DEPTH:
                    waiting.append((name, each, depth + 1))
        elif isinstance(value, list):
            found.add(crc32((place + "[").encode()))
            if depth < _DEPTH:
                waiting.extend((place + "[]", each, depth + 1) for each in value[:2])
        elif not place:
            found.add(crc32(type(value).__name__.encode()))
    return tuple(sorted(found)[:MOST_FIELDS])


def likeness(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """How alike two shapes are, from 0 to 1: the Jaccard index, estimated where a shape is cut off."""
    if one == other:
        return 1.0
    both = sorted({*one, *other})[:MOST_FIELDS]
    if not both:
        return 0.0
    mine, their = set(one), set(other)
    return sum(each in mine and each in their for each in both) / len(both)
