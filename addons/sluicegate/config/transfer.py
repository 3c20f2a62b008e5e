"""What passes between the gateway and its worker: one request, then a reply of several frames.

A frame is a length (four bytes, big-endian) and a pickle of a kind and its content. Frames are small, so that
the gateway can take one in within a millisecond and serve requests before it takes the next. Both ends are the
same program on the same machine; nothing else writes to these pipes.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import IO, Any, Final, NamedTuple

from ..endpoints.hosts import HostPattern
from ..endpoints.targets import Capture, Connection, HostCapture, Origin
from ..sessions.identifiers import Identifier
from ..snapshot import Settings
from .receipts import Receipt

ENDPOINTS_IN_A_FRAME: Final = 50
"""Endpoints in one frame, at most: about half a millisecond to take in."""
ITEMS_IN_A_FRAME: Final = 200
"""Smaller things in one frame, at most."""
LENGTH: Final = struct.Struct(">I")


class Request(NamedTuple):
    """Read the files again. `keep`: the gateway took the last reply over, and this one continues it."""

    own_addresses: tuple[tuple[str, int], ...]
    keep: bool


class End(NamedTuple):
    """The last frame's content.

    `complete`: the reply makes a table. `unchanged`: nothing differs from what the gateway took over last, and
    nothing was sent again. `fault`: the traceback of an exception in the compiler.
    """

    complete: bool = False
    unchanged: bool = False
    settings: Settings = Settings()
    receipt: Receipt = Receipt()
    fault: str = ""


Frame = tuple[str, Any]
"""Kind and content: `hosts`, `endpoints`, `diagnostics`, `files` (lists), `again` (a range of the endpoints that
the gateway took over last), `end` (End)."""


def chunks[Item](kind: str, items: Sequence[Item], size: int = ITEMS_IN_A_FRAME) -> Iterator[Frame]:
    """Cut a list into frames of one kind."""
    for start in range(0, len(items), size):
        yield kind, items[start : start + size]


def write_frame(stream: IO[bytes], content: object) -> None:
    """Write one frame without flushing. Raises OSError."""
    data = packed(content)
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)


def read_frame(stream: IO[bytes]) -> Any:
    """Read one frame. Raises EOFError at the end of the stream, also where that cuts a frame short."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (size,) = LENGTH.unpack(head)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)


def packed(content: object) -> bytes:
    """Pickle plain data to be read back fast: dataclasses by their constructors, common parts shared."""
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(content)
    return buffer.getvalue()


_SHARED: Final = frozenset({HostPattern, Connection, Origin, Capture, HostCapture, Identifier})
"""Types with few different values among many endpoints."""


@lru_cache(maxsize=16384)
def shared(kind: type[Any], *values: object) -> Any:
    """Make an immutable object, or return the equal one made before: less memory, less for the collector."""
    return kind(*values)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        kind: Any = type(value)
        parts = _parts(kind)
        if parts is None:
            return NotImplemented
        return (shared, (kind, *parts(value))) if kind in _SHARED else (kind, parts(value))


@lru_cache(maxsize=256)
def _parts(kind: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """A function that gives the constructor's arguments of an object, for dataclasses and named tuples."""
    names: Iterable[str]
    if is_dataclass(kind):
        names = [field.name for field in fields(kind) if field.init]
    elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
        names = kind._fields
    else:
        return None
    getters = [attrgetter(name) for name in names]
    if len(getters) < 2:
        return lambda value: tuple(getter(value) for getter in getters)
    return attrgetter(*names)
