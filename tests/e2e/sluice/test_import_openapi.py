"""`sluice import openapi`: a route file from an OpenAPI document, and one that the gateway takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.sluice.material import ESCAPE, no_traceback, refused, rows

SPEC = """\
openapi: 3.1.0
info: {title: Hotels, version: "1"}
servers:
  - url: https://api.example.test/v1
paths:
  /hotels/{hotel}:
    summary: One hotel
    parameters:
      - {name: hotel, in: path, required: true, schema: {type: string}}
    get:
      summary: Read a hotel
      responses: {"200": {description: ok}}
    delete:
      operationId: removeHotel
      responses: {"204": {description: gone}}
  /hotels/{hotel}/dates:
    $ref: "#/components/pathItems/dates"
components:
  pathItems:
    dates:
      parameters: [{$ref: "#/components/parameters/hotel"}]
      get: {summary: "Free dates: all of them # really", responses: {"200": {description: ok}}}
      x-internal: true
  parameters:
    hotel: {name: hotel, in: path, required: true, schema: {type: string}}
"""
TARGET = ("--target", "http://127.0.0.1:9001")


def imported(folder: Path, *arguments: str | Path) -> list[dict[str, Any]]:
    """The endpoints of the route file that an import printed; `check` must have nothing against it."""
    ran = sluice("import", "openapi", *arguments, cwd=folder)
    assert ran.code == 0, ran.err
    write(folder, {"out/api.yaml": ran.out})
    checked = sluice("check", "out", cwd=folder)
    assert checked.code == 0, ran.out + checked.out + checked.err
    return rows(sluice("list", "--routes", "out", "--json", cwd=folder))


def shape(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["method"], re.sub(r"\{[^}]*\}", "{}", row["path"])) for row in found}


def document(paths: dict[str, Any], **more: Any) -> str:
    return json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths, **more})


TEMPLATED = {
    "url": "https://{region}.x.test/{version}",
    "variables": {"region": {"default": "eu"}, "version": {"default": "v9"}},
}
ANSWERS = {"responses": {"200": {"description": "ok"}}}


def test_a_document_becomes_a_table_behind_the_base_path(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC})
    found = imported(tmp_path, "api.yaml", *TARGET, "--host", "api.hotel.test")
    assert {(row["method"], row["path"]) for row in found} == {
        ("GET", "/v1/hotels/{hotel}"),
        ("DELETE", "/v1/hotels/{hotel}"),
        ("GET", "/v1/hotels/{hotel}/dates"),
    }
    assert {row["host"] for row in found} == {"api.hotel.test"}
    for row in found:
        assert row["target"].startswith("http://127.0.0.1:9001/")
        assert row["target"].endswith(row["path"].removeprefix("/v1"))


def test_json_documents_give_the_same_as_yaml(tmp_path: Path) -> None:
    import yaml

    write(tmp_path, {"api.yaml": SPEC, "api.json": json.dumps(yaml.safe_load(SPEC))})
    yaml_ran, json_ran = (sluice("import", "openapi", name, *TARGET, cwd=tmp_path) for name in ("api.yaml", "api.json"))
    assert yaml_ran.code == json_ran.code == 0
    assert yaml_ran.out.replace("api.yaml", "api.json") == json_ran.out


def test_summaries_are_comments(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC})
    ran = sluice("import", "openapi", "api.yaml", *TARGET, cwd=tmp_path)
    comments = " ".join(line.partition("#")[2] for line in ran.out.splitlines())
    assert "Read a hotel" in comments
    assert "Free dates: all of them # really" in comments
    assert ESCAPE not in ran.out


def test_a_summary_cannot_break_out_of_its_comment(tmp_path: Path) -> None:
    paths = {
        f"/p{number}": {"get": {"summary": f"Nice{mark}  GET /evil{number}: http://evil.example/", **ANSWERS}}
        for number, mark in enumerate(["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x00", "\x1b[31m"])
    }
    write(tmp_path, {"api.json": document(paths, servers=[{"url": "/"}])})
    found = imported(tmp_path, "api.json", *TARGET)
    assert shape(found) == {("GET", path) for path in paths}
    assert ESCAPE not in (tmp_path / "out/api.yaml").read_text()


def test_a_file_is_written_where_asked(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC})
    printed = sluice("import", "openapi", "api.yaml", *TARGET, cwd=tmp_path)
    ran = sluice("import", "openapi", "api.yaml", *TARGET, "-o", "hotels.yaml", cwd=tmp_path)
    assert ran.code == 0
    assert (tmp_path / "hotels.yaml").read_text() == printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api.yaml", "hotels.yaml"]


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC.replace("pathItems/dates", "pathItems/missing"), "hotels.yaml": "kept"})
    refused(sluice("import", "openapi", "api.yaml", *TARGET, "-o", "hotels.yaml", cwd=tmp_path), "api.yaml")
    assert (tmp_path / "hotels.yaml").read_text() == "kept"
    write(tmp_path, {"api.yaml": SPEC})
    refused(sluice("import", "openapi", "api.yaml", *TARGET, "-o", "no/such/x.yaml", cwd=tmp_path), "no/such")


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ([{"url": "https://x.test/api/v2/"}], "/api/v2"),
        ([{"url": "/relative"}], "/relative"),
        ([{"url": "https://x.test"}], ""),
        ([], ""),
        ([TEMPLATED], "/v9"),
    ],
)  # fmt: skip
def test_the_base_path_is_that_of_the_server(tmp_path: Path, servers: list[Any], base: str) -> None:
    write(tmp_path, {"api.json": document({"/a/{x}": {"get": ANSWERS}}, servers=servers)})
    assert shape(imported(tmp_path, "api.json", *TARGET)) == {("GET", f"{base}/a/{{}}")}


def test_every_method_of_a_path_is_taken_and_nothing_else(tmp_path: Path) -> None:
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    item: dict[str, Any] = dict.fromkeys(methods, ANSWERS)
    item |= {"description": "x", "servers": [{"url": "/"}], "parameters": [], "x-more": ANSWERS}
    write(tmp_path, {"api.json": document({"/a": item, "x-paths": {"get": ANSWERS}})})
    assert shape(imported(tmp_path, "api.json", *TARGET)) == {(method.upper(), "/a") for method in methods}


@pytest.mark.parametrize(
    "path",
    ["/hotels/{hotel-id}", "/hotels/{hotel.id}", "/hotels/{hotelId}/{Hotel_Id}", "/a: b/#c", "/files/{name}.json",
     "/it's/\"quoted\"", "/café/{größe}", "/x/{2nd}", "/a%2Fb/{x}"],
)  # fmt: skip
def test_odd_paths_give_a_file_that_the_gateway_takes_or_an_error(tmp_path: Path, path: str) -> None:
    write(tmp_path, {"api.json": document({path: {"get": ANSWERS}, "/plain": {"get": ANSWERS}})})
    ran = sluice("import", "openapi", "api.json", *TARGET, cwd=tmp_path)
    if ran.code == 1:  # what cannot be an endpoint is left out and said, the rest is written
        assert path in ran.err
        assert "/plain" in ran.out
        return
    found = imported(tmp_path, "api.json", *TARGET)
    assert ("GET", "/plain") in shape(found)
    assert len(found) == 2


def test_variables_with_hyphens_are_common_and_work(tmp_path: Path) -> None:
    write(tmp_path, {"api.json": document({"/hotels/{hotel-id}/rooms/{room-id}": {"get": ANSWERS}})})
    imported(tmp_path, "api.json", *TARGET)
    ran = sluice("explain", "GET", "http://a.test/hotels/7/rooms/12", "--routes", "out", "--json", cwd=tmp_path)
    assert ran.json["target"] == "http://127.0.0.1:9001/hotels/7/rooms/12"


def test_json_is_json(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC})
    ran = sluice("import", "openapi", "api.yaml", *TARGET, "--json", cwd=tmp_path)
    assert ran.code == 0
    assert "/v1/hotels/{hotel}/dates" in json.dumps(ran.json)


@pytest.mark.parametrize(
    "change",
    [
        ("#/components/pathItems/dates", "#/components/pathItems/missing"),
        ("#/components/pathItems/dates", "#/paths/~1hotels~1{hotel}~1dates"),
        ("#/components/parameters/hotel", "#/components/parameters/none"),
        ("openapi: 3.1.0", 'swagger: "2.0"'),
        ("openapi: 3.1.0", "openapi: 4.0.0"),
        ("openapi: 3.1.0\n", ""),
        ("paths:", "paths: [1]\nother:"),
        ("  /hotels/{hotel}:\n", "  hotels: [\n"),
    ],
)
def test_a_document_that_cannot_be_used_is_a_one_line_error(tmp_path: Path, change: tuple[str, str]) -> None:
    assert change[0] in SPEC
    write(tmp_path, {"api.yaml": SPEC.replace(*change)})
    for more in ((), ("--json",)):
        refused(sluice("import", "openapi", "api.yaml", *TARGET, *more, cwd=tmp_path), "api.yaml")


def test_an_unresolvable_reference_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC.replace("pathItems/dates", "pathItems/missing")})
    refused(
        sluice("import", "openapi", "api.yaml", *TARGET, cwd=tmp_path), "api.yaml", "#/components/pathItems/missing"
    )


def test_aliases_that_grow_without_end_are_refused_or_harmless(tmp_path: Path) -> None:
    bomb = "x-a: &a [" + "x," * 9 + "x]\n"
    for number, (name, above) in enumerate(zip("bcdefghi", "abcdefgh", strict=True)):
        bomb += f"x-{name}: &{name} [" + ",".join([f"*{above}"] * 10) + f"] # {number}\n"
    write(tmp_path, {"api.yaml": bomb + SPEC})
    ran = no_traceback(sluice("import", "openapi", "api.yaml", *TARGET, cwd=tmp_path))
    assert ran.code in (0, 2)


@pytest.mark.parametrize("target", ["nowhere", "ftp://x.test", "http://", "http://a b/"])
def test_a_target_that_is_no_url_is_used_wrongly(tmp_path: Path, target: str) -> None:
    write(tmp_path, {"api.yaml": SPEC})
    ran = no_traceback(sluice("import", "openapi", "api.yaml", "--target", target, cwd=tmp_path))
    assert ran.code == 2, ran.out
    assert ran.out == ""


def test_a_target_must_be_given(tmp_path: Path) -> None:
    write(tmp_path, {"api.yaml": SPEC})
    ran = no_traceback(sluice("import", "openapi", "api.yaml", cwd=tmp_path))
    assert ran.code == 2
    assert "--target" in ran.err
