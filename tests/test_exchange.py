"""The exchange: what it knows of its request, and what a refusal does to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.exchange import Forward, by_name
from sluicegate.problems import Problem

from .tables import exchange, target

FORWARD = Forward(target("/", "http://h:81/"), b"/a?b", "h", "hotel.yaml:1")


def test_fields_are_found_by_name_in_any_case_with_all_values_in_order() -> None:
    asked = exchange("GET /", ("X-A", "1"), ("x-a", "2"), ("X-B", ""))
    assert asked.field_values(b"x-a") == [b"1", b"2"]
    assert asked.field_values(b"x-b") == [b""]
    assert asked.field_values(b"x-c") == []
    assert by_name(asked.headers) == {b"host": [b"a.test"], b"x-a": [b"1", b"2"], b"x-b": [b""]}


def test_a_refusal_voids_what_was_decided_and_is_on_the_trail() -> None:
    asked = exchange()
    asked.forward = FORWARD
    problem = Problem(404, "no-endpoint", "Nothing there.")
    asked.refuse("routing", problem)
    assert (asked.forward, asked.problem) == (None, problem)
    (verdict,) = asked.trail
    assert (verdict.stage, verdict.outcome, verdict.reason) == ("routing", "refused", "Nothing there.")
    assert verdict.evidence == {"status": 404}


@pytest.mark.parametrize(
    ("asked", "path"),
    [("/a", "/a"), ("/a?token=x", "/a"), ("/a#x?y", "/a"), ("/\xe9", "/\\xe9"), ("", ""), ("*", "*")],
)
def test_the_path_for_logs_is_the_client_s_without_its_query(asked: str, path: str) -> None:
    assert exchange(f"GET {asked}").client_path == path


@given(st.binary(max_size=20))
def test_the_path_for_logs_and_the_instance_of_any_target_are_ascii_without_a_query(raw: bytes) -> None:
    asked = exchange(target=raw)
    for shown in (asked.client_path, asked.instance):
        assert shown.isascii()
        assert "?" not in shown
    assert all(33 <= ord(character) < 127 for character in asked.instance)


def test_the_instance_of_a_usual_path_is_that_path() -> None:
    assert exchange("GET /hotels/7/a%2Fb;c=d,e?x").instance == "/hotels/7/a%2Fb;c=d,e"
    assert exchange('GET /caf\xe9 "x"').instance == "/caf%E9%20%22x%22"


def test_a_forward_is_shown_as_a_url() -> None:
    assert FORWARD.url == "http://h:81/a?b"
    assert Forward(target("/", "http://h/"), b"/\xff", "h", "x:1").url == "http://h/\\xff"
