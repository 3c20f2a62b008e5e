"""What a table was built from, and what differs between the contents of two tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

from ..endpoints.hosts import HostPattern
from ..endpoints.table import Endpoint, Fallback
from ..snapshot import Settings, Snapshot

Host = tuple[HostPattern, Fallback | None]
"""A host pattern that is served, and where its other requests go."""


class Contents(NamedTuple):
    """What a table was built from."""

    endpoints: Sequence[Endpoint] = ()
    hosts: Sequence[Host] = ()
    settings: Settings = Settings()

    @classmethod
    def of(cls, snapshot: Snapshot) -> Contents:
        """Return what a snapshot was built from; the hosts in the order in which they are tried."""
        hosts = [(served.pattern, served.fallback) for served in snapshot.table.hosts]
        return cls(tuple(snapshot.table.endpoints()), hosts, snapshot.settings)


@dataclass(frozen=True, slots=True)
class HostChange:
    """A host pattern that is served on one side only, or with another origin. None: not served."""

    before: Host | None
    now: Host | None

    @property
    def pattern(self) -> HostPattern:
        """The pattern; its variables may have other names on the other side."""
        return (self.now or self.before or (HostPattern(), None))[0]

    @property
    def origins(self) -> tuple[Fallback | None, Fallback | None]:
        """The origins before and now."""
        return self.before and self.before[1], self.now and self.now[1]

    @property
    def is_of_origin(self) -> bool:
        """Whether the origin differs; else the pattern without an origin came or went."""
        before, now = self.origins
        return _meaning_of_origin(before) != _meaning_of_origin(now)


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between the contents of two tables.

    Two endpoints are the same one if they have the same operation id; standing on another line is no change.
    `hosts` are sorted by their text, `settings` are names of settings of the gateway.
    """

    added: Sequence[Endpoint] = ()
    removed: Sequence[Endpoint] = ()
    changed: Sequence[tuple[Endpoint, Endpoint]] = ()
    unchanged: Sequence[Endpoint] = ()
    hosts: Sequence[HostChange] = ()
    settings: Sequence[str] = ()


def differences(before: Contents, now: Contents) -> Differences:
    """Say what differs between two contents; endpoints come in the order of their side, `unchanged` in that of now."""
    old = {endpoint.operation_id: endpoint for endpoint in before.endpoints}
    new = {endpoint.operation_id: endpoint for endpoint in now.endpoints}
    unchanged: list[Endpoint] = []
    changed: list[tuple[Endpoint, Endpoint]] = []
    for key, endpoint in new.items():
        if (earlier := old.get(key)) is None:
            continue
        if means_the_same(earlier, endpoint):
            unchanged.append(endpoint)
        else:
            changed.append((earlier, endpoint))
    return Differences(
        [endpoint for key, endpoint in new.items() if key not in old],
        [endpoint for key, endpoint in old.items() if key not in new],
        changed,
        unchanged,
        _changed_hosts(before, now),
        [name for name in _names(Settings) if getattr(before.settings, name) != getattr(now.settings, name)],
    )


def _names(kind: type[Endpoint] | type[Fallback] | type[Settings]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "place")


_ENDPOINT: Final = _names(Endpoint)
_ORIGIN: Final = _names(Fallback)


def means_the_same(before: Endpoint, now: Endpoint) -> bool:
    """Whether two endpoints differ in nothing but their place in the files."""
    return before is now or all(getattr(before, name) == getattr(now, name) for name in _ENDPOINT)


def name_of(endpoint: Endpoint) -> str:
    """Method, host and path of an endpoint: `GET api.hotel.test/hotels/{hotel}`; without a host for any host."""
    return f"{endpoint.method} {endpoint.host.text if endpoint.host.labels else ''}{endpoint.path.text}"


def _changed_hosts(before: Contents, now: Contents) -> list[HostChange]:
    old = {host[0].stored: host for host in before.hosts}
    new = {host[0].stored: host for host in now.hosts}
    changes = [HostChange(old.get(stored), new.get(stored)) for stored in sorted({*old, *new})]
    return [one for one in changes if one.is_of_origin or None in (one.before, one.now)]


def _meaning_of_origin(fallback: Fallback | None) -> tuple[object, ...] | None:
    return None if fallback is None else tuple(getattr(fallback, name) for name in _ORIGIN)
