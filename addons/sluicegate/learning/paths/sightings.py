"""Looks into the messages of an exchange: what values they show, and which of the path's own are among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from ..observation import NO_JSON, Observation, header
from .kids import Kid
from .looks import TYPED, look_of
from .nodes import EARLIER, ECHO, MOST_SOURCES, REQUEST, RESPONSE, Leaf, Node
from .places import segments_of, template_of
from .provenance import Memory, Source, scalars
from .shapes import shape_of

_ALWAYS: Final = 16
_ALWAYS_MADE: Final = 256
"""Bodies of one leaf that are always looked into, more where something is made; after that one in `_SOMETIMES`."""
_SOMETIMES: Final = 8


def spellings(text: str) -> tuple[str, ...]:
    """What a segment's value may be in a body: as it is, decoded, without a suffix such as `.json` or `:cancel`."""
    plain = unquote(text, errors="replace") if "%" in text else text
    found = [plain]
    for mark in (".", ":"):
        before = plain.rpartition(mark)[0]
        if before:
            found.append(before)
    return tuple(found)


def look_up(node: Node, text: str, memory: Memory, flags: int = 0) -> None:
    """Note where the text of a node was seen, as the memory has it now."""
    for spelling in spellings(text):
        numbers = memory.look_up(spelling)
        if numbers:
            node.flags |= memory.flags(numbers) | flags
            node.sources = tuple(dict.fromkeys(node.sources + numbers))[:MOST_SOURCES]
            return


def earlier(fresh: Sequence[tuple[Node, str]], memory: Memory) -> None:
    """Note of new nodes what was seen of their texts before."""
    for node, text in fresh:
        look_up(node, text, memory, EARLIER)


def look_again(kid: Kid, memory: Memory) -> bool:
    """Note of a segment whether it was seen since, where it was not before; returns whether it was."""
    if kid.sources:
        return False
    for node in kid.nodes:
        look_up(node, kid.text, memory)
        kid.flags |= node.flags
        if node.sources:
            kid.sources = tuple(dict.fromkeys(kid.sources + node.sources))
    return bool(kid.sources)


def place_of(path: str) -> str:
    """A path with what is plainly a value left out: what a source is called before its template is known."""
    return template_of([None if look_of(text) in TYPED else text for text in segments_of(path)])


def harvest(o: Observation, leaf: Leaf, root: Node, endpoint: str, memory: Memory) -> None:
    """Remember the values of a successful exchange's messages, and the shape of its answer."""
    leaf.bodies += 1
    if leaf.bodies > (_ALWAYS_MADE if o.method == "POST" else _ALWAYS) and leaf.bodies % _SOMETIMES:
        return
    name = f"{o.method} {endpoint}"
    segments = segments_of(o.path)
    own = {spelling for text in segments for spelling in spellings(text)}
    if o.query:
        memory.harvest_query(o.query, name)
    for field in (b"location", b"link") if o.response_headers else ():
        location = header(o.response_headers, field)
        if location:
            memory.harvest_location(location.partition(">")[0].lstrip("<"), name)
    if o.request_body:
        _remember(o.request_json, REQUEST, name, own, memory)
    if o.response_body:
        document = o.response_json
        if document is not NO_JSON:
            if leaf.shape is None:
                leaf.shape = shape_of(document)
            seen = _remember(document, RESPONSE, name, own, memory)
            if seen:
                _echo(segments, seen, root)


def _remember(document: object, flag: int, name: str, own: set[str], memory: Memory) -> set[str]:
    """Remember all values but those of the path itself, which are returned."""
    found: set[str] = set()
    if document is NO_JSON:
        return found
    for field, value in scalars(document):
        if value in own:
            found.add(value)
        else:
            memory.add(value, Source(flag, name, field))
    return found


def _echo(segments: Sequence[str], seen: set[str], root: Node) -> None:
    node = root
    for text in segments:
        kid = node.kids.get(text)
        if kid is None:
            return
        node = kid
        if any(spelling in seen for spelling in spellings(text)):
            node.flags |= ECHO
