"""All that is learned of an API, in one: its endpoints, and of each the profile of its messages and its figures."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, Self

from .observation import Key, Observation

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


class Paths(Protocol):
    """What finds the endpoints."""

    generation: int

    def observe(self, o: Observation, /) -> object: ...
    def key_of(self, o: Observation, /, *, held: bool = False) -> Key: ...
    def moved(self, keys: Iterable[Key], /, *, held: bool = False) -> dict[Key, Key]: ...
    def endpoints(self, noise: bool = False) -> list[Any]: ...
    def correct(self, correction: Any, /) -> object: ...
    def merge(self, other: Any, /) -> object: ...
    def changed(self) -> Iterator[tuple[str, bytes | None]]: ...
    def load(self, rows: Iterable[tuple[str, bytes]], /) -> object: ...


class Profile(Protocol):
    """What the messages of one endpoint look like."""

    def observe(self, o: Observation, variables: Sequence[str], /) -> object: ...
    def rebase(self, was: str, now: str, /) -> object: ...
    def merge(self, other: Any, /) -> object: ...
    def members(self) -> dict[str, Any]: ...
    @classmethod
    def from_members(cls, members: Any, /) -> Self: ...


class Figures(Protocol):
    """The figures of one endpoint."""

    def observe(self, o: Observation, /) -> object: ...
    def merge(self, other: Any, /) -> object: ...
    def members(self) -> dict[str, Any]: ...
    @classmethod
    def from_members(cls, members: Any, /) -> Self: ...


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


class Learner[P: Profile, F: Figures]:
    """Takes in exchanges, one by one; tells what the API is.

    `faults` counts what a part could not take in: the rest goes on.
    """

    def __init__(self, paths: Paths, profile: type[P], figures: type[F], limits: Limits = Limits()) -> None:
        self.paths = paths
        self.observed = 0
        self.faults = 0
        self._profile, self._figures = profile, figures
        self.profiles: Shelf[P] = Shelf(PROFILE, profile.from_members, limits, profile.rebase)
        self.all_figures: Shelf[F] = Shelf(FIGURES, figures.from_members, limits)
        self._generation = paths.generation
        self._path_rows: dict[str, bytes | None] = {}
        self._index: tuple[tuple[int, int, int], dict[Key, list[Key]]] | None = None
        """What `_kept_for` found, and the state of things that it holds for."""

    def observe(self, o: Observation, *, whole: bool = True) -> None:
        """Learn from an exchange. `whole`: also from its messages; else it is only counted, which costs little.

        Methods that a client has made up are passed over: there is no end of them.
        """
        self.observed += o.weight
        if not o.is_known:
            return
        if not whole:
            o.request_body = o.response_body = None
        self.paths.observe(o)
        key = self.paths.key_of(o, held=True)
        firm = o.is_success or bool(o.endpoint)
        self.all_figures.use(key, self._figures, firm=firm).observe(o)
        if whole and o.is_success:
            self.profiles.use(key, self._profile, firm=True).observe(o, variables(key.endpoint, o.path))

    def regroup(self) -> None:
        """Bring together what turned out to be one endpoint; the more there is, the longer it takes.

        Variables with few values wait, unless there is much: they may turn out to be names.
        """
        if self.paths.generation == self._generation:
            return
        self._generation = self.paths.generation
        held = not (self.profiles.is_crowded or self.all_figures.is_crowded)
        shelves: Collection[Shelf[Any]] = (self.profiles, self.all_figures)
        keys = dict.fromkeys(key for shelf in shelves for key in shelf)
        for key, to in self.paths.moved(keys, held=held).items():
            if to != key:
                for shelf in shelves:
                    shelf.move(key, to)

    def endpoints(self, *, noise: bool = False) -> list[Any]:
        """What was discovered; with `noise` also what scanners asked for."""
        return self.paths.endpoints(noise=noise)

    def profile(self, key: Key) -> P | None:
        """What the messages of an endpoint look like, where that was learned."""
        return self.profiles.as_one(key, self._kept_for(key))

    def figures(self, key: Key) -> F | None:
        """The figures of an endpoint, where there are some."""
        return self.all_figures.as_one(key, self._kept_for(key))

    def _kept_for(self, key: Key) -> list[Key]:
        """The keys under which is kept what belongs to an endpoint as things are known now."""
        self.paths.key_of(Observation(*key))  # templates that are to be found again are found
        state = (self.paths.generation, len(self.profiles), len(self.all_figures))
        if self._index is None or self._index[0] != state:
            keys = dict.fromkeys((*self.profiles, *self.all_figures))
            moved = self.paths.moved(keys)
            found: dict[Key, list[Key]] = {}
            for one in keys:
                found.setdefault(moved.get(one, one), []).append(one)
            self._index = ((self.paths.generation, *state[1:]), found)
        return self._index[1].get(key, [])

    def correct(self, correction: Any) -> None:
        """Take in what a person settled (`paths.corrections.Correction`), for what was learned before, too."""
        self.paths.correct(correction)

    def count(self, o: Observation) -> None:
        """Take an exchange into the figures alone: nothing is learned from it of what the API is."""
        self.observed += o.weight
        if not o.is_known:
            return
        key = self.paths.key_of(o, held=True)
        self.all_figures.use(key, self._figures, firm=o.is_success or bool(o.endpoint)).observe(o)

    def forget(self, part: str, key: str) -> None:
        """Let go of what a row was about, where that is a profile or figures."""
        for shelf in (self.profiles, self.all_figures):
            if shelf.part == part:
                shelf.drop(Key(*json.loads(key)))

    def merge(self, other: Learner[P, F]) -> None:
        """Add all that another learner knows; that one is used up."""
        self.paths.merge(other.paths)
        self.profiles.merge(other.profiles)
        self.all_figures.merge(other.all_figures)
        self.observed += other.observed

    def changed(self) -> Iterator[Row]:
        """The rows that changed since they were last given; whoever stops early is given the rest next time.

        They may be of endpoints that are one by now: whoever loads them brings these together.
        """
        self._path_rows.update(self.paths.changed())
        while self._path_rows:
            key = next(iter(self._path_rows))
            yield Row(PATHS, key, self._path_rows.pop(key))
        yield from self.profiles.changed()
        yield from self.all_figures.changed()

    def load(self, rows: Iterable[Row]) -> int:
        """Take in the rows of an earlier run; returns how many made no sense and were left out."""
        paths: list[tuple[str, bytes]] = []
        bad = 0
        for part, key, data in rows:
            if data is None:
                continue
            if part == PATHS:
                paths.append((key, data))
            elif part in (PROFILE, FIGURES):
                shelf: Shelf[Any] = self.profiles if part == PROFILE else self.all_figures
                try:
                    shelf.load(key, data)
                except (AttributeError, LookupError, TypeError, ValueError, RecursionError, ArithmeticError):
                    bad += 1
            else:
                bad += 1
        self.paths.load(paths)
        return bad


_VARIABLE: Final = re.compile(r"\{[^{}/]*\}")


def variables(endpoint: str, path: str) -> list[str]:
    """The values of a template's variables in a path that it takes; '' where it does not.

    >>> variables("/hotels/{var1}/rooms/{var2}.json", "/hotels/7/rooms/a.json")
    ['7', 'a']
    """
    values: list[str] = []
    segments = path.split("/")
    for number, part in enumerate(endpoint.split("/")):
        if "{" not in part or (found := _VARIABLE.search(part)) is None:
            continue
        text = segments[number] if number < len(segments) else ""
        prefix, suffix = part[: found.start()], part[found.end() :]
        fits = len(text) >= len(prefix) + len(suffix) and text.startswith(prefix) and text.endswith(suffix)
        values.append(text[len(prefix) : len(text) - len(suffix)] if fits else "")
    return values


def _json(members: object) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
