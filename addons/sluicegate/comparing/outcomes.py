"""What becomes of one request under two tables, and of what kind the difference is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ..exchange import Forward
from ..trial import Decision
from .contents import name_of

Kind = Literal["unchanged", "moved", "unmatched", "newly_matched", "answered_otherwise"]

UNCHANGED: Final = "unchanged"
"""Forwarded to the same URL with the same Host, or refused with the same status."""
MOVED: Final = "moved"
"""Forwarded elsewhere."""
UNMATCHED: Final = "unmatched"
"""Forwarded before, refused now."""
NEWLY_MATCHED: Final = "newly_matched"
"""Refused before, forwarded now."""
ANSWERED_OTHERWISE: Final = "answered_otherwise"
"""Refused before and now, with another status."""
CHANGES: Final[tuple[Kind, ...]] = (MOVED, UNMATCHED, NEWLY_MATCHED, ANSWERED_OTHERWISE)
"""The kinds that are a change, in the order in which they are told."""


def kind_of(old: Decision, new: Decision) -> Kind:
    """Say how two decisions on one request differ. Another endpoint that leads to the same place is no change."""
    if old.forward is not None:
        if new.forward is None:
            return UNMATCHED
        return UNCHANGED if _leads_to(old.forward) == _leads_to(new.forward) else MOVED
    if new.forward is not None:
        return NEWLY_MATCHED
    return UNCHANGED if _status(old) == _status(new) else ANSWERED_OTHERWISE


def _leads_to(forward: Forward) -> tuple[object, ...]:
    return forward.path, forward.target.origin, forward.host


def _status(decision: Decision) -> int:
    return decision.problem.status if decision.problem is not None else 500


class Group(NamedTuple):
    """What changes that are told together have in common. `old`, `new`: names out of the tables, or a status.

    Both are empty in the group of those changes that have no group of their own: traffic must not make groups
    without end.
    """

    kind: Kind
    old: str = ""
    new: str = ""

    def words(self, number: int) -> str:
        """So many changes of this group in words: `9 move from orders-v1 to orders-v2`, `1 becomes 404`."""
        one, more, otherwise = _WORDS[self.kind]
        told = (one if number == 1 else more) if self.old else otherwise
        return f"{number:,} {told.format(old=self.old, new=self.new)}"


_WORDS: Final[dict[Kind, tuple[str, str, str]]] = {
    UNCHANGED: ("unchanged", "unchanged", "unchanged"),
    MOVED: ("moves from {old} to {new}", "move from {old} to {new}", "go elsewhere in other ways"),
    UNMATCHED: ("becomes {new}", "become {new}", "are refused now"),
    NEWLY_MATCHED: ("goes to {new} instead of {old}", "go to {new} instead of {old}", "are forwarded now"),
    ANSWERED_OTHERWISE: ("becomes {new} instead of {old}", "become {new} instead of {old}", "are refused otherwise"),
}


def group_of(old: Decision, new: Decision) -> Group:
    """Return the group of a change. What the names are made of are the tables, never the request."""
    kind = kind_of(old, new)
    if kind == UNMATCHED:
        return Group(kind, "forwarded", str(_status(new)))
    if kind == MOVED and old.forward is not None and new.forward is not None:
        pairs = zip(_names(old, old.forward), _names(new, new.forward), strict=True)
        return Group(kind, *next((pair for pair in pairs if pair[0] != pair[1]), ("one path", "another path")))
    return Group(kind, _label(old), _label(new))


def _label(decision: Decision) -> str:
    return str(_status(decision)) if decision.forward is None else next(_names(decision, decision.forward))


def _names(decision: Decision, forward: Forward) -> Iterator[str]:
    """Names of a destination, from the short to the precise: the first in which two differ tells them apart."""
    target = forward.target
    yield target.service or str(target.origin)
    yield target.text
    yield f"{target.text} with host_header {target.host_header}"
    yield name_of(decision.endpoint) if decision.endpoint is not None else "the origin"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a request under one table.

    It is forwarded to `target` with `host` as its Host field, or refused with `status`. `endpoint` is the one that it
    matched, `service` the name that the target's service has in the route files, `file` and `line` the place that
    decided.
    """

    endpoint: str = ""
    target: str = ""
    host: str = ""
    service: str = ""
    status: int | None = None
    file: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """Where the request goes, or the status that it is refused with."""
        return self.target or str(self.status)

    @classmethod
    def of(cls, decision: Decision) -> Outcome:
        """Return the outcome that was decided."""
        endpoint, forward = decision.endpoint, decision.forward
        name = "" if endpoint is None else name_of(endpoint)
        if forward is None:
            if endpoint is None:
                return cls(status=_status(decision))
            return cls(name, status=_status(decision), file=endpoint.place.file, line=endpoint.place.line)
        file, _, line = forward.place.rpartition(":")  # a place of no file, such as an option, has no line
        return cls(
            name,
            forward.url,
            forward.host,
            forward.target.service,
            file=file,
            line=int(line) if file else None,
        )
