"""What is legal in route files and probably not meant: hosts that overlap, origins in the shade, endpoints without one.

Every claim is proved by a request that was decided by the stages of live traffic; the request comes with the finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from ..endpoints.overlap import witness
from ..endpoints.table import Place
from .compiler import Compiled
from .diagnostics import START, Diagnostic
from .host_overlaps import HostOverlaps, warning
from .route_files import RouteFile
from .tries import STEPS, Tries

_NUMBERS = range(1, 6)
"""Values of variables that are tried for one endpoint, since others may take some of its requests."""


def suspicions(files: Sequence[RouteFile], compiled: Compiled, steps: int = STEPS) -> list[Diagnostic]:
    """Return what is suspicious in files that compiled without an error, sorted by place; all are warnings.

    `steps`: how much is looked at; where that was not all, a finding says so.
    """
    tries = Tries(compiled.snapshot(), steps)
    overlaps = HostOverlaps(files, tries)
    found = [*_without_route(compiled, tries), *overlaps.found(), *overlaps.shadowed_origins()]
    if tries.are_over:
        message = "the hosts of these files overlap so often that not all was looked at: more may be suspicious"
        found.append(warning(files[0].name, START, "check-incomplete", message))
    return sorted(found)


def _without_route(compiled: Compiled, tries: Tries) -> Iterator[Diagnostic]:
    """Endpoints without a route whose requests are refused; an endpoint of several hosts is named once."""
    named: set[Place] = set()
    for endpoint in compiled.endpoints:
        if endpoint.route is not None or endpoint.place in named or tries.table.own_fallback(endpoint) is not None:
            continue
        for number in _NUMBERS:
            if tries.are_over:
                return
            request = witness(endpoint, number)
            exchange = tries.decided(request)
            if exchange.endpoint is not endpoint:
                continue
            if exchange.problem is not None:
                named.add(endpoint.place)
                message = (
                    f"'{endpoint.text}' has no route, and no origin takes its requests: they are answered "
                    f"{exchange.problem.status}: write a target, or an 'origin' for its file"
                )
                yield warning(endpoint.place.file, endpoint.place[1:], "no-route", message, request)
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
    found: list[Diagnostic] = []
    for host, why in failed.items():
        first, *more = hosts[host]
        also = f"; used in {len(more)} more {'place' if len(more) == 1 else 'places'}" if more else ""
        message = f"target host '{host}' does not resolve: {why}{also}"
        found.append(warning(first.file, first[1:], "target-unresolved", message))
    return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
