"""Hosts of requests and host patterns of endpoints (API Shield, Endpoint Management).

parse_authority("API.Hotel.test:8080")  →  Authority(host='api.hotel.test', port=8080)
HostPattern.parse("{tenant}.hotel.test").stored  →  '{hostVar1}.hotel.test'
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAX_HOST = 255
"""Characters in a host, at most (RFC 1035; API Shield `host`)."""
_MAX_NAME = 60
"""Characters of a variable's name that go into its value, at most: with three digits it is a label of a name."""


class Authority(NamedTuple):
    """Host and port of a request: the host in lower case without its trailing dot, the port or None."""

    host: str
    port: int | None


@lru_cache(maxsize=1024)
def parse_authority(text: str) -> Authority | None:
    """Return the parts of a Host field or `:authority` (RFC 9110 section 7.2), or None where it is not one."""
    if not text.isascii():  # lower() makes ASCII letters of some that are not
        return None
    host, bracket, rest = text.partition("]")
    if bracket:
        colon, port_text = rest[:1], rest[1:]
        if not host.startswith("[") or (rest and colon != ":") or not _is_ipv6(host[1:]):
            return None
        host = f"[{ipaddress.IPv6Address(host[1:])}]"
    else:
        host, colon, port_text = text.partition(":")
        host = host.lower().removesuffix(".")
        if not is_host_name(host):
            return None
    if not port_text:
        return Authority(host, None)
    if not (port_text.isascii() and port_text.isdigit() and len(port_text) <= 5 and 0 < int(port_text) < 65536):
        return None
    return Authority(host, int(port_text))


def is_host_name(host: str) -> bool:
    """Whether a lower-case text is a DNS name or an IPv4 address."""
    return 0 < len(host) <= MAX_HOST and all(_LABEL.fullmatch(label) for label in host.split("."))


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


@dataclass(frozen=True, slots=True)
class HostPattern:
    """Hosts that an endpoint is served on: labels of which a `{variable}` may fill one whole; no labels: any host.

    `labels` holds None where a variable stands; `variables` names them left to right.
    """

    labels: tuple[str | None, ...] = ()
    variables: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> HostPattern:
        """Read a pattern such as `{tenant}.hotel.test`.

        Raises ValueError with a message fit for the author of a route file.
        """
        text = text.removesuffix(".")
        if text.startswith("["):
            authority = parse_authority(text)
            if authority is None or authority.port is not None:
                raise ValueError(f"host '{text}' is not an IPv6 address in brackets")
            return cls((authority.host,))
        if len(text) > MAX_HOST:
            raise ValueError(f"host '{text[:40]}…' is longer than {MAX_HOST} characters")
        labels: list[str | None] = []
        variables: list[str] = []
        for label in text.split("."):
            if variable := _VARIABLE.fullmatch(label):
                labels.append(None)
                variables.append(variable[1])
            elif "{" in label or "}" in label:
                raise ValueError(f"host variable in '{label}' must fill a whole label, like '{{name}}.example.com'")
            elif not (label.isascii() and _LABEL.fullmatch(label.lower())):
                raise ValueError(f"host '{text}' is not a host name: label '{label}'")
            else:
                labels.append(label.lower())
        if len(set(variables)) != len(variables):
            raise ValueError(f"host '{text}' uses the same variable name twice")
        return cls(tuple(labels), tuple(variables))

    @property
    def text(self) -> str:
        """The pattern as a route file has it, in lower case; '*' for any host."""
        if not self.labels:
            return "*"
        names = iter(self.variables)
        return ".".join(f"{{{next(names)}}}" if label is None else label for label in self.labels)

    @property
    def stored(self) -> str:
        """The stored form: variables numbered from right to left, as API Shield shows them; '*' for any host."""
        if not self.labels:
            return "*"
        number = sum(label is None for label in self.labels) + 1
        shown: list[str] = []
        for label in self.labels:
            if label is None:
                number -= 1
            shown.append(label if label is not None else f"{{hostVar{number}}}")
        return ".".join(shown)

    @property
    def rank(self) -> tuple[bool, int, tuple[bool, ...]]:
        """Sort key, most specific first: exact, fewer variables, literal labels from the right; any host last."""
        return (not self.labels, len(self.variables), tuple(label is None for label in reversed(self.labels)))

    @property
    def is_exact(self) -> bool:
        """Whether the pattern names one single host."""
        return bool(self.labels) and not self.variables

    def fits(self, host: str) -> bool:
        """Whether a host (as `parse_authority` gives it) is one of the pattern's; '' fits any host only."""
        if not self.labels:
            return True
        if self.is_exact:
            return host == ".".join(label for label in self.labels if label is not None)
        if not host or host.startswith("["):
            return False
        labels = host.split(".")
        return len(labels) == len(self.labels) and all(
            own is None or own == label for own, label in zip(self.labels, labels, strict=True)
        )


def host_of(pattern: HostPattern, number: int = 0) -> str | None:
    """Return a host that fits a pattern, its variables filled by `value_of`; None for a pattern of any host."""
    return common_host(pattern, pattern, number)


def common_host(one: HostPattern, other: HostPattern, number: int = 0) -> str | None:
    """Return a host that fits both patterns; None where there is none, or where both are for any host."""
    if not one.labels or not other.labels:
        one = other = one if one.labels else other
    if len(one.labels) != len(other.labels):
        return None
    names = iter(one.variables)
    filled = [next(names) if label is None else None for label in one.labels]
    labels: list[str] = []
    short: list[str] = []
    for name, own, their in zip(filled, one.labels, other.labels, strict=True):
        fixed = own or their
        if own != their and ((own and their) or (fixed or "").startswith("[")):
            return None  # a variable stands for a label of a name, never for an address in brackets
        labels.append(fixed or value_of((name or "").lower(), number))
        short.append(fixed or "x")
    host = ".".join(labels)
    if len(host) > MAX_HOST:
        host = ".".join(short)
    return host if 0 < len(host) <= MAX_HOST else None


def hosts_overlap(one: HostPattern, other: HostPattern) -> bool:
    """Whether some host fits both patterns."""
    if not one.labels or not other.labels:
        return True
    if len(one.labels) != len(other.labels):
        return False
    for own, their in zip(reversed(one.labels), reversed(other.labels), strict=True):
        if own != their and own is not None and their is not None:
            return False  # most pairs of patterns end here, without a host being made
    return common_host(one, other) is not None


def value_of(name: str, number: int = 0) -> str:
    """Return a readable value for a variable: its own name, with a number behind it where values are to differ."""
    return f"{name[:_MAX_NAME]}{number or ''}"
