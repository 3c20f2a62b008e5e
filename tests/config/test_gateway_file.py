"""`_gateway.yaml`: services for all files, trusted proxies."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folders import Files, case, check, compile_files, compiled

CASES = [
    case(
        "endpoints say where they belong",
        {"_gateway.yaml": "endpoints:\n  GET /x: http://h\n"},
        "_gateway.yaml:1:1: misplaced-key",
        "'endpoints'",
        "route file",
    ),
    case(
        "a host says where it belongs",
        {"_gateway.yml": "trusted_proxies: []\nhost: a\n"},
        "_gateway.yml:2:1: misplaced-key",
        "'host'",
    ),
    case(
        "an unknown key suggests the nearest",
        {"_gateway.yaml": "trusted_proxy: []\n"},
        "_gateway.yaml:1:1: unknown-key",
        "nearest is 'trusted_proxies'",
    ),
    case("a list is refused", {"_gateway.yaml": "- a\n"}, "_gateway.yaml:1:1: wrong-type", "a mapping", "a list"),
    case(
        "a trusted proxy is an address or a network",
        {"_gateway.yaml": "trusted_proxies: [10.0.0.0/8, proxy.test]\n"},
        "_gateway.yaml:1:31: trusted-proxies",
        "'proxy.test'",
        "'10.0.0.0/8'",
    ),
    case(
        "an address inside a network is told the network",
        {"_gateway.yaml": "trusted_proxies:\n  - 10.1.2.3/8\n"},
        "_gateway.yaml:2:5: trusted-proxies",
        "'10.1.2.3/8'",
        "'10.0.0.0/8'",
    ),
    case(
        "a mapping is no trusted proxy",
        {"_gateway.yaml": "trusted_proxies: {a: b}\n"},
        "_gateway.yaml:1:18: wrong-type",
        "a mapping",
    ),
    case(
        "a second one at the root is refused",
        {"_gateway.yaml": "trusted_proxies: []\n", "_gateway.yml": "trusted_proxies: []\n"},
        "_gateway.yml:1:1: gateway-file",
        "'_gateway.yaml'",
    ),
    case(
        "one in a sub-folder is told its place",
        {"sub/_gateway.yaml": "services:\n  a: http://h\n"},
        "sub/_gateway.yaml:1:1: gateway-file",
        "root of the folder",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_trusted_proxies_are_networks_or_addresses(tmp_path: Path) -> None:
    found = compiled(tmp_path, {"_gateway.yaml": "trusted_proxies: [10.0.0.0/8, 192.0.2.7, 'fd00::/8']\n"})
    assert [str(network) for network in found.settings.trusted_proxies] == ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]
    assert found.settings.trusts("10.9.9.9")
    assert not found.settings.trusts("192.0.2.8")


@pytest.mark.parametrize("value", ["", "10.0.0.0/8", "[]"])
def test_trusted_proxies_may_be_none_or_one(tmp_path: Path, value: str) -> None:
    found = compiled(tmp_path, {"_gateway.yaml": f"trusted_proxies: {value}\n"})
    assert len(found.settings.trusted_proxies) == (1 if "/" in value else 0)


@pytest.mark.parametrize("text", ["", "x-a: 1\n"])
def test_an_empty_one_is_warned_about(tmp_path: Path, text: str) -> None:
    outcome = compile_files(tmp_path, {"_gateway.yaml": text})
    check(outcome.diagnostics, "_gateway.yaml:1:1: empty-file", ["sets nothing"])
    assert outcome.compiled is not None


def test_one_that_cannot_be_read_makes_no_service_of_a_route_file_unknown(tmp_path: Path) -> None:
    files = {"_gateway.yaml": b"\xff", "a.yaml": "origin: rooms\nendpoints:\n  GET /x: rooms:/x\n"}
    check(compile_files(tmp_path, files).diagnostics, "_gateway.yaml:1:1: not-utf-8", [])


def test_its_services_are_reported_where_they_are_defined(tmp_path: Path) -> None:
    files = {"_gateway.yaml": "services:\n  rooms: ftp://h\n", "a.yaml": "endpoints:\n  GET /x: rooms:/x\n"}
    check(compile_files(tmp_path, files).diagnostics, "_gateway.yaml:2:10: target-scheme", ["service 'rooms'"])
