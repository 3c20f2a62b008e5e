"""How the discovery bench compares what was found with a document, and its baselines."""

from __future__ import annotations

import pytest

from sluicegate.learning.observation import Observation
from tests.bench.discovery import baselines
from tests.bench.discovery.corpus import HALVES, Entry, chosen, half_of
from tests.bench.discovery.documents import Api, read
from tests.bench.discovery.noise import NEUTRAL, NOISE, Exchange
from tests.bench.discovery.scoring import Score, Template, Truth, shape

HOST = "a.test"


def api(*paths: str, method: str = "get") -> Api:
    return read(HOST, {"servers": [{"url": f"https://{HOST}"}], "paths": {path: {method: {}} for path in paths}})


def asked(path: str, truth: object, status: int = 200, method: str = "GET") -> Exchange:
    return Exchange(Observation(method, HOST, path, status), truth)  # type: ignore[arg-type]


def template(path: str, method: str = "GET") -> Template:
    return Template(method, HOST, path)


def as_asked(exchange: Exchange) -> Template:
    seen = exchange.observation
    return Template(seen.method, seen.host, seen.path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/{id}/b", "/a/{}/b"),
        ("/a/{id}.json", "/a/{}"),
        ("/a/{id}:cancel", "/a/{}"),
        ("/a/{var1}/", "/a/{}/"),
        ("/a", "/a"),
    ],
)
def test_a_segment_with_a_variable_counts_as_one_variable(path: str, expected: str) -> None:
    assert shape(path) == expected


def test_a_template_counts_when_every_segment_is_right() -> None:
    (one, two) = api("/users/{id}", "/users/{id}/pets").operations
    truth = Truth([asked("/users/7", one), asked("/users/7/pets", two)])
    score, errors = truth.compare({template("/users/{}"), template("/users/7/pets")}, as_asked)
    assert score[:3] == (1, 1, 1)
    assert errors.missed == {template("/users/{}/pets")}
    assert errors.wrong == {template("/users/7/pets"): {template("/users/{}/pets")}}


def test_an_operation_without_a_2xx_answer_is_no_endpoint() -> None:
    (one,) = api("/users/{id}").operations
    assert Truth([asked("/users/7", one, 404)]).templates == set()


def test_a_version_with_one_value_is_a_literal_and_an_id_with_one_value_is_not() -> None:
    one, two = api("/{version}/users", "/pets/{id}").operations
    truth = Truth([asked("/v1/users", one), asked("/pets/7", two)])
    assert truth.templates == {template("/v1/users"), template("/pets/{}")}


def test_a_version_with_two_values_is_a_variable() -> None:
    (one,) = api("/{version}/users").operations
    assert Truth([asked("/v1/users", one), asked("/v2/users", one)]).templates == {template("/{}/users")}


def test_a_trailing_slash_is_another_endpoint() -> None:
    (one,) = api("/users/").operations
    score, _ = Truth([asked("/users/", one)]).compare({template("/users")}, as_asked)
    assert score[:3] == (0, 1, 1)


def test_health_checks_static_files_options_and_head_are_neutral() -> None:
    one, health = api("/users", "/health").operations
    truth = Truth(
        [
            asked("/users", one),
            asked("/health", health),
            asked("/app.js", NEUTRAL),
            asked("/users", NEUTRAL, method="OPTIONS"),
            asked("/users", NEUTRAL, method="HEAD"),
        ]
    )
    found = {
        template("/users"), template("/health"), template("/app.js"), template("/users", "OPTIONS"),
        template("/users", "HEAD"), template("/{}", "HEAD"),
    }  # fmt: skip
    assert truth.compare(found, as_asked)[0] == (1, 0, 0, 1, 1)
    assert truth.compare({template("/users")}, as_asked)[0] == (1, 0, 0, 1, 1)


def test_noise_that_was_found_is_wrong() -> None:
    (one,) = api("/users").operations
    truth = Truth([asked("/users", one), asked("/.env", NOISE, 404)])
    score, errors = truth.compare({template("/users"), template("/.env")}, as_asked)
    assert score[:3] == (1, 1, 0)
    assert errors.wrong == {template("/.env"): {None}}


