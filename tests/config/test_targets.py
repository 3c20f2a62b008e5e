"""Targets of endpoints: which variables they use, and what rendering them gives."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.addresses import Services, split_address
from sluicegate.config.targets import read_target, variables_of
from sluicegate.endpoints.hosts import HostPattern
from sluicegate.endpoints.targets import Capture, HostCapture, Target, render_path, render_query
from sluicegate.endpoints.templates import parse_path

from .folders import case, check, compile_files, compiled, target

CASES = [
    case(
        "a path variable that the target leaves out is an error",
        "endpoints:\n  GET /a/{hotel}/{room}: http://h/{room}\n",
        "2:26: variable-unused",
        "'{hotel}' of 'GET /a/{hotel}/{room}' is missing",
    ),
    case(
        "all path variables that the target leaves out are named",
        "endpoints:\n  GET /a/{hotel}/{room}: http://h/\n",
        "2:26: variable-unused",
        "'{hotel}', '{room}'",
        "are missing",
    ),
    case(
        "a variable that the source does not have is an error",
        "endpoints:\n  GET /{hotel}: http://h/{hotel}/{hotl}\n",
        "2:34: variable-unknown",
        "'{hotl}'",
        "nearest is 'hotel'",
    ),
    case(
        "a variable in the query that the source does not have is an error",
        "endpoints:\n  GET /x: http://h/?a={b}\n",
        "2:23: variable-unknown",
        "'{b}'",
        "the source has none",
    ),
    case(
        "a brace without its pair is an error",
        "endpoints:\n  GET /x: http://h/a{b\n",
        "2:21: target-brace",
        "'%7B'",
    ),
    case("a closing brace alone is an error", "endpoints:\n  GET /x: http://h/ab}\n", "2:22: target-brace", "pair"),
    case("an empty variable is an error", "endpoints:\n  GET /x: http://h/{}\n", "2:20: variable-unknown", "'{}'"),
    case(
        "a variable of host and path is ambiguous",
        "host: '{a}.test'\nendpoints:\n  GET /x/{a}: http://h/{a}\n",
        "3:10: variable-ambiguous",
        "'{a}'",
    ),
    case(
        "a variable of host and path is ambiguous without a target, too",
        "host: '{a}.test'\nendpoints:\n  GET /x/{a}:\n",
        "3:10: variable-ambiguous",
        "'{a}'",
    ),
    case(
        "a host variable exists in every pattern of the file",
        "host: ['{a}.test', '{b}.x.test']\nendpoints:\n  GET /x: http://h/{a}\n",
        "3:20: variable-unknown",
        "'{a}'",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: str, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_variables_may_be_reordered_repeated_and_stand_beside_text(tmp_path: Path) -> None:
    text = "endpoints:\n  GET /a/{x}/{y}: http://h/{y}/v-{x}.json/{x}?z={y}&w\n"
    found = target(tmp_path, text)
    assert found.path == ("/", Capture(3), "/v-", Capture(2), ".json/", Capture(2))
    assert found.query == ("z=", Capture(3), "&w")
    assert found.text == "http://h/{y}/v-{x}.json/{x}?z={y}&w"


def test_a_variable_may_be_used_in_the_query_alone(tmp_path: Path) -> None:
    assert target(tmp_path, "endpoints:\n  GET /{x}: http://h/a?x={x}\n").query == ("x=", Capture(1))


@pytest.mark.parametrize("written", ["http://h", "http://h?a=1", "rooms"])
def test_a_target_that_keeps_the_path_need_not_name_variables(tmp_path: Path, written: str) -> None:
    text = f"services:\n  rooms: http://h/v2\nendpoints:\n  GET /{{x}}/{{y}}: {written}\n"
    assert target(tmp_path, text).path is None


def test_a_piece_of_a_segment_is_captured_without_the_text_around_it(tmp_path: Path) -> None:
    found = target(tmp_path, "endpoints:\n  GET /items/a-{id}.json: http://h/{id}\n")
    assert found.path == ("/", Capture(2, 2, -5))


def test_a_host_variable_is_compiled_for_each_pattern(tmp_path: Path) -> None:
    text = "host: ['{t}.a.test', 'x.{t}.b.test']\nendpoints:\n  GET /x: http://h/{t}\n"
    paths = [endpoint.route.path for endpoint in compiled(tmp_path, text).endpoints if endpoint.route]
    assert paths == [("/", HostCapture(0)), ("/", HostCapture(1))]


@pytest.mark.parametrize(
    ("source", "written", "guarded"),
    [
        ("/{a}/{b}", "/{b}/{a}", False),
        ("/{a}", "/x/{a}?b=.{a}", False),
        ("/{a}/{b}", "/{a}{b}", True),
        ("/{a}", "/.{a}", True),
        ("/{a}.json", "/{a}", True),
        ("/{a}.json", "/x?a={a}", False),
    ],
)
def test_a_target_is_guarded_where_its_pieces_could_make_a_dot_segment(
    tmp_path: Path, source: str, written: str, guarded: bool
) -> None:
    assert target(tmp_path, f"endpoints:\n  GET {source}: http://h{written}\n").guarded is guarded


def read(source: str, written: str, host: str = "{t}.test") -> Target:
    address = split_address(written, Services())
    assert address is not None
    return read_target(address, variables_of(parse_path(source), HostPattern.parse(host)), f"GET {source}")


values = st.text("abc%20.~-", min_size=1, max_size=5).filter(lambda text: "%" not in text and text not in (".", ".."))


@given(st.lists(values, min_size=3, max_size=3), st.permutations(["a", "b", "c"]))
def test_rendering_puts_each_value_where_its_variable_stands(segments: list[str], order: list[str]) -> None:
    written = "http://h/v1/" + "/".join(f"{{{name}}}" for name in order) + "?t={t}"
    found = read("/x/{a}/{b}/{c}", written)
    asked = ["", "x", *segments]
    expected = "/v1/" + "/".join(dict(zip("abc", segments, strict=True))[name] for name in order)
    assert render_path(found, asked, "me.test") == expected
    assert render_query(found, b"q=1", asked, "me.test") == b"t=me&q=1"


def test_the_text_of_a_target_is_a_url(tmp_path: Path) -> None:
    text = "services:\n  rooms: 'http://[::1]:81/v2'\nendpoints:\n  GET /{x}: rooms:/{x}?y\n"
    found = target(tmp_path, text)
    assert found.text == "http://[::1]:81/v2/{x}?y"
    assert urlsplit(found.text).port == 81
