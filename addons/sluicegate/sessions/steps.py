"""Ways to one value in a JSON document: a JSONPath of keys and indexes (RFC 9535), a JSON pointer (RFC 6901)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

Steps = tuple[str | int, ...]
"""Keys of objects, and indexes of lists; a JSON pointer's digits are a text here, and may be either."""

_DOT: Final = re.compile(r"\.([A-Za-z_\x80-\U0010ffff][0-9A-Za-z_\x80-\U0010ffff-]*)")
_INDEX: Final = re.compile(r"\[(0|[1-9][0-9]*)\]")
_QUOTED: Final = re.compile(r"\[(?:'((?:[^'\\\x00-\x1f]|\\.)*)'|\"((?:[^\"\\\x00-\x1f]|\\.)*)\")\]")
_BAD_TILDE: Final = re.compile(r"~(?![01])")
_POINTER_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_FORMS: Final = "keys and indexes as they are: '$.user.id', '$[\"user\"][0]'"


class PathError(ValueError):
    """A path that cannot be used; `offset` says at which character."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def parse_json_path(text: str) -> Steps:
    """Return the steps of a JSONPath that names one value: literal keys and indexes only, dot or bracket form.

    That much is what API Shield allows (Session identifiers). A `-` may stand in a key in dot form, which RFC 9535
    does not have: without expressions it has one meaning only. Raises PathError.

    >>> parse_json_path("$.foo['b.c'][0]")
    ('foo', 'b.c', 0)
    """
    if not text.startswith("$"):
        raise PathError("a JSONPath begins with '$', like '$.sub'")
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        if found := _DOT.match(text, at):
            steps.append(found[1])
        elif found := _INDEX.match(text, at):
            steps.append(int(found[1]))
        elif found := _QUOTED.match(text, at):
            steps.append(_unquoted(found, at))
        else:
            raise PathError(_why(text[at:]), at)
        at = found.end()
    if not steps:
        raise PathError("'$' is the whole document: name one value in it, like '$.sub'")
    return tuple(steps)


def _why(rest: str) -> str:
    if rest.startswith("..") or "*" in rest[:3]:
        return f"a session has one identifier, so this takes no '*' and no '..', only {_FORMS}"
    if rest.startswith(("[?", "[(")) or (rest.startswith("[") and re.match(r"\[[-0-9:, ]*\]", rest)):
        return f"a session has one identifier, so this takes no filters, slices or negative indexes, only {_FORMS}"
    if rest.startswith("["):
        return f"a key in brackets has quotes around it, and an index is a whole number: {_FORMS}"
    if rest.startswith("."):
        return f"after '.' comes a key of letters, digits, '_' and '-'; put another one in brackets: {_FORMS}"
    return f"here '.' or '[' is expected: {_FORMS}"


def _unquoted(found: re.Match[str], at: int) -> str:
    single, double = found.groups()
    text = double if single is None else single.replace("\\'", "'").replace('"', '\\"')
    try:
        key = json.loads(f'"{text}"')
    except ValueError:
        raise PathError("the escapes of a quoted key are those of JSON: '\\\\', '\\n', '\\u00e9'", at) from None
    return str(key)


def parse_pointer(text: str) -> Steps:
    """Return the steps of a JSON pointer to one value (RFC 6901 section 3). Raises PathError.

    >>> parse_pointer("/user/0/a~1b")
    ('user', '0', 'a/b')
    """
    if text.startswith("#"):
        raise PathError("this is the form for URLs (RFC 6901 section 6): leave the '#' out")
    if not text.startswith("/"):
        raise PathError("a JSON pointer begins with '/', like '/user/id'")
    if found := _BAD_TILDE.search(text):
        raise PathError("in a JSON pointer '~' is written '~0', and a '/' in a key '~1'", found.start())
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def text_at(document: Any, steps: Sequence[str | int]) -> str:
    """Return the single value at a place, read as a text; '' where there is none, or null, an object or a list.

    `document` is parsed JSON. True and false are `true` and `false`; numbers are as JSON writes them.
    """
    found = document
    for step in steps:
        if isinstance(found, dict):
            if step not in found:
                return ""
            found = found[step]
        elif isinstance(found, list):
            index = _index(step)
            if index is None or index >= len(found):
                return ""
            found = found[index]
        else:
            return ""
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, int | float) else ""


def _index(step: str | int) -> int | None:
    """The index that a step is in a list (RFC 6901 section 4); None for a key."""
    if isinstance(step, int):
        return step
    return int(step) if _POINTER_INDEX.fullmatch(step) else None
