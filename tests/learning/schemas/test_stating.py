"""What is stated of learned values, and what is not before the evidence is there."""

from __future__ import annotations

import random

import jsonschema_rs
import pytest

from sluicegate.learning.schemas.settings import API_SHIELD, LAPTOP, SchemaSettings
from sluicegate.learning.schemas.stating import Schema, field_schema, is_required, shape_schema, told

from .material import START, body_schema, body_shape, exchange, profile


def query_schema(values: list[str], settings: SchemaSettings = LAPTOP, *, at: float = 0.0) -> Schema:
    learned = profile(exchange(query=[("q", value)], at=at and START + number) for number, value in enumerate(values))
    return field_schema(learned.query.fields["q"], settings)


def shuffled(values: list[str]) -> list[str]:
    random.Random(3).shuffle(values)
    return values


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ([str(n) for n in range(1, 11)] * 10, {"type": "integer", "minimum": 1, "maximum": 10}),
        (["10", "25", "50"] * 30, {"type": "integer", "enum": [10, 25, 50]}),
        (["0.25", "0.75"] * 50, {"type": "number", "minimum": 0.25, "maximum": 0.75}),
        (["1.0", "2.0", "3.0"] * 20, {"type": "number", "minimum": 1.0, "maximum": 3.0}),
        (["true", "false"] * 30, {"type": "boolean"}),
        (["up", "down"] * 30, {"type": "string", "enum": ["down", "up"]}),
        ([f"2024-01-{n:02}" for n in range(1, 29)] * 4, {"type": "string", "format": "date"}),
        (["007", "42"] * 30, {"type": "string", "enum": ["007", "42"]}),
        (["2024-01-01", "soon"] * 30, {"type": "string", "enum": ["2024-01-01", "soon"]}),
    ],
)
def test_a_parameter(values: list[str], schema: Schema) -> None:
    assert query_schema(values) == schema


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ("123e4567-e89b-12d3-a456-4266{:08x}", "uuid"),
        ("2024-01-01T10:00:{0:02}.{0}Z", "date-time"),
        ("person{}@mail.test", "email"),
        ("10.0.0.{}", "ipv4"),
        ("fe80::{:x}", "ipv6"),
        ("https://shop.test/items/{}", "uri"),
    ],
)
def test_formats(made: str, name: str) -> None:
    assert query_schema([made.format(number) for number in range(10, 60)])["format"] == name


def test_codes_have_a_pattern() -> None:
    schema = query_schema(shuffled([f"AB-{number:04}" for number in range(500)]))
    assert schema["pattern"] == "^(?:[A-Z]{2}-[0-9]{4})$"
    assert not jsonschema_rs.is_valid(schema, "AB-12345")
    assert jsonschema_rs.is_valid(schema, "XY-9999")


def test_random_ids_have_their_characters_and_prefix() -> None:
    rng = random.Random(4)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    schema = query_schema(["cus_" + "".join(rng.choices(letters, k=14)) for _ in range(300)])
    assert schema == {"type": "string", "minLength": 18, "maxLength": 18, "pattern": "^cus_[0-9a-zA-Z_]*$"}


def test_free_text_has_no_pattern() -> None:
    rng = random.Random(4)
    words = ["harbour", "wind", "lamp", "quiet", "stone", "river"]
    schema = query_schema([" ".join(rng.choices(words, k=rng.randrange(2, 9))) for _ in range(300)])
    assert schema.keys() == {"type", "minLength", "maxLength"}


def test_bounds_come_later_than_types() -> None:
    values = [str(number % 10) for number in range(LAPTOP.bounds_after)]
    assert query_schema(values[: LAPTOP.types_after - 1]) == {"type": "string"}
    assert query_schema(values[: LAPTOP.types_after]) == {"type": "integer"}
    assert query_schema(values[: LAPTOP.bounds_after - 1]) == {"type": "integer"}
    assert query_schema(values) == {"type": "integer", "minimum": 0, "maximum": 9}


