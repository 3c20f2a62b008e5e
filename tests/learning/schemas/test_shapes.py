"""JSON values: types, members, maps whose keys are no names, and the caps of what traffic can grow."""

from __future__ import annotations

import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.learning.schemas.room import Room
from sluicegate.learning.schemas.settings import LAPTOP, SchemaSettings
from sluicegate.learning.schemas.shapes import MOST_MEMBERS, Shape

from .material import body_schema, body_shape

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-50, 50), st.sampled_from(["on", "off", "a@b.test", "7"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "name", "password", "next", "17", "18", "2024-01-01"]), inner, max_size=4
        ),
    ),
    max_leaves=8,
)


def of(values: list[object], settings: SchemaSettings = LAPTOP) -> tuple[Shape, Room]:
    room, shape = Room(settings), Shape()
    for value in values:
        room.message(0.0)
        shape.add(value, room)
    return shape, room


def kept(shape: Shape) -> object:
    """What is kept, in an order of its own."""

    def ordered(value: object) -> object:
        if isinstance(value, dict):
            return {key: ordered(one) for key, one in value.items()}
        if isinstance(value, list):
            made = [ordered(one) for one in value]
            return sorted(made, key=repr) if made and isinstance(value[0], list) else made
        return value

    return ordered(json.loads(json.dumps(shape.members())))


@settings(deadline=None)
@given(st.lists(VALUES, max_size=20), st.integers(0, 20), st.randoms(use_true_random=False))
def test_parts_in_any_order_merge_into_what_the_whole_is(values: list[object], cut: int, rng: random.Random) -> None:
    shuffled = list(values)
    rng.shuffle(shuffled)
    (one, room), (two, _) = of(shuffled[:cut]), of(shuffled[cut:])
    one.merge(two, room)
    assert kept(one) == kept(of(values)[0])


@settings(deadline=None)
@given(st.lists(VALUES, max_size=20))
def test_what_is_kept_comes_back_with_the_room_that_it_takes(values: list[object]) -> None:
    shape, room = of(values)
    members = json.loads(json.dumps(shape.members()))
    again = Room(LAPTOP)
    assert kept(Shape.from_members(members, again)) == kept(shape)
    assert LAPTOP.most_fields - again.fields == shape.fields == LAPTOP.most_fields - room.fields


def test_objects_keyed_by_ids_are_maps_from_the_first_on() -> None:
    shape = body_shape({"prices": {str(number): {"amount": number}}} for number in range(1000))
    prices = shape.objects.members["prices"].objects  # type: ignore[union-attr]
    assert prices is not None
    assert prices.members == {}
    assert shape.fields == 3  # prices, the values of its keys, amount
    assert prices.free is not None
    assert prices.free.count == 1000


def test_objects_keyed_by_words_become_maps_when_the_words_are_many() -> None:
    bodies = [{"votes": {f"user{chr(97 + n % 26)}{chr(97 + n // 26)}": n for n in (i, i + 1)}} for i in range(400)]
    schema = body_schema(bodies)["properties"]["votes"]
    assert "properties" not in schema
    assert schema["additionalProperties"]["type"] == "integer"


def test_a_record_of_many_members_stays_a_record() -> None:
    names = [f"field{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(MOST_MEMBERS + 40)]
    schema = body_schema([dict.fromkeys(names, 1)] * 60)
    assert schema["properties"].keys() == set(names)


def test_a_map_that_has_members_too_accepts_what_it_never_saw() -> None:
    schema = body_schema([{"total": 1, str(number): {"x": 1}} for number in range(100)])
    assert schema["properties"].keys() == {"total"}
    assert "additionalProperties" not in schema


def test_fields_are_capped_and_that_is_told() -> None:
    settings = SchemaSettings(most_fields=10)
    shape, room = of([{f"word{chr(97 + number)}": 1 for number in range(20)}], settings)
    assert (shape.fields, room.more) == (10, True)
    assert shape.objects is not None
    assert shape.objects.more


def test_what_lies_too_deep_is_known_by_type_alone() -> None:
    value: object = 1
    for _ in range(50):
        value = {"x": [value]}
    shape, room = of([value])
    assert room.more
    depth, place = 0, shape
    while place.objects is not None and place.objects.members:
        inner = place.objects.members["x"]
        assert inner.arrays is not None
        place, depth = inner.arrays.items, depth + 2
    assert depth == LAPTOP.most_depth


def test_of_one_message_only_so_many_values_are_looked_at() -> None:
    settings = SchemaSettings(most_values=100, most_items=1000)
    shape, room = of([[0] * 500], settings)
    assert shape.arrays is not None
    assert shape.arrays.items.count < 100
    assert shape.arrays.lengths.table == {500: 1}
    assert room.more


def test_credentials_hide_all_below_them() -> None:
    shape = body_shape({"credentials": {"user": "anna", "pin": 4711, "list": ["deep", {"x": "deeper"}]}} for _ in "abc")
    kept_text = json.dumps(shape.members())
    for value in ("anna", "4711", '"deep"', "deeper"):
        assert value not in kept_text


def test_names_that_are_no_names_are_not_kept() -> None:
    shape = body_shape([{"someone@mail.test": 1, "x" * 500: 2, "123e4567-e89b-12d3-a456-426614174000": 3}])
    assert shape.objects is not None
    assert shape.objects.members == {}
    assert "someone" not in json.dumps(shape.members())


def test_lone_surrogates_and_odd_names_are_learned_as_they_are() -> None:
    shape = body_shape([{"\ud800": "\udfff", "": 1, "a/b~c": None}] * 3)
    assert json.loads(json.dumps(shape.members()))["objects"]["members"].keys() == {"\ud800", "", "a/b~c"}
