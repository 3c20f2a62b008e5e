"""What can identify a session, as people configure it: a header, a cookie, a claim of a token, a field of the body.

API Shield, Session identifiers. Up to ten of them, unique; the first that a request has, in their order, names its
session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from .steps import PathError, Steps, parse_json_path, parse_pointer

Kind = Literal["header", "cookie", "jwt", "body"]
KINDS: Final[tuple[Kind, ...]] = ("header", "cookie", "jwt", "body")
MOST_IDENTIFIERS: Final = 10
"""Identifiers that are configured, at most (API Shield)."""
MOST_NAME: Final = 128
"""Characters in an identifier's name, at most (API Shield)."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 6265 has tokens for cookies' names; what frameworks use, such as `koa:sess`, is more.
_COOKIE: Final = re.compile(r"[!#-+\--:<>-~]+")


class IdentifierError(ValueError):
    """An identifier that cannot be used; `offset` says at which character of its name."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


class Source(NamedTuple):
    """Where a token stands in a request: in a header or a cookie. A header's name is in lower case."""

    kind: Literal["header", "cookie"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


AUTHORIZATION: Final = Source("header", "authorization")
"""Where a token stands unless another place is named (RFC 6750 section 2.1)."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One way to name a session. Raises IdentifierError for a name that its kind does not have.

    `name`: a header's or cookie's name, a JSONPath into the claims of a token, a JSON pointer into a JSON body.
    `source`: where the token stands, of the kind `jwt` alone. Names of headers are kept in lower case: their case
    means nothing (RFC 9110 section 5.1). That of a cookie does.
    """

    kind: Kind
    name: str
    source: Source = AUTHORIZATION
    field_name: bytes = field(init=False, repr=False, compare=False)
    """The header's name, or the cookie's, of the identifier or of its token."""
    in_cookie: bool = field(init=False, repr=False, compare=False)
    steps: Steps = field(init=False, repr=False, compare=False)
    text: str = field(init=False, repr=False, compare=False)
    """The identifier as people read it: `header authorization`, `jwt $.sub`, `jwt $.sub from cookie token`."""
    salt: bytes = field(init=False, repr=False, compare=False)
    """What makes equal values of different identifiers different sessions."""

    def __post_init__(self) -> None:
        if len(self.name) > MOST_NAME:
            raise IdentifierError(f"a name has at most {MOST_NAME} characters, not {len(self.name)}", MOST_NAME)
        if not self.name.isprintable():
            raise IdentifierError("a name has no characters that cannot be printed")
        if self.kind in ("header", "cookie"):
            source = read_source(self.kind, self.name)
            steps: Steps = ()
            object.__setattr__(self, "name", source.name)
        else:
            source = self.source
            steps = _steps(self.kind, self.name)
        object.__setattr__(self, "field_name", source.name.encode("ascii"))
        object.__setattr__(self, "in_cookie", source.kind == "cookie")
        object.__setattr__(self, "steps", steps)
        where = f" from {source}" if self.kind == "jwt" and source != AUTHORIZATION else ""
        object.__setattr__(self, "text", f"{self.kind} {self.name}{where}")
        object.__setattr__(self, "salt", f"{self.text}\0".encode("utf-8", "surrogatepass"))

    def __str__(self) -> str:
        return self.text


def _steps(kind: Kind, name: str) -> Steps:
    try:
        return parse_json_path(name) if kind == "jwt" else parse_pointer(name)
    except PathError as error:
        raise IdentifierError(str(error), error.offset) from None


def read_source(kind: str, name: str) -> Source:
    """Return a place for a kind, `header` or `cookie`, and a name. Raises IdentifierError."""
    pattern = _TOKEN if kind == "header" else _COOKIE
    found = pattern.match(name)
    end = found.end() if found else 0
    if end < len(name) or not name:
        what = f"{name[end]!r} is in no {kind}'s name" if name else f"a {kind} has a name"
        raise IdentifierError(what, end)
    return Source("header", name.lower()) if kind == "header" else Source("cookie", name)


WELL_KNOWN_COOKIES: Final = (
    "PHPSESSID",  # PHP
    "JSESSIONID",  # Java servlets
    "SESSION",  # Spring Session
    "PLAY_SESSION",  # Play
    "ASP.NET_SessionId",
    ".AspNetCore.Session",
    ".AspNetCore.Identity.Application",
    ".AspNetCore.Cookies",
    ".AspNet.ApplicationCookie",
    ".ASPXAUTH",
    "connect.sid",  # Express
    "koa.sess",
    "koa:sess",
    "sails.sid",
    "sessionid",  # Django
    "session",  # Flask, Starlette
    "beaker.session.id",  # Pyramid, Pylons
    "laravel_session",
    "ci_session",  # CodeIgniter
    "CAKEPHP",
    "rack.session",
    "_session_id",  # Rails
    "CFID",  # ColdFusion
    "authjs.session-token",
    "__Secure-authjs.session-token",
    "next-auth.session-token",
    "__Secure-next-auth.session-token",
    "better-auth.session_token",
    "__Secure-better-auth.session_token",
    "__session",  # Firebase Hosting, Clerk
    "session_id",
    "sid",
)
"""Names of session cookies that frameworks give unless told otherwise, and the plain words for one (our choice)."""

DEFAULT: Final = (
    Identifier("header", "authorization"),
    *(Identifier("cookie", name) for name in WELL_KNOWN_COOKIES),
)
"""What names a session where nothing is configured."""
