"""Shelves: one thing for each endpoint, within limits, and the rows that they are kept as."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from .observation import Key

PATHS: Final = "paths"
PROFILE: Final = "profile"
FIGURES: Final = "figures"


class Row(NamedTuple):
    """A piece of what was learned, as it is kept: `part` is one of the three, `data` JSON, None where it is gone.

    The key of a profile and of figures is a JSON array: method, host, endpoint.
    """

    part: str
    key: str
    data: bytes | None


class Mergeable(Protocol):
    """What the tables here hold."""

    def merge(self, other: Any, /) -> object: ...
    def members(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Endpoints of which profiles and figures are kept, at most; beyond, what was seen longest ago goes first.

    `firm` counts those that answered with 2xx or are saved, `loose` the others (a scanner's paths): these never push
    out the former.
    """

    firm: int = 5_000
    loose: int = 500


LAPTOP: Final = Limits()


class Shelf[Kept: Mergeable]:
    """One thing for each endpoint, within limits; remembers which have changed since they were last written."""

    def __init__(
        self,
        part: str,
        read: Callable[[Any], Kept],
        limits: Limits,
        rebase: Callable[[Kept, str, str], object] | None = None,
    ) -> None:
        """`rebase` is told the old and the new template of what belongs to another endpoint from now on."""
        self.part = part
        self._rebase = rebase
        self._read = read
        self._limits = limits
        self._firm: OrderedDict[Key, Kept] = OrderedDict()
        self._loose: OrderedDict[Key, Kept] = OrderedDict()
        self._changed: dict[Key, None] = {}

    def __len__(self) -> int:
        return len(self._firm) + len(self._loose)

    @property
    def is_crowded(self) -> bool:
        """Whether there is little room left."""
        return 2 * len(self._firm) > self._limits.firm

    def __iter__(self) -> Iterator[Key]:
        """The endpoints of which there is something."""
        yield from self._firm
        yield from self._loose

    def get(self, key: Key) -> Kept | None:
        """What there is of an endpoint."""
        kept = self._firm.get(key)
        return kept if kept is not None else self._loose.get(key)

    def as_one(self, key: Key, parts: Sequence[Key]) -> Kept | None:
        """What there is of an endpoint that is kept in parts; the parts stay as they are."""
        kept = [(part, found) for part in parts if (found := self.get(part)) is not None]
        if len(kept) == 1 and kept[0][0] == key:
            return kept[0][1]
        whole: Kept | None = None
        for part, found in kept:
            copy = self._read(found.members())
            if self._rebase is not None and part != key:
                self._rebase(copy, part.endpoint, key.endpoint)
            if whole is None:
                whole = copy
            else:
                whole.merge(copy)
        return whole

    def use(self, key: Key, make: Callable[[], Kept], *, firm: bool) -> Kept:
        """What there is of an endpoint, made where there is nothing; it is about to change."""
        self._changed[key] = None
        kept = self._firm.get(key)
        if kept is not None:
            self._firm.move_to_end(key)
            return kept
        kept = self._loose.get(key) if not firm else self._loose.pop(key, None)
        shelf, most = (self._firm, self._limits.firm) if firm else (self._loose, self._limits.loose)
        if kept is None or firm:
            kept = shelf[key] = make() if kept is None else kept
            while len(shelf) > most:
                self._changed[shelf.popitem(last=False)[0]] = None
        else:
            shelf.move_to_end(key)
        return kept

    def put(self, key: Key, kept: Kept, *, firm: bool) -> None:
        """Add to what there is of an endpoint."""
        found = self.use(key, lambda: kept, firm=firm)
        if found is not kept:
            found.merge(kept)

    def drop(self, key: Key) -> None:
        """Let go of what there is of an endpoint; no row tells of it."""
        self._firm.pop(key, None)
        self._loose.pop(key, None)
        self._changed.pop(key, None)

    def move(self, key: Key, to: Key) -> None:
        """What was known of one endpoint belongs to another."""
        for shelf, firm in ((self._firm, True), (self._loose, False)):
            kept = shelf.pop(key, None)
            if kept is not None:
                self._changed[key] = None
                if self._rebase is not None:
                    self._rebase(kept, key.endpoint, to.endpoint)
                self.put(to, kept, firm=firm)

    def merge(self, other: Shelf[Kept]) -> None:
        """Add what another shelf has."""
        for shelf, firm in ((other._firm, True), (other._loose, False)):
            for key, kept in shelf.items():
                self.put(key, kept, firm=firm)

    def changed(self) -> Iterator[Row]:
        """The rows that changed since they were last given; whoever stops early is given the rest next time."""
        while self._changed:
            key = next(iter(self._changed))
            kept = self.get(key)
            members = None if kept is None else {"firm": key in self._firm, "members": kept.members()}
            del self._changed[key]
            yield Row(self.part, json.dumps(key), None if members is None else _json(members))

    def load(self, key: str, data: bytes) -> None:
        """Take in a row of an earlier run. Raises what nonsense raises."""
        method, host, endpoint = json.loads(key)
        if not all(isinstance(one, str) for one in (method, host, endpoint)):
            raise TypeError("the key is no endpoint")
        read = json.loads(data)
        firm = bool(read["firm"])
        found = Key(method, host, endpoint)
        before = found in self._changed
        self.put(found, self._read(read["members"]), firm=firm)
        if not before:
            self._changed.pop(found, None)  # as it is kept already


def _json(members: object) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
