"""Texts: what they have in common, how parts merge, and that credentials leave nothing behind."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.learning.schemas import forms
from sluicegate.learning.schemas.room import Room
from sluicegate.learning.schemas.settings import LAPTOP
from sluicegate.learning.schemas.texts import KEPT, MOST_MASKS, Texts

SHORT = st.one_of(
    st.sampled_from(["a", "B-7", "x_1", "7", "2.5", "true", "2024-02-29", "a b", "é", "\ud800", "a@b.test", ""]),
    st.text("ab1-_", max_size=4),
    st.integers(-9, 99).map(str),
)
TEXTS = st.lists(SHORT, max_size=90)


def room() -> Room:
    return Room(LAPTOP)


def of(values: list[str], *, typed: bool = True, secret: bool = False) -> Texts:
    made = Texts(typed=typed, secret=secret)
    space = room()
    for value in values:
        made.add(value, space)
    return made


def kept(texts: Texts) -> object:
    """What is kept, in an order of its own."""

    def ordered(value: object) -> object:
        if isinstance(value, dict):
            return {key: ordered(one) for key, one in value.items()}
        if isinstance(value, list) and value and isinstance(value[0], list):
            return sorted(value, key=repr)
        return value

    return ordered(json.loads(json.dumps(texts.members())))


@settings(deadline=None)
@given(TEXTS, st.integers(0, 90), st.randoms(use_true_random=False))
def test_parts_in_any_order_merge_into_what_the_whole_is(values: list[str], cut: int, rng: random.Random) -> None:
    shuffled = list(values)
    rng.shuffle(shuffled)
    one = of(shuffled[:cut])
    one.merge(of(shuffled[cut:]), room())
    assert kept(one) == kept(of(values))


@settings(deadline=None)
@given(TEXTS)
def test_what_is_kept_comes_back(values: list[str]) -> None:
    members = json.loads(json.dumps(of(values).members()))
    assert Texts.from_members(members, room(), typed=True).members() == members


def test_few_texts_are_kept_with_their_counts_and_many_are_not() -> None:
    few = [f"w{number}" for number in range(KEPT)]
    assert of(few * 2).table == dict.fromkeys(few, 2)
    assert of([*few, "one more"]).table is None


def test_what_names_one_thing_is_never_kept() -> None:
    for value in (
        "someone@mail.test",
        "2024-01-01T00:00:00Z",
        "10.0.0.1",
        "https://a.test/x",
        "x" * 60,
        "sk_live_4eC39HqLyjWDarjt",
    ):
        texts = of([value] * 3)
        assert texts.table is None
        assert value not in json.dumps(texts.members())


def test_no_more_is_kept_than_there_is_room_for() -> None:
    space = room()
    space.kept = 10
    texts = Texts()
    for value in ("abcde", "fghij"):
        texts.add(value, space)
    assert (texts.table, space.kept) == ({"abcde": 1, "fghij": 1}, 0)
    texts.add("k", space)
    assert (texts.table, space.kept, texts.common().count) == (None, 10, 3)


@pytest.mark.parametrize("value", ["hunter2", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.abc", "123456"])
def test_of_credentials_only_type_and_length_are_kept(value: str) -> None:
    texts = of([value] * 60, secret=True)
    assert value not in json.dumps(texts.members())
    assert texts.common().lengths.table == {len(value): 60}


def test_a_token_is_a_credential_whatever_the_field_is_called() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2ln"
    texts = of([token, token])
    assert texts.secret
    assert "eyJ" not in json.dumps(texts.members())
    mixed = of(["plain words"])
    mixed.merge(texts, room())
    assert mixed.secret
    assert "plain" not in json.dumps(mixed.members())


def test_masks_are_kept_while_there_are_few() -> None:
    values = [f"{letters}-{number:04}" for letters in ("AB", "CDE") for number in range(40)]
    assert of(values).common().masks == {"A-0": (80, (2, 1, 4), (3, 1, 4))}
    signs = "_-.:/+="
    assert len(signs) > MOST_MASKS
    assert of([f"a{sign}" for sign in signs]).common().masks is None


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("7", forms.INTEGER | forms.NUMBER),
        ("-0", forms.INTEGER | forms.NUMBER),
        ("007", 0),
        ("+7", 0),
        ("٧", 0),
        ("1" * 25, 0),
        ("2.50", forms.NUMBER),
        ("1e3", forms.NUMBER),
        (".5", 0),
        ("true", forms.BOOLEAN),
        ("True", 0),
        ("123e4567-e89b-12d3-a456-426614174000", forms.UUID),
        ("123e4567e89b12d3a456426614174000", 0),
        ("2024-02-29", forms.DATE),
        ("2023-02-29", 0),
        ("2024-01-01T00:00:00Z", forms.DATE_TIME),
        ("2024-01-01T00:00:00.123+02:00", forms.DATE_TIME),
        ("2024-01-01T00:00:00", 0),
        ("2024-02-30T00:00:00Z", 0),
        ("23:59:59Z", forms.TIME),
        ("someone+tag@mail.test", forms.EMAIL),
        ("a..b@mail.test", 0),
        ("someone@localhost", 0),
        ("127.0.0.1", forms.IPV4),
        ("256.0.0.1", 0),
        ("::1", forms.IPV6),
        ("fe80::1%eth0", 0),
        ("https://a.test:80/x?y=%20#z", forms.URI),
        ("/relative", 0),
        ("https://a.test/ä", 0),
        ("", 0),
    ],
)
def test_formats_of_a_text(text: str, formats: int) -> None:
    assert forms.formats_of(text) == formats


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("AB-1234", ("A-0", (2, 1, 4))),
        ("v1.2", ("a0.0", (1, 1, 1, 1))),
        ("", ("", ())),
        ("é", None),
        ("a\nb", None),
        ("x" * 65, None),
        ("-" * 20, None),
    ],
)
def test_masks(text: str, mask: object) -> None:
    assert forms.mask_of(text) == mask


@pytest.mark.parametrize(
    "nonsense",
    [
        *[None, [], {}, {"table": [["a", "b"]]}, {"table": [[1, 1]]}, {"facts": {}}, {"facts": {"n": 1}}],
        {"facts": {"n": 1, "lengths": {"n": 1, "table": [[1, 1]]}, "formats": 0, "classes": [1]}},
        {
            "facts": {
                "n": 1, "lengths": {"n": 1, "table": [[1, 1]]}, "formats": 0,
                "classes": [0] * len(forms.CLASSES), "masks": [["a0", 1, [1], [1]]],
            }
        },
    ],
)  # fmt: skip
def test_nonsense_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError):
        Texts.from_members(nonsense, room())
