"""Endpoints as they are told: with their figures, how sure they are, their state, and what speaks for each variable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..values import kind_of
from .looks import TYPED, look_of, stem_of
from .nodes import QUERY, REQUEST, RESPONSE, Sessions, number_of, union
from .places import Variable
from .provenance import SEEN_IN, Source

_MOST_ENUM = 8
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class DiscoveredVariable:
    """A variable of an endpoint, those of the path first: its name as stored, its type, what speaks for it, and the
    values of a path's variable that are used most, with counts."""

    name: str
    type: str
    evidence: str
    values: tuple[tuple[str, int], ...] = ()

    def members(self) -> dict[str, Any]:
        """The variable as `sluice learn --json` prints it."""
        return {"name": self.name, "type": self.type, "evidence": self.evidence}


@dataclass(frozen=True, slots=True)
class Discovered:
    """An endpoint that was found. `state`: review, saved, ignored or shadow; times in seconds since the epoch, 0.0
    unknown; `confidence`: the probability that every segment of the template is right."""

    method: str
    host: str
    endpoint: str
    requests: int
    sessions: int
    confidence: float
    state: str
    variables: tuple[DiscoveredVariable, ...] = ()
    first_seen: float = 0.0
    last_seen: float = 0.0
    successes: int = 0

    def members(self) -> dict[str, Any]:
        """The endpoint as `sluice learn --json` prints it."""
        return {
            "method": self.method,
            "host": self.host,
            "endpoint": self.endpoint,
            "requests": self.requests,
            "sessions": self.sessions,
            "confidence": round(self.confidence, 3),
            "state": self.state,
            "variables": [variable.members() for variable in self.variables],
        }


def describe(number: int, variable: Variable, sources: Sequence[Source]) -> DiscoveredVariable:
    """Tell what is known of the variable `{varN}` of an endpoint."""
    counts = sorted(((kid.hits, kid.text) for kid in variable.kids), key=lambda each: (-each[0], each[1]))
    shown = tuple((text, hits) for hits, text in counts[:_SHOWN])
    return DiscoveredVariable(f"var{number}", type_of(variable), evidence_of(variable, sources), shown)


def describe_host(name: str, labels: Sequence[str]) -> DiscoveredVariable:
    """Tell what is known of a variable of a host: its hosts were put together because they have the same endpoints."""
    shown = ", ".join(labels[:_MOST_ENUM]) + (f" and {len(labels) - _MOST_ENUM:,} more" * (len(labels) > _MOST_ENUM))
    kind = "enum" if len(labels) <= _MOST_ENUM else "slug"
    return DiscoveredVariable(name, kind, f"{len(labels):,} hosts have the same endpoints: {shown}")


def type_of(variable: Variable) -> str:
    """The type of a variable: the look that nine of ten values have, `enum` for few words used again and again."""
    looks: Counter[str] = Counter()
    for kid in variable.kids:
        kind = kind_of(stem_of(kid.text))
        looks[kid.look if kind == "word" else kind] += 1
    for rest in variable.rests:
        looks.update(rest.kinds)
    number = sum(looks.values())
    if not number:
        return "string"
    look, most = looks.most_common(1)[0]
    if most * 10 >= number * 9 and look in ("integer", "uuid", "date", "date-time", "email", "ipv4", "ulid", "jwt"):
        return look
    if (looks["integer"] + looks["number"]) * 10 >= number * 9:
        return "number"
    if (looks["hex"] + looks["integer"]) * 10 >= number * 9:
        return "hex"
    if (looks["token"] + looks["hex"] + looks["integer"] + looks["ulid"] + looks["numbered"]) * 10 >= number * 9:
        return "token"
    hits = sum(kid.hits for kid in variable.kids)
    if not variable.rests and number <= _MOST_ENUM and hits >= 10 * number:
        return "enum"
    if (looks["slug"] + looks["lower"] + looks["numbered"] + looks["token"]) * 10 >= number * 9:
        return "slug"
    return "string"


def evidence_of(variable: Variable, sources: Sequence[Source]) -> str:
    """What speaks for a variable, as a person reads it: `87 values in 40 sessions, 61 of them seen in …`."""
    sessions: Sessions = ()
    for kid in variable.kids:
        sessions = union(sessions, kid.sessions)
    for rest in variable.rests:
        for leaf in rest.node.leaves.values():
            sessions = union(sessions, leaf.sessions)
    number = variable.values
    told = f"{number:,} value{'s' * (number != 1)}"
    if sessions:
        many = number_of(sessions)
        told += f" in {many:,} session{'s' * (many != 1)}"
    parts = [told]
    seen: Counter[int] = Counter()
    for kid in variable.kids:
        seen.update(kid.sources)
    if seen:
        source, many = max(seen.items(), key=lambda each: (each[1], -each[0]))
        found = sources[source]
        where = f"{SEEN_IN.get(found.flag, 'bodies of')} {found.endpoint}"
        field = f" as '{found.field}'" if found.field and found.flag in (RESPONSE, REQUEST, QUERY) else ""
        parts.append(f"{many:,} of them seen in {where}{field}")
    elif given := sum(rest.given for rest in variable.rests):
        parts.append(f"{given:,} of them seen in bodies before")
    looks = Counter(look_of(kid.text) for kid in variable.kids)
    if looks:
        look, many = looks.most_common(1)[0]
        if look in TYPED:
            parts.append(f"{many:,} look like {look}" if many < len(variable.kids) else f"all look like {look}")
    if variable.rests:
        parts.append(f"{len(variable.kids):,} kept apart")
    return ", ".join(parts)
