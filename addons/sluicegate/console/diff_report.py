"""What `sluice diff` prints: differences of tables and of traffic, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text

from ..comparing.outcomes import CHANGES, Kind, Outcome
from ..comparing.tables import TableChange, TableDiff
from ..comparing.traffic import Change
from .output import count, print_line
from .sources import Source

if TYPE_CHECKING:
    from .traffic.comparing import TrafficReport

_STYLES = {
    "removed": "red",
    "added": "green",
    "changed": "yellow",
    "precedence": "yellow",
    "moved": "yellow",
    "unmatched": "red",
    "newly_matched": "green",
    "answered_otherwise": "yellow",
}
_WIDTH = max(map(len, ("precedence", "removed"))) + 2


def tables_json(found: TableDiff, sides: Sequence[Source], most: int | None) -> dict[str, object]:
    """The differences of two tables as JSON members."""
    return {
        "unchanged": found.unchanged,
        "moved": found.number("changed", "precedence"),
        "unmatched": found.number("removed"),
        "newly_matched": found.number("added"),
        "complete": found.complete,
        "changes": [
            {
                "kind": change.kind,
                "subject": change.subject,
                "request": change.request.text if change.request is not None else None,
                "old": _outcome_json(change.old, sides[0]),
                "new": _outcome_json(change.new, sides[1]),
                "aspects": [aspect._asdict() for aspect in change.aspects],
            }
            for change in _first(found.changes, most)
        ],
    }


def traffic_json(report: TrafficReport, sides: Sequence[Source]) -> dict[str, object]:
    """The differences of traffic as JSON members."""
    diff = report.diff
    return {
        "unchanged": diff.unchanged,
        **{kind: diff.number(kind) for kind in CHANGES},
        "groups": [{**group._asdict(), "requests": number} for group, number in sorted(diff.groups.items())],
        "skipped": dict(sorted(report.skipped.items())),
        "changes": [
            {
                "kind": change.kind,
                "request": change.request.text,
                "old": _outcome_json(change.old, sides[0]),
                "new": _outcome_json(change.new, sides[1]),
                "place": change.place,
            }
            for change in diff.changes
        ],
    }


def _outcome_json(outcome: Outcome | None, source: Source) -> dict[str, object] | None:
    if outcome is None:
        return None
    return {
        "endpoint": outcome.endpoint or None,
        "target": outcome.target or None,
        "service": outcome.service or None,
        "status": outcome.status,
        "file": source.path(outcome.file) if outcome.file else None,
        "line": outcome.line,
    }


def _first(changes: Sequence[TableChange], most: int | None) -> Iterator[TableChange]:
    """The first so many changes of each kind."""
    seen: Counter[str] = Counter()
    for change in changes:
        seen[change.kind] += 1
        if most is None or seen[change.kind] <= most:
            yield change


def print_tables(found: TableDiff, sides: Sequence[Source], most: int | None) -> None:
    """Print the differences of two tables, each with the request that shows it."""
    for change in _first(found.changes, most):
        _print_table_change(change, sides)
    told = [f"{count(found.unchanged, 'endpoint')} unchanged"]
    for kind in ("removed", "added", "changed"):
        if number := found.number(kind):
            told.append(f"{number:,} {kind}")
    if number := found.number("precedence"):
        told.append(f"precedence moved for {number:,}")
    print_line(", ".join(told))
    if not found.complete:
        print_line("so many endpoints overlap that not every one was looked at for its precedence")


def _print_table_change(change: TableChange, sides: Sequence[Source]) -> None:
    places = [
        source.place(place)
        for source, place in zip(sides, (change.old_place, change.new_place), strict=True)
        if place is not None
    ]
    style = _STYLES[change.kind]
    _print(Text(change.kind.ljust(_WIDTH), style), change.subject, Text(f"  {' → '.join(places)}", "dim"))
    for aspect in change.aspects:
        _print(" " * _WIDTH, f"{aspect.name}: {aspect.old or '(none)'} → {aspect.new or '(none)'}")
    if change.request is not None and change.old is not None and change.new is not None:
        _print(" " * _WIDTH, f"{change.request.text}: {_way(change.old, change.new)}")
    elif change.kind in ("added", "removed") or change.old_place:
        _print(" " * _WIDTH, "no request was found that is its own")


def _way(old: Outcome, new: Outcome) -> str:
    """Both outcomes in short; with the Host fields where the targets are the same."""
    if old.text != new.text:
        return f"{old.text} → {new.text}"
    if old.host != new.host:
        return f"{old.text}, Host {old.host} → {new.host}"
    return f"{old.text} as before"


def print_traffic(report: TrafficReport, sides: Sequence[Source]) -> None:
    """Print the summary, then the first changes of each kind."""
    diff = report.diff
    print_line(f"{count(diff.total, 'request')}: {diff.words}")
    for reason, number in sorted(report.skipped.items()):
        print_line(f"passed over: {number:,} {reason}")
    shown = diff.changes
    for kind in CHANGES:
        changes = [change for change in shown if change.kind == kind]
        if changes:
            number = diff.number(kind)
            first = f", the first {len(changes):,}" if len(changes) < number else ""
            print_line()
            _print(Text(f"{_title(kind)}: {number:,}{first}", _STYLES[kind]))
        for change in changes:
            _print_change(change, sides)


def _title(kind: Kind) -> str:
    return kind.replace("_", " ")


def _print_change(change: Change, sides: Sequence[Source]) -> None:
    _print("  ", change.request.text, Text(f"  {change.place}", "dim"))
    old, new = change.old, change.new
    if old.target and old.target == new.target:
        old, new = (replace(one, target=f"{one.target} Host {one.host}") for one in (old, new))
    for mark, outcome, source, style in (("-", old, sides[0], "red"), ("+", new, sides[1], "green")):
        place = f"  {source.path(outcome.file)}:{outcome.line}" if outcome.file else ""
        _print("    ", Text(f"{mark} {outcome.text}", style), Text(place, "dim"))


def _print(*parts: str | Text) -> None:
    line = Text()
    for part in parts:
        line.append(part)
    line.rstrip()
    print_line(line)
