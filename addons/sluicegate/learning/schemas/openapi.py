"""The OpenAPI 3.0.0 document of what was learned of endpoints (API Shield, Schema learning, export)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ...endpoints.hosts import HostPattern, value_of
from ...endpoints.table import operation_id
from ...endpoints.templates import parse_path
from ..observation import Key, is_json
from .bodies import FORM, Body
from .fields import Field, Group
from .profile import Profile
from .settings import LAPTOP, SchemaSettings
from .stating import Schema, field_schema, form_schema, is_required, shape_schema, told

THRESHOLDS: Final = "x-sluicegate-thresholds"
"""The extension that holds an endpoint's rate-limit recommendation."""
METHODS: Final = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
"""Methods that OpenAPI 3.0 has operations for, in its order."""
_BODILESS: Final = ("GET", "HEAD", "TRACE")
"""Methods whose bodies mean nothing (RFC 9110 section 9.3)."""
_ANY_ANSWER: Final = {"default": {"description": "Any answer."}}


@dataclass(frozen=True, slots=True)
class Learned:
    """An endpoint that goes into a document.

    `profile`: None where nothing was learned of it. `is_saved`: whether a route file has it. `thresholds`: its
    rate-limit recommendation as it is to be written, empty for none.
    """

    key: Key
    profile: Profile | None = None
    is_saved: bool = True
    thresholds: Mapping[str, Any] = field(default_factory=dict)


class LeftOut(NamedTuple):
    """An endpoint that a document cannot have; `reason` is fit for one line."""

    key: Key
    reason: str


class Document(NamedTuple):
    """An OpenAPI document as JSON has it, and what is not in it."""

    data: dict[str, Any]
    left_out: tuple[LeftOut, ...]


def openapi(
    endpoints: Iterable[Learned], host: str = "", *, with_responses: bool = False, settings: SchemaSettings = LAPTOP
) -> Document:
    """Build the document of a host, or of all hosts that endpoints are of: then each operation names its own.

    `host` is a name or a pattern as stored: the endpoints that serve it are taken, and of two of the same method and
    path the one that a request would match. Paths and methods come sorted, so that the same knowledge gives the same
    document. Raises ValueError for what is no host.
    """
    chosen: list[Learned] = []
    left_out: list[LeftOut] = []
    asked = pattern_of(host)
    for learned in endpoints:
        reason = _reason(learned.key)
        if not reason and (not host or _serves(pattern_of(learned.key.host), asked)):
            chosen.append(learned)
        elif reason and host in ("", learned.key.host):
            left_out.append(LeftOut(learned.key, reason))
    hosts = {one.key.host for one in chosen}
    shared = host or (next(iter(hosts)) if len(hosts) == 1 else "")
    paths: dict[str, dict[str, Any]] = {}
    taken: dict[tuple[str, str], Key] = {}
    for learned in sorted(chosen, key=_order):
        method, own, path = learned.key
        other = taken.setdefault((method, path), learned.key)
        if other is learned.key:
            operation = _operation(learned, settings, with_responses=with_responses)
            if not shared and len(hosts) > 1:
                operation["servers"] = [_server(pattern_of(own))]
            paths.setdefault(path, {})[method.lower()] = operation
        elif not host:
            left_out.append(
                LeftOut(learned.key, f"the same method and path are in it for the host {other.host or '*'}")
            )
    title = shared or ", ".join(sorted(one or "*" for one in hosts)) or "no host"
    data: dict[str, Any] = {
        "openapi": "3.0.0",
        "info": {"title": f"OpenAPI JSON schema for {title}", "version": "1.0"},
        "servers": [_server(pattern_of(shared))],
        "paths": {path: paths[path] for path in sorted(paths)},
    }
    return Document(data, tuple(left_out))


def pattern_of(host: str) -> HostPattern:
    """The pattern of a host as it is stored; any host for `*` and ''. Raises ValueError."""
    return HostPattern() if host in ("", "*") else HostPattern.parse(host)


def _reason(key: Key) -> str:
    """Why an endpoint can be in no document; '' where it can."""
    if key.method not in METHODS:
        return f"OpenAPI 3.0 has no operation for the method {key.method}"
    try:
        pattern_of(key.host)
        parse_path(key.endpoint)
    except ValueError as error:
        return str(error)
    return ""


