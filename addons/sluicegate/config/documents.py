"""YAML documents with the place of every key and value, read in one pass and bounded.

A scalar is its plain text: `no`, `1:30` and `010` are what they look like, and what a text means is for whoever
reads it to say. Anchors, aliases and merge keys work; tags, several documents in one file, duplicate keys and
aliases that blow a small file up are refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .diagnostics import START, Findings, Mark, excerpt
from .syntax import describe

MAX_BYTES = 32 * 1024 * 1024
"""Size of a file, at most."""
MAX_DEPTH = 40
"""Levels of nesting, at most: the C parser recurses without a limit of its own."""
MAX_NODES = 1_000_000
"""Nodes of a document once every alias stands for its content, at most."""

_TOO_LARGE = f"with its aliases written out, this is more than {MAX_NODES} nodes: repeat less through '*' and '<<'"
_TOO_DEEP = f"this is nested more than {MAX_DEPTH} levels deep"
_NULL_TEXTS = ("", "~", "null", "Null", "NULL")
_MERGE = "<<"


class _DepthError(Exception):
    """A document nested more than MAX_DEPTH levels deep, at `mark`."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


class _Composer(CParser):
    """The C parser without YAML 1.1's implicit types: a node has a tag only where the file writes one."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def resolve(self, _kind: type, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _DepthError(START if parent is None else mark_of(parent))

    def ascend_resolver(self) -> None:
        self.depth -= 1


class Entry(NamedTuple):
    """One key of a mapping and its value; `merged` where it comes from a merge key."""

    key: str
    key_mark: Mark
    node: Node
    merged: bool = False


def read_document(content: bytes, findings: Findings) -> Node | None:
    """Return the root node of a YAML file, or None: the file is empty or, with findings, does not parse."""
    text = _decode(content, findings)
    if text is None:
        return None
    composer = _Composer(text)
    try:
        node: Node | None = composer.get_single_node()
    except _DepthError as error:
        findings.error(error.mark, "too-deep", _TOO_DEEP)
        return None
    except yaml.YAMLError as error:
        place, code, message = describe(error, text)
        findings.error(place, code, message)
        return None
    finally:
        composer.dispose()
    if node is None or not _is_sound(node, text, findings):
        return None
    return node


def _decode(content: bytes, findings: Findings) -> str | None:
    if len(content) > MAX_BYTES:
        findings.error(START, "file-size", f"the file has {len(content)} bytes, at most {MAX_BYTES} are read")
        return None
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # The bytes before the first bad one are good UTF-8, so that characters can be counted in them.
        before = content[: error.start]
        line_start = before.rfind(b"\n") + 1
        mark = Mark(before.count(b"\n") + 1, len(before[line_start:].decode("utf-8")) + 1)
        findings.error(
            mark, "not-utf-8", f"byte 0x{content[error.start]:02X} is not UTF-8 text: save the file as UTF-8"
        )
        return None


def _is_sound(root: Node, text: str, findings: Findings) -> bool:
    """Look at every node once: no tags, no aliases that blow the file up."""
    if "!" in text:
        for node in _nodes(root):
            if node.tag:
                shown = excerpt(node.tag)
                findings.error(mark_of(node), "tag", f"'{shown}' is a tag, and route files use none: leave it out")
                return False
    return "*" not in text or _is_bounded(root, findings)


def _nodes(root: Node) -> Iterator[Node]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(_children(node))


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    if isinstance(node, SequenceNode):
        return list(node.value)
    return []


def _is_bounded(root: Node, findings: Findings) -> bool:
    """Measure a document as it would be with every alias replaced by its content, looking at each node once.

    Nesting is measured again, since every alias may lead MAX_DEPTH levels deeper.
    """
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    open_nodes: set[int] = set()
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, is_measured = waiting.pop()
        key = id(node)
        if is_measured:
            open_nodes.discard(key)
            below = [id(child) for child in _children(node)]
            sizes[key] = 1 + sum(sizes[child] for child in below)
            depths[key] = 1 + max((depths[child] for child in below), default=0)
            if depths[key] > MAX_DEPTH or sizes[key] > MAX_NODES:
                code, message = ("too-deep", _TOO_DEEP) if depths[key] > MAX_DEPTH else ("alias-expansion", _TOO_LARGE)
                findings.error(mark_of(node), code, message)
                return False
        elif key in open_nodes:
            findings.error(mark_of(node), "alias-cycle", "an alias inside its own anchor has no end: take it out")
            return False
        elif key not in sizes:
            open_nodes.add(key)
            waiting.append((node, True))
            waiting.extend((child, False) for child in _children(node))
    return True


def mark_of(node: Node) -> Mark:
    """Where a node begins; exact for a plain scalar on one line."""
    start, end = node.start_mark, node.end_mark
    exact = isinstance(node, ScalarNode) and not node.style and start.line == end.line
    return Mark(start.line + 1, start.column + 1, exact)


def is_null(node: Node) -> bool:
    """Whether a node is YAML's null: nothing, `~` or `null`, unquoted."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULL_TEXTS


def kind_of(node: Node) -> str:
    """Return the words that name a node's type to people."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if is_null(node):
        return "nothing"
    return f"'{excerpt(node.value)}'"


def entries(node: MappingNode, findings: Findings) -> list[Entry]:
    """Return a mapping's keys in order, merged ones last, each once; duplicates and wrong keys become findings.

    Keys of the mapping itself override merged ones, and mappings merged earlier override later ones
    (https://yaml.org/type/merge.html).
    """
    own: dict[str, Entry] = {}
    merges: list[Node] = []
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            findings.error(
                mark_of(key_node), "wrong-type", f"a key is a text, not {kind_of(key_node)}: put it in quotes"
            )
            continue
        key, mark = key_node.value, mark_of(key_node)
        earlier = own.get(key)
        if earlier is not None:
            findings.error(
                mark,
                "duplicate-key",
                f"'{excerpt(key)}' stands twice in one mapping, first in line {earlier.key_mark.line}: keep one",
            )
            continue
        own[key] = Entry(key, mark, value_node)
        if key == _MERGE and not key_node.style:
            merges.append(value_node)
    if not merges:
        return list(own.values())
    del own[_MERGE]
    for merged in merges:
        for entry in _merged(merged, findings):
            own.setdefault(entry.key, entry._replace(merged=True))
    return list(own.values())


def _merged(node: Node, findings: Findings) -> Iterator[Entry]:
    parts = node.value if isinstance(node, SequenceNode) else [node]
    for part in parts:
        if isinstance(part, MappingNode):
            yield from entries(part, findings)
        else:
            findings.error(
                mark_of(part),
                "wrong-type",
                f"'<<' merges a mapping, not {kind_of(part)}: write '<<: *anchor'",
            )
