"""The rules of matching, said the slow way: look at every endpoint, keep what fits, compare any two that do.

Nothing here is shared with the table that is tested; the rules are those of the public API's documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cmp_to_key


@dataclass(frozen=True)
class Row:
    """An endpoint as it is written; `host` None stands for any host."""

    method: str
    host: str | None
    path: str


def characters(text: str) -> list[str]:
    """Text of a path: a percent escape is one character."""
    return re.findall("%..|.", text)


def is_variable(text: str) -> bool:
    return re.fullmatch(r"\{\w+\}", text) is not None


def around(segment: str) -> tuple[str, str] | None:
    """The literal text before and behind a segment's variable; None where there is no variable."""
    found = re.fullmatch(r"([^{]*)\{\w+\}([^}]*)", segment)
    return None if found is None else (found[1], found[2])


def segment_fits(own: str, asked: str) -> bool:
    texts = around(own)
    if texts is None:
        return own == asked
    before, behind = characters(texts[0]), characters(texts[1])
    rest = characters(asked)
    if len(rest) <= len(before) + len(behind):
        return False  # a variable is at least one character
    return rest[: len(before)] == before and rest[len(rest) - len(behind) :] == behind


def path_fits(own: str, asked: str) -> bool:
    ours, theirs = own.split("/"), asked.split("/")
    return len(ours) == len(theirs) and all(segment_fits(one, other) for one, other in zip(ours, theirs, strict=True))


def host_fits(own: str | None, asked: str) -> bool:
    if own is None:
        return True
    if asked == "" or asked.startswith("["):
        return own == asked
    ours, theirs = own.split("."), asked.split(".")
    return len(ours) == len(theirs) and all(
        is_variable(one) or one == other for one, other in zip(ours, theirs, strict=True)
    )


def compare_hosts(one: str | None, other: str | None) -> int:
    """Negative where the first is more specific: any host last, fewer variables, then literal labels from the right."""
    if one is None or other is None:
        return (one is None) - (other is None)
    ours = [is_variable(label) for label in one.split(".")]
    theirs = [is_variable(label) for label in other.split(".")]
    if sum(ours) != sum(theirs):
        return sum(ours) - sum(theirs)
    for own, their in zip(reversed(ours), reversed(theirs), strict=True):
        if own != their:
            return own - their
    return 0


def compare_segments(one: str, other: str) -> int:
    """A literal, then text with a variable (the longer text first, then the longer beginning), then a bare variable."""
    kinds = [0 if around(text) is None else 2 if is_variable(text) else 1 for text in (one, other)]
    if kinds[0] != kinds[1]:
        return kinds[0] - kinds[1]
    ours, theirs = around(one), around(other)
    if ours is None or theirs is None:
        return 0
    if len("".join(ours)) != len("".join(theirs)):
        return len("".join(theirs)) - len("".join(ours))
    return len(theirs[0]) - len(ours[0])


def compare(one: Row, other: Row) -> int:
    """Negative where the first is the more specific of two rows that fit the same request."""
    if found := compare_hosts(one.host, other.host):
        return found
    for own, their in zip(one.path.split("/"), other.path.split("/"), strict=True):
        if found := compare_segments(own, their):
            return found
    return 0


def matches(rows: list[Row], method: str, host: str, path: str) -> list[Row]:
    """Every row that fits, the winner first."""
    fitting = [row for row in rows if row.method == method and host_fits(row.host, host) and path_fits(row.path, path)]
    return sorted(fitting, key=cmp_to_key(compare))


def serving(hosts: list[str | None], host: str) -> list[str | None]:
    """Every host pattern that fits, the most specific first."""
    return sorted((one for one in hosts if host_fits(one, host)), key=cmp_to_key(compare_hosts))
