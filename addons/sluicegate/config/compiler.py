"""The compiler: a folder of route files in, all endpoints or every problem of every file out."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..endpoints.hosts import HostPattern
from ..endpoints.table import Endpoint, Fallback, Table
from ..snapshot import Settings, Snapshot
from .addresses import Services
from .diagnostics import Diagnostic
from .examples import Case
from .files import FoundFile, Signature, list_files, signature
from .gateway_file import GatewayFile, read_gateway_file
from .linking import LinkedFile, link
from .route_files import GATEWAY_FILE, RouteFile, read_route_file

_GATEWAY_NAMES = (GATEWAY_FILE, GATEWAY_FILE.removesuffix(".yaml") + ".yml")
_UNSETTLED = 2_000_000_000
"""Nanoseconds after a write in which another one may leave the same time behind: some clocks are coarse."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that a folder of route files says; `files` maps each name to the SHA-256 of the content.

    `cases` are the examples of all endpoints.
    """

    endpoints: tuple[Endpoint, ...] = ()
    hosts: tuple[tuple[HostPattern, Fallback | None], ...] = ()
    settings: Settings = field(default_factory=Settings)
    files: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    cases: tuple[Case, ...] = ()

    def table(self) -> Table:
        """Return a new table of all hosts and endpoints."""
        table = Table()
        for pattern, fallback in self.hosts:
            table.add_host(pattern, fallback)
        for endpoint in self.endpoints:
            table.add(endpoint)
        return table

    def snapshot(self) -> Snapshot:
        """Return the snapshot of a first generation."""
        return Snapshot(1, self.table(), self.settings, self.files)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a compilation came to: `compiled` is None where there is an error; diagnostics are sorted by place."""

    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was read last; `signature` None: it may have been written to since without a trace."""

    signature: Signature | None
    digest: str
    parsed: RouteFile | GatewayFile


class Compiler:
    """Compiles a folder again and again, reading only the files that changed.

    `names` are the files that count, all where left out; the gateway's own file always does. `environ` is what
    services may refer to (the process's own where left out). `own_addresses` are hosts and ports that the gateway
    listens on: a target that is one of them is an error. `examples`: the examples are tried, and failures are errors.
    """

    def __init__(
        self,
        folder: Path,
        *,
        names: Collection[str] | None = None,
        environ: Mapping[str, str] | None = None,
        own_addresses: Sequence[tuple[str, int]] = (),
        examples: bool = True,
    ) -> None:
        self.folder = folder
        self.names = names if names is None else {*names, *_GATEWAY_NAMES}
        self.examples = examples
        self.environ = dict(os.environ if environ is None else environ)
        self.own_addresses = tuple(own_addresses)
        self._read: dict[str, _Read] = {}
        self._linked: dict[str, LinkedFile] = {}

    @property
    def route_files(self) -> list[RouteFile]:
        """The route files as the last compilation read them, in the order of their names."""
        return [one.parsed for one in self._read.values() if isinstance(one.parsed, RouteFile)]

    def services(self, name: str) -> Services:
        """Return the services that a route file could name, as the last compilation read them."""
        parsed = [one.parsed for one in self._read.values()]
        own = [one.services for one in parsed if isinstance(one, RouteFile) and one.name == name]
        general = [one.services for one in parsed if isinstance(one, GatewayFile)]
        return (own or [Services()])[0].over((general or [Services()])[0])

    def compile(self) -> Outcome:
        """Return what the folder says now: nothing where it is empty, an error where it is missing."""
        try:
            listed = list_files(self.folder)
        except OSError as error:
            reason = error.strerror or error
            message = f"the folder of route files '{error.filename or self.folder}' cannot be read: {reason}"
            return Outcome(None, (Diagnostic(".", 1, 1, "error", "routes-folder", message),))
        diagnostics: list[Diagnostic] = []
        read: dict[str, _Read] = {}
        for found in listed:
            if self.names is not None and found.name not in self.names:
                continue
            try:
                read[found.name] = self._current(found)
            except OSError as error:
                if os.path.lexists(found.path):
                    reason = error.strerror or error
                    message = f"the file cannot be read: {reason}"
                    diagnostics.append(Diagnostic(found.name, 1, 1, "error", "file-unreadable", message))
        self._read = read
        return self._link(read, diagnostics)

    def _current(self, found: FoundFile) -> _Read:
        """Return a file's parsed form: the one at hand where the file is unchanged."""
        now = time.time_ns()
        before = signature(found.path)
        known = self._read.get(found.name)
        if known is not None and known.signature == before:
            return known
        content = found.path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        settled = before if max(before.modified, before.changed) + _UNSETTLED < now else None
        if known is not None and known.digest == digest:
            return _Read(settled, digest, known.parsed)
        read = read_gateway_file if found.name in _GATEWAY_NAMES else read_route_file
        return _Read(settled, digest, read(found.name, content, self.environ))

    def _link(self, read: Mapping[str, _Read], diagnostics: list[Diagnostic]) -> Outcome:
        gateways = [one.parsed for one in read.values() if isinstance(one.parsed, GatewayFile)]
        for read_file in read.values():
            diagnostics.extend(read_file.parsed.findings)
        routes = self.route_files
        diagnostics.extend(_misplaced(routes, gateways))
        is_unreadable = any(one.file in _GATEWAY_NAMES for one in diagnostics if one.code == "file-unreadable")
        gateway = gateways[0] if gateways else GatewayFile(GATEWAY_FILE, Services(complete=not is_unreadable))
        linked = link(routes, gateway, self.own_addresses, examples=self.examples, known=self._linked)
        found = tuple(sorted({*diagnostics, *linked.findings}))
        if any(diagnostic.severity == "error" for diagnostic in found):
            return Outcome(None, found)
        files = {name: one.digest for name, one in read.items()}
        return Outcome(Compiled(linked.endpoints, linked.hosts, linked.settings, files, found, linked.cases), found)


def _misplaced(routes: Sequence[RouteFile], gateways: Sequence[GatewayFile]) -> list[Diagnostic]:
    """The gateway's own file is one, at the root of the folder."""
    found = [
        (file.name, f"'{gateways[0].name}' is the gateway's file already: keep one of the two") for file in gateways[1:]
    ]
    found += [
        (file.name, f"the gateway's file stands at the root of the folder: move it to '{GATEWAY_FILE}'")
        for file in routes
        if file.name.rpartition("/")[2] in _GATEWAY_NAMES
    ]
    return [Diagnostic(name, 1, 1, "error", "gateway-file", message) for name, message in found]
