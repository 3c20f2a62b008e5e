"""A request as it is sent, and as an operation of an OpenAPI document judges it."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote, urlencode

import jsonschema_rs

from sluicegate.learning.observation import Observation

from .truth import FORM, Truth, validator

HOST: Final = "api.example.test"
_INTEGER: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ANSWER: Final = ((b"content-type", b"application/json"),)


def text_of(value: Any) -> str:
    """A parameter as it is sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def observation(truth: Truth, message: dict[str, Any], at: float) -> tuple[Observation, list[str]]:
    """What a learner sees of a request, and the values of its path variables."""
    variables = [quote(text_of(value), safe="") for value in message.get("path", {}).values()]
    left = iter(variables)
    path = re.sub(r"\{[^{}]*\}", lambda _: next(left), truth.template)
    pairs = [
        (name, text_of(one))
        for name, value in message.get("query", {}).items()
        for one in (value if isinstance(value, list) else [value])
    ]
    headers = [
        (name.encode("latin-1", "replace"), text_of(value).encode("latin-1", "replace"))
        for name, value in message.get("header", {}).items()
    ]
    body: bytes | None = b""
    if "body" in message:
        headers.append((b"content-type", truth.media.encode()))
        if truth.media == FORM:
            body = urlencode({name: text_of(value) for name, value in message["body"].items()}).encode()
        else:
            body = json.dumps(message["body"]).encode()
    seen = Observation(
        truth.method,
        HOST,
        path,
        200,
        at,
        query=urlencode(pairs).encode(),
        request_headers=tuple(headers),
        request_body=body,
        response_headers=_ANSWER,
        response_body=b"{}",
    )
    return seen, variables


class Judge:
    """Judges requests by the operation of a document."""

    def __init__(self, operation: dict[str, Any]) -> None:
        self._parameters = {
            (one["in"], one["name"]): (one["schema"], validator(one["schema"]))
            for one in operation.get("parameters", ())
        }
        self._required = [
            (one["in"], one["name"])
            for one in operation.get("parameters", ())
            if one.get("required") and one["in"] != "path"
        ]
        self._bodies: dict[str, tuple[dict[str, Any], jsonschema_rs.Draft202012Validator]] = {}
        for media, content in (operation.get("requestBody") or {}).get("content", {}).items():
            if "schema" in content:
                self._bodies[media] = (content["schema"], validator(content["schema"]))

    def refusal(self, truth: Truth, message: dict[str, Any]) -> str:
        """Why a request is refused; '' where it is not."""
        number = 0
        for place in ("path", "query", "header"):
            for name, value in message.get(place, {}).items():
                number += 1
                known = (place, f"var{number}" if place == "path" else name.lower() if place == "header" else name)
                found = self._parameters.get(known)
                if found is not None and (told := _told(found[1], _read(value, found[0]))):
                    return f"{place} {name}: {told}"
        for place, name in self._required:
            if name not in {each.lower() if place == "header" else each for each in message.get(place, {})}:
                return f"{place} {name}: required"
        if "body" in message and (body := self._bodies.get(truth.media)) is not None:
            value = message["body"]
            if truth.media == FORM:
                members = body[0].get("properties", {})
                value = {name: _read(one, members.get(name, {})) for name, one in value.items()}
            if told := _told(body[1], value):
                return f"body: {told}"
        return ""


def _told(judge: jsonschema_rs.Draft202012Validator, value: Any) -> str:
    if judge.is_valid(value):
        return ""
    error = next(iter(judge.iter_errors(value)))
    return (
        f"{'.'.join(map(str, error.instance_path))} {error.message[:160]} @{'.'.join(map(str, error.schema_path[-1:]))}"
    )


def _read(value: Any, schema: dict[str, Any]) -> Any:
    """A parameter's text as the type that is stated; what is no such text stays one."""
    if schema.get("type") == "array":
        return [_read(one, schema.get("items") or {}) for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, list):
        return [_read(one, schema) for one in value] if len(value) != 1 else _read(value[0], schema)
    text, kind = text_of(value), schema.get("type")
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind in ("number", "integer") and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
