"""JSON and YAML documents as plain values: read in one pass, bounded, with no meaning put into scalars.

Numbers are their text, and so are the plain scalars of YAML: `200`, `no` and `3.10` are what they look like.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Final

import yaml
from yaml import events
from yaml._yaml import CParser

from ..config.diagnostics import excerpt
from ..config.syntax import describe

MAX_BYTES: Final = 64 * 1024 * 1024
"""Size of a document, at most."""
MAX_DEPTH: Final = 200
"""Levels of nesting in YAML, at most; JSON has the limit of its parser."""
MAX_NODES: Final = 5_000_000
"""Nodes of a YAML document, at most; what merge keys copy counts, an alias is one."""

_JSON = re.compile(r'\s*\{\s*["}]')
_NULLS = ("", "~", "null", "Null", "NULL")
_MERGE = "<<"

type Value = str | bool | list[Value] | dict[str, Value] | None
"""What a document holds. Aliases of YAML share one value."""


class DocumentError(ValueError):
    """A document that cannot be read or understood; str() is one line that names the place, and the fix."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{excerpt(place, 300)}: {message}")


class Repeating(dict[str, Value]):
    """A mapping in which a key stands twice; the last one counts."""

    def __init__(self, pairs: dict[str, Value], repeated: str) -> None:
        super().__init__(pairs)
        self.repeated = repeated


def parse(content: bytes, name: str) -> Value:
    """Return what a document says: JSON where it begins like a JSON object, else YAML.

    Raises DocumentError: too large, not UTF-8, neither JSON nor YAML, nested too deep, aliases without an end.
    """
    if len(content) > MAX_BYTES:
        raise DocumentError(name, f"the document is larger than {MAX_BYTES >> 20} MiB, which is the most that is read")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            f"{name}:{line}", f"byte 0x{content[error.start]:02X} is not UTF-8 text: save the document as UTF-8"
        ) from None
    return _parse_json(text, name) if _JSON.match(text) else _parse_yaml(text, name)


def _parse_json(text: str, name: str) -> Value:
    try:
        parsed: Value = json.loads(text, object_pairs_hook=_mapping, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise DocumentError(place, f"the document is not JSON: {error.msg.lower()}") from None
    except RecursionError:
        raise DocumentError(name, "the document is nested too deep to be read") from None
    return parsed


def _mapping(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return Repeating(made, repeated)


def _parse_yaml(text: str, name: str) -> Value:
    parser = CParser(text)
    try:
        return _Builder(name).build(parser)
    except yaml.YAMLError as error:
        mark, _, message = describe(error, text)
        raise DocumentError(f"{name}:{mark.line}:{mark.column}", message) from None
    finally:
        parser.dispose()


class _Collection:
    """A list or mapping while it is read."""

    def __init__(self, anchor: str | None, *, is_mapping: bool) -> None:
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.values: list[Value] = []
        self.pairs: list[tuple[str, Value]] = []
        self.key: str | None = None
        self.merges: list[Value] = []
        self.merging = False


class _Builder:
    """Makes values of the parser's events, without recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes = 0
        self.anchors: dict[str, Value] = {}
        self.open: list[_Collection] = []
        self.root: Value = None

    def build(self, parser: CParser) -> Value:
        documents = 0
        while not isinstance(event := parser.get_event(), events.StreamEndEvent):
            if isinstance(event, events.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "a second document begins here: a file holds one")
            elif isinstance(event, events.NodeEvent):
                self._count(event, 1)
                self._node(event)
            elif isinstance(event, events.CollectionEndEvent):
                self._close(event)
        return self.root

    def _node(self, event: events.NodeEvent) -> None:
        if isinstance(event, events.ScalarEvent):
            is_plain = not event.style
            above = self.open[-1] if self.open else None
            if above is not None and above.is_mapping and above.key is None:
                above.key = event.value
                above.merging = is_plain and event.value == _MERGE
            else:
                self._put(None if is_plain and event.value in _NULLS else event.value)
            if event.anchor:
                self.anchors[event.anchor] = event.value
        elif isinstance(event, events.AliasEvent):
            self._alias(event)
        else:
            self._open(event)

    def _alias(self, event: events.AliasEvent) -> None:
        name = event.anchor or ""
        shown = excerpt(name, 40)
        if any(one.anchor == name for one in self.open):
            raise self._error(event, f"alias '*{shown}' inside its own anchor has no end: take it out")
        if name not in self.anchors:
            raise self._error(event, f"alias '*{shown}' has no anchor: define '&{shown}' above it")
        value = self.anchors[name]
        above = self.open[-1]
        if above.is_mapping and above.key is None:
            if not isinstance(value, str):
                raise self._error(event, f"a key is a text, and '*{shown}' is none")
            above.key, above.merging = value, False
        else:
            self._put(value)

    def _open(self, event: events.NodeEvent) -> None:
        above = self.open[-1] if self.open else None
        if above is not None and above.is_mapping and above.key is None:
            raise self._error(event, "a key is a text, not a list or a mapping: put it in quotes")
        if len(self.open) >= MAX_DEPTH:
            raise self._error(event, f"this is nested more than {MAX_DEPTH} levels deep")
        self.open.append(_Collection(event.anchor, is_mapping=isinstance(event, events.MappingStartEvent)))

    def _put(self, value: Value) -> None:
        if not self.open:
            self.root = value
            return
        above = self.open[-1]
        if not above.is_mapping or above.key is None:
            above.values.append(value)
        elif above.merging:
            above.merges += value if isinstance(value, list) else [value]
            above.key = None
        else:
            above.pairs.append((above.key, value))
            above.key = None

    def _close(self, event: events.CollectionEndEvent) -> None:
        closed = self.open.pop()
        value: Value = closed.values
        if closed.is_mapping:
            value = _mapping(closed.pairs)
            for merged in closed.merges:
                if not isinstance(merged, dict):
                    raise self._error(event, "'<<' merges a mapping: write '<<: *anchor'")
                self._count(event, len(merged))
                for key in merged:
                    value.setdefault(key, merged[key])
        if closed.anchor:
            self.anchors[closed.anchor] = value
        self._put(value)

    def _count(self, event: events.Event, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self._error(event, f"the document has more than {MAX_NODES:,} nodes, which is the most that is read")

    def _error(self, event: events.Event, message: str) -> DocumentError:
        mark = event.start_mark
        place = f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else self.name
        return DocumentError(place, message)
