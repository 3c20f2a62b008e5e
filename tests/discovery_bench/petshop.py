"""A small document, of which traffic is made for tests."""

from __future__ import annotations

from typing import Any

from tests.bench.discovery.documents import Api, read

_ID = {"name": "petId", "in": "path", "schema": {"type": "integer"}}
_PET = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "ownerId": {"type": "string"}},
}


def _answer(schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
    return {status: {"content": {"application/json": {"schema": schema}}}}


DOCUMENT: dict[str, Any] = {
    "servers": [{"url": "https://{stage}.example.com/api", "variables": {"stage": {"default": "live"}}}],
    "components": {"schemas": {"Pet": _PET, "Pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}},
    "paths": {
        "/pets": {
            "get": {"responses": _answer({"$ref": "#/components/schemas/Pets"})},
            "post": {"responses": _answer({"$ref": "#/components/schemas/Pet"}, "201")},
        },
        "/pets/{petId}": {
            "parameters": [_ID],
            "get": {"responses": _answer({"$ref": "#/components/schemas/Pet"})},
            "delete": {"responses": {"204": {}}},
        },
        "/pets/{petId}/photos/{photoId}": {"parameters": [_ID], "get": {"responses": {"200": {}}}},
        "/pets/newest": {"get": {"responses": {"200": {}}}},
        "/owners/{ownerId}": {"get": {"responses": {"200": {}}}},
        "/{version}/status/{petId}.json": {"get": {"responses": {"200": {}}}},
        "/health": {"get": {"responses": {"200": {}}}},
    },
}


def petshop() -> Api:
    return read("petshop.test", DOCUMENT)
