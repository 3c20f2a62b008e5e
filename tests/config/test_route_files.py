"""Route files by themselves: hosts, defaults, empty ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folders import Files, case, check, compile_files, compiled

CASES = [
    case("a host with a scheme is refused", "host: http://a.test\n", "1:7: host", "'http://a.test'", "without scheme"),
    case("a host with a port is refused", "host: a.test:8080\n", "1:7: host", "without its port"),
    case("a host with a wildcard is told of variables", "host: '*.a.test'\n", "1:7: host", "'{name}.example.com'"),
    case("a host that is not ASCII is refused", "host: bücher.test\n", "1:7: host", "'xn--…'"),
    case("a variable fills a whole label", "host: 'foo-{x}.a.test'\n", "1:7: host", "'foo-{x}'", "whole label"),
    case("a variable of a host has its own name", "host: '{x}.{x}.test'\n", "1:7: host", "twice"),
    case("a host that is too long is refused", f"host: {'a.' * 200}test\n", "1:7: host", "255"),
    case("each host of a list is looked at", "host:\n  - a.test\n  - b_.-\n", "3:5: host", "'b_.-'"),
    case(
        "a host that is in the list twice is refused",
        "host: [a.test, A.test.]\n",
        "1:16: duplicate-host",
        "'A.test.'",
        "line 1",
    ),
    case(
        "a host pattern that is in the list twice under other names is refused",
        "host: ['{a}.test', '{b}.test']\n",
        "1:20: duplicate-host",
        "'{b}.test'",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "---\n", "~\n", "{}\n", "x-a: {b: 1}\n", "\ufeff"])
def test_an_empty_file_is_legal_and_warned_about(tmp_path: Path, text: str) -> None:
    outcome = compile_files(tmp_path, text)
    check(outcome.diagnostics, "hotel.yaml:1:1: empty-file", ["no endpoints"])
    assert [one.severity for one in outcome.diagnostics] == ["warning"]
    assert outcome.compiled is not None
    assert outcome.compiled.warnings == outcome.diagnostics
    assert outcome.compiled.hosts == ()


def test_a_file_serves_each_of_its_hosts(tmp_path: Path) -> None:
    text = "host: [a.test, '{t}.b.test', '[::1]', 127.0.0.1]\nendpoints:\n  GET /x: http://h/x\n"
    found = compiled(tmp_path, text)
    assert [pattern.text for pattern, _ in found.hosts] == ["a.test", "{t}.b.test", "[::1]", "127.0.0.1"]
    assert [endpoint.host.text for endpoint in found.endpoints] == [pattern.text for pattern, _ in found.hosts]
    assert len({endpoint.operation_id for endpoint in found.endpoints}) == 4


def test_an_empty_list_of_hosts_serves_nobody_and_is_told(tmp_path: Path) -> None:
    outcome = compile_files(tmp_path, "host: []\nendpoints:\n  GET /x: http://h/x\n")
    check(outcome.diagnostics, "hotel.yaml:1:7: host", ["the list of hosts is empty"])


def test_a_file_without_a_host_serves_any(tmp_path: Path) -> None:
    found = compiled(tmp_path, "endpoints:\n  GET /x:\n")
    assert [pattern.text for pattern, _ in found.hosts] == ["*"]


def test_a_host_without_endpoints_is_served(tmp_path: Path) -> None:
    assert [pattern.text for pattern, _ in compiled(tmp_path, "host: a.test\n").hosts] == ["a.test"]


def test_a_file_of_services_alone_serves_no_host(tmp_path: Path) -> None:
    assert compiled(tmp_path, "services:\n  a: http://h\n").hosts == ()


def test_endpoints_of_a_host_that_cannot_be_read_are_checked_all_the_same(tmp_path: Path) -> None:
    text = "host: '-'\nendpoints:\n  GET /x: http://h/{t}\n  GET /{y}: http://h/\n  GET /{z}: nobody:/{z}\n"
    found = compile_files(tmp_path, text).diagnostics
    assert [(one.line, one.code) for one in found] == [(1, "host"), (4, "variable-unused"), (5, "service-unknown")]
