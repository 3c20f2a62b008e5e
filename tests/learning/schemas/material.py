"""Exchanges to learn from, as short as tests want them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from sluicegate.learning.observation import Observation
from sluicegate.learning.schemas.profile import Profile
from sluicegate.learning.schemas.settings import LAPTOP
from sluicegate.learning.schemas.shapes import Shape
from sluicegate.learning.schemas.stating import Schema, shape_schema

JSON = (b"content-type", b"application/json")
START = 1_700_000_000.0
_NONE: Any = object()


def exchange(
    path: str = "/a",
    *,
    query: Iterable[tuple[str, str]] = (),
    headers: Iterable[tuple[str, str]] = (),
    body: Any = _NONE,
    media: str = "application/json",
    answer: Any = _NONE,
    status: int = 200,
    at: float = 0.0,
    identifier: str = "",
) -> Observation:
    """An exchange; `body` is sent as JSON, bytes as they are."""
    fields = [(name.encode(), value.encode()) for name, value in headers]
    sent = b""
    if body is not _NONE:
        fields.append((b"content-type", media.encode()))
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Observation(
        "POST",
        "api.test",
        path,
        status,
        at,
        "s" if identifier else "",
        identifier,
        urlencode(list(query)).encode(),
        tuple(fields),
        sent,
        (JSON,) if answer is not _NONE else (),
        json.dumps(answer).encode() if answer is not _NONE else b"",
    )


def profile(exchanges: Iterable[Observation]) -> Profile:
    """What is learned from exchanges that have no path variables."""
    made = Profile()
    for one in exchanges:
        made.observe(one)
    return made


def body_shape(bodies: Iterable[Any]) -> Shape:
    """What is known of JSON bodies."""
    shape = profile(exchange(body=body) for body in bodies).bodies["application/json"].shape
    assert shape is not None
    return shape


def body_schema(bodies: Iterable[Any]) -> Schema:
    """What is stated of JSON bodies, without the descriptions."""
    return stripped(shape_schema(body_shape(bodies), LAPTOP))


def stripped(schema: Any) -> Any:
    """A schema without its descriptions."""
    if isinstance(schema, list):
        return [stripped(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: stripped(value) for key, value in schema.items() if key != "description" or not isinstance(value, str)}
