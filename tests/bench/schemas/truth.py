"""Operations of a document as the curves need them: parameters and bodies with whole schemas, and their validator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import jsonschema_rs

from sluicegate.learning.schemas.names import is_secret, is_standard

from ..discovery.corpus import digest
from ..discovery.documents import METHODS, resolve

Schema = dict[str, Any]
FORM: Final = "application/x-www-form-urlencoded"
_DEPTH: Final = 5
_MOST_PROPERTIES: Final = 40
_MOST_FIELDS: Final = 150
_VARIABLE: Final = re.compile(r"\{[^{}]*\}")
_KEPT: Final = [
    "type",
    "format",
    "enum",
    "nullable",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "pattern",
    "multipleOf",
    "minProperties",
    "maxProperties",
]


class Parameter(NamedTuple):
    """A parameter: `place` is path, query or header."""

    place: str
    name: str
    required: bool
    schema: Schema


@dataclass(frozen=True, slots=True)
class Truth:
    """One operation: `body` is the schema of a JSON body or of a form (`media`), None for none."""

    name: str
    method: str
    template: str
    parameters: tuple[Parameter, ...]
    media: str
    body: Schema | None

    def schema(self) -> Schema:
        """The schema of a whole message: an object of places, each an object of parameters, and the body."""
        properties: Schema = {}
        for place in ("path", "query", "header"):
            own = [one for one in self.parameters if one.place == place]
            if own:
                required = [one.name for one in own if one.required]
                properties[place] = {
                    "type": "object",
                    "properties": {one.name: one.schema for one in own},
                    "required": required,
                }
        if self.body is not None:
            properties["body"] = self.body
        return {"type": "object", "properties": properties}


def validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """A validator that also checks formats."""
    return jsonschema_rs.Draft202012Validator(plain(schema), validate_formats=True)


def plain(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 in the words of JSON Schema: nothing is nullable there, and limits are numbers."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: plain(value) if key != "enum" else value for key, value in schema.items() if key != "nullable"}
    for limit, name in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if made.get(name) is True and limit in made:
            made[name] = made.pop(limit)
        elif isinstance(made.get(name), bool):
            del made[name]
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def operations(name: str, document: dict[str, Any], most: int) -> list[Truth]:
    """Return so many operations that have something to learn, half of them with a body where there are enough.

    The order in which they are looked at says nothing of them.
    """
    candidates = [
        (path, method, item)
        for path, item in (document.get("paths") or {}).items()
        for method in METHODS
        if isinstance(item, dict) and isinstance(item.get(method.lower()), dict)
    ]
    bare: list[Truth] = []
    bodied: list[Truth] = []
    for path, method, item in sorted(candidates, key=lambda one: digest(f"{name} {one[1]} {one[0]}")):
        truth = _truth(name, document, path, method, item)
        if truth is not None:
            (bare if truth.body is None else bodied).append(truth)
            if len(bare) >= most and len(bodied) >= most // 2:
                break
    bodied = bodied[: max(most // 2, most - len(bare))]
    return [*bodied, *bare[: most - len(bodied)]]


def _truth(name: str, document: dict[str, Any], path: str, method: str, item: dict[str, Any]) -> Truth | None:
    segments = path.split("/")
    if not all("{" not in segment or _VARIABLE.fullmatch(segment) for segment in segments) or not path.startswith("/"):
        return None
    if "?" in path or "#" in path:
        return None
    operation = item[method.lower()]
    declared: dict[tuple[str, str], Parameter] = {}
    for one in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
        parameter = _parameter(document, resolve(document, one))
        if parameter is not None:
            declared[parameter.place, parameter.name] = parameter
    variables = [segment[1:-1] for segment in segments if "{" in segment]
    if any(("path", variable) not in declared for variable in variables):
        return None
    if any(key[0] == "path" and key[1] not in variables for key in declared):
        return None
    media, body = _body(document, resolve(document, operation.get("requestBody")))
    if not declared and body is None:
        return None
    if method in ("GET", "HEAD"):
        media, body = "", None
    template = "/" + "/".join(segments[1:])
    ordered = [declared["path", variable] for variable in variables]
    ordered += [one for one in declared.values() if one.place != "path"]
    truth = Truth(f"{name} {method} {path}", method, template, tuple(ordered), media, body)
    if not (truth.parameters or truth.body):
        return None
    return truth if _size(truth.schema()) <= _MOST_FIELDS else None


def _parameter(document: dict[str, Any], found: dict[str, Any]) -> Parameter | None:
    place, name = found.get("in"), found.get("name")
    if (
        place not in ("path", "query", "header")
        or not isinstance(name, str)
        or not isinstance(found.get("schema"), dict)
    ):
        return None
    if place == "header" and (is_standard(name.lower()) or is_secret(name, parameter=True)):
        return None
    if place != "path" and is_secret(name, parameter=True):
        return None  # nothing is learned of credentials, on purpose
    schema = inlined(document, found["schema"])
    schema.pop("nullable", None)
    if schema.get("type") == "object" or "properties" in schema or len(name) > 80:
        return None
    if schema.get("type") == "array":
        exploded = place == "query" and found.get("style", "form") == "form" and found.get("explode", True)
        if not exploded or (schema.get("items") or {}).get("type") in ("array", "object"):
            return None
    if not isinstance(schema.get("type"), str):
        return None
    return Parameter(place, name, found.get("required") is True or place == "path", schema)


def _body(document: dict[str, Any], found: dict[str, Any]) -> tuple[str, Schema | None]:
    content = found.get("content")
    for media, value in content.items() if isinstance(content, dict) else ():
        if isinstance(value, dict) and isinstance(value.get("schema"), dict):
            if media.split(";")[0].endswith("json"):
                return "application/json", inlined(document, value["schema"])
            if media == FORM:
                schema = inlined(document, value["schema"])
                flat = all(one.get("type") in _SCALARS for one in (schema.get("properties") or {}).values())
                if flat and schema.get("properties") and not schema.get("anyOf"):
                    for one in schema["properties"].values():
                        one.pop("nullable", None)
                    return FORM, schema
    return "", None


_SCALARS: Final = ("string", "integer", "number", "boolean")


def inlined(document: dict[str, Any], schema: Any, depth: int = 0, within: tuple[str, ...] = ()) -> Schema:
    """A schema without references: what recurs or lies too deep says nothing."""
    if isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
        if reference in within:
            return {}
        within = (*within, reference)
    found = resolve(document, schema)
    if depth > _DEPTH:
        return {}
    made: Schema = {key: found[key] for key in _KEPT if key in found}
    if isinstance(kinds := made.get("type"), list):  # OpenAPI 3.1
        made["type"] = next((kind for kind in kinds if kind != "null"), "string")
        made["nullable"] = "null" in kinds
    for part in found.get("allOf") or ():
        _take_in(made, inlined(document, part, depth, within))
    for key in ("oneOf", "anyOf"):
        if isinstance(found.get(key), list) and found[key]:
            made["anyOf"] = [inlined(document, one, depth, within) for one in found[key][:4]]
    if isinstance(found.get("properties"), dict):
        own = {
            name: inlined(document, one, depth + 1, within)
            for name, one in [*found["properties"].items()][:_MOST_PROPERTIES]
            if isinstance(one, dict) and one.get("readOnly") is not True and len(name) <= 80 and not is_secret(name)
        }
        _take_in(made, {"properties": own, "type": "object"})
    if isinstance(found.get("required"), list):
        known = made.get("properties") or {}
        made["required"] = sorted({*made.get("required", ()), *(n for n in found["required"] if n in known)})
    if isinstance(found.get("items"), dict):
        made["items"] = inlined(document, found["items"], depth + 1, within)
    if isinstance(found.get("additionalProperties"), dict) and not made.get("properties"):
        made["additionalProperties"] = inlined(document, found["additionalProperties"], depth + 1, within)
    if made.get("type") == "array" and "items" not in made:
        made["items"] = {}
    return made


def _take_in(made: Schema, part: Schema) -> None:
    for key, value in part.items():
        if key == "properties":
            made["properties"] = {**made.get("properties", {}), **value}
        elif key == "required":
            made["required"] = sorted({*made.get("required", ()), *value})
        else:
            made.setdefault(key, value)


def _size(schema: Any) -> int:
    if isinstance(schema, list):
        return sum(map(_size, schema))
    if not isinstance(schema, dict):
        return 0
    return len(schema.get("properties") or ()) + sum(_size(one) for key, one in schema.items() if key != "enum")
