"""Differences between two tables, each with a request that shows it and what both tables make of that request.

Whatever is said of a request was tried under both tables with the stages of live traffic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal, NamedTuple

from ..endpoints.host_index import HostIndex
from ..endpoints.hosts import HostPattern, host_of
from ..endpoints.overlap import Witness, common, overlapping, untaken, witness
from ..endpoints.table import Endpoint, Fallback, Place
from ..endpoints.targets import Target
from ..snapshot import Snapshot
from ..trial import Decision, Request, decisions
from .contents import Contents, Differences, HostChange, differences, name_of
from .outcomes import UNCHANGED, Outcome, kind_of

MOST_PAIRS: Final = 50_000
"""Pairs of overlapping endpoints that are tried for each comparison, at most."""
_NUMBERS: Final = (1, 2, 3)
"""Values for variables are tried in this order: an endpoint may have one of them as its literal text."""
UNSAID: Final = "(not said)"
"""How a setting reads that is left out."""
TableKind = Literal["removed", "added", "changed", "precedence"]


class Aspect(NamedTuple):
    """What changed of an endpoint, an origin or a setting: its name in the words of route files, before and now."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TableChange:
    """One difference.

    `subject` is what differs: an endpoint, `origin of HOST`, `host HOST`, or the name of a setting; `old_place` and
    `new_place` are where it stands. `request` shows it: None where no request was found whose endpoint it is.
    `other` is the endpoint that takes requests away from the subject of `precedence`, or leaves them to it.
    """

    kind: TableKind
    subject: str
    aspects: tuple[Aspect, ...] = ()
    old_place: Place | None = None
    new_place: Place | None = None
    request: Request | None = None
    old: Outcome | None = None
    new: Outcome | None = None
    other: str = ""


@dataclass(frozen=True, slots=True)
class TableDiff:
    """All differences, kind by kind, and the number of endpoints that did not change.

    `complete` is False where so many endpoints overlap that not every one was looked at for its precedence.
    """

    changes: Sequence[TableChange] = ()
    unchanged: int = 0
    complete: bool = True

    def number(self, *kinds: TableKind) -> int:
        """Differences of these kinds."""
        return sum(change.kind in kinds for change in self.changes)


def compare(old: Snapshot, new: Snapshot) -> TableDiff:
    """Return what differs between two tables and their settings."""
    found = differences(Contents.of(old), Contents.of(new))
    trials = _Trials(old, new)
    precedence = _Precedence(trials, found)
    moved = list(precedence.changes())
    changes = [
        *(_removed(trials, endpoint) for endpoint in found.removed),
        *(_added(trials, endpoint) for endpoint in found.added),
        *(_changed(trials, *pair) for pair in found.changed),
        *chain.from_iterable(_host_changed(trials, one) for one in found.hosts),
        *(_setting_changed(old, new, name) for name in found.settings),
        *moved,
    ]
    return TableDiff(changes, len(found.unchanged) - len(moved), precedence.complete)


class _Trial(NamedTuple):
    request: Request
    old: Decision
    new: Decision

    @property
    def winners(self) -> tuple[str | None, str | None]:
        """Operation ids of the endpoints that the request belongs to under both tables."""
        return (
            self.old.endpoint.operation_id if self.old.endpoint is not None else None,
            self.new.endpoint.operation_id if self.new.endpoint is not None else None,
        )


class _Trials:
    """Requests tried under both tables."""

    def __init__(self, old: Snapshot, new: Snapshot) -> None:
        self.old = old
        self.new = new

    def run(self, shown: Witness) -> _Trial:
        request = Request(shown.method, shown.authority, shown.path.encode("ascii"))
        return _Trial(request, *decisions(request, (self.old, self.new)))


def _shown(kind: TableKind, subject: str, trial: _Trial | None, **more: object) -> TableChange:
    change = {"kind": kind, "subject": subject, **more}
    if trial is not None:
        change |= {"request": trial.request, "old": Outcome.of(trial.old), "new": Outcome.of(trial.new)}
    return TableChange(**change)  # type: ignore[arg-type]


def _of(trials: _Trials, endpoint: Endpoint, sides: tuple[bool, bool]) -> _Trial | None:
    """A trial whose request belongs to an endpoint on these sides, or None where none is found."""
    for number in _NUMBERS:
        trial = trials.run(witness(endpoint, number))
        if all(id == endpoint.operation_id for id, wanted in zip(trial.winners, sides, strict=True) if wanted):
            return trial
    return None


def _removed(trials: _Trials, endpoint: Endpoint) -> TableChange:
    return _shown("removed", name_of(endpoint), _of(trials, endpoint, (True, False)), old_place=endpoint.place)


def _added(trials: _Trials, endpoint: Endpoint) -> TableChange:
    return _shown("added", name_of(endpoint), _of(trials, endpoint, (False, True)), new_place=endpoint.place)


def _changed(trials: _Trials, old: Endpoint, new: Endpoint) -> TableChange:
    return _shown(
        "changed",
        name_of(new),
        _of(trials, new, (True, True)),
        aspects=tuple(_aspects_of_endpoints(old, new)),
        old_place=old.place,
        new_place=new.place,
    )


def _setting_changed(old: Snapshot, new: Snapshot, name: str) -> TableChange:
    before, now = (_setting(getattr(one.settings, name)) for one in (old, new))
    return TableChange("changed", name, (Aspect(name, before, now),))


