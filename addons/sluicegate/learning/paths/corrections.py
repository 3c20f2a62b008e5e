"""What people settled: endpoints that are saved, ignored or restored, names split out of variables or merged into them.

A correction is about places, not about requests: it holds for what was learned before it as for what comes after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from ..observation import Key
from .places import pattern_of

Action = Literal["ignore", "restore", "save", "shadow", "split", "merge"]
ACTIONS: Final[tuple[Action, ...]] = ("ignore", "restore", "save", "shadow", "split", "merge")
MOST: Final = 10_000
"""Endpoints with a state, and places with something settled, at most; the oldest go first."""

Pattern = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction. `key`: the endpoint it is about.

    `split`: `values` of the variable at `place` are names; `merge`: the names `values` at that place are values of its
    variable. `place` counts the segments of the endpoint from 0.
    """

    action: Action
    key: Key
    place: int = 0
    values: tuple[str, ...] = ()

    def members(self) -> dict[str, Any]:
        """The correction as JSON."""
        return {"action": self.action, "key": list(self.key), "place": self.place, "values": list(self.values)}

    @classmethod
    def from_members(cls, members: Any) -> Correction:
        """Read what `members` gave. Raises ValueError."""
        try:
            method, host, endpoint = members["key"]
            action, place, values = members["action"], members["place"], tuple(members["values"])
        except (KeyError, TypeError, ValueError):
            raise ValueError("a correction has 'action', 'key', 'place' and 'values'") from None
        if action not in ACTIONS:
            raise ValueError(f"'{action}' is no correction: {', '.join(ACTIONS)}")
        texts = (method, host, endpoint, *values)
        if type(place) is not int or place < 0 or not all(isinstance(text, str) for text in texts):
            raise ValueError("a correction's key and values are texts, its place a number from 0")
        return cls(action, Key(method, host, endpoint), place, values)


class Corrections:
    """All that was settled: states by endpoint, and pins by place: whether a text there is a name."""

    def __init__(self) -> None:
        self.states: dict[Key, str] = {}
        self.pins: dict[tuple[str, Pattern], dict[str | None, bool]] = {}
        self.saved: dict[tuple[str, Pattern], dict[str | None, bool]] = {}

    def apply(self, correction: Correction) -> None:
        """Take in one correction."""
        key = correction.key
        if correction.action in ("split", "merge"):
            pattern = pattern_of(key.endpoint)[: correction.place]
            pins = self.pins.setdefault((key.host, pattern), {})
            if correction.action == "merge":
                pins.update(dict.fromkeys(correction.values, False))
            else:
                pins.update(dict.fromkeys(correction.values, True))
            while len(self.pins) > MOST:
                del self.pins[next(iter(self.pins))]
        elif correction.action == "restore":
            self.states.pop(key, None)
        else:
            state = {"ignore": "ignored", "save": "saved", "shadow": "shadow"}[correction.action]
            self.states.pop(key, None)
            self.states[key] = state
            if state == "saved":
                self._pin_saved(key)
            while len(self.states) > MOST:
                del self.states[next(iter(self.states))]

    def is_saved(self, key: Key) -> bool:
        """Whether an endpoint is saved."""
        return self.states.get(key) == "saved"

    def forget_saved(self) -> None:
        """Unsave all: the route files are about to be read again."""
        for key in [key for key, state in self.states.items() if state == "saved"]:
            del self.states[key]
        self.saved.clear()

    def merge(self, other: Corrections) -> None:
        """Take in another's; what was settled here stays."""
        for key, state in other.states.items():
            if key not in self.states:
                self.states[key] = state
                if state == "saved":
                    self._pin_saved(key)
        for place, pins in other.pins.items():
            self.pins[place] = pins | self.pins.get(place, {})

    def at(self, hosts: tuple[str, ...], pattern: Pattern) -> dict[str | None, bool]:
        """What is settled at a place of an API that is served on these hosts; what a person said comes first."""
        found: dict[str | None, bool] = {}
        for table in (self.saved, self.pins):
            if table:
                for host in hosts:
                    found.update(table.get((host, pattern), ()))
        return found

    def members(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "states": [[*key, state] for key, state in self.states.items()],
            "pins": [[host, list(pattern), list(pins.items())] for (host, pattern), pins in self.pins.items()],
        }

    def load(self, members: Any) -> None:
        """Take in what `members` gave. Raises what nonsense raises."""
        for method, host, endpoint, state in members["states"]:
            if state in ("saved", "ignored", "shadow"):
                key = Key(str(method), str(host), str(endpoint))
                self.states[key] = state
                if state == "saved":
                    self._pin_saved(key)
        for host, pattern, pins in members["pins"]:
            place = (str(host), tuple(None if each is None else str(each) for each in pattern))
            self.pins[place] = {None if text is None else str(text): bool(name) for text, name in pins}

    def pin_host(self, host: str, key: Key) -> bool:
        """A saved endpoint is served on a host, too: its template is settled there; returns whether that is new."""
        pattern = pattern_of(key.endpoint)
        last = self.saved.get((host, pattern[:-1]))
        if last is not None and pattern[-1] in last:
            return False
        self._pin_saved(key, host)
        return True

    def _pin_saved(self, key: Key, host: str = "") -> None:
        pattern = pattern_of(key.endpoint)
        for number, text in enumerate(pattern):
            pins = self.saved.setdefault((host or key.host, pattern[:number]), {})
            pins[text] = text is not None
        while len(self.saved) > 4 * MOST:
            del self.saved[next(iter(self.saved))]


def place_of_variable(endpoint: str, variable: str) -> int:
    """The segment, counted from 0, that holds a variable of a template. Raises ValueError."""
    for number, text in enumerate(endpoint[1:].split("/")):
        if f"{{{variable}}}" in text:
            return number
    raise ValueError(f"'{endpoint}' has no variable '{variable}'")


def joining(keys: list[Key]) -> list[Correction]:
    """The correction that makes endpoints one. Raises ValueError."""
    if len(keys) < 2:
        raise ValueError("name two endpoints at least, or one endpoint and a variable that takes its place")
    rows = [key.endpoint[1:].split("/") for key in keys]
    if len({len(row) for row in rows}) != 1 or len({(key.method, key.host) for key in keys}) != 1:
        raise ValueError("endpoints are merged where method, host and number of segments are the same")
    places = [number for number, texts in enumerate(zip(*rows, strict=True)) if len({_plain(t) for t in texts}) > 1]
    if len(places) != 1:
        raise ValueError(f"endpoints are merged where one segment differs; here {len(places)} do")
    place = places[0]
    values = tuple(dict.fromkeys(row[place] for row in rows if "{" not in row[place]))
    action: Action = "merge"
    return [Correction(action, keys[0], place, values)]


def _plain(text: str) -> str:
    return "{}" if "{" in text else text
