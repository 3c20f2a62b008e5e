"""Examples of endpoints, over the whole table."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.endpoints.hosts import HostPattern, host_of

from .folders import Files, case, check, compile_files

HEAD = "services:\n  rooms: http://127.0.0.1:9002/v2\nendpoints:\n"


def endpoint(key: str, route: str, request: str, expected: str) -> str:
    return f"  {key}:\n    route: '{route}'\n    examples:\n      {request}: {expected}\n"


CASES = [
    case(
        "an example that another endpoint wins names the winner",
        {
            "a.yaml": HEAD + endpoint("GET /hotels/{hotel}", "rooms:/{hotel}", "/hotels/best", "rooms:/best"),
            "b.yaml": "endpoints:\n  GET /hotels/best: http://h/\n",
        },
        "a.yaml:7:7: example-endpoint",
        "'/hotels/best'",
        "'GET /hotels/best' (b.yaml:2)",
        "more specific",
    ),
    case(
        "an example that another endpoint wins is an error even where both go to the same URL",
        HEAD + endpoint("GET /a/{x}", "rooms:/{x}", "/a/b", "rooms:/b") + "  GET /a/b: rooms:/b\n",
        "7:7: example-endpoint",
        "'GET /a/b' (hotel.yaml:8)",
    ),
    case(
        "an example that gives another URL shows it",
        HEAD + endpoint("GET /a/{x}", "rooms:/{x}?y=1", "/a/b?z=2", "rooms:/b?z=2"),
        "7:17: example-target",
        "'/a/b?z=2'",
        "gives http://127.0.0.1:9002/v2/b?y=1&z=2, not http://127.0.0.1:9002/v2/b?z=2",
    ),
    case(
        "an example that its endpoint does not fit says what differs",
        HEAD + endpoint("GET /a/{x}/c", "rooms:/{x}", "/a/b/d", "rooms:/b"),
        "7:7: example-endpoint",
        "segment 3 is 'd', not 'c'",
    ),
    case(
        "an example that goes to the origin says what differs",
        "origin: http://h\nendpoints:\n" + endpoint("GET /a", "http://h/b", "/a/", "http://h/b"),
        "6:7: example-endpoint",
        "does not fit its endpoint",
        "2 segments, not 1",
    ),
    case(
        "an example for a host that its endpoint is not for says so",
        "host: a.test\n" + HEAD + endpoint("GET /a", "rooms:/b", "//b.test/a", "rooms:/b"),
        "8:7: example-endpoint",
        "'b.test', not 'a.test'",
    ),
    case(
        "an example that the gateway refuses says why",
        HEAD + endpoint("GET /{x}/{y}", "rooms:/{x}{y}", "'/a/%zz'", "rooms:/b"),
        "7:7: example-refused",
        "malformed percent escape",
    ),
    case(
        "an example that would make a dot segment is refused",
        HEAD + endpoint("GET /{x}.json", "rooms:/{x}", "/...json", "rooms:/.."),
        "7:7: example-refused",
        "dot segment",
    ),
    case(
        "an example's request begins with a slash",
        HEAD + endpoint("GET /a", "rooms:/b", "GET /a", "rooms:/b"),
        "7:7: example-request",
        "'GET /a'",
        "'//host/path'",
    ),
    case(
        "an example's host is a host",
        HEAD + endpoint("GET /a", "rooms:/b", "//-/a", "rooms:/b"),
        "7:7: example-refused",
        "Host",
    ),
    case(
        "what an example gives holds values, not variables",
        HEAD + endpoint("GET /a/{x}", "rooms:/{x}", "/a/b", "rooms:/{x}"),
        "7:20: example-variable",
        "value",
    ),
    case(
        "what an example gives is a target",
        HEAD + endpoint("GET /a", "rooms:/b", "/a", "room:/b"),
        "7:11: service-unknown",
        "example '/a'",
        "'rooms'",
    ),
    case(
        "what an example gives is a text",
        HEAD + endpoint("GET /a", "rooms:/b", "/a", "[b, c]"),
        "7:11: wrong-type",
        "example '/a'",
    ),
    case(
        "examples are a mapping",
        "endpoints:\n  GET /a: {route: http://h/, examples: [/a]}\n",
        "2:40: wrong-type",
        "'examples' is a mapping",
    ),
    case(
        "an example of an endpoint without a route and without an origin is refused",
        "endpoints:\n  GET /a: {examples: {/a: http://h/a}}\n",
        "2:23: example-refused",
        "no route",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + endpoint("GET /a/{x}", "rooms:/{x}", "/a/b", "rooms:/b"),
        HEAD + endpoint("GET /a/{x}", "rooms:/{x}", "/a/b?c=%2F", "http://127.0.0.1:9002/v2/b?c=%2F"),
        HEAD + endpoint("GET /a/{x}", "rooms:/{x}", "//a/./%62%2f", "rooms:/b%2F").replace("//a", "/a/"),
        HEAD + endpoint("GET /a/{x}", "rooms", "/a/b?c", "rooms:/a/b?c"),
        HEAD + endpoint("OPTIONS /a", "http://h", "/a", "http://h:80/a"),
        "host: '{Tenant_1}.a.test'\n" + HEAD + endpoint("GET /a", "rooms:/{Tenant_1}", "/a", "rooms:/tenant_1"),
        "host: '{t}.a.test'\n" + HEAD + endpoint("GET /a", "rooms:/{t}", "//me.a.test/a", "rooms:/me"),
        "host: ['[::1]', b.test]\n" + HEAD + endpoint("GET /a", "rooms:/a", "/a", "rooms:/a"),
        "origin: http://h/base\nendpoints:\n  POST /a/{x}: {examples: {/a/b: http://h/base/a/b}}\n",
        HEAD + endpoint("GET /ü", "rooms:/ü", "/ü", "rooms:/ü"),
    ],
)
def test_an_example_that_holds_is_fine(tmp_path: Path, text: str) -> None:
    assert compile_files(tmp_path, text).diagnostics == ()


def test_an_example_for_any_host_is_not_taken_by_a_file_with_a_host(tmp_path: Path) -> None:
    files = {
        "a.yaml": HEAD + endpoint("GET /a", "rooms:/a", "/a", "rooms:/a"),
        "b.yaml": "host: '{x}'\nendpoints:\n  GET /a: http://h/b\n",
    }
    assert compile_files(tmp_path, files).diagnostics == ()


def test_examples_are_checked_although_another_file_has_errors(tmp_path: Path) -> None:
    files = {
        "a.yaml": HEAD + endpoint("GET /a", "rooms:/a", "/a", "rooms:/b"),
        "b.yaml": "host: {x}.y\n",
    }
    codes = [one.code for one in compile_files(tmp_path, files).diagnostics]
    assert codes == ["example-target", "yaml-quotes"]


@pytest.mark.parametrize("text", ["a.test", "{a}.test", "{A}.{b_2}.test", "[::1]"])
def test_the_host_of_an_example_fits_its_pattern(text: str) -> None:
    pattern = HostPattern.parse(text)
    assert pattern.fits(host_of(pattern))


def test_any_host_has_no_host_of_its_own() -> None:
    assert host_of(HostPattern()) is None
