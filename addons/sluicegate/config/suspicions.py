"""What is legal in route files and probably not meant: hosts that overlap, origins in the shade, endpoints without one.

Every claim is proved by a request that was decided by the stages of live traffic; the request comes with the finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from itertools import islice
from typing import NamedTuple

from .. import trial
from ..endpoints.host_index import HostIndex
from ..endpoints.hosts import HostPattern
from ..endpoints.overlap import Witness, common, common_host, path_of, rivals, untaken, witness
from ..endpoints.table import Endpoint, HostTable, Place
from ..exchange import Exchange
from ..snapshot import Snapshot
from .compiler import Compiled
from .diagnostics import START, Diagnostic, Mark
from .route_files import RouteFile

MOST_TRIED = 200
"""Hosts tried against one origin, at most."""
_STEPS_OF_A_PAIR = 20_000
_STEPS = 100_000
"""Steps through the trees of hosts that overlap, for two of them and in all, at most."""
_TRIES = 5
"""Requests tried for one endpoint, since others may take some of them."""

_Labels = tuple[str | None, ...]


def suspicions(files: Sequence[RouteFile], compiled: Compiled) -> list[Diagnostic]:
    """Return what is suspicious in files that compiled without an error, sorted by place; all are warnings."""
    snapshot = Snapshot(0, compiled.table(), compiled.settings)
    look = _Look(files, snapshot)
    return sorted([*look.host_overlaps(), *look.shadowed_origins(), *_without_route(compiled, snapshot)])


def _decided(request: Witness, snapshot: Snapshot) -> Exchange:
    return trial.decided(trial.Request(request.method, request.authority, request.path.encode("ascii")), snapshot)


def _without_route(compiled: Compiled, snapshot: Snapshot) -> Iterator[Diagnostic]:
    """Endpoints without a route whose requests are refused; an endpoint of several hosts is named once."""
    named: set[Place] = set()
    for endpoint in compiled.endpoints:
        if endpoint.route is not None or endpoint.place in named or snapshot.table.own_fallback(endpoint) is not None:
            continue
        for number in range(1, _TRIES + 1):
            request = witness(endpoint, number)
            exchange = _decided(request, snapshot)
            if exchange.endpoint is not endpoint:
                continue
            if exchange.problem is not None:
                named.add(endpoint.place)
                message = (
                    f"'{endpoint.text}' has no route, and no origin takes its requests: they are answered "
                    f"{exchange.problem.status}: write a target, or an 'origin' for its file"
                )
                yield _warning(endpoint.place.file, endpoint.place[1:], "no-route", message, request)
            break


def target_hosts(compiled: Compiled) -> dict[str, list[Place]]:
    """Return the names (not the addresses) that targets and origins go to, and where each is used, in order."""
    uses = [(one.route.origin.host, one.place) for one in compiled.endpoints if one.route is not None]
    uses += [(one.target.origin.host, one.place) for _, one in compiled.hosts if one is not None and one.place]
    places: dict[str, set[Place]] = {}
    for host, place in uses:
        if host in places or not _is_address(host):
            places.setdefault(host, set()).add(place)
    return {host: sorted(used) for host, used in places.items()}


def unresolved(hosts: Mapping[str, Sequence[Place]], failed: Mapping[str, str]) -> list[Diagnostic]:
    """Return a finding for each host that did not resolve (`failed` says why), at the first place that uses it."""
    return [
        Diagnostic(
            hosts[host][0].file,
            *hosts[host][0][1:],
            "warning",
            "target-unresolved",
            f"target host '{host}' does not resolve: {why}{_used(len(hosts[host]) - 1)}",
        )
        for host, why in failed.items()
    ]


def _used(more: int) -> str:
    return f"; used in {more} more {'place' if more == 1 else 'places'}" if more else ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Served(NamedTuple):
    """A host pattern as one file has it; the mark of a file without hosts is its beginning."""

    file: RouteFile
    pattern: HostPattern
    mark: Mark


class _Loss(NamedTuple):
    """A request of two endpoints, and the one that takes it: another file's, of a more specific host."""

    loser: Endpoint
    winner: Endpoint
    request: Witness


