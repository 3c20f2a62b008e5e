"""Route files: what one of them says, read and checked as far as that goes without the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yaml.nodes import MappingNode, Node, SequenceNode

from ..endpoints.hosts import HostPattern
from ..sessions.identifiers import Identifier
from . import values
from .addresses import Services
from .connections import Stated
from .diagnostics import START, Diagnostic, Findings, Mark, excerpt
from .documents import is_null, kind_of, mark_of, read_document
from .endpoints import EndpointEntry, read_endpoints
from .services import Upstream, read_services, read_upstream
from .session_identifiers import read_identifiers

ROUTE_FILE_KEYS = (
    "host",
    "origin",
    "services",
    "session_identifiers",
    "endpoints",
    "timeout",
    "host_header",
    "rewrite_location",
    "normalize_to_origin",
)
GATEWAY_FILE = "_gateway.yaml"
"""The file for settings of the whole gateway, at the root of the folder; its name may end in `.yml`, too."""
_ELSEWHERE = {"trusted_proxies": f"it is for the whole gateway: write it in '{GATEWAY_FILE}' at the root of the folder"}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a file says for all its endpoints and its origin; None: not said."""

    timeout: float | None = None
    host_header: str | None = None
    rewrite_location: bool = False
    normalize_to_origin: bool = False
    session_identifiers: tuple[Identifier, ...] | None = None


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A host pattern and its place."""

    pattern: HostPattern
    mark: Mark


@dataclass(frozen=True, slots=True)
class RouteFile:
    """One route file. `findings` are what is wrong in it by itself.

    `hosts` is empty where the file says nothing of hosts: it is for any host. `is_served` is False where what it
    says of them could not be read: its endpoints are then checked, but not put into the table.
    """

    name: str
    hosts: tuple[HostEntry, ...] = ()
    is_served: bool = True
    origin: Upstream | None = None
    services: Services = field(default_factory=Services)
    stated: tuple[Stated, ...] = ()
    endpoints: tuple[EndpointEntry, ...] = ()
    defaults: Defaults = Defaults()
    findings: tuple[Diagnostic, ...] = ()


def read_route_file(name: str, content: bytes, environ: Mapping[str, str]) -> RouteFile:
    """Return what a route file says; `name` is its path in the folder, for the findings."""
    findings = Findings(name)
    root = read_document(content, findings)
    if root is None or is_null(root):
        if not findings.found:
            findings.warn(START, "empty-file", "the file is empty: it defines no endpoints")
        return RouteFile(name, is_served=False, findings=tuple(findings.found))
    if not isinstance(root, MappingNode):
        findings.error(
            mark_of(root),
            "wrong-type",
            f"a route file is a mapping with keys like 'host' and 'endpoints', not {kind_of(root)}",
        )
        return RouteFile(name, is_served=False, findings=tuple(findings.found))
    return _read_root(name, root, findings, environ)


def _read_root(name: str, root: MappingNode, findings: Findings, environ: Mapping[str, str]) -> RouteFile:
    listed = values.mapping(root, "a route file", findings) or []
    found = values.known(listed, ROUTE_FILE_KEYS, "a route file", findings, _ELSEWHERE)
    if not findings.found and all(entry.key.startswith(values.IGNORED_PREFIX) for entry in listed):
        findings.warn(START, "empty-file", "the file has no keys but 'x-…' ones: it defines no endpoints")
    hosts = _read_hosts(found["host"].node, findings) if "host" in found else []
    origin = None
    if "origin" in found:
        origin = read_upstream(found["origin"].node, "origin", findings)
    services, stated = Services(), list[Stated]()
    if "services" in found:
        services, stated = read_services(found["services"].node, findings, environ)
    rewrite = values.optional(found, "rewrite_location", findings, values.flag)
    normalize = values.optional(found, "normalize_to_origin", findings, values.flag)
    return RouteFile(
        name,
        tuple(hosts),
        "host" not in found or bool(hosts),
        origin,
        services,
        tuple(stated),
        tuple(read_endpoints(found["endpoints"].node, findings)) if "endpoints" in found else (),
        Defaults(
            values.optional(found, "timeout", findings, values.seconds),
            values.optional(found, "host_header", findings, values.host_header),
            rewrite is not None and rewrite.value,
            normalize is not None and normalize.value,
            values.optional(found, "session_identifiers", findings, read_identifiers),
        ),
        tuple(findings.found),
    )


def _read_hosts(node: Node, findings: Findings) -> list[HostEntry]:
    hosts: dict[tuple[str | None, ...], HostEntry] = {}
    if isinstance(node, SequenceNode) and not node.value:
        findings.error(mark_of(node), "host", "the list of hosts is empty: name one, or leave 'host' out for any host")
    for text in values.texts(node, "host", findings):
        try:
            pattern = HostPattern.parse(text.value)
        except ValueError as error:
            findings.error(text.mark, "host", f"{error}{_host_hint(text.value)}")
            continue
        earlier = hosts.get(pattern.labels)
        if earlier is not None:
            findings.error(
                text.mark,
                "duplicate-host",
                f"host '{excerpt(text.value)}' is in the list already, in line {earlier.mark.line}: keep one",
            )
            continue
        hosts[pattern.labels] = HostEntry(pattern, text.mark)
    return list(hosts.values())


def _host_hint(text: str) -> str:
    if "://" in text or "/" in text:
        return ": write the host alone, without scheme and path"
    if "*" in text:
        return ": a variable stands for any label, '{name}.example.com'"
    if ":" in text:
        return ": write the host without its port, every port of the gateway is meant"
    if not text.isascii():
        return ": write it in ASCII ('xn--…')"
    return ""
