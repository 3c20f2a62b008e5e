"""What differs between two tables, in words: the receipt of a reload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

from ..endpoints.hosts import HostPattern
from ..endpoints.table import Endpoint, Fallback
from ..snapshot import Settings

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


class Contents(NamedTuple):
    """What a table was built from."""

    endpoints: Sequence[Endpoint] = ()
    hosts: Sequence[tuple[HostPattern, Fallback | None]] = ()
    settings: Settings = Settings()


def receipt(before: Contents | None, now: Contents) -> Receipt:
    """Say what differs between two tables; None stands for there being none before."""
    old = {endpoint.operation_id: endpoint for endpoint in before.endpoints} if before is not None else {}
    new = {endpoint.operation_id: endpoint for endpoint in now.endpoints}
    changed = [_words(new[key]) for key in new if key in old and not means_the_same(old[key], new[key])]
    if before is not None:
        changed += _changed_hosts(before, now) + _changed_settings(before.settings, now.settings)
    return Receipt(
        Listed.of([_words(new[key]) for key in new if key not in old]),
        Listed.of([_words(old[key]) for key in old if key not in new]),
        Listed.of(changed),
    )


_MEANING: Final = tuple(field.name for field in fields(Endpoint) if field.name != "place")


def means_the_same(before: Endpoint, now: Endpoint) -> bool:
    """Whether two endpoints differ in nothing but their place in the files."""
    return before is now or all(getattr(before, name) == getattr(now, name) for name in _MEANING)


def _words(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.host.text if endpoint.host.labels else ''}{endpoint.path.text}"


def _changed_hosts(before: Contents, now: Contents) -> list[str]:
    old, new = _origins(before), _origins(now)
    return [f"origin of {host}" for host in sorted({*old, *new}) if old.get(host) != new.get(host)]


def _origins(contents: Contents) -> dict[str, tuple[object, ...]]:
    names = [field.name for field in fields(Fallback) if field.name != "place"]
    return {
        pattern.text: tuple(getattr(fallback, name) for name in names)
        for pattern, fallback in contents.hosts
        if fallback is not None
    }


def _changed_settings(before: Settings, now: Settings) -> list[str]:
    names = [field.name for field in fields(Settings)]
    return [name for name in names if getattr(before, name) != getattr(now, name)]
