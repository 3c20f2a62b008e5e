"""What a learner sees of one exchange that is over, wherever it was recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ..exchange import Fields

NO_JSON: Final = object()
"""What `request_json` and `response_json` are where there is no JSON to look at."""
METHODS: Final = frozenset(("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "CONNECT", "PATCH", "TRACE", "QUERY"))
"""Methods of operations that can be found: API Shield's, and QUERY; clients make up others."""
MOST_PATH: Final = 4096
"""Characters of a path that is learned from, at most (our choice): what clients choose is kept in many places."""
MOST_BODY: Final = 1 << 20
"""Bytes of a body that is parsed, at most (our choice)."""


class Key(NamedTuple):
    """One endpoint that was learned: `host` is a host pattern, `endpoint` a template as stored: `/hotels/{var1}`."""

    method: str
    host: str
    endpoint: str


@dataclass(slots=True)
class Observation:
    """One exchange as its client saw it; what was not recorded is None, or empty.

    `at`: seconds since the epoch, 0.0 unknown. `host`: lower case, without a port. `path`: in normal form
    (`endpoints.normalise`), without its query. `session`: the session's keyed hash, '' where the request named none;
    `identifier`: which identifier named it, as it was configured (`header authorization`), '' for none. `endpoint`:
    the template of the saved endpoint that the request matched, as stored (`/hotels/{var1}`), '' for none, with
    `endpoint_host` its host pattern. Bodies: without content coding, whole, or None where they are not known;
    `body_bytes`: the size of the response's body as it was sent. `origin_ms`: milliseconds from the decision to the
    first byte of a target's answer; None where no target answered. `weight`: how many exchanges it stands for, all of
    one endpoint, session and status: under load a gateway tells only of one of them.
    """

    method: str
    host: str
    path: str
    status: int | None = None
    at: float = 0.0
    session: str = ""
    identifier: str = ""
    query: bytes = b""
    request_headers: Fields = ()
    request_body: bytes | None = None
    response_headers: Fields = ()
    response_body: bytes | None = None
    body_bytes: int | None = None
    origin_ms: float | None = None
    endpoint: str = ""
    endpoint_host: str = ""
    weight: int = 1
    _request_json: Any = field(default=None, init=False, repr=False)
    _response_json: Any = field(default=None, init=False, repr=False)

    @property
    def may_be_learned(self) -> bool:
        """Whether it may be of an operation: a saved one has any method, others those of `METHODS`; no path is long."""
        return (self.method in METHODS or bool(self.endpoint)) and len(self.path) <= MOST_PATH

    @property
    def is_success(self) -> bool:
        """Whether the answer was a 2xx: only those are learned from (API Shield, Schema learning)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def request_json(self) -> Any:
        """The request's body as JSON, or NO_JSON; parsed once."""
        if self._request_json is None:
            self._request_json = (_parsed(self.request_headers, self.request_body),)
        return self._request_json[0]

    @property
    def response_json(self) -> Any:
        """The response's body as JSON, or NO_JSON; parsed once."""
        if self._response_json is None:
            self._response_json = (_parsed(self.response_headers, self.response_body),)
        return self._response_json[0]


def header(fields: Fields, name: bytes) -> str:
    """The first value of a header field, `name` in lower case; '' where there is none."""
    for found, value in fields:
        if len(found) == len(name) and found.lower() == name:
            return value.decode("latin-1")
    return ""


def media_type(fields: Fields) -> str:
    """The media type of a message in lower case, without parameters (RFC 9110 section 8.3); '' unknown."""
    return header(fields, b"content-type").partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """Whether a media type is JSON: `application/json`, or with the suffix `+json` (RFC 6839)."""
    return media in ("application/json", "text/json") or media.endswith("+json")


def _parsed(fields: Fields, body: bytes | None) -> Any:
    if not body or len(body) > MOST_BODY or not is_json(media_type(fields)):
        return NO_JSON
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NO_JSON
