"""Kept members as they are read back: whatever is not of the expected form raises ValueError."""

from __future__ import annotations

from typing import Any


def mapping(value: Any) -> dict[str, Any]:
    """The value as an object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"an object is expected, not {type(value).__name__}")
    return value


def rows(value: Any, width: int) -> list[list[Any]]:
    """The value as a list of lists of one width. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == width for row in value):
        raise ValueError(f"a list of rows of {width} is expected")
    return value


def whole(value: Any, name: str = "a count") -> int:
    """The value as a whole number of at least 0. Raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is a whole number, not {str(value)[:40]!r}")
    return value


def text(value: Any) -> str:
    """The value as a text. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"a text is expected, not {type(value).__name__}")
    return value