def test_the_documented_counts_of_api_shield() -> None:
    values = [str(number % 10) for number in range(10_000)]
    assert query_schema(values[:999], API_SHIELD) == {"type": "string"}
    assert query_schema(values[:9_999], API_SHIELD) == {"type": "integer"}
    assert query_schema(values, API_SHIELD) == {"type": "integer", "minimum": 0, "maximum": 9}
    words = ["red", "green", "blue", "grey"]
    assert "enum" not in query_schema(words * 2_500, API_SHIELD)
    assert "enum" in query_schema(words[:3] * 4_000, API_SHIELD)


def test_values_that_are_still_coming_in_are_no_enum() -> None:
    values = [f"word{chr(97 + number // 20)}" for number in range(200)]
    assert "enum" in query_schema([*values])
    assert "enum" not in query_schema([*values, "another"])


def test_a_wide_range_begins_at_its_sign() -> None:
    rng = random.Random(6)
    assert query_schema([str(rng.randrange(200, 100_000)) for _ in range(400)])["minimum"] == 1
    assert query_schema([f"{rng.uniform(5, 900):.2f}" for _ in range(400)])["minimum"] == 0
    assert query_schema([str(rng.randrange(60_000, 100_000)) for _ in range(400)])["minimum"] > 55_000
    assert query_schema([str(value) for value in range(7, 20)] * 10 + ["500"] * 40)["minimum"] == 7


def test_ids_that_grow_with_time_have_no_upper_bound() -> None:
    values = [str(1000 + number) for number in range(300)]
    assert "maximum" not in query_schema(values, at=START)
    assert "maximum" in query_schema(shuffled(list(values)), at=START)


def test_a_repeated_parameter_is_an_array() -> None:
    learned = profile(exchange(query=[("id", str(n)), ("id", str(n + 1))]) for n in range(10))
    assert field_schema(learned.query.fields["id"], LAPTOP) == {"type": "array", "items": {"type": "integer"}}


def test_members_types_and_nulls_of_a_body() -> None:
    bodies = [
        {"id": n, "note": None if n % 2 else "x", "size": n / 4, "tags": ["a"] * (n % 3), "on": True}
        for n in range(900)
    ]
    properties = body_schema(bodies)["properties"]
    assert properties["id"] == {"type": "integer", "minimum": 0, "maximum": 914}  # 899·(899/892)²
    assert properties["note"] == {"type": "string", "enum": ["x", None], "nullable": True}
    assert properties["size"]["type"] == "number"
    assert properties["tags"] == {"type": "array", "items": {"type": "string", "enum": ["a"]}, "maxItems": 2}
    assert properties["on"] == {"type": "boolean"}


def test_several_types_are_alternatives() -> None:
    bodies = [{"v": value} for value in ("x", 1, None) for _ in range(30)]
    schema = body_schema(bodies)["properties"]["v"]
    assert [one["type"] for one in schema["anyOf"]] == ["integer", "string"]
    assert all(one["nullable"] for one in schema["anyOf"])


def test_before_there_is_evidence_anything_goes() -> None:
    assert body_schema([{"a": 1}] * (LAPTOP.types_after - 1)) == {}


def test_required_is_what_hundreds_of_messages_all_had() -> None:
    bodies = [{"a": 1, "b": 2}] * (LAPTOP.required_after - 1)
    assert "required" not in body_schema(bodies)
    assert body_schema([*bodies, {"a": 1, "b": 2}])["required"] == ["a", "b"]
    assert body_schema([*bodies, {"a": 1}])["required"] == ["a"]
    assert not is_required(10**6, 10**6, API_SHIELD)


def test_credentials_are_stated_by_type_and_length_alone() -> None:
    bodies = [{"password": "hunter2", "api_key": f"key{n % 2}", "pin": 4711} for n in range(400)]
    properties = body_schema(bodies)["properties"]
    assert properties["password"] == {"type": "string", "minLength": 7, "maxLength": 7}
    assert properties["api_key"] == {"type": "string", "minLength": 4, "maxLength": 4}
    assert properties["pin"] == {"type": "integer"}


def test_each_member_tells_its_count_and_confidence() -> None:
    schema = shape_schema(body_shape([{"a": 1}] * 98), LAPTOP)
    assert schema["properties"]["a"]["description"] == "Learned from 98 values, confidence 0.99."
    assert told(1) == "Learned from 1 value, confidence 0.6666."
    assert told(1_234, " in 2,000 requests") == "Learned from 1,234 values in 2,000 requests, confidence 0.9991."
