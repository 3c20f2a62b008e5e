"""The OpenAPI 3.0.0 document of one host: what was learned of its endpoints (API Shield, Schema learning, export)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ...endpoints.hosts import HostPattern, value_of
from ...endpoints.table import operation_id
from ...endpoints.templates import parse_path
from ..observation import Key, is_json
from .fields import Field, Group
from .profile import FORM, Body, Profile
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
    host: str, endpoints: Iterable[Learned], *, with_responses: bool = False, settings: SchemaSettings = LAPTOP
) -> Document:
    """Build the document of a host: `host` is a pattern as stored, and all endpoints are of it.

    Paths and methods come sorted, so that the same knowledge gives the same document.
    """
    paths: dict[str, dict[str, Any]] = {}
    left_out: list[LeftOut] = []
    for learned in sorted(endpoints, key=_order):
        method, _, path = learned.key
        if method not in METHODS:
            left_out.append(LeftOut(learned.key, f"OpenAPI 3.0 has no operation for the method {method}"))
        else:
            item = paths.setdefault(path, {})
            item[method.lower()] = _operation(learned, settings, with_responses=with_responses)
    data = {
        "openapi": "3.0.0",
        "info": {"title": f"OpenAPI JSON schema for {host}", "version": "1.0"},
        "servers": [_server(HostPattern.parse(host) if host != "*" else HostPattern())],
        "paths": paths,
    }
    return Document(data, tuple(left_out))


def _order(learned: Learned) -> tuple[str, int]:
    method = learned.key.method
    return learned.key.endpoint, METHODS.index(method) if method in METHODS else len(METHODS)


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
    host = HostPattern.parse(key.host) if key.host != "*" else HostPattern()
    path = parse_path(key.endpoint)
    made: dict[str, Any] = {"operationId": operation_id(key.method, host, path)}
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
        made[str(status)] = one = {"description": f"Seen {count:,} time{'s' * (count != 1)}."}
        content = {media: _media(media, body, settings) for media, body in sorted(bodies.items()) if media}
        if content:
            one["content"] = content
    return made


def _media(media: str, body: Body, settings: SchemaSettings) -> dict[str, Schema]:
    """What is stated of bodies of one media type; those that are not learned are named alone."""
    if media == FORM and body.fields is not None:
        return {"schema": form_schema(body.fields, body.count, settings)}
    if is_json(media) and body.shape is not None:
        return {"schema": shape_schema(body.shape, settings)}
    return {}
