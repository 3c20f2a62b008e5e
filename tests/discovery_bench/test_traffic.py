"""The traffic of the discovery bench."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict

import pytest

from tests.bench.discovery.documents import Operation
from tests.bench.discovery.identifiers import REGIMES, style
from tests.bench.discovery.noise import NEUTRAL, NOISE, Exchange, mistyped
from tests.bench.discovery.nouns import Noun
from tests.bench.discovery.traffic import LEAST, synthesise

from .petshop import petshop


def traffic(regime: str = "typed", seed: int = 1, mean: float = 25.0) -> list[Exchange]:
    return synthesise(petshop(), regime, seed, mean)


def of(exchanges: list[Exchange], method: str, shape: str) -> list[Exchange]:
    return [
        one
        for one in exchanges
        if isinstance(one.truth, Operation) and (one.truth.method, one.truth.shape) == (method, shape)
    ]


def test_the_same_seed_gives_the_same_traffic_and_another_one_does_not() -> None:
    def told(exchanges: list[Exchange]) -> list[tuple[object, ...]]:
        return [(one.observation.path, one.observation.at, one.observation.response_body) for one in exchanges]

    assert told(traffic()) == told(traffic())
    assert told(traffic()) != told(traffic(seed=2))


@pytest.mark.parametrize("mean", [3.0, 25.0])
@pytest.mark.parametrize("regime", REGIMES)
def test_every_operation_is_answered_with_a_2xx_at_least_three_times(regime: str, mean: float) -> None:
    exchanges = traffic(regime, mean=mean)
    hits = Counter(
        id(one.truth) for one in exchanges if isinstance(one.truth, Operation) and one.observation.is_success
    )
    operations = {id(one.truth) for one in exchanges if isinstance(one.truth, Operation)}
    assert len(operations) == len(petshop().operations)
    assert min(hits[number] for number in operations) >= LEAST


def test_there_are_about_as_many_requests_as_were_asked_for() -> None:
    own = [one for one in traffic(mean=25.0) if isinstance(one.truth, Operation)]
    assert 0.7 < len(own) / (25 * len(petshop().operations)) < 1.4


def test_exchanges_come_in_the_order_of_time() -> None:
    times = [one.observation.at for one in traffic()]
    assert times == sorted(times)


def test_paths_are_those_of_their_operations() -> None:
    for one in traffic("mixed"):
        if isinstance(one.truth, Operation):
            parts = one.observation.path.split("/")
            shape = one.truth.shape.split("/")
            assert len(parts) == len(shape)
            assert all(text in ("{}", part) for text, part in zip(shape, parts, strict=True))


def test_an_id_is_never_a_word_of_the_same_place() -> None:
    values = {one.observation.path for one in of(traffic("words", mean=100.0), "GET", "/api/pets/{}")}
    assert values
    assert "/api/pets/newest" not in values


def test_versions_have_one_value() -> None:
    found = {one.observation.path.split("/")[2] for one in of(traffic(), "GET", "/api/{}/status/{}")}
    assert found == {"v1"}


def test_words_only_leaves_no_digits_in_entities() -> None:
    found = [
        one.observation.path for one in of(traffic("words"), "GET", "/api/owners/{}") if one.observation.is_success
    ]
    assert found
    assert not any(character.isdigit() for path in found for character in path)


def test_declared_integers_are_integers_in_the_typed_regime() -> None:
    found = [one.observation.path for one in of(traffic(), "GET", "/api/pets/{}") if one.observation.is_success]
    assert all(path.rpartition("/")[2].isdecimal() for path in found)


def test_ids_come_back_within_a_session() -> None:
    used: dict[str, list[str]] = defaultdict(list)
    for one in of(traffic(seed=3, mean=100.0), "GET", "/api/pets/{}"):
        if one.observation.session:
            used[one.observation.session].append(one.observation.path)
    assert sum(len(paths) - len(set(paths)) for paths in used.values()) > len(used)


def test_lists_show_ids_that_are_asked_for_afterwards() -> None:
    shown: dict[str, set[str]] = defaultdict(set)
    followed = 0
    for one in traffic(seed=3, mean=100.0):
        seen = one.observation
        if seen.path == "/api/pets" and seen.method == "GET" and seen.response_body and seen.is_success:
            shown[seen.session].update(str(pet["id"]) for pet in json.loads(seen.response_body))
        elif seen.path.rpartition("/")[2] in shown[seen.session]:
            followed += 1
    assert followed > 20


def test_creations_show_the_new_id_in_a_body_or_a_location() -> None:
    created = [one.observation for one in of(traffic(mean=100.0), "POST", "/api/pets") if one.observation.is_success]
    assert {one.status for one in created} == {201}
    located = [
        dict(one.response_headers)[b"location"].decode() for one in created if b"location" in dict(one.response_headers)
    ]
    assert 0 < len(located) < len(created)
    both = [one for one in created if one.response_body and b"location" in dict(one.response_headers)]
    for one in both:
        assert (
            dict(one.response_headers)[b"location"].decode()
            == f"/api/pets/{json.loads(one.response_body or b'')['id']}"
        )


def test_some_requests_fail_and_some_bodies_are_missing() -> None:
    exchanges = traffic(mean=100.0)
    statuses = Counter(one.observation.status for one in exchanges if isinstance(one.truth, Operation))
    assert {304, 401, 403, 404, 429, 500} <= statuses.keys()
    read = [one.observation for one in of(exchanges, "GET", "/api/pets") if one.observation.status == 200]
    assert 0 < sum(one.response_body is None for one in read) < len(read) / 2


def test_noise_is_answered_404_and_leads_to_no_operation() -> None:
    noise = [one.observation for one in traffic(mean=100.0) if one.truth == NOISE]
    assert noise
    assert {one.status for one in noise} == {404}
    assert not {one.path for one in noise} & {operation.shape for operation in petshop().operations}


def test_monitors_and_browsers_are_neutral() -> None:
    neutral = {
        (one.observation.method, one.observation.path.split("/")[1])
        for one in traffic(mean=100.0)
        if one.truth == NEUTRAL
    }
    methods = {method for method, _ in neutral}
    assert {"GET", "HEAD"} <= methods <= {"GET", "HEAD", "OPTIONS"}


def test_mistyped_paths_differ() -> None:
    rng = random.Random(1)
    assert all(mistyped("/api/kennel", rng) != "/api/kennel" for _ in range(50))


def test_enums_are_kept_in_every_regime() -> None:
    from tests.bench.discovery.documents import read

    listed = {"name": "kind", "in": "path", "schema": {"type": "string", "enum": ["cats", "dogs"]}}
    api = read("a.test", {"paths": {"/by/{kind}": {"parameters": [listed], "get": {"responses": {"200": {}}}}}})
    for regime in REGIMES:
        found = {
            one.observation.path for one in synthesise(api, regime, 1)
            if isinstance(one.truth, Operation) and one.observation.is_success
        }  # fmt: skip
        assert found <= {"/by/cats", "/by/dogs"}


@pytest.mark.parametrize(
    ("noun", "schema", "expected"),
    [
        (Noun("country", "id"), {"type": "string"}, r"[A-Z]{2}"),
        (Noun("user", "email"), {"type": "string"}, r"[a-z]+\.[a-z]+@[a-z]+\.com"),
        (Noun("pet", "id"), {"type": "string", "format": "uuid"}, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        (Noun("day", "id"), {"type": "string"}, r"20\d\d-\d\d-\d\d"),
    ],
)
def test_mixed_identifiers_look_like_their_names(noun: Noun, schema: dict[str, str], expected: str) -> None:
    import re

    rng = random.Random(1)
    make, _ = style(noun, schema, "mixed", rng)
    assert re.fullmatch(expected, make(rng))
