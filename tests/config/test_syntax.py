"""Files that are not YAML: the place, and a hint where a value only wants quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folders import Files, case, check, compile_files

CASES = [
    case(
        "a host that begins with a variable wants quotes",
        "host: {tenant}.hotel.test\n",
        "1:7: yaml-quotes",
        "begins with '{'",
        'host: "{tenant}.hotel.test"',
    ),
    case(
        "a host in a list that begins with a variable wants quotes",
        "host:\n  - a.test\n  - {tenant}.hotel.test\n",
        "3:5: yaml-quotes",
        '"{tenant}.hotel.test"',
    ),
    case(
        "a target that begins with an IPv6 address wants quotes",
        "endpoints:\n  GET /x: [::1]:9000/x  # here\n",
        "2:11: yaml-quotes",
        'GET /x: "[::1]:9000/x"',
    ),
    case(
        "a target that is an IPv6 loopback address alone wants quotes",
        "endpoints:\n  GET /x: [::1]\n",
        "2:11: yaml-quotes",
        'GET /x: "[::1]"',
    ),
    case(
        "a host that begins with an asterisk wants quotes",
        "host: *.hotel.test\n",
        "1:7: yaml-quotes",
        'host: "*.hotel.test"',
    ),
    case("a value that begins with an at sign wants quotes", "host: @a\n", "1:7: yaml-quotes", 'host: "@a"'),
    case("a value that begins with a backtick wants quotes", "host: `a`\n", "1:7: yaml-quotes", 'host: "`a`"'),
    case("a value that begins with a percent sign wants quotes", "host: %a\n", "1:7: yaml-quotes", 'host: "%a"'),
    case("a value that begins with an ampersand wants quotes", "host: &.a\n", "1:7: yaml-quotes", 'host: "&.a"'),
    case("a value that begins with a bar wants quotes", "host: |a\n", "1:7: yaml-quotes", 'host: "|a"'),
    case("a value with quotes inside is put in the other ones", 'host: @"a"\n', "1:7: yaml-quotes", "host: '@\"a\"'"),
    case(
        "a value like an alias without an anchor names it and the quotes",
        "host: *tenant\n",
        "1:7: yaml-alias",
        "'*tenant'",
        "'&tenant'",
        "quote",
    ),
    case("an anchor that stands twice is refused", "x-a: &a 1\nx-b: &a 2\n", "2:6: yaml-anchor", "line 1"),
    case(
        "a target that is a service's name with a colon is told both ways to write it",
        "endpoints:\n  GET /x: rooms:\n",
        "2:16: yaml-quotes",
        "'rooms:/path'",
        "'rooms' alone",
    ),
    case(
        "a text with a colon and a space in it wants quotes",
        "endpoints:\n  GET /x: http://h/a: b\n",
        "2:21: yaml-quotes",
        'GET /x: "http://h/a: b"',
    ),
    case("a tab cannot indent", "endpoints:\n\tGET /x: http://h/\n", "2:1: yaml-tab", "spaces"),
    case("a tab below a value cannot indent", "host: a\n\torigin: b\n", "2:1: yaml-tab", "spaces"),
    case("a quote that is never closed is shown where it opens", "host: 'a\n\n", "1:7: yaml-unclosed", "'"),
    case("a list that is never closed is shown where it opens", "host: [a, b\n\n", "1:7: yaml-unclosed", "'['"),
    case("a file that ends after a bracket is told so", "host: [\n", "1:8: yaml-unclosed", "brackets"),
    case("text behind a closing quote is refused", "host: 'a' b\n", "1:11: yaml-quotes", "closing quote"),
    case("a second document is refused", "host: a\n---\nhost: b\n", "2:1: yaml-documents", "one"),
    case("a line without a colon is refused", "host: a\nendpoints\n", "2:1: yaml-colon", "'endpoints'"),
    case(
        "a line that is indented below a value is refused",
        "host: a\n  origin: http://h\n",
        "2:9: yaml-indent",
        "'origin:'",
    ),
    case(
        "a line that is indented like no other is refused",
        "endpoints:\n   GET /x: http://h/\n  GET /y: http://h/\n",
        "3:3: yaml-indent",
        "indentation",
    ),
    case(
        "a first key of more than 1024 characters is told of the long form",
        "endpoints:\n  GET /" + "k" * 1100 + ": http://h/\n",
        "2:3: yaml-long-key",
        "'? GET /k",
    ),
    case(
        "a later key of more than 1024 characters is told of the long form",
        "endpoints:\n  GET /: http://h/\n  GET /" + "k" * 1100 + ": http://h/\n",
        "3:3: yaml-long-key",
        "'? GET /k",
    ),
    case("a control character is shown by its number", "host: a\n# \x07\n", "2:3: yaml-character", "U+0007"),
    case("a NUL is shown by its number", "host: a\r\nx: é\x00\n", "2:5: yaml-character", "U+0000"),
    case("an escape that does not exist is refused", 'host: "\\q"\n', "1:8: yaml-syntax", "unknown escape"),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_does_not_parse(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_a_broken_file_hides_no_problem_of_another(tmp_path: Path) -> None:
    files = {"a.yaml": "host: {x}.y\n", "b.yaml": "hots: b.test\n", "c/d.yml": "\tx\n"}
    found = compile_files(tmp_path, files).diagnostics
    assert [(one.file, one.code) for one in found] == [
        ("a.yaml", "yaml-quotes"),
        ("b.yaml", "unknown-key"),
        ("c/d.yml", "yaml-tab"),
    ]
