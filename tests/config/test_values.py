"""Typed values: what is not what was expected says what was."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folders import Files, case, check, compile_files, target

ROUTE = "endpoints:\n  GET /x:\n    route: http://h/x\n    "

CASES = [
    case("an unknown key suggests the nearest", "hots: a.test\n", "1:1: unknown-key", "'hots'", "nearest is 'host'"),
    case(
        "an unknown key that is near to none lists the known",
        "zzz: a\n",
        "1:1: unknown-key",
        "'zzz'",
        "known are endpoints, host, ",
    ),
    case(
        "an unknown key of an endpoint suggests the nearest",
        f"{ROUTE}hostheader: source\n",
        "4:5: unknown-key",
        "'hostheader' is not a key of endpoint 'GET /x'",
        "'host_header'",
    ),
    case(
        "an unknown key of a service suggests the nearest",
        "services:\n  a: {url: 'http://h', insecur: true}\n",
        "2:24: unknown-key",
        "service 'a'",
        "'insecure'",
    ),
    case(
        "a setting of the whole gateway says where it belongs",
        "trusted_proxies: []\n",
        "1:1: misplaced-key",
        "'trusted_proxies'",
        "_gateway.yaml",
    ),
    case("a file that is a list is refused", "- host: a\n", "1:1: wrong-type", "a mapping", "a list"),
    case("a file that is a text is refused", "host\n", "1:1: wrong-type", "'host'"),
    case("endpoints that are a list are refused", "endpoints:\n  - a\n", "2:3: wrong-type", "endpoints", "a list"),
    case("services that are a text are refused", "services: a\n", "1:11: wrong-type", "services", "'a'"),
    case("a host without a value is refused", "host:\n", "1:6: wrong-type", "host is a text, not nothing"),
    case("a host in a list without a value is refused", "host: [a.test, ~]\n", "1:16: wrong-type", "nothing"),
    case("an origin without a value is refused", "origin: null\n", "1:9: wrong-type", "origin", "nothing"),
    case("an origin that is a list is refused", "origin: [a]\n", "1:9: wrong-type", "origin", "a list"),
    case(
        "a host that is a variable alone wants quotes",
        "host: {tenant}\n",
        "1:7: wrong-type",
        "a mapping",
        'put it in quotes, "{tenant}"',
    ),
    case(
        "a target that is an IPv6 address alone wants quotes",
        "endpoints:\n  GET /x: [fe80::1]\n",
        "2:11: wrong-type",
        "the target of 'GET /x'",
        '"[fe80::1]"',
    ),
    case("a host that is an IPv6 address alone wants quotes", "host: [fe80::1]\n", "1:7: wrong-type", '"[fe80::1]"'),
    case(
        "an origin that is an IPv6 address alone wants quotes", "origin: [fe80::1]\n", "1:9: wrong-type", '"[fe80::1]"'
    ),
    case("a target that is a list is refused", "endpoints:\n  GET /x: [a, b]\n", "2:11: wrong-type", "a list"),
    case("a route without a value is refused", f"{ROUTE}\n".replace("http://h/x", ""), "3:11: wrong-type", "nothing"),
    case("a flag is true or false", f"{ROUTE}insecure: yes\n", "4:15: wrong-type", "true or false", "'yes'"),
    case("a flag in quotes is a text", f"{ROUTE}h2c: 'true'\n", "4:10: wrong-type", "true or false"),
    case("a default flag is true or false", "rewrite_location: 1\n", "1:19: wrong-type", "'rewrite_location'", "'1'"),
    case("a timeout is a time", f"{ROUTE}timeout: soon\n", "4:14: timeout", "'soon'", "'500ms'"),
    case("a timeout is not a list", f"{ROUTE}timeout: [1s]\n", "4:14: timeout", "a list"),
    case("a timeout is not zero", f"{ROUTE}timeout: 0\n", "4:14: timeout", "more than 0", "'0'"),
    case("a timeout is not negative", f"{ROUTE}timeout: -1s\n", "4:14: timeout", "'-1s'"),
    case("a timeout is at most an hour", "timeout: 61m\n", "1:10: timeout", "1 hour", "'61m'"),
    case(
        "a host header is a host",
        f"{ROUTE}host_header: http://h\n",
        "4:18: host-header",
        "'source'",
        "'http://h'",
    ),
    case(
        "an environment variable in a target says where it works",
        "endpoints:\n  GET /x: http://h/${X}\n",
        "2:20: environment-place",
        "'services'",
    ),
    case("an environment variable in a host says where it works", "host: ${X}\n", "1:7: environment-place", "${X}"),
    case("an environment variable in an origin says where it works", "origin: ${X}\n", "1:9: environment-place"),
    case(
        "an environment variable in an origin's URL says where it works",
        "origin: {url: 'http://${X}'}\n",
        "1:15: environment-place",
    ),
    case(
        "an environment variable in a path says where it works",
        "endpoints:\n  GET /${X}:\n",
        "2:8: environment-place",
        "'services'",
    ),
    case(
        "an environment variable in a host header says where it works",
        "host_header: ${X}\n",
        "1:14: environment-place",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("5s", 5.0), ("2m", 120.0), ("1h", 3600.0), ("0.25", 0.25), ("7", 7.0), ("'3s'", 3.0)],
)
def test_a_timeout_is_given_with_a_unit_or_in_seconds(tmp_path: Path, text: str, seconds: float) -> None:
    assert target(tmp_path, f"{ROUTE}timeout: {text}\n").timeout == seconds


@pytest.mark.parametrize("text", ["target", "source", "other.test", "other.test:8080", "'[::1]:80'", "no"])
def test_a_host_header_is_one_of_two_words_or_a_host(tmp_path: Path, text: str) -> None:
    assert target(tmp_path, f"{ROUTE}host_header: {text}\n").host_header == text.strip("'")


def test_keys_that_begin_with_x_are_ignored_everywhere(tmp_path: Path) -> None:
    text = f"x-note: [1, {{}}]\n{ROUTE}x-owner: me\n  x-old:\n    GET /y: nonsense\n"
    assert target(tmp_path, text).text == "http://h/x"


@pytest.mark.parametrize("key", ["services", "endpoints"])
def test_a_section_may_be_left_empty(tmp_path: Path, key: str) -> None:
    assert compile_files(tmp_path, f"host: a.test\n{key}:\n").diagnostics == ()
