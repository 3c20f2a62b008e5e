"""How much of a profile is left to fill, and of a message to look at."""

from __future__ import annotations

from .settings import SchemaSettings


class Room:
    """The caps of one profile as they are used up. `more`: something was not learned for want of room."""

    __slots__ = ("at", "fields", "kept", "more", "settings", "values")

    def __init__(self, settings: SchemaSettings) -> None:
        self.settings = settings
        self.fields = settings.most_fields
        self.kept = settings.most_kept
        self.values = settings.most_values
        self.at = 0.0
        self.more = False

    def message(self, at: float) -> None:
        """Begin a message: `at` is when it was sent, in days, 0.0 for unknown."""
        self.at = at
        self.values = self.settings.most_values

    def field(self) -> bool:
        """Take the place of one more field, where there is one."""
        if self.fields <= 0:
            self.more = True
            return False
        self.fields -= 1
        return True

    def keep(self, characters: int) -> bool:
        """Take room for a text that is kept, where there is some."""
        if characters > self.kept:
            return False
        self.kept -= characters
        return True

    def release(self, characters: int) -> None:
        """Give back what `keep` took."""
        self.kept += characters
