"""Bodies of one media type: JSON by its values, forms by their fields; others are counted alone."""

from __future__ import annotations

from typing import Any, Final

from .fields import Group
from .room import Room
from .rows import mapping, whole
from .shapes import Shape

FORM: Final = "application/x-www-form-urlencoded"


class Body:
    """Bodies of one media type: how many there were, and what is known of those that can be learned."""

    __slots__ = ("count", "fields", "shape")

    def __init__(self) -> None:
        self.count = 0
        self.shape: Shape | None = None
        self.fields: Group | None = None

    def merge(self, other: Body, room: Room) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        if other.shape is not None:
            self.shape = self.shape or Shape()
            self.shape.merge(other.shape, room)
        if other.fields is not None:
            self.fields = self.fields or Group()
            self.fields.merge(other.fields, room)

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        made: dict[str, Any] = {"n": self.count}
        if self.shape is not None:
            made["shape"] = self.shape.members()
        if self.fields is not None:
            made["fields"] = self.fields.members()
        return made

    @classmethod
    def from_members(cls, data: Any, room: Room) -> Body:
        """What `members` made. Raises ValueError."""
        found, made = mapping(data), cls()
        made.count = whole(found.get("n"))
        if "shape" in found:
            made.shape = Shape.from_members(found["shape"], room)
        if "fields" in found:
            made.fields = Group.from_members(found["fields"], room)
        return made
