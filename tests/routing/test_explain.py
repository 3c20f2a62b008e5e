"""Why an endpoint took a request: its variables, and what lost to it."""

from __future__ import annotations

import pytest

from sluicegate.routing import explain
from sluicegate.routing.explain import losers, reason, shown, variables

from ..tables import endpoint, table


def told(request_line: str, *rows: tuple[str | None, str], host: str = "a.test") -> list[tuple[str, str]]:
    method, _, path = request_line.partition(" ")
    made = table(*(endpoint(text, host=own) for own, text in rows))
    return [(loser.endpoint.text, loser.reason) for loser in losers(made, method, host, path)]


def test_every_endpoint_that_fits_and_lost_is_named_with_the_segment_that_decided() -> None:
    assert told(
        "GET /a/b.json/c", (None, "GET /a/{x}/c"), (None, "GET /a/{x}.json/{y}"), (None, "GET /a/b.json/{y}"),
        (None, "GET /{z}/b.json/c"), (None, "GET /a/other/c"), (None, "POST /a/{x}/c"),
    ) == [
        ("GET /a/{x}.json/{y}", "segment 2: '{x}.json' is less specific than 'b.json'"),
        ("GET /a/{x}/c", "segment 2: '{x}' is less specific than 'b.json'"),
        ("GET /{z}/b.json/c", "segment 1: '{z}' is less specific than 'a'"),
    ]  # fmt: skip


def test_a_less_specific_host_is_named_as_the_reason() -> None:
    assert told("GET /a", ("{t}.test", "GET /a"), (None, "GET /a"), ("a.test", "GET /{x}")) == [
        ("GET /a", "host '{t}.test' is less specific than 'a.test'"),
        ("GET /a", "host '*' is less specific than 'a.test'"),
    ]


def test_longer_text_beside_a_variable_is_a_reason() -> None:
    one, other = endpoint("GET /{x}.json"), endpoint("GET /{x}n")
    assert reason(one, other) == "segment 1: '{x}n' is less specific than '{x}.json'"


def test_without_a_rival_nothing_lost() -> None:
    assert told("GET /a", (None, "GET /a"), (None, "GET /b")) == []
    assert told("GET /c", (None, "GET /a"), (None, "GET /b")) == []


def test_no_more_losers_than_the_limit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "MOST_LOSERS", 2)
    rows = [(None, f"GET {path}") for path in ("/a/b", "/a/{x}", "/{x}/b", "/{x}/{y}", "/a/{x}b")]
    assert len(told("GET /a/b", *rows)) == 2


def test_the_variables_of_path_and_host_are_shown_as_they_were_captured() -> None:
    one = endpoint("GET /x/{a}/v{b}.json/{c}", host="{tenant}.eu.{zone}.test")
    found = variables(one, ["", "x", "a%2Fb", "v7.json", "~"], "me.eu.z1.test")
    assert found == {"a": "a%2Fb", "b": "7", "c": "~", "tenant": "me", "zone": "z1"}


def test_an_endpoint_without_variables_has_none_even_on_an_ipv6_host() -> None:
    assert variables(endpoint("GET /x", host="[::1]"), ["", "x"], "[::1]") == {}
    assert variables(endpoint("GET /x"), ["", "x"], "a.test") == {}


@pytest.mark.parametrize("text", ["a", "{x}", "v{x}", "{x}.json", "v{x}.json", ""])
def test_a_segment_is_shown_as_a_route_file_has_it(text: str) -> None:
    (segment,) = endpoint(f"GET /{text}").path.segments
    assert shown(segment) == text
