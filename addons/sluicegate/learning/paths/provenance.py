"""The memory of values that bodies, headers and queries showed: where a path's segment may come from.

A value is remembered as a checksum with up to three sources, such as `POST /accounts` with the field `id`; the oldest
go first. Fields that hold secrets are not looked at. The memory is never written anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple
from zlib import crc32

from .nodes import LOCATION, QUERY, REQUEST, RESPONSE

MOST_VALUES: Final = 256
"""Values of one body that are remembered, at most."""
_MOST_VISITS: Final = 1_000
_MOST_TEXT: Final = 64
_MOST_SOURCES: Final = 4_096
_SECRET: Final = re.compile(
    r"passw|passphrase|secret|token|authorization|api_?key|cookie|credential|private_?key", re.I
)


class Source(NamedTuple):
    """Where a value was seen: a flag of `nodes` (RESPONSE …), the endpoint as it was known then, the field's name."""

    flag: int
    endpoint: str
    field: str


class Memory:
    """Values with their sources, bounded in both."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[int, tuple[int, ...]] = {}
        self._tuples: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.sources: list[Source] = [Source(0, "elsewhere", "")]
        self._numbers: dict[Source, int] = {}

    def __len__(self) -> int:
        return len(self._values)

    def number(self, source: Source) -> int:
        """The number of a source; 0 where there are too many to tell it apart."""
        found = self._numbers.get(source)
        if found is None:
            if len(self.sources) >= _MOST_SOURCES:
                return 0
            found = self._numbers[source] = len(self.sources)
            self.sources.append(source)
        return found

    def add(self, value: str, source: Source) -> None:
        """Remember a value."""
        number = self.number(source)
        key = _key(value)
        known = self._values.get(key)
        if known is None:
            if len(self._values) >= self._most:
                del self._values[next(iter(self._values))]
            known = ()
        elif number in known or len(known) >= 3:
            return
        sources = (*known, number)
        if len(self._tuples) > 50_000:
            self._tuples.clear()
        self._values[key] = self._tuples.setdefault(sources, sources)

    def look_up(self, value: str) -> tuple[int, ...]:
        """The numbers of the sources of a value; () where it was not seen."""
        return self._values.get(_key(value), ())

    def flags(self, sources: tuple[int, ...]) -> int:
        """The flags of sources, put together."""
        flags = 0
        for number in sources:
            flags |= self.sources[number].flag
        return flags

    def harvest_query(self, query: bytes, endpoint: str) -> None:
        """Remember the values of a query."""
        for pair in query[:2048].decode("latin-1").split("&")[:16]:
            name, _, value = pair.partition("=")
            if value and len(value) <= _MOST_TEXT and not is_secret(name):
                self.add(value, Source(QUERY, endpoint, name[:40]))

    def harvest_location(self, location: str, endpoint: str) -> None:
        """Remember the last segment of a Location or Link header that names a resource."""
        last = location.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
        if last and len(last) <= _MOST_TEXT:
            self.add(last, Source(LOCATION, endpoint, "Location"))


def scalars(document: Any) -> Iterator[tuple[str, str]]:
    """Field name and text of the scalars that may be identifiers: a bounded number of them, breadth first."""
    waiting: list[tuple[str, Any]] = [("", document)]
    given = 0
    for visits, (name, value) in enumerate(waiting, 1):  # which grows meanwhile
        kind = type(value)
        if kind is str:
            if 0 < len(value) <= _MOST_TEXT and " " not in value:
                given += 1
                yield name, value
        elif kind is int:
            given += 1
            yield name, str(value)
        elif kind is dict:
            waiting.extend((key[:40], each) for key, each in islice(value.items(), 64) if not is_secret(key))
        elif kind is list:
            waiting.extend((name, each) for each in value[:64])
        if given >= MOST_VALUES or visits >= _MOST_VISITS:
            return


@lru_cache(maxsize=8_192)
def is_secret(name: str) -> bool:
    """Whether a field of this name holds what must not be kept, not even as a checksum."""
    return _SECRET.search(name) is not None


def _key(value: str) -> int:
    text = value.encode("utf-8", "surrogatepass")
    return crc32(text) << 8 | (len(text) & 255)


SEEN_IN: Final = {RESPONSE: "answers to", REQUEST: "bodies of", LOCATION: "the Location of", QUERY: "queries of"}
"""How each flag is told to a person."""
