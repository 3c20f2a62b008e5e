"""Names and texts of a description in the forms that route files allow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import quote

from ..config.editing.quoting import YAML_WORDS
from ..endpoints.templates import TemplateError

VARIABLE = re.compile(r"\{([^{}/]*)\}")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_]")
_EXPANSION = re.compile(r"[+#./;?&].*|.*[+*]", re.DOTALL)
_NOT_IN_PATH = re.compile(r"[\x00-\x20\x7f\"<>\\^`|]|[^\x00-\x7f]")
"""ASCII that cannot stand in a path (RFC 3986 section 3.3), but for what the loader has a message for; any other."""
_WORDS = re.compile(r"[a-z0-9]+")
_NOISE = re.compile(r"the|an?|of|for|and|api|apis|rest|restful|http|https|openapi|swagger|spec|specification|v?\d+")
MAX_SERVICE_NAME = 24
"""Characters of a service's name that is made of a title, at most (our choice: it stands in every line)."""
MAX_COMMENT = 100
"""Characters of one comment, at most (our choice)."""


def comment(text: str, most: int = MAX_COMMENT) -> str:
    """Return a text as one line of a comment: cut where long, without anything that is not shown as itself."""
    text = text[: 4 * most]
    shown = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


def encoded(path: str) -> str:
    """Return a path as a route file can hold it: what neither a URL nor a reader can take is percent-encoded.

    Raises TemplateError: text that is not Unicode.
    """
    try:
        return _NOT_IN_PATH.sub(_encoded, path)
    except UnicodeEncodeError:
        raise TemplateError(
            "path-text", "the path holds half of a surrogate pair: write the character itself"
        ) from None


def _encoded(found: re.Match[str]) -> str:
    character = found[0]
    return character if not character.isascii() and character.isprintable() else quote(character, safe="")


def with_variables(path: str, taken: Collection[str]) -> str:
    """Return a path with variables that route files allow, each once and none of them in `taken`.

        with_variables("/users/{user-id}/likes/{user.id}", ())  →  '/users/{user_id}/likes/{user_id_2}'

    Raises TemplateError: a name with an operator of RFC 6570 or a sign for "the rest of the path", which one segment
    does not match.
    """
    names = VARIABLE.findall(path)
    fit = {name for name in names if _fits(name)}
    used = set(taken)
    given: list[str] = []
    for name in names:
        if _EXPANSION.fullmatch(name):
            raise TemplateError(
                "variable-name",
                f"'{{{name}}}' is an expansion: a variable of a route file is one segment or a part of it",
            )
        wanted = name if _fits(name) else _fitting(name)
        new, number = wanted, 1
        # A name that fits stays with its variable, wherever in the path that is.
        while new in used or (new in fit and new != name):
            number += 1
            new = f"{wanted}_{number}"
        used.add(new)
        given.append(new)
    left = iter(given)
    return VARIABLE.sub(lambda _: f"{{{next(left)}}}", path)


def _fits(name: str) -> bool:
    return bool(name) and not _NOT_IN_NAME.search(name) and not name[0].isdigit()


def _fitting(name: str) -> str:
    ascii_form = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    made = _NOT_IN_NAME.sub("_", ascii_form).strip("_") or "var"
    return f"_{made}" if made[0].isdigit() else made


def service_name(title: str, host: str) -> str:
    """Return a service's name made of a title, else of the target's host: `Swagger Petstore 3.0` → `petstore`."""
    plain = unicodedata.normalize("NFKD", title[:400]).encode("ascii", "ignore").decode("ascii").lower()
    words = [word for word in _WORDS.findall(plain.replace("'", "")) if not _NOISE.fullmatch(word)]
    if not words:
        labels = [label for label in host.lower().split(".") if re.search("[a-z]", label)]
        words = [
            word for label in labels[:-1] or labels for word in _WORDS.findall(label) if not _NOISE.fullmatch(word)
        ]
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:MAX_SERVICE_NAME]
        if len(longer) > MAX_SERVICE_NAME:
            break
        name = longer
    if not name:
        return "service"
    return f"{name}-service" if name in YAML_WORDS or not re.search("[a-z]", name) else name