def _setting(value: object) -> str:
    if value is None:
        return UNSAID
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _aspects_of_endpoints(old: Endpoint, new: Endpoint) -> Iterator[Aspect]:
    if old.path.text != new.path.text:
        yield Aspect("path", old.path.text, new.path.text)
    if old.host != new.host:  # the same pattern with other names for its variables
        yield Aspect("host", _host_words(old.host), _host_words(new.host))
    if old.route is None or new.route is None:
        if old.route is not new.route:
            yield Aspect("route", _target_words(old.route), _target_words(new.route))
    else:
        yield from _aspects_of_targets("target", old.route, new.route)
    yield from _aspects_of_settings(old, new)


def _host_words(pattern: HostPattern) -> str:
    names = iter(pattern.variables)
    return ".".join(f"{{{next(names)}}}" if label is None else label for label in pattern.labels)


def _target_words(target: Target | None) -> str:
    return "none" if target is None else target.text


def _aspects_of_targets(name: str, old: Target, new: Target) -> Iterator[Aspect]:
    if old.text != new.text:
        yield Aspect(name, old.text, new.text)
    if old.host_header != new.host_header:
        yield Aspect("host_header", old.host_header, new.host_header)
    if old.timeout != new.timeout:
        yield Aspect("timeout", f"{old.timeout:g}s", f"{new.timeout:g}s")
    for flag in ("insecure", "h2c"):
        before, now = getattr(old.connection, flag), getattr(new.connection, flag)
        if before != now:
            yield _flag(flag, before, now)


def _aspects_of_settings(old: Endpoint | Fallback, new: Endpoint | Fallback) -> Iterator[Aspect]:
    for flag in ("rewrite_location", "normalize_to_origin"):
        before, now = getattr(old, flag), getattr(new, flag)
        if before != now:
            yield _flag(flag, before, now)
    if old.session_identifiers != new.session_identifiers:
        yield Aspect("session_identifiers", _setting(old.session_identifiers), _setting(new.session_identifiers))


def _flag(name: str, old: bool, new: bool) -> Aspect:
    return Aspect(name, str(old).lower(), str(new).lower())


def _host_changed(trials: _Trials, change: HostChange) -> Iterator[TableChange]:
    """An origin that differs; and a pattern without one that came or went, where that sends requests elsewhere."""
    old, new = change.origins
    trial = _unmatched(trials, change.pattern)
    if not change.is_of_origin:
        if (
            trial is not None
            and kind_of(trial.old, trial.new) != UNCHANGED
            and (trial.old.forward or trial.new.forward)
        ):
            yield _shown("removed" if change.now is None else "added", f"host {change.pattern.text}", trial)
        return
    if old is None or new is None:
        before, now = ("none" if one is None else one.target.text for one in (old, new))
        aspects: tuple[Aspect, ...] = (Aspect("origin", before, now),)
    else:
        aspects = (*_aspects_of_targets("origin", old.target, new.target), *_aspects_of_settings(old, new))
    yield _shown(
        "removed" if new is None else "added" if old is None else "changed",
        f"origin of {change.pattern.text}",
        trial,
        aspects=aspects,
        old_place=old and old.place,
        new_place=new and new.place,
    )


def _unmatched(trials: _Trials, pattern: HostPattern) -> _Trial | None:
    """A trial of a request to a host of a pattern that belongs to no endpoint on either side."""
    for table in (trials.old.table, trials.new.table):
        for number in _NUMBERS:
            trial = trials.run(untaken(table, host_of(pattern, number)))
            if trial.winners == (None, None):
                return trial
    return None


class _Precedence:
    """Endpoints that mean what they meant, but win other requests because of one that was added or removed."""

    def __init__(self, trials: _Trials, found: Differences) -> None:
        self.complete = True
        self._trials = trials
        self._found = found
        self._left = MOST_PAIRS

    def changes(self) -> Iterator[TableChange]:
        """One difference for each such endpoint."""
        same = {endpoint.operation_id: endpoint for endpoint in self._found.unchanged}
        for table, causes in (
            (self._trials.new.table, self._found.added),
            (self._trials.old.table, self._found.removed),
        ):
            hosts = HostIndex(table.hosts)
            for cause in causes:
                for met in overlapping(hosts, cause):
                    endpoint = same.get(met.operation_id)
                    if endpoint is None:
                        continue
                    if self._left <= 0:
                        self.complete = False
                        return
                    self._left -= 1
                    trial = self._moved(endpoint, cause)
                    if trial is not None:
                        del same[met.operation_id]
                        yield _shown(
                            "precedence",
                            name_of(endpoint),
                            trial,
                            old_place=endpoint.place,
                            new_place=endpoint.place,
                            other=name_of(cause),
                        )

    def _moved(self, endpoint: Endpoint, cause: Endpoint) -> _Trial | None:
        """A trial whose request the endpoint wins on one side, and on the other side the cause."""
        sides = {(endpoint.operation_id, cause.operation_id), (cause.operation_id, endpoint.operation_id)}
        for number in _NUMBERS:
            shown = common(endpoint, cause, number)
            if shown is None:
                return None
            trial = self._trials.run(shown)
            if trial.winners in sides:
                return trial
            if {*trial.winners} <= {endpoint.operation_id, cause.operation_id}:
                return None  # the same one wins on both sides, whatever the values
        return None
