"""An OpenAPI document as the traffic needs it: host, operations, their templates and their JSON schemas."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from sluicegate.endpoints.normalise import BadPathError, normalise

from .nouns import Noun, has_one_value, noun_of
from .words import listed

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_SERVER: Final = re.compile(r"\{([^{}]*)\}")
SAFE: Final = "@:,;=+!$&'()*~-._"
"""What stays as it is in a segment (RFC 3986 section 3.3)."""
_HEALTH: Final = frozenset(
    listed(
        """
    health healthz healthcheck health-check health_check livez readyz live ready liveness readiness ping
    """
    )
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A path variable; `schema` has its type, format and enum; `is_fixed`: a version or a format, one value for all."""

    name: str
    noun: Noun
    schema: dict[str, Any]
    is_fixed: bool


Segment = tuple["str | Variable", ...]
"""The parts of a path segment: one text, one variable, or both mixed: `{id}.json`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `response` and `request` are schemas, None where there is no JSON."""

    method: str
    segments: tuple[Segment, ...]
    status: int
    response: dict[str, Any] | None
    request: dict[str, Any] | None

    @property
    def variables(self) -> list[Variable]:
        return [part for segment in self.segments for part in segment if isinstance(part, Variable)]

    @property
    def shape(self) -> str:
        """The template without the names of its variables; a segment with a variable in it is one variable."""
        return "/" + "/".join(map(shape_of, self.segments))

    @property
    def is_neutral(self) -> bool:
        """Whether this is a health check, which counts neither way."""
        last = next((segment for segment in reversed(self.segments) if segment != ("",)), ("",))
        return len(last) == 1 and isinstance(last[0], str) and last[0].lower() in _HEALTH

    @property
    def area(self) -> str:
        """What the operation is about: the texts up to the first variable that names a thing, two at most."""
        texts = []
        for segment in self.segments:
            if any(isinstance(part, Variable) and not part.is_fixed for part in segment):
                break
            texts.append(shape_of(segment))
        return "/".join(texts[-2:])


@dataclass(frozen=True, slots=True)
class Api:
    """One document: its name seeds the traffic."""

    name: str
    host: str
    operations: tuple[Operation, ...]
    document: dict[str, Any] = field(repr=False)

    def resolve(self, schema: Any) -> dict[str, Any]:
        """Follow the references of a member of the document; what is not there or goes in circles is empty."""
        return resolve(self.document, schema)


def shape_of(segment: Segment) -> str:
    return "".join(segment) if all(isinstance(part, str) for part in segment) else "{}"  # type: ignore[arg-type]


def resolve(document: dict[str, Any], member: Any) -> dict[str, Any]:
    """Follow `$ref` within a document (RFC 6901 pointers)."""
    for _ in range(8):
        if not isinstance(member, dict):
            return {}
        if not isinstance(reference := member.get("$ref"), str):
            return member
        member = document
        for token in unquote(reference.removeprefix("#/")).split("/"):
            token = token.replace("~1", "/").replace("~0", "~")
            if isinstance(member, list) and token.isdecimal() and int(token) < len(member):
                member = member[int(token)]
            else:
                member = member.get(token) if isinstance(member, dict) else None
    return {}


def read(name: str, document: dict[str, Any]) -> Api:
    """Read a document: operations with the same method and shape are one, the first."""
    host, base = _server(document, name.partition("/")[0])
    found: dict[tuple[str, str], Operation] = {}
    for path, item in (document.get("paths") or {}).items():
        item = resolve(document, item)
        for method in METHODS:
            if not isinstance(item.get(method.lower()), dict):
                continue
            operation = _operation(document, method, base + path, item)
            if operation is not None:
                found.setdefault((method, operation.shape), operation)
    return Api(name, host, tuple(found.values()), document)


def _server(document: dict[str, Any], provider: str) -> tuple[str, str]:
    """The host and the base path of the first server, with the default values of its variables."""
    servers = document.get("servers") or [{}]
    variables = servers[0].get("variables") or {}

    def default(match: re.Match[str]) -> str:
        return str((variables.get(match[1]) or {}).get("default", match[1]))

    try:
        url = urlsplit(_SERVER.sub(default, str(servers[0].get("url", "/"))))
        host = (url.hostname or f"api.{provider}").lower()
    except ValueError:
        return f"api.{provider}", ""
    return host, url.path.rstrip("/")


def _operation(document: dict[str, Any], method: str, path: str, item: dict[str, Any]) -> Operation | None:
    operation = item[method.lower()]
    schemas = {}
    for parameter in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
        parameter = resolve(document, parameter)
        if parameter.get("in") == "path":
            schemas[parameter.get("name")] = resolve(document, parameter.get("schema"))
    segments = _segments(path, schemas)
    if segments is None:
        return None
    status, response = _success(document, operation)
    body = resolve(document, operation.get("requestBody"))
    return Operation(method, segments, status, response, _json_schema(document, body))


def _segments(path: str, schemas: dict[Any, dict[str, Any]]) -> tuple[Segment, ...] | None:
    """Split a template; None where no request can have such a path."""
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    plain = _VARIABLE.sub("x", path)
    if not plain.startswith("/") or "{" in plain or "}" in plain or "//" in plain:
        return None
    segments: list[Segment] = []
    before: str | None = None
    for text in path.split("/")[1:]:
        pieces = _VARIABLE.split(text)
        parts: list[str | Variable] = []
        for place, piece in enumerate(pieces):
            if place % 2:
                name = piece.rstrip("*+").lstrip("+;/.")
                schema = schemas.get(piece) or schemas.get(name) or {}
                behind = any(isinstance(p, Variable) and not p.is_fixed for segment in segments for p in segment)
                parts.append(Variable(name, noun_of(name, before), schema, has_one_value(name, before, behind)))
            elif piece:
                parts.append(quote(piece, safe=SAFE + "%"))
        segments.append(tuple(parts) or ("",))
        if len(parts) == 1 and isinstance(parts[0], str):
            before = parts[0]
        elif not all(isinstance(part, Variable) and part.is_fixed for part in parts):
            before = None
    try:
        texts = ["".join(p if isinstance(p, str) else "x" for p in segment) for segment in segments]
        is_normal = normalise(("/" + "/".join(texts)).encode()) == "/" + "/".join(texts)
    except BadPathError:
        return None
    return tuple(segments) if is_normal else None


def _success(document: dict[str, Any], operation: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
    """The first 2xx answer of an operation and its schema; 200 where only a default is declared."""
    responses = operation.get("responses") or {}
    declared = sorted(code for code in map(str, responses) if re.fullmatch("2[0-9][0-9]", code))
    code = declared[0] if declared else next((c for c in ("2XX", "2xx", "default") if c in responses), "")
    response = resolve(document, responses.get(code))
    return int(code) if declared else 200, _json_schema(document, response)


def _json_schema(document: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any] | None:
    content = holder.get("content")
    if not isinstance(content, dict):
        return None
    for media, value in content.items():
        if ("json" in media or media == "*/*") and isinstance(value, dict) and isinstance(value.get("schema"), dict):
            schema: dict[str, Any] = value["schema"]
            return schema
    return None
