"""`${NAME}` and `${NAME:-default}` in the URLs of services: no other place reads the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..endpoints.templates import TemplateError

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}")


class Expanded(NamedTuple):
    """A text with its references replaced; `names` are the variables whose values are in it, never to be shown."""

    text: str
    names: tuple[str, ...]


def expand(text: str, environ: Mapping[str, str]) -> Expanded:
    """Replace the references in a text; a default is for a variable that is unset or empty, as in a shell.

    Raises TemplateError: a variable that is unset (or empty) and has no default, a `${` that is no reference.
    """
    names: list[str] = []
    pieces: list[str] = []
    end = 0
    while (start := text.find("${", end)) >= 0:
        pieces.append(text[end:start])
        found = _REFERENCE.match(text, start)
        if found is None:
            raise TemplateError(
                "environment-syntax",
                f"'{text[start : start + 40]}' is not a reference: write '${{NAME}}' or '${{NAME:-default}}'",
                start,
            )
        value = environ.get(found["name"], "")
        if value:
            names.append(found["name"])
            pieces.append(value)
        elif found["default"] is not None:
            pieces.append(found["default"])
        else:
            state = "empty" if found["name"] in environ else "not set"
            raise TemplateError(
                "environment-unset",
                f"environment variable {found['name']} is {state}: set it, or write '${{{found['name']}:-default}}'",
                start,
            )
        end = found.end()
    pieces.append(text[end:])
    return Expanded("".join(pieces), tuple(names))
