"""Files put together: what two places say about one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folders import Files, case, check, compile_files, compiled

CASES = [
    case(
        "an endpoint that two files define names both places",
        {
            "a.yaml": "host: x.test\nendpoints:\n  GET /a/{b}: http://h/{b}\n",
            "b.yaml": "host: X.test\nendpoints:\n  GET /z:\n  GET /a/{c}:\n",
        },
        "b.yaml:4:3: duplicate-endpoint",
        "'GET /a/{c}'",
        "a.yaml:3",
        "as 'GET /a/{b}'",
    ),
    case(
        "an endpoint that one file defines under two names names both lines",
        "endpoints:\n  GET /a//b:\n  GET /%61/b:\n",
        "3:3: duplicate-endpoint",
        "'GET /%61/b'",
        "hotel.yaml:2",
        "'GET /a//b'",
    ),
    case(
        "host patterns of the same shape are one pattern",
        {
            "a.yaml": "host: '{x}.test'\nendpoints:\n  GET /a:\n",
            "b.yaml": "host: ['{y}.test', b.test]\nendpoints:\n  GET /a:\n",
        },
        "b.yaml:3:3: duplicate-endpoint",
        "a.yaml:3",
    ),
    case(
        "two origins of one host name both places",
        {"a.yaml": "host: x.test\norigin: http://h\n", "b.yaml": "host: [y.test, x.test]\norigin: http://i\n"},
        "b.yaml:2:9: duplicate-origin",
        "'x.test'",
        "http://h at a.yaml:2",
    ),
    case(
        "two origins for any host name both places",
        {"a.yaml": "origin: http://h\n", "b.yaml": "origin: {url: http://h}\n"},
        "b.yaml:1:15: duplicate-origin",
        "a.yaml:1",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_files_may_share_a_host_and_one_of_them_gives_its_origin(tmp_path: Path) -> None:
    files = {
        "a.yaml": "host: x.test\nendpoints:\n  GET /a:\n",
        "b.yaml": "host: x.test\norigin: http://h\nendpoints:\n  GET /b:\n  POST /a:\n",
    }
    found = compiled(tmp_path, files)
    ((pattern, fallback),) = found.hosts
    assert (pattern.text, fallback and fallback.target.text) == ("x.test", "http://h")
    assert [endpoint.text for endpoint in found.endpoints] == ["GET /a", "GET /b", "POST /a"]


def test_a_trailing_slash_or_another_host_makes_another_endpoint(tmp_path: Path) -> None:
    files = {
        "a.yaml": "host: a.test\nendpoints:\n  GET /a:\n  GET /a/:\n",
        "b.yaml": "host: b.test\nendpoints:\n  GET /a:\n",
    }
    assert len({endpoint.operation_id for endpoint in compiled(tmp_path, files).endpoints}) == 3


def test_an_operation_id_stays_when_names_of_variables_change(tmp_path: Path) -> None:
    first = compiled(tmp_path / "a", {"a.yaml": "host: '{t}.test'\nendpoints:\n  GET /{x}/b:\n"})
    second = compiled(tmp_path / "b", {"b.yaml": "host: '{u}.test'\nendpoints:\n  GET /{y}/b: http://h/{y}\n"})
    assert first.endpoints[0].operation_id == second.endpoints[0].operation_id
