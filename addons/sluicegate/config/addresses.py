"""What a target, an origin or a service's URL says before its variables are looked at.

http://127.0.0.1:9003/hotel/{hotel}?x=1   origin, path and query
http://127.0.0.1:9003                     an origin: the request's path is kept
rooms:/{room}                             a service and what follows its base path
rooms                                     a service: the request's path is kept behind its base path
127.0.0.1:9003/hotel, [::1]:9003/hotel    an IP address without a scheme is reached over http (our choice)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..endpoints.hosts import parse_authority
from ..endpoints.targets import DEFAULT_PORTS, Origin
from ..endpoints.templates import TemplateError
from .diagnostics import START, Mark, excerpt, suggest

SERVICE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SCHEME = re.compile(r"([^/?]*?)://")
_SERVICE = re.compile(r"([A-Za-z0-9_-]+)(:(?=/)|(?=\?|$))")
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]*\]|\d{1,3}(?:\.\d{1,3}){3})(?=[:/?]|$)")
_SPACE = re.compile(r"[\x00-\x20\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")


@dataclass(frozen=True, slots=True)
class Service:
    """A name for an origin with an optional base path; what is None is not said."""

    name: str
    origin: Origin
    base: str = ""
    timeout: float | None = None
    host_header: str | None = None
    mark: Mark = START


@dataclass(frozen=True, slots=True)
class Services:
    """The services that a file can name; None where the definition of one is wrong.

    `complete` is False where definitions could not be read: a name that is missing then says nothing.
    """

    named: Mapping[str, Service | None] = field(default_factory=dict)
    complete: bool = True

    def over(self, other: Services) -> Services:
        """These services in front of others: of one name, these hold."""
        return Services({**other.named, **self.named}, self.complete and other.complete)


class Address(NamedTuple):
    """A target's parts.

    `path` None keeps the request's own behind `base`; `offset` is where in the text the path begins.
    """

    origin: Origin
    base: str
    path: str | None
    query: str | None
    offset: int
    service: Service | None = None


def split_address(text: str, services: Services) -> Address | None:
    """Return the parts of a target; None where it names a service whose own definition is wrong.

    Raises TemplateError.
    """
    if "#" in text:
        raise TemplateError(
            "target-fragment",
            f"target '{excerpt(text)}' has a fragment, which is never sent: leave it out",
            text.index("#"),
        )
    if space := _SPACE.search(text):
        raise TemplateError(
            "target-text",
            f"target '{excerpt(text)}' holds a space or control character: write '%{ord(space[0]):02X}'",
            space.start(),
        )
    if scheme := _SCHEME.match(text):
        _check_scheme(text, scheme[1], services)
        return _split_url(text, scheme[1], scheme.end())
    if _ADDRESS.match(text):
        return _split_url(text, "http", 0)
    if service := _SERVICE.match(text):
        return _split_service(text, service, services)
    raise _without_origin(text, services)


def _check_scheme(text: str, scheme: str, services: Services) -> None:
    if scheme in DEFAULT_PORTS:
        return
    rest = text[len(scheme) + 3 :]
    if "{" in scheme:
        raise _misplaced_variable(text, text.index("{"), "scheme")
    if scheme.lower() in DEFAULT_PORTS:
        hint = f": write '{scheme.lower()}://…'"
    elif scheme in services.named:
        hint = f": a service is written '{scheme}:/{excerpt(rest, 40)}'"
    else:
        hint = suggest(scheme, [*DEFAULT_PORTS, *services.named])
    raise TemplateError("target-scheme", f"scheme '{excerpt(scheme)}' is not http or https{hint}")


def _split_url(text: str, scheme: str, start: int) -> Address:
    end = min((at for mark in "/?" if (at := text.find(mark, start)) >= 0), default=len(text))
    origin = read_origin(text, scheme, text[start:end], start)
    path, query = _split_query(text[end:])
    return Address(origin, "", path or None, query, end)


def _split_query(text: str) -> tuple[str, str | None]:
    path, mark, query = text.partition("?")
    return path, query if mark else None


def _split_service(text: str, found: re.Match[str], services: Services) -> Address | None:
    name = found[1]
    if name not in services.named:
        if not services.complete:
            return None
        raise _unknown_service(name, services)
    service = services.named[name]
    if service is None:
        return None
    path, query = _split_query(text[found.end() :])
    return Address(service.origin, service.base, path or None, query, found.end(), service)


def _unknown_service(name: str, services: Services) -> TemplateError:
    hint = suggest(name, services.named) or ": define it under 'services', or write a URL that begins with http://"
    return TemplateError("service-unknown", f"service '{name}' is not defined{hint}")


def _without_origin(text: str, services: Services) -> TemplateError:
    """Say what is missing in a target that is neither a URL nor a service."""
    shown = excerpt(text)
    head = re.split(r"[:/?]", text, maxsplit=1)[0]
    if not text:
        return TemplateError("target-origin", "the target is empty: write a URL, or leave the value out altogether")
    if text.startswith("/"):
        return TemplateError("target-origin", f"target '{shown}' names no origin: write 'service:{shown}' or a URL")
    if text.startswith("{"):
        return _misplaced_variable(text, 0, "origin")
    if "@" in text.partition("/")[0]:
        return _userinfo(text.index("@"))
    rest = text[len(head) :]
    if rest.startswith(":") and SERVICE_NAME.fullmatch(head) and not rest[1:2].isdigit():
        if head in services.named:
            hint = f"write '{head}:/{excerpt(rest[1:], 40)}', or '{head}' to keep the request's path"
            return TemplateError(
                "target-origin", f"the path of '{shown}' does not begin with '/': {hint}", len(head) + 1
            )
        if services.complete:
            return _unknown_service(head, services)
    return TemplateError(
        "target-origin", f"target '{shown}' has no scheme: write 'http://{shown}' or 'https://{shown}'"
    )


def _misplaced_variable(text: str, at: int, where: str) -> TemplateError:
    return TemplateError(
        "target-variable-place",
        f"'{excerpt(text[at:], 40)}': no variable in the {where} of a target, only in its path or query",
        at,
    )


def _userinfo(at: int) -> TemplateError:
    return TemplateError("target-userinfo", "a target holds no user name or password ('@'): leave it out", at)


def read_origin(text: str, scheme: str, authority: str, start: int) -> Origin:
    """Return the origin of scheme and authority, which begins at `start` of the text.

    Raises TemplateError: userinfo, a variable, no host, a port that is none.
    """
    if "@" in authority:
        raise _userinfo(start + authority.index("@"))
    if "{" in authority or "}" in authority:
        at = min(authority.find(brace) for brace in "{}" if brace in authority)
        where = "port" if re.fullmatch(r".*:[^\]]*", authority[:at]) else "host"
        raise _misplaced_variable(text, start + at, where)
    found = parse_authority(authority)
    if found is None:
        raise TemplateError("target-host", _bad_authority(authority), start)
    return Origin(scheme, found.host.strip("[]"), found.port or DEFAULT_PORTS[scheme])


def _bad_authority(authority: str) -> str:
    shown = excerpt(authority)
    if not authority:
        return "the target has no host: write 'http://host/path'"
    if not authority.isascii():
        try:
            ascii_form = authority.encode("idna").decode("ascii")
        except UnicodeError:
            return f"'{shown}' is not a host name"
        return f"host '{shown}' is not ASCII: write '{ascii_form}'"
    host, _, port = authority.rpartition(":")
    if authority.count(":") > 1 and not authority.startswith("["):
        return f"'{shown}' is not a host: an IPv6 address stands in brackets, '[::1]:9000'"
    if host and parse_authority(host) is not None:
        return f"port '{excerpt(port)}' is not a number from 1 to 65535"
    return f"'{shown}' is not a host name or an IP address"


def encode_literal(text: str, offset: int) -> str:
    """Return literal text of a path or query as it is sent: as written, but not ASCII as UTF-8 percent-escapes.

    Raises TemplateError: a space or control character, a malformed percent escape.
    """
    if space := _SPACE.search(text):
        raise TemplateError(
            "target-text",
            f"'{excerpt(text)}' holds a space or control character: write '%{ord(space[0]):02X}'",
            offset + space.start(),
        )
    if "%" in text and (escape := _BAD_ESCAPE.search(text)):
        raise TemplateError(
            "target-text",
            f"'{excerpt(text[escape.start() : escape.start() + 3])}' cannot be sent as a percent escape: write "
            "'%25' for a '%'",
            offset + escape.start(),
        )
    if text.isascii():
        return text
    return "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace")) for c in text)


def check_dot_segments(path: str, offset: int) -> None:
    """Raise TemplateError where a path holds a `.` or `..` segment, also percent-encoded."""
    if "." not in path and "%2" not in path:
        return
    for segment in path.split("/"):
        if segment.lower().replace("%2e", ".") in (".", ".."):
            raise TemplateError(
                "target-dot-segment",
                f"'{excerpt(path)}' holds the dot segment '{segment}': write the path that is meant",
                offset,
            )
        offset += len(segment) + 1


def read_base(address: Address, what: str) -> str:
    """Return an origin's base path, without a slash at its end.

    Raises TemplateError: a query, a variable, a dot segment.
    """
    if address.query is not None:
        raise TemplateError("base-query", f"{what} has a query: an origin is a URL with at most a path")
    path = address.path or ""
    if "{" in path or "}" in path:
        raise TemplateError("base-variable", f"{what} has a brace in its path: variables stand in targets only")
    check_dot_segments(path, address.offset)
    return address.base + encode_literal(path, address.offset).rstrip("/")
