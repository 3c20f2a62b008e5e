"""Texts as YAML has them, so that every reader of it reads the same."""

from __future__ import annotations

from typing import Final

YAML_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Texts that some reader of YAML takes for something else."""


def quoted(text: str) -> str:
    """A text as YAML has it: in quotes where a plain one would read as something else."""
    is_plain = text[0].isalpha() and not text.endswith(":") and text.lower() not in YAML_WORDS
    return text if is_plain else f'"{text}"'
