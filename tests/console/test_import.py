"""`sluice import openapi` and `sluice schema`, run for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from .sluice import golden, sluice, write

SPEC = """\
openapi: 3.1.0
info: {title: Pet Store, version: "1"}
servers: [{url: https://pets.example.com/v1}]
paths:
  /pets:
    get: {summary: List all pets, tags: [pets]}
    post: {summary: Add a pet, tags: [pets]}
  /pets/{pet-id}:
    parameters: [{name: pet-id, in: path, required: true, schema: {type: string}}]
    get: {summary: One pet, tags: [pets], deprecated: true}
  /map/{lat},{lng}:
    get: {summary: Who lives there, tags: [map]}
"""
TARGET = ("--target", "http://127.0.0.1:9001/v1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"pets.yaml": SPEC})


def test_a_route_file_is_printed_and_what_is_left_out_is_told(folder: Path) -> None:
    ran = sluice("import", "openapi", "pets.yaml", *TARGET, "--host", "api.pets.test", cwd=folder)
    assert ran.out == golden("import_openapi.yaml")
    assert ran.err == (
        "sluice: pets.yaml: left out: GET /v1/map/{lat},{lng}: "
        "segment '{lat},{lng}' holds 2 variables: a segment holds at most one\n"
    )
    assert ran.code == 1


def test_what_is_printed_is_what_the_other_commands_take(folder: Path) -> None:
    whole = SPEC.partition("  /map")[0]
    write(folder, {"pets.yaml": whole})
    assert sluice("import", "openapi", "pets.yaml", *TARGET, "-o", "pets.routes.yaml", cwd=folder).code == 0
    assert sluice("check", "--strict", "pets.routes.yaml", cwd=folder).code == 0
    assert sluice("fmt", "--check", "pets.routes.yaml", cwd=folder).code == 0


def test_a_file_that_is_there_is_overwritten_by_force_only(folder: Path) -> None:
    write(folder, {"out.yaml": "mine\n"})
    told = sluice("import", "openapi", "pets.yaml", *TARGET, "-o", "out.yaml", cwd=folder)
    assert (told.code, (folder / "out.yaml").read_text()) == (2, "mine\n")
    assert told.err.endswith("out.yaml: the file exists: overwrite it with --force, or name another one\n")
    assert sluice("import", "openapi", "pets.yaml", *TARGET, "-o", "out.yaml", "--force", cwd=folder).code == 1
    assert "GET /v1/pets:" in (folder / "out.yaml").read_text()


def test_an_import_as_json(folder: Path) -> None:
    found = sluice("import", "openapi", "pets.yaml", *TARGET, "--json", cwd=folder)
    assert found.code == 1
    assert found.json["endpoints"] == 3
    assert found.json["skipped"] == [
        {
            "operation": "GET /v1/map/{lat},{lng}",
            "reason": "segment '{lat},{lng}' holds 2 variables: a segment holds at most one",
        }
    ]
    assert "GET /v1/pets:" in found.json["file"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.yaml", *TARGET], "none.yaml: no such file or directory"),
        (
            ["pets.yaml", "--target", "backend"],
            "--target: 'backend' is not a URL: write it like 'http://127.0.0.1:9001'",
        ),
        (["pets.yaml", *TARGET, "--host", "a b"], "--host: host 'a b' is not a host name: label 'a b'"),
        ([".", *TARGET], ".: is a directory"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(folder: Path, arguments: list[str], told: str) -> None:
    assert sluice("import", "openapi", *arguments, cwd=folder).one_line_error == told


@pytest.mark.parametrize(
    ("name", "title"), [("routes", "route file"), ("gateway", "the whole gateway"), ("tests", "test")]
)
def test_each_schema_is_printed(folder: Path, name: str, title: str) -> None:
    ran = sluice("schema", name, cwd=folder)
    assert (ran.code, ran.json["$schema"]) == (0, "https://json-schema.org/draft/2020-12/schema")
    assert title in ran.json["title"]
    assert sluice("schema", name, "--json", cwd=folder).out == ran.out
