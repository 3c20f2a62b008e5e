"""What differs between two tables, in words: the receipt of a reload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..comparing.contents import Contents, differences, name_of

MOST_LISTED: Final = 20
"""Texts in one list of a receipt, at most."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How many there are, and the first of them in words."""

    count: int = 0
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> Listed:
        """Count texts and keep the first few."""
        return cls(len(texts), tuple(texts[:MOST_LISTED]))

    def __str__(self) -> str:
        shown = ", ".join(self.texts)
        more = self.count - len(self.texts)
        return f"{shown} and {more} more" if more else shown


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a table differs in from the one before: endpoints, origins of hosts, the gateway's settings.

    Two endpoints are the same one if they have the same operation id; standing on another line is no change.
    """

    added: Listed = Listed()
    removed: Listed = Listed()
    changed: Listed = Listed()


def receipt(before: Contents | None, now: Contents) -> Receipt:
    """Say what differs between two tables; None stands for there being none before."""
    if before is None:
        return Receipt(Listed.of([name_of(endpoint) for endpoint in now.endpoints]))
    found = differences(before, now)
    changed = [name_of(endpoint) for _, endpoint in found.changed]
    changed += [f"origin of {one.pattern.text}" for one in found.hosts if one.is_of_origin]
    return Receipt(
        Listed.of([name_of(endpoint) for endpoint in found.added]),
        Listed.of([name_of(endpoint) for endpoint in found.removed]),
        Listed.of([*changed, *found.settings]),
    )
