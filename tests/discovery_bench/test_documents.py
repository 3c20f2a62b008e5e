"""What the traffic of the discovery bench takes from an OpenAPI document."""

from __future__ import annotations

import pytest

from tests.bench.discovery.documents import read, resolve
from tests.bench.discovery.nouns import has_one_value, noun_of, singular

from .petshop import DOCUMENT, petshop


def test_host_and_base_path_come_from_the_first_server_with_its_defaults() -> None:
    api = petshop()
    assert api.host == "live.example.com"
    assert "/api/pets" in {operation.shape for operation in api.operations}


def test_a_document_without_servers_has_a_host_of_its_provider() -> None:
    assert read("shop.test/v2", {"paths": {}}).host == "api.shop.test"


def test_a_segment_that_holds_a_variable_is_one_variable_in_the_shape() -> None:
    assert "/api/{}/status/{}" in {operation.shape for operation in petshop().operations}


def test_templates_that_differ_in_names_alone_are_one_operation() -> None:
    paths = {"/a/{x}": {"get": {}}, "/a/{y}": {"get": {}, "put": {}}}
    found = read("a.test", {"paths": paths}).operations
    assert [(one.method, one.shape) for one in found] == [("GET", "/a/{}"), ("PUT", "/a/{}")]


@pytest.mark.parametrize("path", ["no-slash", "/a//b", "/a/{open", "/a/../b"])
def test_paths_that_no_request_can_have_are_left_out(path: str) -> None:
    assert read("a.test", {"paths": {path: {"get": {}}}}).operations == ()


def test_a_trailing_slash_is_part_of_the_shape() -> None:
    found = read("a.test", {"paths": {"/a/": {"get": {}}, "/a": {"get": {}}}}).operations
    assert [one.shape for one in found] == ["/a/", "/a"]


def test_what_follows_a_question_mark_is_no_part_of_the_path() -> None:
    assert [one.shape for one in read("a.test", {"paths": {"/a?x={y}": {"get": {}}}}).operations] == ["/a"]


def test_references_in_a_circle_are_empty() -> None:
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}
    assert resolve(document, {"$ref": "#/a"}) == {}


def test_references_are_followed_through_escaped_names() -> None:
    assert resolve({"paths": {"/a~b": {"x": 1}}}, {"$ref": "#/paths/~1a~0b"}) == {"x": 1}


def test_the_schema_is_that_of_the_first_2xx_answer() -> None:
    by_shape = {(one.method, one.shape): one for one in petshop().operations}
    created = by_shape["POST", "/api/pets"]
    assert (created.status, created.response) == (201, {"$ref": "#/components/schemas/Pet"})
    assert by_shape["DELETE", "/api/pets/{}"].response is None


def test_health_checks_are_neutral() -> None:
    assert [one.shape for one in petshop().operations if one.is_neutral] == ["/api/health"]
    assert len(DOCUMENT["paths"]) > 1


@pytest.mark.parametrize(
    ("variable", "before", "expected"),
    [
        ("userId", None, ("user", "id")),
        ("user_id", "users", ("user", "id")),
        ("id", "users", ("user", "id")),
        ("username", "users", ("user", "name")),
        ("docId", "documents", ("document", "id")),
        ("owner", "repos", ("owner", "id")),
        ("companySlug", "x", ("company", "slug")),
        ("id", None, ("thing", "id")),
    ],
)
def test_a_variable_names_an_entity_by_its_name_and_the_collection_before_it(
    variable: str, before: str | None, expected: tuple[str, str]
) -> None:
    assert noun_of(variable, before) == expected


@pytest.mark.parametrize(
    ("word", "expected"), [("users", "user"), ("companies", "company"), ("boxes", "box"), ("status", "status")]
)
def test_singulars(word: str, expected: str) -> None:
    assert singular(word) == expected


@pytest.mark.parametrize(
    ("variable", "before", "behind", "expected"),
    [
        ("version", None, False, True),
        ("apiVersion", "api", False, True),
        ("version", "versions", False, False),
        ("version", None, True, False),
        ("format", None, True, True),
        ("id", None, False, False),
    ],
)
def test_a_version_of_the_whole_api_has_one_value(
    variable: str, before: str | None, behind: bool, expected: bool
) -> None:
    assert has_one_value(variable, before, behind) is expected
