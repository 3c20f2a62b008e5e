"""`sluice schema`: the JSON Schema of route files refuses and takes what the loader does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.console.sluice import REPOSITORY, sluice, write
from tests.e2e.sluice.material import ESCAPE, problems

GOOD = {
    "smallest": "endpoints: {}\n",
    "route": "endpoints:\n  GET /a/{x}: http://127.0.0.1:1/{x}\n",
    "managed": "origin: http://127.0.0.1:1\nendpoints:\n  POST /a:\n",
    "mapping": "endpoints:\n  GET /a:\n    route: https://127.0.0.1:1/a\n    timeout: 500ms\n    insecure: true\n"
    "    host_header: source\n    rewrite_location: true\n    normalize_to_origin: false\n",
    "h2c": "endpoints:\n  GET /a: {route: 'http://127.0.0.1:7/a', h2c: true}\n",
    "examples": "endpoints:\n  GET /a/{x}:\n    route: http://127.0.0.1:1/{x}\n"
    "    examples: {/a/1: 'http://127.0.0.1:1/1'}\n",
    "services": "services:\n  up: http://127.0.0.1:1\n"
    "  down: {url: 'https://127.0.0.1:2', timeout: 2m, insecure: true}\n"
    "endpoints:\n  GET /a: up:/a\n  GET /b: down\n",
    "timeout-number": "timeout: 5\nendpoints: {}\n",
    "environment": "services:\n  up: ${UP_OF_TESTS:-http://127.0.0.1:1}\nendpoints:\n  GET /a: up:/a\n",
    "origin": "origin: {url: 'http://127.0.0.1:1', host_header: source}\n",
    "defaults": "timeout: 5s\nhost_header: target\nrewrite_location: true\nnormalize_to_origin: true\nendpoints: {}\n",
    "extension": "x-anything: [1, {a: b}]\nendpoints: {}\n",
}
WRONG = {
    "unknown-key": "colour: blue\n",
    "list": "- a\n",
    "text": "hello\n",
    "endpoints-list": "endpoints: [GET /a]\n",
    "no-method": "endpoints:\n  /a: http://127.0.0.1:1/a\n",
    "no-slash": "endpoints:\n  GET a: http://127.0.0.1:1/a\n",
    "number": "endpoints:\n  GET /a: 7\n",
    "sequence": "endpoints:\n  GET /a: [http://127.0.0.1:1/a]\n",
    "setting": "endpoints:\n  GET /a: {route: 'http://127.0.0.1:1/a', retries: 3}\n",
    "timeout": "endpoints:\n  GET /a: {route: 'http://127.0.0.1:1/a', timeout: soon}\n",
    "boolean": "endpoints:\n  GET /a: {route: 'http://127.0.0.1:1/a', insecure: maybe}\n",
    "host-mapping": "host: {a: b}\nendpoints: {}\n",
    "host-empty-list": "host: []\nendpoints: {}\n",
    "service-key": "services:\n  up: {url: 'http://127.0.0.1:1', colour: blue}\n",
    "service-no-url": "services:\n  up: {timeout: 5s}\n",
    "services-list": "services: [http://127.0.0.1:1]\n",
    "origin-list": "origin: [http://127.0.0.1:1]\n",
    "examples-list": "endpoints:\n  GET /a: {route: 'http://127.0.0.1:1/a', examples: [/a]}\n",
    "rewrite-text": "rewrite_location: 'yes please'\nendpoints: {}\n",
    "proxies": "trusted_proxies: [10.0.0.0/8]\nendpoints: {}\n",
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ran = sluice("schema", cwd=tmp_path_factory.mktemp("schema"))
    assert ran.code == 0, ran.err
    assert ESCAPE not in ran.out
    found = ran.json
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def refused_by_the_loader(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all samples that `check` has an error in; each sample has a host of its own."""
    folder = tmp_path_factory.mktemp("samples")
    samples = {**GOOD, **WRONG}
    write(folder, {f"routes/{name}.yaml": hosted(name, text) for name, text in samples.items()})
    found = problems(sluice("check", "--json", cwd=folder))
    return {Path(each["file"]).stem for each in found if each["severity"] == "error"}


def hosted(name: str, text: str) -> str:
    return text if text.startswith(("host", "- ", "hello")) else f"host: {name}.test\n{text}"


def test_it_is_a_schema_of_2020_12(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)


def test_every_key_of_a_file_is_described(schema: dict[str, Any]) -> None:
    properties = schema["properties"]
    keys = {"host", "origin", "services", "endpoints", "timeout", "host_header", "rewrite_location"}
    assert keys <= properties.keys()
    shown = json.dumps(properties)
    for key in keys:
        described = properties[key]
        assert "description" in described or "$ref" in described, key
    assert "to the response" in json.dumps(schema) or "first of the response" in json.dumps(schema)
    assert "one whole label" in shown, "the words of the README"


@pytest.mark.parametrize("name", GOOD)
def test_it_takes_what_the_loader_takes(schema: dict[str, Any], refused_by_the_loader: set[str], name: str) -> None:
    assert name not in refused_by_the_loader
    jsonschema_rs.Draft202012Validator(schema).validate(yaml.safe_load(hosted(name, GOOD[name])))


@pytest.mark.parametrize("name", WRONG)
def test_it_refuses_what_the_loader_refuses(schema: dict[str, Any], refused_by_the_loader: set[str], name: str) -> None:
    assert name in refused_by_the_loader
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(yaml.safe_load(hosted(name, WRONG[name])))


def test_json_is_the_schema_too(schema: dict[str, Any], tmp_path: Path) -> None:
    assert sluice("schema", "--json", cwd=tmp_path).json == schema


def test_the_shipped_route_files_name_it_and_fit_it(schema: dict[str, Any]) -> None:
    files = sorted((REPOSITORY / "routes").rglob("*.yaml"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        named = [line for line in text.splitlines() if line.startswith("# yaml-language-server: $schema=")]
        assert len(named) == 1, file
        where = named[0].partition("=")[2].strip()
        if "://" not in where:
            assert json.loads((file.parent / where).read_text(encoding="utf-8")) == schema
        jsonschema_rs.Draft202012Validator(schema).validate(yaml.safe_load(text))
