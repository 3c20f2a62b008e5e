"""References between the parts of a description, in one document or several (OpenAPI 3.1, section 4.3).

A reference is a relative path to a file, a JSON pointer (RFC 6901) behind `#`, or both. Nothing is ever fetched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import unquote

from ..config.diagnostics import excerpt
from .documents import DocumentError, Repeating, Value, parse

MAX_DOCUMENTS: Final = 1000
"""Files that one description consists of, at most."""
MAX_STEPS: Final = 100
"""References that lead to one another, at most."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_REF = "$ref"


class Located(NamedTuple):
    """A value and where it stands: the file as people can open it, and the way to it from the root."""

    value: Value
    file: str
    way: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """File and JSON pointer: `petstore.yaml#/paths/~1pets`."""
        return f"{self.file}#" + "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in self.way)

    def error(self, message: str) -> DocumentError:
        """An error at this place."""
        return DocumentError(self.place, message)


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object of the description: its own fields over those of what it refers to.

    The specification leaves open what holds where both have a field; here the own one does (our choice: it stands
    nearer to the reader).
    """

    layers: tuple[Located, ...]

    @property
    def here(self) -> Located:
        """The place that names the object."""
        return self.layers[0]

    def fields(self) -> Iterator[tuple[str, Located]]:
        """The fields in order, each once."""
        seen: set[str] = {_REF}
        for layer in self.layers:
            for key, value in _dict(layer).items():
                if key not in seen:
                    seen.add(key)
                    yield key, Located(value, layer.file, (*layer.way, key))

    def get(self, key: str) -> Located | None:
        """A field, or None."""
        for layer in self.layers:
            found = _dict(layer)
            if key in found:
                return Located(found[key], layer.file, (*layer.way, key))
        return None

    def text(self, key: str) -> str:
        """A field that is a text, else ''."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, str) else ""


class Documents:
    """The documents of a description, each read when it is first referred to.

    `read` returns a file's content and raises DocumentError; `root` is the name of the first one.
    """

    def __init__(self, read: Callable[[str], bytes], root: str) -> None:
        self._read = read
        self._root = root
        self._parsed: dict[str, Value] = {}

    def root(self) -> Located:
        """The first document. Raises DocumentError."""
        return self._document(self._root)

    def mapping(self, located: Located, what: str) -> Mapping:
        """Return an object with what it refers to. Raises DocumentError: no object, a reference that leads nowhere."""
        layers: list[Located] = []
        places: set[str] = set()
        current = located
        while True:
            if not isinstance(current.value, dict):
                raise current.error(f"{what} is a mapping, not {_kind(current.value)}")
            if isinstance(current.value, Repeating):
                raise current.error(f"'{excerpt(current.value.repeated)}' stands twice in one mapping: keep one")
            layers.append(current)
            places.add(current.place)
            if _REF not in current.value:
                return Mapping(tuple(layers))
            reference = Located(current.value[_REF], current.file, (*current.way, _REF))
            current = self._find(reference)
            if current.place in places:
                raise reference.error(f"the reference '{excerpt(str(reference.value))}' goes round in a circle")
            if len(layers) >= MAX_STEPS:
                raise reference.error(f"more than {MAX_STEPS} references lead to one another here")

    def _find(self, reference: Located) -> Located:
        """Return what a reference means."""
        text = reference.value
        if not isinstance(text, str) or not text:
            raise reference.error(f"a reference is a text, not {_kind(text)}")
        shown = excerpt(text, 200)
        path, _, fragment = text.partition("#")
        if _SCHEME.match(path) or path.startswith(("/", "\\")):
            raise reference.error(
                f"'{shown}' is not a relative path, and nothing is fetched: save it beside the document, refer to that"
            )
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            raise reference.error(f"'{shown}' has no JSON pointer behind '#': write it like '#/paths/~1pets'")
        file = reference.file
        if path:
            file = os.path.normpath(os.path.join(os.path.dirname(file), unquote(path)))
        try:
            found = self._document(file)
        except DocumentError as error:
            raise reference.error(f"'{shown}' cannot be followed: {error}") from None
        for key in pointer.split("/")[1:]:
            found = _step(found, key.replace("~1", "/").replace("~0", "~"), reference)
        return found

    def _document(self, name: str) -> Located:
        if name not in self._parsed:
            if len(self._parsed) >= MAX_DOCUMENTS:
                raise DocumentError(name, f"the description has more than {MAX_DOCUMENTS} files")
            self._parsed[name] = parse(self._read(name), name)
        return Located(self._parsed[name], name)


def _step(found: Located, key: str, reference: Located) -> Located:
    value = found.value
    if isinstance(value, dict) and key in value:
        return Located(value[key], found.file, (*found.way, key))
    if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", key) and int(key) < len(value):
        return Located(value[int(key)], found.file, (*found.way, key))
    shown = excerpt(str(reference.value), 200)
    raise reference.error(f"'{shown}' leads nowhere: '{found.place}' has no '{excerpt(key)}'")


def _dict(located: Located) -> dict[str, Value]:
    return located.value if isinstance(located.value, dict) else {}


def _kind(value: Value) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    return f"'{excerpt(str(value))}'"
