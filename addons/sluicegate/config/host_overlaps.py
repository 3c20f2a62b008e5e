"""Host patterns of several files that hosts fit at once: what one file takes from another by it.

Where both have an endpoint for a request, or an origin for what no endpoint takes, the more specific pattern wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ..endpoints.host_index import HostIndex
from ..endpoints.hosts import HostPattern, common_host, hosts_overlap
from ..endpoints.overlap import Witness, common, path_of, rivals, untaken
from ..endpoints.table import Endpoint, Fallback, HostTable
from .diagnostics import START, Diagnostic, Mark
from .route_files import RouteFile
from .tries import Tries

MOST = 200
"""More specific patterns looked at for one pattern, and tried against one origin, at most."""
_STEPS_OF_A_PAIR = 20_000
"""Steps through the endpoints of two hosts, at most."""
_SHOWN = 5
"""Endpoints of the more specific host that are tried to show an overlap."""

_Labels = tuple[str | None, ...]


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


class _Shade(NamedTuple):
    """A request that reaches another origin than its file's, or none, on a host of a more specific pattern."""

    above: HostTable
    request: Witness
    outcome: str


class HostOverlaps:
    """The hosts of route files, and what was found out about them so far."""

    def __init__(self, files: Sequence[RouteFile], tries: Tries) -> None:
        self._tries = tries
        self._hosts = {served.pattern.labels: served for served in tries.table.hosts}
        self._index = HostIndex(self._hosts.values())
        self._served: list[_Served] = []
        self._files_of: dict[_Labels, dict[str, _Served]] = {}
        for file in files:
            hosts = [_Served(file, host.pattern, host.mark) for host in file.hosts]
            if not hosts and file.is_served and (file.endpoints or file.origin):
                hosts = [_Served(file, HostPattern(), START)]
            for one in hosts:
                self._served.append(one)
                self._files_of.setdefault(one.pattern.labels, {})[file.name] = one
        self._above: dict[_Labels, list[HostTable]] = {}
        self._losses: dict[_Labels, dict[str, _Loss]] = {}

    def found(self) -> Iterator[Diagnostic]:
        """Patterns that others of other files take hosts from; any host only where that loses it a request.

        A file without a host is meant to take the rest.
        """
        for one in self._served:
            if above := self._narrower(one):
                loss = self._losses_of(one.pattern).get(one.file.name)
                if loss is not None:
                    yield self._loss(one, above, loss) if one.pattern.labels else _loss_of_any_host(loss)
                elif one.pattern.labels:
                    yield self._overlap(one, above)

    def _narrower(self, one: _Served) -> list[HostTable]:
        """The more specific patterns of other files that a host of this pattern can fit, too."""
        labels = one.pattern.labels
        if labels not in self._above:
            self._above[labels] = list(islice(self._all_narrower(one.pattern), MOST))
        return [each for each in self._above[labels] if one.file.name not in self._files_of[each.pattern.labels]]

    def _all_narrower(self, pattern: HostPattern) -> Iterator[HostTable]:
        """The more specific patterns that do not stand in all files that have this one, too."""
        files = self._files_of[pattern.labels].keys()
        if pattern.is_exact:
            return
        for each in self._index.candidates(pattern):
            if self._tries.are_over or each.pattern.rank >= pattern.rank:
                return  # what comes now is less specific
            self._tries.step()
            if files - self._files_of[each.pattern.labels].keys() and hosts_overlap(each.pattern, pattern):
                yield each

    def _losses_of(self, pattern: HostPattern) -> dict[str, _Loss]:
        """Of each file with a pattern: a request that its endpoint loses to another file's of a more specific host."""
        if pattern.labels in self._losses:
            return self._losses[pattern.labels]
        found = self._losses[pattern.labels] = dict[str, _Loss]()
        for above in self._above[pattern.labels]:
            also = self._files_of[above.pattern.labels]
            for pair in islice(rivals(self._hosts[pattern.labels], above), _STEPS_OF_A_PAIR):
                if self._tries.are_over:
                    return found
                self._tries.step()
                if pair is None or pair[0].place.file in found or pair[0].place.file in also:
                    continue
                if (request := common(*pair)) is not None and self._tries.decided(request).endpoint is pair[1]:
                    found[pair[0].place.file] = _Loss(*pair, request)
                    if len(found) == len(self._files_of[pattern.labels]):
                        return found
        return found

    def _loss(self, one: _Served, above: list[HostTable], loss: _Loss) -> Diagnostic:
        loser, winner, request = loss
        message = (
            f"{self._overlapping(one, self._hosts[winner.host.labels], len(above))}: '{winner.text}' "
            f"({winner.place}), whose host is more specific, takes requests from '{loser.text}' in line "
            f"{loser.place.line}"
        )
        return warning(one.file.name, one.mark, "host-overlap", message, request)

    def _overlap(self, one: _Served, above: list[HostTable]) -> Diagnostic:
        first = above[0]
        host = common_host(one.pattern, first.pattern, 1)
        request = untaken(self._tries.table, host)
        for endpoint in first.endpoints[:_SHOWN]:
            shown = Witness(endpoint.method, host, path_of(endpoint.path.parts))
            if self._tries.decided(shown).endpoint is endpoint:
                request = shown
                break
        message = (
            f"{self._overlapping(one, first, len(above))}: where both have an endpoint for a request, "
            "the one of the more specific host takes it"
        )
        return warning(one.file.name, one.mark, "host-overlap", message, request)

    def _overlapping(self, one: _Served, other: HostTable, count: int) -> str:
        return f"host '{one.pattern.text}' overlaps with {self._named(other, count, cut=count >= MOST)}"

    def _named(self, host: HostTable, count: int, *, cut: bool) -> str:
        """A host with its place, and how many more there are beside it; `cut`: others were not looked at."""
        first = next(iter(self._files_of[host.pattern.labels].values()))
        rest = f" and {'at least ' if cut else ''}{count - 1} more" if count > 1 else ""
        return f"'{first.pattern.text}' ({first.file.name}:{first.mark.line}){rest}"

    def shadowed_origins(self) -> Iterator[Diagnostic]:
        """Origins that do not get the unrouted requests of all hosts that their file's patterns fit."""
        by_file: dict[str, list[_Served]] = {}
        origins: dict[str, Fallback] = {}
        for one in self._served:
            fallback = self._hosts[one.pattern.labels].fallback
            if fallback is not None and fallback.place is not None and fallback.place.file == one.file.name:
                by_file.setdefault(one.file.name, []).append(one)
                origins[one.file.name] = fallback
        for name, patterns in by_file.items():
            if (place := origins[name].place) is None:
                continue
            pairs = ((one, above) for one in patterns for above in self._narrower(one))
            tried = list(islice((pair for pair in pairs if _has_other(*pair, origins[name])), MOST))
            shades = [shade for pair in tried if (shade := self._shade(*pair, origins[name])) is not None]
            if shades:
                above, request, outcome = shades[0]
                named = self._named(above, len(shades), cut=len(tried) >= MOST)
                message = f"this origin is not that of host {named}: requests that no endpoint takes {outcome} there"
                yield warning(name, place[1:], "origin-shadowed", message, request)

    def _shade(self, one: _Served, above: HostTable, own: Fallback) -> _Shade | None:
        if self._tries.are_over:
            return None
        request = untaken(self._tries.table, common_host(one.pattern, above.pattern, 1))
        exchange = self._tries.decided(request)
        if exchange.endpoint is not None:
            return None
        if exchange.problem is not None:
            return _Shade(above, request, f"are answered {exchange.problem.status}")
        goes = exchange.forward
        if goes is None or goes.target == own.target or not one.pattern.labels:
            return None
        return _Shade(above, request, f"go to {goes.target.text} ({goes.place})")


def _has_other(one: _Served, above: HostTable, own: Fallback) -> bool:
    """Whether a more specific pattern has no origin, or another one: for any host another one is meant."""
    if above.fallback is None:
        return True
    return bool(one.pattern.labels) and above.fallback.target != own.target


def _loss_of_any_host(loss: _Loss) -> Diagnostic:
    loser, winner, request = loss
    message = (
        f"'{loser.text}' is for any host, but on host '{winner.host.text}' '{winner.text}' ({winner.place}) "
        "takes requests from it"
    )
    return warning(loser.place.file, loser.place[1:], "host-overlap", message, request)


def warning(file: str, mark: Sequence[int], code: str, message: str, request: Witness | None = None) -> Diagnostic:
    """Return something that is legal and probably not meant, with a request that shows it where there is one."""
    return Diagnostic(file, mark[0], mark[1], "warning", code, message, request.text if request else "")