def test_a_template_that_takes_in_neutral_and_real_requests_counts() -> None:
    (one,) = api("/users").operations
    truth = Truth([asked("/users", one), asked("/app.js", NEUTRAL)])
    score, _ = truth.compare({template("/{}")}, lambda _: template("/{}"))
    assert score[:3] == (0, 1, 1)


def test_requests_count_where_they_fell_into_the_right_template() -> None:
    (one,) = api("/users/{id}").operations
    truth = Truth([asked("/users/7", one), asked("/users/8", one), asked("/users/9", one, 404)])
    right = {"/users/7": template("/users/{}")}
    score, _ = truth.compare(set(), lambda exchange: right.get(exchange.observation.path, as_asked(exchange)))
    assert (score.requests_right, score.requests) == (1, 2)


def test_scores_add_up_to_micro_averages() -> None:
    score = Score(8, 2, 0, 5, 10) + Score(1, 0, 3, 5, 10)
    assert (score.precision, score.recall) == (9 / 11, 9 / 12)
    assert score.f1 == pytest.approx(18 / 23)
    assert score.accuracy == 0.5
    assert Score().f1 == 0.0


def test_all_documents_of_a_provider_are_in_one_half() -> None:
    listed = [Entry(f"p{number}.test/{name}", f"p{number}.test", 9) for number in range(40) for name in "ab"]
    halves = {half: chosen(listed, half, 100) for half in HALVES}
    providers = {half: {entry.provider for entry in entries} for half, entries in halves.items()}
    assert not providers["dev"] & providers["held-out"]
    assert providers["dev"] | providers["held-out"] == {entry.provider for entry in listed}
    assert all(half_of(provider) == half for half, found in providers.items() for provider in found)
    assert all(len(entries) == len(providers[half]) for half, entries in halves.items())


def found(name: str, *paths: str) -> set[str]:
    exchanges = [asked(path, NOISE) for path in paths]
    counts, _ = baselines.templates(baselines.HEURISTICS[name], exchanges)
    return {one.path for one in counts}


def test_mitmproxy2swagger_takes_digits_alone() -> None:
    assert found("mitmproxy2swagger", "/a/17", "/a/x17") == {"/a/{}", "/a/x17"}


def test_speculator_takes_numbers_uuids_and_texts_with_three_digits() -> None:
    uuid = "0b8f2a4e-9a51-4d1c-8f55-1d2a3b4c5d6e"
    assert found("speculator", "/a/17", f"/a/{uuid}", "/a/abcde123") == {"/a/{}"}
    assert found("speculator", "/a/abc123", "/a/abcdef12") == {"/a/abc123", "/a/abcdef12"}


def test_optic_never_takes_the_first_segment_nor_one_behind_a_version_or_a_variable() -> None:
    assert found("Optic, cold start", "/17", "/18") == {"/17", "/18"}
    assert found("Optic, cold start", "/v1/17", "/v1/18") == {"/v1/17", "/v1/18"}
    assert found("Optic, cold start", "/a/red/17", "/a/blue/18") == {"/a/{}/17", "/a/{}/18"}


def test_akto_merges_ten_siblings_of_one_shape() -> None:
    words = ["one", "two", "six", "ten", "red", "tan", "sky", "oak", "elm", "fir"]
    assert found("Akto-like", *(f"/a/{word}" for word in words)) == {"/a/{}"}
    assert len(found("Akto-like", *(f"/a/{word}" for word in words[:9]))) == 9


def test_metlo_takes_what_is_rare_at_its_place() -> None:
    assert found("Metlo-like", *(f"/a/{'x' * number}" for number in range(1, 12))) == {"/a/{}"}
    assert len(found("Metlo-like", *(f"/a/{'x' * number}" for number in range(1, 10)))) == 9


def test_the_sibling_trie_merges_what_has_the_same_below() -> None:
    assert found("speculator + sibling trie", "/a/x/p", "/a/y/p", "/a/z/p", "/a/w/q") == {"/a/{}/p", "/a/w/q"}
