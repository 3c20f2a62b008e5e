"""JSON values as they were seen at one place of a body: of each type what is known, members and items below it."""

from __future__ import annotations

from typing import Any, Final

from .names import MOST_NAME, is_key, is_secret
from .numbers import Numbers
from .room import Room
from .rows import mapping, whole
from .texts import Texts

MOST_MEMBERS: Final = 64
"""Different names of members of one object; with more, objects that each have few of them are maps."""
_RARE: Final = 0.1
"""Share of the objects that have a name, at most, where names are keys."""


class Objects:
    """What is known of objects: `members` by name, and `free`: the values of all keys that are no names.

    `keys`: the free keys that were seen in all, their lengths are not stated. `is_map`: no name is a name here.
    `more`: members were left out for want of room.
    """

    __slots__ = ("count", "free", "is_map", "members", "more")

    def __init__(self) -> None:
        self.count = 0
        self.members: dict[str, Shape] = {}
        self.free: Shape | None = None
        self.is_map = False
        self.more = False

    def add(self, value: dict[str, Any], room: Room, depth: int, *, secret: bool) -> None:
        """Count an object."""
        self.count += 1
        members = self.members
        for name, member in value.items():
            if room.values <= 0:
                room.more = True
                return
            shape = members.get(name)
            if shape is None:
                shape = self._place(name, room, secret=secret)
                if shape is None:
                    continue
            shape.add(member, room, depth + 1)

    def merge(self, other: Objects, room: Room) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        self.more |= other.more
        if other.is_map and not self.is_map:
            self._become_map(room)
        if other.free is not None:
            self._free_values(room, secret=other.free.secret).merge(other.free, room)
        for name, shape in other.members.items():
            own = self.members.get(name)
            if own is None:
                own = self._place(name, room, secret=shape.secret)
                if own is None:
                    continue
            own.merge(shape, room)
        self._look_again(room)

    def _place(self, name: str, room: Room, *, secret: bool) -> Shape | None:
        """Where a member of a new name is counted; None where it is not."""
        if self.is_map or is_key(name):
            return self._free_values(room, secret=secret)
        if len(self.members) >= MOST_MEMBERS:
            self.more = True
            if self._look_again(room):
                return self._free_values(room, secret=secret)
        if len(name) > MOST_NAME or (len(self.members) >= 4 * MOST_MEMBERS) or not room.field():
            self.more = room.more = True
            return None
        made = self.members[name] = Shape(secret=secret or is_secret(name))
        return made

    def _free_values(self, room: Room, *, secret: bool) -> Shape:
        if self.free is None:
            room.fields -= 1
            self.free = Shape(secret=secret)
        elif secret and not self.free.secret:
            self.free.hide(room)
        return self.free

    def _look_again(self, room: Room) -> bool:
        """Take names for keys where there are many, and most objects have few of them; whether they are keys now."""
        if len(self.members) >= MOST_MEMBERS:
            counts = sorted(shape.count for shape in self.members.values())
            if counts[len(counts) // 2] <= _RARE * self.count:
                self._become_map(room)
        return self.is_map

    def _become_map(self, room: Room) -> None:
        self.is_map, self.more = True, False
        members, self.members = self.members, {}
        for shape in members.values():
            room.fields += shape.fields + 1
            self._free_values(room, secret=shape.secret).merge(shape, room)


class Arrays:
    """What is known of arrays: their lengths, and all their items together."""

    __slots__ = ("count", "items", "lengths")

    def __init__(self, *, secret: bool) -> None:
        self.count = 0
        self.lengths = Numbers()
        self.items = Shape(secret=secret)

    def add(self, value: list[Any], room: Room, depth: int) -> None:
        """Count an array; of a long one the first items are looked at."""
        self.count += 1
        self.lengths.add(len(value))
        items = self.items
        for item in value[: room.settings.most_items]:
            if room.values <= 0:
                room.more = True
                return
            items.add(item, room, depth + 1)

    def merge(self, other: Arrays, room: Room) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        self.lengths.merge(other.lengths)
        self.items.merge(other.items, room)


class Shape:
    """What is known of the values at one place, by their types. `secret`: credentials, also all below them."""

    __slots__ = ("arrays", "booleans", "count", "nulls", "numbers", "objects", "secret", "texts")

    def __init__(self, *, secret: bool = False) -> None:
        self.count = 0
        self.nulls = 0
        self.booleans = 0
        self.secret = secret
        self.numbers: Numbers | None = None
        self.texts: Texts | None = None
        self.objects: Objects | None = None
        self.arrays: Arrays | None = None

    def add(self, value: Any, room: Room, depth: int = 0) -> None:
        """Count a value as `json.loads` makes it; `depth` is how deep it lies."""
        self.count += 1
        room.values -= 1
        kind = type(value)
        if kind is str:
            if self.texts is None:
                self.texts = Texts(secret=self.secret)
            self.texts.add(value, room)
            if self.texts.secret and not self.secret:
                self.hide(room)
        elif kind is int or kind is float:
            if self.numbers is None:
                self.numbers = Numbers(secret=self.secret)
            self.numbers.add(value, at=room.at)
        elif value is None:
            self.nulls += 1
        elif kind is bool:
            self.booleans += 1
        elif depth >= room.settings.most_depth:
            room.more = True
            self._too_deep(kind is dict)
        elif kind is dict:
            if self.objects is None:
                self.objects = Objects()
            self.objects.add(value, room, depth, secret=self.secret)
        else:
            if self.arrays is None:
                self.arrays = Arrays(secret=self.secret)
            self.arrays.add(value, room, depth)

    def merge(self, other: Shape, room: Room) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        self.nulls += other.nulls
        self.booleans += other.booleans
        if other.secret and not self.secret:
            self.hide(room)
        if other.numbers is not None:
            self.numbers = self.numbers or Numbers(secret=self.secret)
            self.numbers.merge(other.numbers)
        if other.texts is not None:
            self.texts = self.texts or Texts(secret=self.secret)
            self.texts.merge(other.texts, room)
        if other.objects is not None:
            self.objects = self.objects or Objects()
            self.objects.merge(other.objects, room)
        if other.arrays is not None:
            self.arrays = self.arrays or Arrays(secret=self.secret)
            self.arrays.merge(other.arrays, room)

    def hide(self, room: Room) -> None:
        """Forget the values, here and below: these are credentials."""
        self.secret = True
        if self.numbers is not None:
            self.numbers.hide()
        if self.texts is not None:
            self.texts.hide(room)
        if self.arrays is not None:
            self.arrays.items.hide(room)
        if self.objects is not None:
            for shape in (*self.objects.members.values(), self.objects.free):
                if shape is not None:
                    shape.hide(room)

    @property
    def fields(self) -> int:
        """Members that are known below this place."""
        found = self.arrays.items.fields if self.arrays is not None else 0
        if self.objects is not None:
            for shape in (*self.objects.members.values(), self.objects.free):
                found += shape.fields + 1 if shape is not None else 0
        return found

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        made: dict[str, Any] = {"n": self.count}
        if self.secret:
            made["secret"] = True
        if self.nulls:
            made["nulls"] = self.nulls
        if self.booleans:
            made["booleans"] = self.booleans
        if self.numbers is not None:
            made["numbers"] = self.numbers.members()
        if self.texts is not None:
            made["texts"] = self.texts.members()
        if self.arrays is not None:
            arrays = self.arrays
            made["arrays"] = [arrays.count, arrays.lengths.members(), arrays.items.members()]
        if self.objects is not None:
            objects = self.objects
            made["objects"] = {
                "n": objects.count,
                "members": {name: shape.members() for name, shape in objects.members.items()},
                "free": objects.free.members() if objects.free is not None else None,
                "map": objects.is_map,
                "more": objects.more,
            }
        return made

    @classmethod
    def from_members(cls, data: Any, room: Room, depth: int = 0) -> Shape:
        """What `members` made. Raises ValueError."""
        found = mapping(data)
        made = cls(secret=found.get("secret") is True)
        made.count = whole(found.get("n"))
        made.nulls = whole(found.get("nulls", 0))
        made.booleans = whole(found.get("booleans", 0))
        if depth > room.settings.most_depth + 1:
            raise ValueError("nested too deep")
        if "numbers" in found:
            made.numbers = Numbers.from_members(found["numbers"], secret=made.secret)
        if "texts" in found:
            made.texts = Texts.from_members(found["texts"], room, secret=made.secret)
        if "arrays" in found:
            made.arrays = _arrays(found["arrays"], room, depth, secret=made.secret)
        if "objects" in found:
            made.objects = _objects(mapping(found["objects"]), room, depth)
        return made

    def _too_deep(self, is_object: bool) -> None:
        """Note the type alone of what lies too deep."""
        if is_object:
            self.objects = self.objects or Objects()
            self.objects.count += 1
            self.objects.more = True
        else:
            self.arrays = self.arrays or Arrays(secret=self.secret)
            self.arrays.count += 1


def _arrays(data: Any, room: Room, depth: int, *, secret: bool) -> Arrays:
    if not isinstance(data, list) or len(data) != 3:
        raise ValueError("arrays have a count, lengths and items")
    made = Arrays(secret=secret)
    made.count = whole(data[0])
    made.lengths = Numbers.from_members(data[1])
    made.items = Shape.from_members(data[2], room, depth + 1)
    return made


def _objects(data: dict[str, Any], room: Room, depth: int) -> Objects:
    made = Objects()
    made.count = whole(data.get("n"))
    made.is_map = data.get("map") is True
    made.more = data.get("more") is True
    for name, member in mapping(data.get("members", {})).items():
        if len(name) > MOST_NAME or not room.field():
            made.more = True
            continue
        made.members[name] = Shape.from_members(member, room, depth + 1)
    if data.get("free") is not None:
        room.fields -= 1
        made.free = Shape.from_members(data["free"], room, depth + 1)
    return made
