"""Route files put together: services resolved, origins agreed on, duplicates found, examples tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..endpoints.hosts import HostPattern, host_of
from ..endpoints.overlap import untaken, witness
from ..endpoints.table import Endpoint, Fallback, Place, Table, operation_id
from ..endpoints.targets import Connection, Origin, Target
from ..endpoints.templates import TemplateError
from ..snapshot import Settings
from .addresses import Address, Services, read_base, split_address
from .connections import Stated, agree
from .diagnostics import Diagnostic, Findings, Mark
from .endpoints import EndpointEntry
from .examples import Case, check_examples
from .gateway_file import GatewayFile
from .listeners import Listeners
from .route_files import RouteFile
from .services import Upstream
from .targets import DEFAULT_TIMEOUT, read_target, variables_of


@dataclass(frozen=True, slots=True)
class Linked:
    """What all files together say, and what is wrong between them; `cases` are the examples of all endpoints."""

    endpoints: tuple[Endpoint, ...]
    hosts: tuple[tuple[HostPattern, Fallback | None], ...]
    settings: Settings
    findings: tuple[Diagnostic, ...]
    cases: tuple[Case, ...]


def link(
    files: Sequence[RouteFile],
    gateway: GatewayFile,
    own_addresses: Sequence[tuple[str, int]] = (),
    *,
    examples: bool = True,
    known: dict[str, LinkedFile] | None = None,
) -> Linked:
    """Put files, in the order of their names, and the gateway's own file together; `examples`: try these, too.

    `known` is kept by the caller for the next time, with the same addresses: a file that has not changed is then not
    resolved again.
    """
    linker = _Linker(gateway, Listeners(own_addresses), dict(known or {}))
    for file in files:
        linker.add(file)
    if known is not None:
        known.clear()
        known.update(linker.resolved)
    return linker.finish(examples=examples)


Key = tuple[str, tuple[str | None, ...], str]
"""What may be there once: method, labels of the host pattern, and stored path."""


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """What came of a file by itself, with the services that it could name; nothing was wrong in it then.

    `endpoints` are ready but for what is agreed on between files; `stated` is what its targets say of connections.
    """

    file: RouteFile
    services: Services
    endpoints: tuple[tuple[Key, EndpointEntry, Endpoint], ...]
    stated: tuple[Stated, ...]


class _Linker:
    def __init__(self, gateway: GatewayFile, listeners: Listeners, known: Mapping[str, LinkedFile]) -> None:
        self.gateway = gateway
        self.listeners = listeners
        self.known = known
        self.resolved: dict[str, LinkedFile] = {}
        self.endpoints: list[Endpoint] = []
        self.hosts: dict[tuple[str | None, ...], tuple[HostPattern, Fallback | None]] = {}
        self.places: dict[Key, Endpoint] = {}
        self.cases: dict[int, Case] = {}
        self.disputed: list[_Disputed] = []
        findings = Findings(gateway.name)
        self.findings = [findings]
        self.stated: list[tuple[Stated, Findings]] = [(one, findings) for one in gateway.stated]
        self._check_services(gateway.services, findings)

    def add(self, file: RouteFile) -> None:
        part = _Part(file, file.services.over(self.gateway.services), Findings(file.name), list(file.stated))
        self.findings.append(part.findings)
        self._check_services(file.services, part.findings)
        patterns = [host.pattern for host in file.hosts]
        if not patterns and file.is_served and (file.endpoints or file.origin):
            patterns = [HostPattern()]
        fallback = None if file.origin is None else self._fallback(part, file.origin)
        for pattern in patterns:
            self._add_host(pattern, fallback, part.findings)
        self._add_endpoints(part, patterns)
        self.stated.extend((one, part.findings) for one in sorted(part.stated, key=lambda one: one.flag.mark))

    def finish(self, *, examples: bool) -> Linked:
        connections = agree(self.stated)
        cases = []
        for index, endpoint in enumerate(self.endpoints):
            if endpoint.route is not None and endpoint.route.origin in connections:
                route = _connected(endpoint.route, connections)
                endpoint = self.endpoints[index] = replace(endpoint, route=route)
            if index in self.cases:
                cases.append(replace(self.cases[index], endpoint=endpoint))
        hosts = [
            (pattern, fallback and replace(fallback, target=_connected(fallback.target, connections)))
            for pattern, fallback in self.hosts.values()
        ]
        if cases and examples:
            check_examples(self._table(hosts), cases)
        if self.disputed:
            table = self._table(hosts)
            for findings, mark, message, pattern in self.disputed:
                findings.error(mark, "duplicate-origin", message, untaken(table, host_of(pattern, 1)).text)
        found = tuple(diagnostic for findings in self.findings for diagnostic in findings.found)
        return Linked(tuple(self.endpoints), tuple(hosts), self.gateway.settings, found, tuple(cases))

    def _table(self, hosts: Iterable[tuple[HostPattern, Fallback | None]]) -> Table:
        table = Table()
        for pattern, fallback in hosts:
            table.add_host(pattern, fallback)
        for endpoint in self.endpoints:
            table.add(endpoint)
        return table

    def _check_services(self, services: Services, findings: Findings) -> None:
        for service in services.named.values():
            if service is not None:
                self._check_listener(service.origin, service.mark, findings)

    def _check_listener(self, origin: Origin, mark: Mark, findings: Findings) -> None:
        if self.listeners.take(origin):
            findings.error(
                mark,
                "target-is-gateway",
                f"{origin} is this gateway's own listener: requests would go round in circles",
            )

    def _address(self, part: _Part, upstream: Upstream | EndpointEntry, text: str, mark: Mark) -> Address | None:
        """Split a target or origin; what is stated and set for it is looked at, too. Raises TemplateError."""
        address = split_address(text, part.services)
        if address is None:
            return None
        if address.service is None:
            self._check_listener(address.origin, mark, part.findings)
        for kind, flag in (("insecure", upstream.insecure), ("h2c", upstream.h2c)):
            if flag is not None:
                part.stated.append(Stated(address.origin, kind, flag))
        return address

    def _fallback(self, part: _Part, origin: Upstream) -> Fallback | None:
        try:
            address = self._address(part, origin, origin.url.value, origin.url.mark)
            if address is None:
                return None
            base = read_base(address, "origin")
        except TemplateError as error:
            part.findings.error(origin.url.mark.at(error.offset), error.code, f"origin: {error}")
            return None
        target = Target(
            address.origin,
            f"{address.origin}{base}",
            base,
            host_header=part.host_header(address, origin),
            timeout=part.timeout(address, origin),
            service=address.service.name if address.service else "",
        )
        defaults = part.file.defaults
        mark = origin.url.mark
        return Fallback(
            target,
            Place(part.file.name, mark.line, mark.column),
            defaults.normalize_to_origin,
            defaults.rewrite_location,
            defaults.session_identifiers,
        )

    def _add_host(self, pattern: HostPattern, fallback: Fallback | None, findings: Findings) -> None:
        known, earlier = self.hosts.get(pattern.labels, (pattern, None))
        if fallback is not None and fallback.place is not None and earlier is not None:
            place = fallback.place
            message = f"host '{pattern.text}' has an origin already, {earlier.target.text} at {earlier.place}: keep one"
            self.disputed.append(_Disputed(findings, Mark(place.line, place.column), message, pattern))
            fallback = None
        self.hosts[pattern.labels] = (known, earlier or fallback)

    def _add_endpoints(self, part: _Part, patterns: Sequence[HostPattern]) -> None:
        file = part.file
        known = self.known.get(file.name)
        if known is not None and known.file is file and known.services == part.services:
            part.stated.extend(known.stated)
            for key, entry, endpoint in known.endpoints:
                self._put(part, entry, key, endpoint)
        else:
            before = len(part.stated)
            for entry in file.endpoints:
                self._add_endpoint(part, entry, patterns)
            known = LinkedFile(file, part.services, tuple(part.endpoints), tuple(part.stated[before:]))
        if not part.findings.found:
            self.resolved[file.name] = known

    def _add_endpoint(self, part: _Part, entry: EndpointEntry, patterns: Sequence[HostPattern]) -> None:
        address = None
        if entry.route is not None:
            try:
                address = self._address(part, entry, entry.route.value, entry.route.mark)
            except TemplateError as error:
                part.findings.error(entry.route.mark.at(error.offset), error.code, str(error))
        for pattern in patterns or [HostPattern()]:
            try:
                route = self._route(part, entry, address, pattern)
            except TemplateError as error:
                if patterns or error.code != "variable-unknown":
                    # A variable could be one of the hosts, where these could not be read.
                    part.findings.error(part.mark_of(error, entry), error.code, str(error))
                return
            if patterns and (route is None) == (entry.route is None):
                self._serve(part, entry, pattern, route)

    def _route(self, part: _Part, entry: EndpointEntry, address: Address | None, pattern: HostPattern) -> Target | None:
        variables = variables_of(entry.path, pattern)
        if address is None:
            return None
        return read_target(
            address,
            variables,
            entry.text,
            host_header=part.host_header(address, entry),
            timeout=part.timeout(address, entry),
        )

    def _serve(self, part: _Part, entry: EndpointEntry, pattern: HostPattern, route: Target | None) -> None:
        defaults = part.file.defaults
        endpoint = Endpoint(
            entry.method,
            pattern,
            entry.path,
            operation_id(entry.method, pattern, entry.path),
            route,
            Place(part.file.name, entry.mark.line, entry.mark.column),
            defaults.rewrite_location if entry.rewrite_location is None else entry.rewrite_location,
            defaults.normalize_to_origin if entry.normalize_to_origin is None else entry.normalize_to_origin,
            defaults.session_identifiers,
        )
        key = (entry.method, pattern.labels, entry.path.stored)
        part.endpoints.append((key, entry, endpoint))
        self._put(part, entry, key, endpoint)

    def _put(self, part: _Part, entry: EndpointEntry, key: Key, endpoint: Endpoint) -> None:
        earlier = self.places.setdefault(key, endpoint)
        if earlier is not endpoint:
            named = "" if earlier.text == entry.text else f" as '{earlier.text}'"
            part.findings.error(
                entry.mark,
                "duplicate-endpoint",
                f"'{entry.text}' is defined already at {earlier.place}{named}: keep one of the two",
                witness(earlier).text,
            )
            return
        if entry.examples:
            # The connection is put in later, and the endpoint with it: its place in the list is what stays.
            self.cases[len(self.endpoints)] = Case(endpoint, entry.examples, part.services, part.findings)
        self.endpoints.append(endpoint)


class _Disputed(NamedTuple):
    """A host that gets a second origin: reported once all endpoints are known, with a request that none takes."""

    findings: Findings
    mark: Mark
    message: str
    pattern: HostPattern


@dataclass(frozen=True, slots=True)
class _Part:
    """One file while it is being linked."""

    file: RouteFile
    services: Services
    findings: Findings
    stated: list[Stated]
    endpoints: list[tuple[Key, EndpointEntry, Endpoint]] = field(default_factory=list)

    def timeout(self, address: Address, own: Upstream | EndpointEntry) -> float:
        """Return a target's timeout in seconds: its own, else its service's, else the file's."""
        named = address.service and address.service.timeout
        return own.timeout or named or self.file.defaults.timeout or DEFAULT_TIMEOUT

    def host_header(self, address: Address, own: Upstream | EndpointEntry) -> str:
        """Return what a target's Host field is made of: as it says itself, else its service, else the file."""
        named = address.service and address.service.host_header
        return own.host_header or named or self.file.defaults.host_header or "target"

    def mark_of(self, error: TemplateError, entry: EndpointEntry) -> Mark:
        """Where an endpoint's error stands: in its key what concerns the source, in its target the rest."""
        if error.code == "variable-ambiguous":
            return entry.mark.at(len(entry.method) + 1 + error.offset)
        return entry.mark if entry.route is None else entry.route.mark.at(error.offset)


def _connected(target: Target, connections: Mapping[Origin, Connection]) -> Target:
    return replace(target, connection=connections.get(target.origin, target.connection))