class _Look:
    """The files and their table, and what was found out about the hosts so far."""

    def __init__(self, files: Sequence[RouteFile], snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.hosts = {served.pattern.labels: served for served in snapshot.table.hosts}
        self._index = HostIndex(self.hosts.values())
        self.served: list[_Served] = []
        self.files_of: dict[_Labels, dict[str, _Served]] = {}
        for file in files:
            hosts = [_Served(file, host.pattern, host.mark) for host in file.hosts]
            if not hosts and file.is_served and (file.endpoints or file.origin):
                hosts = [_Served(file, HostPattern(), START)]
            for one in hosts:
                self.served.append(one)
                self.files_of.setdefault(one.pattern.labels, {})[file.name] = one
        self._steps = _STEPS
        self._above: dict[_Labels, list[HostTable]] = {}
        self._losses: dict[_Labels, dict[str, _Loss]] = {}

    def host_overlaps(self) -> Iterator[Diagnostic]:
        """Patterns that others of other files take hosts from; any host only where that loses it a request.

        A file without a host is meant to take the rest.
        """
        for one in self.served:
            if above := self._narrower(one):
                loss = self._losses_of(one.pattern).get(one.file.name)
                if not one.pattern.labels:
                    if loss is not None:
                        yield _loss_of_any_host(loss)
                elif loss is not None:
                    yield self._loss(one, above, loss)
                else:
                    yield self._overlap(one, above)

    def _narrower(self, one: _Served) -> list[HostTable]:
        """The more specific patterns of other files that a host of this pattern can fit, too."""
        labels = one.pattern.labels
        if one.pattern.is_exact:
            return []
        if labels not in self._above:
            rank = one.pattern.rank
            overlapping = self._index.overlapping(one.pattern)
            self._above[labels] = [each for each in overlapping if each.pattern.rank < rank]
        return [each for each in self._above[labels] if one.file.name not in self.files_of[each.pattern.labels]]

    def _losses_of(self, pattern: HostPattern) -> dict[str, _Loss]:
        """Of each file with a pattern: a request that its endpoint loses to another file's of a more specific host."""
        if pattern.labels in self._losses:
            return self._losses[pattern.labels]
        found = self._losses[pattern.labels] = dict[str, _Loss]()
        for above in self._above[pattern.labels]:
            also = self.files_of[above.pattern.labels]
            for pair in islice(rivals(self.hosts[pattern.labels], above), min(self._steps, _STEPS_OF_A_PAIR)):
                self._steps -= 1
                if pair is None or pair[0].place.file in found or pair[0].place.file in also:
                    continue
                if (request := common(*pair)) is not None and _decided(request, self.snapshot).endpoint is pair[1]:
                    found[pair[0].place.file] = _Loss(*pair, request)
                    if len(found) == len(self.files_of[pattern.labels]):
                        return found
        return found

    def _loss(self, one: _Served, above: list[HostTable], loss: _Loss) -> Diagnostic:
        loser, winner, request = loss
        message = (
            f"{self._overlapping(one, self.hosts[winner.host.labels], len(above))}: '{winner.text}' ({winner.place}), "
            f"whose host is more specific, takes requests from '{loser.text}' in line {loser.place.line}"
        )
        return _warning(one.file.name, one.mark, "host-overlap", message, request)

    def _overlap(self, one: _Served, above: list[HostTable]) -> Diagnostic:
        first = above[0]
        host = common_host(one.pattern, first.pattern)
        request = untaken(self.snapshot.table, host)
        for endpoint in first.endpoints[:_TRIES]:
            shown = Witness(endpoint.method, host, path_of(endpoint.path.parts))
            if _decided(shown, self.snapshot).endpoint is endpoint:
                request = shown
                break
        message = (
            f"{self._overlapping(one, first, len(above))}: where both have an endpoint for a request, "
            "the one of the more specific host takes it"
        )
        return _warning(one.file.name, one.mark, "host-overlap", message, request)

    def _overlapping(self, one: _Served, other: HostTable, count: int) -> str:
        return f"host '{_written(one.pattern)}' overlaps with {self._named(other, count - 1)}"

    def _named(self, host: HostTable, more: int, least: str = "") -> str:
        """A host with its place, and how many more there are."""
        first = next(iter(self.files_of[host.pattern.labels].values()))
        rest = f" and {least}{more} more" if more else ""
        return f"'{_written(first.pattern)}' ({first.file.name}:{first.mark.line}){rest}"

    def shadowed_origins(self) -> Iterator[Diagnostic]:
        """Origins that do not get the unrouted requests of all hosts that their file's patterns fit."""
        by_file: dict[str, list[_Served]] = {}
        for one in self.served:
            fallback = self.hosts[one.pattern.labels].fallback
            if fallback is not None and fallback.place is not None and fallback.place.file == one.file.name:
                by_file.setdefault(one.file.name, []).append(one)
        for name, patterns in by_file.items():
            pairs = [(one, above) for one in patterns for above in self._narrower(one)]
            shaded = [shade for pair in pairs[:MOST_TRIED] if (shade := self._shade(*pair)) is not None]
            if shaded and (place := self._origin(patterns[0])) is not None:
                above, request, outcome = shaded[0]
                named = self._named(above, len(shaded) - 1, "at least " if len(pairs) > MOST_TRIED else "")
                message = f"this origin is not that of host {named}: requests that no endpoint takes {outcome} there"
                yield _warning(name, place[1:], "origin-shadowed", message, request)

    def _origin(self, one: _Served) -> Place | None:
        fallback = self.hosts[one.pattern.labels].fallback
        return None if fallback is None else fallback.place

    def _shade(self, one: _Served, above: HostTable) -> tuple[HostTable, Witness, str] | None:
        """A request that reaches another origin than its file's, or none; for any host another one is meant."""
        own = self.hosts[one.pattern.labels].fallback
        request = untaken(self.snapshot.table, common_host(one.pattern, above.pattern))
        exchange = _decided(request, self.snapshot)
        if exchange.endpoint is not None or own is None:
            return None
        if exchange.problem is not None:
            return above, request, f"are answered {exchange.problem.status}"
        goes = exchange.forward
        if goes is None or goes.target == own.target or not one.pattern.labels:
            return None
        return above, request, f"go to {goes.target.text} ({goes.place})"


def _loss_of_any_host(loss: _Loss) -> Diagnostic:
    loser, winner, request = loss
    message = (
        f"'{loser.text}' is for any host, but on host '{_written(winner.host)}' '{winner.text}' ({winner.place}) "
        "takes requests from it"
    )
    return _warning(loser.place.file, loser.place[1:], "host-overlap", message, request)


def _written(pattern: HostPattern) -> str:
    """A pattern with its author's names of variables; '*' for any host."""
    names = iter(pattern.variables)
    return ".".join(f"{{{next(names)}}}" if label is None else label for label in pattern.labels) or "*"


def _warning(file: str, mark: Sequence[int], code: str, message: str, request: Witness) -> Diagnostic:
    return Diagnostic(file, mark[0], mark[1], "warning", code, message, request.text)
