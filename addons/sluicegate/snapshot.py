"""Everything compiled from the route files at one moment: immutable, numbered, swapped whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from .endpoints.table import Fallback, Table
from .sessions.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the whole gateway (`routes/_gateway.yaml`); `session_identifiers` None: nothing is said of them."""

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    session_identifiers: tuple[Identifier, ...] | None = None

    def trusts(self, client: str) -> bool:
        """Whether a peer's address is one of a trusted proxy; an IPv4 address may come mapped into IPv6.

        A peer whose address is unknown is not trusted.
        """
        if not self.trusted_proxies:
            return False
        try:
            address = ip_address(client.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.trusted_proxies)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of the table and its settings.

    `files` maps each route file, as shown to people, to the SHA-256 of its content.
    """

    generation: int
    table: Table
    settings: Settings = Settings()
    files: Mapping[str, str] = field(default_factory=dict)
    loaded_at: float = 0.0
    default: Fallback | None = None
    """Where requests go that neither an endpoint nor a file's origin takes (the listener's own URL)."""
