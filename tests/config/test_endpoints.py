"""The lines under `endpoints`: their keys, and the settings of one endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.config.endpoints import METHODS

from .folders import case, check, compile_files, compiled


def line(key: str, value: str = "http://h/x") -> str:
    return f"endpoints:\n  {key}: {value}\n"


CASES = [
    case("a path alone has no method", line("/x"), "2:3: endpoint-key", "'/x' has no method", "'GET /x'"),
    case("a method alone has no path", line("GET"), "2:3: endpoint-key", "'GET' has no path", "'GET /hotels/{hotel}'"),
    case("two spaces are one too many", line("GET  /x"), "2:3: endpoint-key", "exactly one space", "'GET /x'"),
    case("the method comes first", line("/x GET"), "2:3: endpoint-key", "the method comes first", "'GET /x'"),
    case(
        "a URL in the key belongs under host",
        line("GET http://a.test/x"),
        "2:3: endpoint-key",
        "names a host",
        "'host:'",
    ),
    case("a host in the key belongs under host", line("GET a.test/x"), "2:3: endpoint-key", "names a host", "'host:'"),
    case("a path begins with a slash", line("GET hotels/{x}"), "2:3: endpoint-key", "'GET /hotels/{x}'"),
    case("more than two words are no key", line("GET POST /x"), "2:3: endpoint-key", "'GET /x'"),
    case("a method in lower case is told the capitals", line("get /x"), "2:3: method-case", "'get'", "'GET'"),
    case("a method in mixed case is told the capitals", line("Patch /x"), "2:3: method-case", "'PATCH'"),
    case(
        "an unknown method suggests the nearest", line("GETS /x"), "2:3: method-unknown", "'GETS'", "nearest is 'GET'"
    ),
    case("an unknown method lists the known", line("BREW /x"), "2:3: method-unknown", "'BREW'", "known are GET, HEAD"),
    case("CONNECT is refused with the reason", line("CONNECT /x"), "2:3: method-connect", "tunnel"),
    case("a query in the path is refused where it begins", line("GET /x?a=1"), "2:9: path-query", "'/x?a=1'", "query"),
    case("a fragment in the path is refused where it begins", line("GET /x#a"), "2:9: path-query", "fragment"),
    case(
        "a space in the path is refused where its text begins", line("GET /x/a b"), "2:10: path-text", "'a b'", "space"
    ),
    case("a malformed escape in the path is refused", line("GET /x/%zz"), "2:10: path-text", "percent escape"),
    case("a brace without its pair is refused", line("GET /x/{a"), "2:10: path-brace", "'{a'", "'{name}'"),
    case(
        "two variables in one segment are refused",
        line("GET /{a}-{b}"),
        "2:12: segment-variables",
        "'{a}-{b}'",
        "at most one",
    ),
    case("a variable's name is a name", line("GET /{1a}"), "2:8: variable-name", "'{1a}'"),
    case("an empty variable is refused", line("GET /{}"), "2:8: variable-name", "'{}'"),
    case(
        "a variable that stands twice is refused",
        line("GET /{a}/{a}", "http://h/{a}"),
        "2:12: variable-repeated",
        "'{a}'",
    ),
    case(
        "an over-long path is refused",
        f"endpoints:\n  ? GET /{'k' * 4096}\n  : http://h/x\n",
        "2:9: path-length",
        "4097 characters",
        "4096",
    ),
    case("a key in quotes is shown where it begins", line("'GET /x?a'"), "2:3: path-query", "query"),
    case(
        "a setting without a route is refused",
        line("GET /x", "{timeout: 1s}"),
        "2:12: route-missing",
        "'timeout'",
        "'route'",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: str, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_one_broken_endpoint_hides_no_problem_of_another(tmp_path: Path) -> None:
    text = (
        "host: -\nzzz: 1\nendpoints:\n"
        "  get /a: ftp://h\n  GET /{b}: {route: 'http://h/', timeout: soon}\n  GET /c/{c}: http://h/\n  GET d: x\n"
    ).replace("host: -", "host: '-'")
    found = compile_files(tmp_path, text).diagnostics
    assert [(one.line, one.column, one.code) for one in found] == [
        (1, 7, "host"),
        (2, 1, "unknown-key"),
        (4, 3, "method-case"),
        (5, 21, "variable-unused"),
        (5, 43, "timeout"),
        (6, 15, "variable-unused"),
        (7, 3, "endpoint-key"),
    ]


@pytest.mark.parametrize("method", METHODS)
def test_each_known_method_makes_an_endpoint(tmp_path: Path, method: str) -> None:
    (endpoint,) = compiled(tmp_path, line(f"{method} /x")).endpoints
    assert (endpoint.method, endpoint.text, str(endpoint.place)) == (method, f"{method} /x", "hotel.yaml:2")


@pytest.mark.parametrize("value", ["", "~", "null", "{}", "{x-note: a}"])
def test_an_endpoint_without_a_route_is_managed(tmp_path: Path, value: str) -> None:
    (endpoint,) = compiled(tmp_path, line("GET /x", value)).endpoints
    assert endpoint.route is None


def test_merged_settings_are_fine_for_an_endpoint_without_a_route(tmp_path: Path) -> None:
    text = "x-slow: &slow {timeout: 9s}\n" + line("GET /x", "{<<: *slow}")
    assert compiled(tmp_path, text).endpoints[0].route is None


def test_a_file_s_flags_are_for_endpoints_that_say_nothing(tmp_path: Path) -> None:
    text = (
        "rewrite_location: true\nnormalize_to_origin: true\nendpoints:\n  GET /a: http://h\n"
        "  GET /b: {route: http://h, rewrite_location: false, normalize_to_origin: false}\n"
    )
    flags = [(one.rewrite_location, one.normalize_to_origin) for one in compiled(tmp_path, text).endpoints]
    assert flags == [(True, True), (False, False)]


def test_a_key_may_hold_what_yaml_gives_no_meaning_within_a_text(tmp_path: Path) -> None:
    text = "endpoints:\n  GET /a:b/{x}/*&!|>@%25,[c]: http://h/{x}\n"
    (endpoint,) = compiled(tmp_path, text).endpoints
    assert endpoint.path.stored == "/a:b/{var1}/*&!%7C%3E@%25,[c]"
