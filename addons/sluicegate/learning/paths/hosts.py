"""Hosts that serve one API are told as one pattern: `us-api.example.com`, `de-api.example.com` and `fr-api.example.com`
as `{hostVar1}.example.com` (API Shield, API Discovery), where four of five of their endpoints are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final

from ...endpoints.hosts import HostPattern

_ALIKE: Final = 0.8
_FEWEST: Final = 2
_MOST: Final = 1_000

Labels = tuple[str | None, ...]


def merged_hosts(paths: Mapping[str, Set[str]], fewest: int) -> dict[str, str]:
    """For each host the pattern that it is told under, its own name where it stands alone.

    `paths`: of each host what tells its API from others, such as its templates. `fewest`: so many hosts make a pattern
    (0: none do).
    """
    groups: dict[Labels, list[str]] = {
        tuple(host.split(".")): [host] for host in sorted(paths)[:_MOST] if _may_vary(host) and len(paths[host])
    }
    if fewest > 1:
        longest = max((len(labels) for labels in groups), default=0)
        for place in range(longest):
            groups = _merge_at(place, groups, paths, fewest)
    found = {host: host for host in paths}
    for labels, hosts in groups.items():
        if len(hosts) > 1:
            found.update(dict.fromkeys(hosts, pattern_text(labels)))
    return found


def pattern_text(labels: Labels) -> str:
    """The pattern as it is stored, its variables numbered from right to left."""
    names = tuple(f"v{number}" for number in range(sum(label is None for label in labels)))
    return HostPattern(labels, names).stored


def labels_at_variables(pattern: str, hosts: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The variables of a stored host pattern from the left, each with the labels that its hosts have there."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for place, label in enumerate(pattern.split(".")):
        if label.startswith("{"):
            found.append((label.strip("{}"), tuple(sorted({host.split(".")[place] for host in hosts}))))
    return found


def _merge_at(
    place: int, groups: dict[Labels, list[str]], paths: Mapping[str, Set[str]], fewest: int
) -> dict[Labels, list[str]]:
    """Put together groups that differ in one label only: never in the last two, which name the domain."""
    near: dict[Labels, list[Labels]] = {}
    for labels in groups:
        if place < len(labels) - 2 and labels[place] is not None:
            near.setdefault((*labels[:place], None, *labels[place + 1 :]), []).append(labels)
    for pattern, members in near.items():
        first = max(members, key=lambda labels: len(paths[groups[labels][0]]))
        same = [labels for labels in members if _alike(paths[groups[first][0]], paths[groups[labels][0]])]
        if len(same) >= fewest:
            groups[pattern] = [host for labels in same for host in groups.pop(labels)]
    return groups


def _alike(one: Set[str], other: Set[str]) -> bool:
    common = len(one & other)
    return common >= _FEWEST and common >= _ALIKE * max(len(one), len(other))


def _may_vary(host: str) -> bool:
    labels = host.split(".")
    return len(labels) > 2 and not host.startswith("[") and not labels[-1].isdigit() and "*" not in host