def _serves(pattern: HostPattern, asked: HostPattern) -> bool:
    return pattern.stored == asked.stored or (asked.is_exact and pattern.fits(asked.text))


def _order(learned: Learned) -> tuple[Any, ...]:
    """By method; of the same path, saved ones before discovered ones, then the more specific host."""
    method, host, _ = learned.key
    return METHODS.index(method), not learned.is_saved, pattern_of(host).rank, host


def _server(pattern: HostPattern) -> dict[str, Any]:
    """Host variables become server variables; what they stand for is not known, and a default must be given."""
    if not pattern.labels:
        return {"url": "/"}
    made: dict[str, Any] = {"url": f"https://{pattern.stored}"}
    if pattern.variables:
        names = [f"hostVar{number}" for number in range(1, len(pattern.variables) + 1)]
        made["variables"] = {name: {"default": value_of(name.lower())} for name in names}
    return made


def _operation(learned: Learned, settings: SchemaSettings, *, with_responses: bool) -> dict[str, Any]:
    key, profile = learned.key, learned.profile
    path = parse_path(key.endpoint)
    made: dict[str, Any] = {"operationId": operation_id(key.method, pattern_of(key.host), path)}
    if not learned.is_saved:
        made["description"] = "Discovered in traffic, not saved yet."
    parameters = [_path_parameter(number, profile, settings) for number, _ in enumerate(path.variables, 1)]
    if profile is not None:
        parameters += _parameters(profile, settings)
    if parameters:
        made["parameters"] = parameters
    if profile is not None and (body := _request_body(key.method, profile, settings)):
        made["requestBody"] = body
    made["responses"] = dict(_ANY_ANSWER)
    if with_responses and profile is not None:
        made["responses"] = {**_responses(profile, settings), **_ANY_ANSWER}
    if learned.thresholds:
        made[THRESHOLDS] = dict(learned.thresholds)
    return made


def _path_parameter(number: int, profile: Profile | None, settings: SchemaSettings) -> dict[str, Any]:
    made: dict[str, Any] = {"name": f"var{number}", "in": "path", "required": True, "schema": {"type": "string"}}
    if profile is not None and number <= len(profile.path):
        found = profile.path[number - 1]
        made["schema"] = field_schema(found, settings)
        made["description"] = told(found.count)
    return made


def _parameters(profile: Profile, settings: SchemaSettings) -> Iterator[dict[str, Any]]:
    places: Sequence[tuple[str, Group]] = (
        ("query", profile.query),
        ("header", profile.headers),
        ("cookie", profile.cookies),
    )
    for place, group in places:
        for name, found in sorted(group.fields.items()):
            yield _parameter(place, name, found, profile.requests, settings)


def _parameter(place: str, name: str, found: Field, requests: int, settings: SchemaSettings) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "in": place}
    if is_required(found.count, requests, settings):
        made["required"] = True
    made["description"] = told(found.count, f" in {requests:,} requests")
    made["schema"] = field_schema(found, settings)
    return made


def _request_body(method: str, profile: Profile, settings: SchemaSettings) -> dict[str, Any]:
    content = {media: _media(media, body, settings) for media, body in sorted(profile.bodies.items()) if media}
    if not content or method in _BODILESS:
        return {}
    made: dict[str, Any] = {"content": content}
    if is_required(sum(body.count for body in profile.bodies.values()), profile.seen_bodies, settings):
        made["required"] = True
    return made


def _responses(profile: Profile, settings: SchemaSettings) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for status, bodies in sorted(profile.responses.items()):
        count = sum(body.count for body in bodies.values())
        one: dict[str, Any] = {"description": f"Seen {count:,} time{'s' * (count != 1)}."}
        content = {media: _media(media, body, settings) for media, body in sorted(bodies.items()) if media}
        if content:
            one["content"] = content
        made[str(status)] = one
    return made


def _media(media: str, body: Body, settings: SchemaSettings) -> dict[str, Schema]:
    """What is stated of bodies of one media type; those that are not learned are named alone."""
    if media == FORM and body.fields is not None:
        return {"schema": form_schema(body.fields, body.count, settings)}
    if is_json(media) and body.shape is not None:
        return {"schema": shape_schema(body.shape, settings)}
    return {}
