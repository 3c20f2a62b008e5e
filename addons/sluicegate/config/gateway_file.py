"""`_gateway.yaml` at the root of the folder: services for all files, settings of the whole gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from yaml.nodes import MappingNode, Node

from ..snapshot import Settings
from . import values
from .addresses import Services
from .connections import Stated
from .diagnostics import START, Diagnostic, Findings, excerpt
from .documents import is_null, kind_of, mark_of, read_document
from .route_files import ROUTE_FILE_KEYS
from .services import read_services
from .session_identifiers import read_identifiers

GATEWAY_KEYS = ("services", "session_identifiers", "trusted_proxies")
_ELSEWHERE = {
    key: "it belongs into a route file of its own beside it" for key in ROUTE_FILE_KEYS if key not in GATEWAY_KEYS
}


@dataclass(frozen=True, slots=True)
class GatewayFile:
    """What the gateway's own file says; `findings` are what is wrong in it."""

    name: str
    services: Services = field(default_factory=Services)
    stated: tuple[Stated, ...] = ()
    settings: Settings = field(default_factory=Settings)
    findings: tuple[Diagnostic, ...] = ()


def read_gateway_file(name: str, content: bytes, environ: Mapping[str, str]) -> GatewayFile:
    """Return what the gateway's own file says."""
    findings = Findings(name)
    root = read_document(content, findings)
    if root is None or is_null(root):
        if findings.found:
            return GatewayFile(name, Services(complete=False), findings=tuple(findings.found))
        findings.warn(START, "empty-file", "the file is empty: it sets nothing")
        return GatewayFile(name, findings=tuple(findings.found))
    if not isinstance(root, MappingNode):
        findings.error(
            mark_of(root),
            "wrong-type",
            f"the gateway's file is a mapping with keys like 'services', not {kind_of(root)}",
        )
        return GatewayFile(name, Services(complete=False), findings=tuple(findings.found))
    listed = values.mapping(root, "the gateway's file", findings) or []
    found = values.known(listed, GATEWAY_KEYS, "the gateway's file", findings, _ELSEWHERE)
    if not findings.found and all(entry.key.startswith(values.IGNORED_PREFIX) for entry in listed):
        findings.warn(START, "empty-file", "the file has no keys but 'x-…' ones: it sets nothing")
    services, stated = Services(), list[Stated]()
    if "services" in found:
        services, stated = read_services(found["services"].node, findings, environ)
    settings = Settings(
        values.optional(found, "trusted_proxies", findings, _read_networks) or (),
        values.optional(found, "session_identifiers", findings, read_identifiers),
    )
    return GatewayFile(name, services, tuple(stated), settings, tuple(findings.found))


def _read_networks(node: Node, what: str, findings: Findings) -> tuple[IPv4Network | IPv6Network, ...]:
    networks = []
    for text in [] if is_null(node) else values.texts(node, what, findings):
        try:
            networks.append(ip_network(text.value))
        except ValueError:
            findings.error(text.mark, "trusted-proxies", _bad_network(text.value))
    return tuple(networks)


def _bad_network(text: str) -> str:
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        return f"'{excerpt(text)}' is not an IP address or a network like '10.0.0.0/8'"
    return f"'{excerpt(text)}' is an address inside its network: write '{meant}', or the address without '/…'"
