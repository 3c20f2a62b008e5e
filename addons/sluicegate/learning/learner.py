"""All that is learned of an API, in one: its endpoints, and of each the profile of its messages and its figures."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, Self

from .observation import Key, Observation
from .shelves import FIGURES, LAPTOP, PATHS, PROFILE, Limits, Row, Shelf


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


class Learner[P: Profile, F: Figures]:
    """Takes in exchanges, one by one; tells what the API is. `observed` counts them."""

    def __init__(self, paths: Paths, profile: type[P], figures: type[F], limits: Limits = LAPTOP) -> None:
        self.paths = paths
        self.observed = 0
        self._profile, self._figures = profile, figures
        self.profiles: Shelf[P] = Shelf(PROFILE, profile.from_members, limits, profile.rebase)
        self.all_figures: Shelf[F] = Shelf(FIGURES, figures.from_members, limits)
        self._generation = paths.generation
        self._path_rows: dict[str, bytes | None] = {}
        self._index: tuple[tuple[int, int, int], dict[Key, list[Key]]] | None = None
        """What `_kept_for` found, and the state of things that it holds for."""

    def observe(self, o: Observation, *, whole: bool = True) -> None:
        """Learn from an exchange. `whole`: also from its messages; else it is only counted, which costs little.

        Methods that a client has made up are passed over, for there is no end of them, and so are paths without end.
        """
        self.observed += o.weight
        if not o.may_be_learned:
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
        if not o.may_be_learned:
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
