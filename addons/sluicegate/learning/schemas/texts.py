"""Texts as they were seen: with their counts while they are few and short, then what they have in common.

What is kept is a function of the texts alone, not of their order: two parts merge into what the whole would be.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ..values import kind_of
from . import forms
from .numbers import Numbers
from .room import Room
from .rows import mapping, rows, text, whole

KEPT: Final = 32
"""Different texts that are kept with their counts, at most."""
MOST_KEPT_TEXT: Final = 48
"""Characters of a text that is kept."""
MOST_MASKS: Final = 6
"""Different masks that are kept, at most: a place of more has no common form."""
_MOST_PREFIX: Final = 16
_RANDOM: Final = 14
"""Letters and digits in a row, mixed, from which on a text may be a credential by another name."""
_WORDS: Final = re.compile("[A-Za-z0-9]+")
_MARKS: Final = frozenset("_-.:/")

Mask = tuple[int, tuple[int, ...], tuple[int, ...]]
"""How many texts have it; the least and the greatest length of each of its runs."""


class Facts:
    """What texts have in common.

    `formats`: those that all have. `classes`: how many texts have a character of each class. `masks`: None once they
    are too many. `prefix`: what all begin with, up to a punctuation mark, None before the first. `numbers`: what the
    texts stand for while all of them are numbers, None otherwise and where texts are no parameters.
    """

    __slots__ = ("classes", "count", "formats", "lengths", "masks", "numbers", "prefix")

    def __init__(self, *, typed: bool, secret: bool) -> None:
        self.count = 0
        self.lengths = Numbers()
        self.formats = forms.TYPES if secret else forms.ALL
        self.classes = [] if secret else [0] * len(forms.CLASSES)
        self.masks: dict[str, Mask] | None = None if secret else {}
        self.prefix: str | None = "" if secret else None
        self.numbers: Numbers | None = Numbers() if typed and not secret else None

    def add(self, value: str, times: int = 1, at: float = 0.0) -> None:
        """Count a text."""
        self.count += times
        self.lengths.add(len(value), times)
        if self.formats:
            self.formats = forms.formats_of(value, self.formats)
        if self.numbers is not None:
            if self.formats & forms.NUMBER:
                self.numbers.add(int(value) if forms.formats_of(value, forms.INTEGER) else float(value), times, at)
            else:
                self.numbers = None
        if self.classes:
            for number in forms.classes_of(value):
                self.classes[number] += times
        if self.masks is not None:
            self._note_mask(value, times)
        if self.prefix is None:
            self.prefix = _up_to_mark(value[:_MOST_PREFIX])
        elif self.prefix and not value.startswith(self.prefix):
            self.prefix = _common(self.prefix, value)

    def merge(self, other: Facts) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        self.lengths.merge(other.lengths)
        self.formats &= other.formats
        if self.numbers is not None and other.numbers is not None and self.formats & forms.NUMBER:
            self.numbers.merge(other.numbers)
        else:
            self.numbers = None
        self.classes = [one + two for one, two in zip(self.classes, other.classes, strict=False)]
        if other.masks is None:
            self.masks = None
        for mask, found in (other.masks or {}).items():
            self._add_mask(mask, *found)
        if self.prefix is None:
            self.prefix = other.prefix
        elif other.prefix is not None:
            self.prefix = _common(self.prefix, other.prefix)

    def hide(self) -> None:
        """Forget all but type and lengths: these are credentials."""
        self.formats &= forms.TYPES
        self.classes, self.masks, self.prefix, self.numbers = [], None, "", None

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        made: dict[str, Any] = {"n": self.count, "lengths": self.lengths.members(), "formats": self.formats}
        if self.classes:
            made["classes"] = self.classes
        if self.masks is not None:
            made["masks"] = [[mask, times, [*low], [*high]] for mask, (times, low, high) in self.masks.items()]
        if self.prefix is not None:
            made["prefix"] = self.prefix
        if self.numbers is not None:
            made["numbers"] = self.numbers.members()
        return made

    @classmethod
    def from_members(cls, data: Any, *, typed: bool, secret: bool) -> Facts:
        """What `members` made. Raises ValueError."""
        found, made = mapping(data), cls(typed=typed, secret=secret)
        made.count = whole(found.get("n"))
        made.lengths = Numbers.from_members(found.get("lengths"))
        made.formats &= whole(found.get("formats"))
        made.numbers = Numbers.from_members(found["numbers"]) if "numbers" in found and made.numbers else None
        if secret:
            return made
        classes = found.get("classes")
        if not isinstance(classes, list) or len(classes) != len(forms.CLASSES):
            raise ValueError("a text has a count for each class of characters")
        made.classes = [whole(each) for each in classes]
        made.prefix = text(found["prefix"]) if "prefix" in found else None
        if "masks" not in found:
            made.masks = None
        for mask, times, low, high in rows(found.get("masks", []), 4):
            made._add_mask(text(mask), whole(times), _lengths(low, mask), _lengths(high, mask))
        return made

    def _note_mask(self, value: str, times: int) -> None:
        found = forms.mask_of(value)
        if found is None:
            self.masks = None
        else:
            self._add_mask(found[0], times, found[1], found[1])

    def _add_mask(self, mask: str, times: int, low: tuple[int, ...], high: tuple[int, ...]) -> None:
        masks = self.masks
        if masks is None:
            return
        known = masks.get(mask)
        if known is not None:
            times += known[0]
            if low != known[1] or high != known[2]:
                low = tuple(map(min, known[1], low))
                high = tuple(map(max, known[2], high))
        elif len(masks) >= MOST_MASKS:
            self.masks = None
            return
        masks[mask] = (times, low, high)


class Texts:
    """What is known of the texts at one place: `table` with counts while they are few, then `facts`.

    `typed`: texts of a parameter, which may stand for a number or a truth value. `secret`: credentials, of which
    nothing is kept but type and length.
    """

    __slots__ = ("count", "facts", "secret", "table", "typed")

    def __init__(self, *, typed: bool = False, secret: bool = False) -> None:
        self.count = 0
        self.typed = typed
        self.secret = secret
        self.table: dict[str, int] | None = None if secret else {}
        self.facts = Facts(typed=typed, secret=secret)

    def add(self, value: str, room: Room, at: float = 0.0, times: int = 1) -> None:
        """Count a text; `at` is when it was seen, in days, 0.0 for unknown."""
        self.count += times
        table = self.table
        if table is not None:
            if value in table:
                table[value] += times
                return
            if self._keeps(value) and len(table) < KEPT and room.keep(len(value)):
                table[value] = times
                return
            self._fold(room)
        self.facts.add(value, times, at)
        if self.facts.formats & forms.JWT and not self.secret:
            self.hide(room)

    def merge(self, other: Texts, room: Room) -> None:
        """Take in what another one has seen."""
        self.count += other.count
        if other.secret and not self.secret:
            self.hide(room)
        if self.table is not None and other.table is not None:
            new = other.table.keys() - self.table.keys()
            if len(self.table) + len(new) <= KEPT and room.keep(sum(map(len, new))):
                for value, times in other.table.items():
                    self.table[value] = self.table.get(value, 0) + times
                return
        self._fold(room)
        facts = other.common()
        if self.secret and not other.secret:
            facts.hide()
        self.facts.merge(facts)

    def hide(self, room: Room) -> None:
        """Forget all but type and lengths: these are credentials."""
        self._fold(room)
        self.secret = True
        self.facts.hide()

    def common(self) -> Facts:
        """What the texts have in common, counted from those that are kept where they still are."""
        if self.table is None:
            return self.facts
        made = Facts(typed=self.typed, secret=self.secret)
        for value, times in self.table.items():
            made.add(value, times)
        return made

    def members(self) -> dict[str, Any]:
        """What is kept of it, as JSON has it."""
        if self.table is not None:
            return {"table": [list(row) for row in self.table.items()]}
        made = {"facts": self.facts.members()}
        return {**made, "secret": True} if self.secret else made

    @classmethod
    def from_members(cls, data: Any, room: Room, *, typed: bool = False, secret: bool = False) -> Texts:
        """What `members` made. Raises ValueError."""
        found = mapping(data)
        made = cls(typed=typed, secret=secret or found.get("secret") is True)
        if "table" in found:
            for value, times in rows(found["table"], 2):
                made.add(text(value), room, times=whole(times))
            return made
        made.table = None
        made.facts = Facts.from_members(found.get("facts"), typed=typed, secret=made.secret)
        made.count = made.facts.count
        return made

    def _keeps(self, value: str) -> bool:
        """Whether a text may be kept: not a long one, nor one that names one thing or one moment, nor a random one."""
        if len(value) > MOST_KEPT_TEXT or forms.formats_of(value, forms.IDENTIFYING):
            return False
        parts = _WORDS.findall(value) if len(value) >= _RANDOM else ()
        return not any(len(part) >= _RANDOM and kind_of(part) in ("hex", "token", "ulid") for part in parts)

    def _fold(self, room: Room) -> None:
        if self.table is not None:
            self.facts = self.common()
            room.release(sum(map(len, self.table)))
            self.table = None


def _common(one: str, two: str) -> str:
    length = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        length += 1
    return _up_to_mark(one[:length])


def _up_to_mark(text: str) -> str:
    while text and text[-1] not in _MARKS:
        text = text[:-1]
    return text


def _lengths(value: Any, mask: str) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) != len(mask):
        raise ValueError("a mask has a length for each of its runs")
    return tuple(whole(each) for each in value)
