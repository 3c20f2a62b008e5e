"""The words that every room shares: an exchange, the verdicts on it, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from .endpoints.targets import Target
from .problems import Problem

if TYPE_CHECKING:
    from .endpoints.table import Endpoint
    from .snapshot import Snapshot

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields of a message, in order, as they came."""


Values = Mapping[bytes, list[bytes]]
"""The values of each header field, in order, by its name in lower case."""


def by_name(headers: Fields) -> dict[bytes, list[bytes]]:
    """Return the values of each field by its name in lower case."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


class Verdict(NamedTuple):
    """What a stage found and did. Outcomes: `passed`, `routed`, `refused`, `failed`, `noted`."""

    stage: str
    outcome: str
    reason: str
    evidence: Mapping[str, object] = MappingProxyType({})


class Forward(NamedTuple):
    """The decision to send a request on: where to, and as what.

    `path` is the request target in origin form with its query; `place` names the line of the route file.
    """

    target: Target
    path: bytes
    host: str
    place: str
    rewrite_location: bool = False

    @property
    def url(self) -> str:
        """The target as people read it."""
        return f"{self.target.origin}{self.path.decode('ascii', 'backslashreplace')}"


@dataclass(slots=True)
class Exchange:
    """One request (and its response) as the stages see it, bound to the snapshot that it started with.

    Stages read the request, and write `path`, `host`, `endpoint`, and one of `forward` and `problem`.
    Times are seconds since the epoch; `client` is the peer's address without port.
    """

    request_id: str
    received: float
    client: str
    scheme: str
    method: str
    authority: str
    target: bytes
    headers: Fields
    http_version: str
    snapshot: Snapshot | None
    host: str = ""
    path: str = ""
    query: bytes | None = None
    endpoint: Endpoint | None = None
    segments: list[str] = field(default_factory=list)
    forward: Forward | None = None
    problem: Problem | None = None
    trail: list[Verdict] = field(default_factory=list)
    show_internals: bool = False
    """The client may see internals: near misses, the cause of a failure."""
    values: Values = field(init=False)

    def __post_init__(self) -> None:
        self.values = by_name(self.headers)

    def refuse(self, stage: str, problem: Problem) -> None:
        """Answer the request with a problem; what was decided before is void."""
        self.forward = None
        self.problem = problem
        self.trail.append(Verdict(stage, "refused", problem.detail, {"status": problem.status}))

    @property
    def client_path(self) -> str:
        """The path as the client sent it, without its query, fit for logs."""
        path = (self.target or b"").partition(b"?")[0].partition(b"#")[0]
        return path.decode("ascii", "backslashreplace")

    @property
    def instance(self) -> str:
        """The path as the client sent it, as a URI reference (RFC 9457 section 3.1.5)."""
        return quote((self.target or b"").partition(b"?")[0].partition(b"#")[0], safe="/:@!$&'()*+,;=~%")

    def field_values(self, name: bytes) -> list[bytes]:
        """All values of a header field; `name` in lower case."""
        return self.values.get(name, [])
