"""A compiler that resolves only what has changed says what a new one would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.config.compiler import Compiler

START = {
    "_gateway.yaml": "services:\n  shared: http://127.0.0.1:9001\n",
    "a.yaml": "host: a.test\nservices:\n  own: http://127.0.0.1:9002\nendpoints:\n"
    "  GET /x/{id}: own:/y/{id}\n  GET /s: shared:/s\n",
    "b.yaml": "host: b.test\norigin: http://127.0.0.1:9003\nendpoints:\n  GET /x: shared:/b\n  POST /x:\n",
    "c.yaml": "host: c.test\nservices:\n  tls: {url: 'https://127.0.0.1:9004', insecure: true}\nendpoints:\n"
    "  GET /t: tls:/t\n  GET /u: {route: 'https://127.0.0.1:9004/u', examples: {/u: 'https://127.0.0.1:9004/u'}}\n",
}
EDITS = {
    "a service of all goes elsewhere": {"_gateway.yaml": "services:\n  shared: http://127.0.0.1:9011\n"},
    "a service of all is gone": {"_gateway.yaml": "services:\n  other: http://127.0.0.1:9001\n"},
    "the gateway's file is gone": {"_gateway.yaml": None},
    "a later file defines what an earlier one has": {
        "b.yaml": "host: a.test\nendpoints:\n  GET /s: http://127.0.0.1:1/s\n"
    },
    "an earlier file defines what a later one has": {
        "a.yaml": "host: b.test\nendpoints:\n  GET /x: http://127.0.0.1:1/s\n"
    },
    "a further origin of a host": {"a.yaml": "host: b.test\norigin: http://127.0.0.1:9009\n"},
    "another file says how an origin is reached": {
        "b.yaml": "host: b.test\nendpoints:\n  GET /x: {route: 'https://127.0.0.1:9004/x', insecure: true}\n",
        "c.yaml": "host: c.test\nendpoints:\n  GET /t: https://127.0.0.1:9004/t\n",
    },
    "a file that cannot be read": {"c.yaml": "host: [\n"},
    "a default of a file": {"b.yaml": START["b.yaml"] + "defaults:\n  timeout: 3s\n"},
    "a file is gone": {"a.yaml": None},
    "a line moves": {"a.yaml": "# a comment\n" + START["a.yaml"]},
    "the gateway's own address": {"b.yaml": "host: b.test\nendpoints:\n  GET /x: http://127.0.0.1:8080/loop\n"},
}
OWN = [("", 8080)]


def write(folder: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text)


def said(compiler: Compiler) -> tuple[object, ...]:
    outcome = compiler.compile()
    compiled = outcome.compiled
    if compiled is None:
        return None, outcome.diagnostics
    endpoints = [
        (one.operation_id, one.text, one.host.text, one.place, one.route, one.rewrite_location, one.normalize_to_origin)
        for one in compiled.endpoints
    ]
    return endpoints, compiled.hosts, compiled.settings, dict(compiled.files), outcome.diagnostics


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_and_its_way_back_compile_as_by_a_new_compiler(name: str, tmp_path: Path) -> None:
    write(tmp_path, dict(START))
    compiler = Compiler(tmp_path, environ={}, own_addresses=OWN)
    before = said(compiler)
    assert before[0] is not None, before
    assert said(compiler) == before
    write(tmp_path, EDITS[name])
    edited = said(compiler)
    assert edited == said(Compiler(tmp_path, environ={}, own_addresses=OWN))
    assert edited != before
    write(tmp_path, {file: START[file] for file in EDITS[name]})
    assert said(compiler) == before == said(Compiler(tmp_path, environ={}, own_addresses=OWN))


def test_an_endpoint_of_an_unchanged_file_is_the_same_object_again(tmp_path: Path) -> None:
    write(tmp_path, dict(START))
    compiler = Compiler(tmp_path, environ={})
    first = compiler.compile().compiled
    write(tmp_path, EDITS["a line moves"])
    second = compiler.compile().compiled
    assert first is not None
    assert second is not None
    again = {id(one) for one in first.endpoints} & {id(one) for one in second.endpoints}
    assert {one.text for one in second.endpoints if id(one) in again} == {"GET /x", "POST /x"}
