"""`insecure` and `h2c`: one value for each origin, wherever it is stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.endpoints.targets import Connection

from .folders import Files, case, check, compile_files, compiled

CASES = [
    case(
        "two files that disagree about insecure are an error at the second",
        {
            "a.yaml": "services:\n  s: {url: 'https://h:444', insecure: true}\n",
            "b.yaml": "origin: {url: 'https://H:444/v2', insecure: false}\n",
        },
        "b.yaml:1:45: insecure-disagrees",
        "https://h:444",
        "false here and true at a.yaml:2",
    ),
    case(
        "two endpoints that disagree about h2c are an error at the second",
        "endpoints:\n  GET /a: {route: http://h/a, h2c: false}\n  GET /b: {route: http://h/b, h2c: true}\n",
        "3:36: h2c-disagrees",
        "http://h",
        "true here and false at hotel.yaml:2",
    ),
    case(
        "an endpoint that disagrees with the gateway's service is an error at the endpoint",
        {
            "_gateway.yaml": "services:\n  s: {url: https://h, insecure: true}\n",
            "A.yaml": "endpoints:\n  GET /a: {route: 's:/a', insecure: false}\n",
        },
        "A.yaml:2:37: insecure-disagrees",
        "_gateway.yaml:2",
    ),
    case("h2c is for http", "origin: {url: https://h, h2c: true}\n", "1:31: h2c-scheme", "https://h", "TLS"),
    case(
        "insecure is for https",
        "services:\n  s: {url: http://h, insecure: true}\n",
        "2:32: insecure-scheme",
        "http://h",
        "certificate",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_a_place_that_is_silent_takes_what_another_states(tmp_path: Path) -> None:
    files = {
        "a.yaml": "host: a.test\norigin: https://h/base\nendpoints:\n  GET /a: https://h/a\n  GET /b: https://h:444/b\n",
        "b.yaml": "host: b.test\nendpoints:\n  GET /a: {route: https://h/b, insecure: true}\n  GET /c: http://h:443/c\n",
    }
    found = compiled(tmp_path, files)
    assert [endpoint.route.connection for endpoint in found.endpoints if endpoint.route] == [
        Connection(insecure=True),
        Connection(),
        Connection(insecure=True),
        Connection(),
    ]
    fallbacks = [fallback for _, fallback in found.hosts if fallback]
    assert [fallback.target.connection for fallback in fallbacks] == [Connection(insecure=True)]


def test_places_that_agree_are_fine_and_false_suits_any_scheme(tmp_path: Path) -> None:
    text = (
        "services:\n  s: {url: http://h, insecure: false, h2c: true}\n"
        "endpoints:\n  GET /a: {route: 's:/a', h2c: true}\n  GET /b: {route: https://h, h2c: false}\n"
    )
    connections = [one.route.connection for one in compiled(tmp_path, text).endpoints if one.route]
    assert connections == [Connection(h2c=True), Connection()]
