"""Parameters by name, as a query, a form, headers or cookies have them: in how many messages, how often, and values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .names import MOST_NAME, is_secret
from .room import Room
from .rows import mapping, whole
from .texts import Texts


class Field:
    """A parameter: `count` messages had it, `repeated` of them more than once; each value is counted in `values`."""

    __slots__ = ("count", "repeated", "values")

    def __init__(self, *, secret: bool = False) -> None:
        self.count = 0
        self.repeated = 0
        self.values = Texts(typed=True, secret=secret)

    def merge(self, other: Field, room: Room) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        self.repeated += other.repeated
        self.values.merge(other.values, room)

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        made = {"n": self.count, "values": self.values.members()}
        return {**made, "repeated": self.repeated} if self.repeated else made

    @classmethod
    def from_members(cls, data: Any, room: Room) -> Field:
        """What `members` made. Raises ValueError."""
        found, made = mapping(data), cls()
        made.count = whole(found.get("n"))
        made.repeated = whole(found.get("repeated", 0))
        made.values = Texts.from_members(found.get("values"), room, typed=True)
        return made


class Group:
    """The parameters at one place of a request. `secret`: all of them are credentials, as cookies are."""

    __slots__ = ("fields", "secret")

    def __init__(self, *, secret: bool = False) -> None:
        self.fields: dict[str, Field] = {}
        self.secret = secret

    def add(self, pairs: Iterable[tuple[str, str | None]], room: Room, hidden: str = "") -> None:
        """Count the parameters of one message: None stands for a credential whose value is not told.

        `hidden` names one that is a credential here.
        """
        seen: dict[Field, int] = {}
        for name, value in pairs:
            if room.values <= 0:
                room.more = True
                break
            room.values -= 1
            field = self._field(name, room, hidden=name == hidden or value is None)
            if field is not None:
                if value is not None:
                    field.values.add(value, room, room.at)
                seen[field] = seen.get(field, 0) + 1
        for field, times in seen.items():
            field.count += 1
            field.repeated += times > 1

    def merge(self, other: Group, room: Room) -> None:
        """Take in what another one has seen."""
        for name, theirs in other.fields.items():
            own = self._field(name, room, hidden=False)
            if own is not None:
                own.merge(theirs, room)

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        return {name: field.members() for name, field in self.fields.items()}

    @classmethod
    def from_members(cls, data: Any, room: Room, *, secret: bool = False) -> Group:
        """What `members` made. Raises ValueError."""
        made = cls(secret=secret)
        for name, field in mapping(data).items():
            if len(name) <= MOST_NAME and room.field():
                made.fields[name] = Field.from_members(field, room)
        return made

    def _field(self, name: str, room: Room, *, hidden: bool) -> Field | None:
        field = self.fields.get(name)
        if field is None:
            if len(name) > MOST_NAME or not name or not room.field():
                room.more = True
                return None
            secret = self.secret or hidden or is_secret(name, parameter=True)
            field = self.fields[name] = Field(secret=secret)
        elif hidden and not field.values.secret:
            field.values.hide(room)
        return field
