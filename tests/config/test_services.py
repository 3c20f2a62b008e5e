"""Services and origins: their forms, and the rules that their URLs keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.endpoints.targets import Connection, Origin

from .folders import Files, case, check, compile_files, compiled, target

USE = "endpoints:\n  GET /x: rooms:/x\n"

CASES = [
    case("a service's mapping has a URL", "services:\n  a: {timeout: 1s}\n", "2:6: url-missing", "service 'a'", "'url"),
    case("an origin's mapping has a URL", "origin: {timeout: 1s}\n", "1:9: url-missing", "origin", "'url"),
    case(
        "a service is not named like a scheme", "services:\n  http: http://h\n", "2:3: service-name", "'http'", "scheme"
    ),
    case("a service's name has no dots", "services:\n  a.b: http://h\n", "2:3: service-name", "'a.b'", "letters"),
    case(
        "a service's URL is not another service", f"services:\n  rooms: other\n{USE}", "2:10: service-url", "'http://"
    ),
    case(
        "a service's URL has a scheme",
        f"services:\n  rooms: h.test/v2\n{USE}",
        "2:10: target-origin",
        "'http://h.test/v2'",
    ),
    case("a service's URL is not empty", f"services:\n  rooms: ''\n{USE}", "2:10: target-origin", "empty"),
    case(
        "a service's URL has no query", f"services:\n  rooms: http://h/?a\n{USE}", "2:10: base-query", "service 'rooms'"
    ),
    case("a service's URL has no fragment", f"services:\n  rooms: http://h/#a\n{USE}", "2:19: target-fragment"),
    case("a service's URL has no user", f"services:\n  rooms: http://u@h\n{USE}", "2:18: target-userinfo", "'@'"),
    case("a service's URL has no variable", "services:\n  rooms: http://h/{a}\n", "2:10: base-variable", "brace"),
    case(
        "a service's URL has no dot segment",
        "services:\n  rooms: http://h/a/../b\n",
        "2:21: target-dot-segment",
        "'..'",
    ),
    case("an origin's URL has no query", "origin: http://h/?a=1\n", "1:9: base-query", "origin"),
    case("an origin's URL has no variable", "origin: http://h/{a}\n", "1:9: base-variable", "origin"),
    case(
        "an origin names a service that is defined",
        "services:\n  rooms: http://h\norigin: room\n",
        "3:9: service-unknown",
        "'room'",
        "nearest is 'rooms'",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_a_service_gives_base_path_timeout_and_host_header_to_its_targets(tmp_path: Path) -> None:
    text = f"services:\n  rooms: {{url: 'http://h/v2/', timeout: 3s, host_header: source}}\n{USE}"
    found = target(tmp_path, text)
    assert (found.text, found.path, found.timeout, found.host_header) == ("http://h/v2/x", ("/v2/x",), 3.0, "source")


def test_an_endpoint_says_more_than_its_service_and_a_service_more_than_the_file(tmp_path: Path) -> None:
    text = (
        "timeout: 1s\nhost_header: file.test\n"
        "services:\n  rooms: {url: http://h, timeout: 2s}\n"
        "endpoints:\n  GET /x: {route: 'rooms:/x', host_header: own.test}\n  GET /y: rooms:/y\n  GET /z: http://h/z\n"
    )
    settings = [
        (endpoint.route.timeout, endpoint.route.host_header)
        for endpoint in compiled(tmp_path, text).endpoints
        if endpoint.route
    ]
    assert settings == [(2.0, "own.test"), (2.0, "file.test"), (1.0, "file.test")]


def test_a_file_s_own_service_holds_before_the_gateway_s(tmp_path: Path) -> None:
    files = {
        "_gateway.yaml": "services:\n  rooms: http://all.test\n  dates: http://dates.test\n",
        "a.yaml": f"host: a.test\nservices:\n  rooms: http://own.test\n{USE}",
        "b.yaml": f"host: b.test\n{USE}  GET /d: dates\n",
    }
    found = compiled(tmp_path, files).endpoints
    assert [endpoint.route.text for endpoint in found if endpoint.route] == [
        "http://own.test/x",
        "http://all.test/x",
        "http://dates.test",
    ]


@pytest.mark.parametrize(
    ("written", "origin", "base"),
    [
        ("http://127.0.0.1:9000", Origin("http", "127.0.0.1", 9000), ""),
        ("https://api.test/v2/", Origin("https", "api.test", 443), "/v2"),
        ("rooms", Origin("http", "h", 80), "/v2"),
        ("rooms:/more", Origin("http", "h", 80), "/v2/more"),
        ("{url: 'http://[::1]:81', timeout: 2s}", Origin("http", "::1", 81), ""),
        ("{url: rooms}", Origin("http", "h", 80), "/v2"),
        ("127.0.0.1", Origin("http", "127.0.0.1", 80), ""),
    ],
)
def test_an_origin_is_a_url_or_a_service_or_a_mapping(tmp_path: Path, written: str, origin: Origin, base: str) -> None:
    ((pattern, fallback),) = compiled(tmp_path, f"services:\n  rooms: http://h/v2\norigin: {written}\n").hosts
    assert pattern.text == "*"
    assert fallback is not None
    assert (fallback.target.origin, fallback.target.base, fallback.target.path) == (origin, base, None)
    assert fallback.target.text == f"{origin}{base}"
    assert str(fallback.place) == "hotel.yaml:3"


def test_an_origin_follows_the_file_s_settings_and_its_own(tmp_path: Path) -> None:
    text = (
        "timeout: 1s\nhost_header: source\nnormalize_to_origin: true\nrewrite_location: true\n"
        "origin: {url: 'https://h', timeout: 2s, insecure: true}\n"
    )
    ((_, fallback),) = compiled(tmp_path, text).hosts
    assert fallback is not None
    assert (fallback.normalize_to_origin, fallback.rewrite_location) == (True, True)
    assert (fallback.target.timeout, fallback.target.host_header) == (2.0, "source")
    assert fallback.target.connection == Connection(insecure=True)


def test_a_wrong_service_is_reported_once_and_not_at_each_use(tmp_path: Path) -> None:
    text = "services:\n  rooms: ftp://h\norigin: rooms\nendpoints:\n  GET /x: rooms:/x\n  GET /y: rooms\n"
    check(compile_files(tmp_path, text).diagnostics, "hotel.yaml:2:10: target-scheme", ["'ftp'"])


def test_services_that_cannot_be_read_make_no_service_unknown(tmp_path: Path) -> None:
    files = {"_gateway.yaml": "services: {a: [\n", "a.yaml": USE}
    check(compile_files(tmp_path, files).diagnostics, "_gateway.yaml:1:16: yaml-unclosed", [])
