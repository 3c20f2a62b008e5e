"""Which endpoint a request belongs to: worked cases, and any table against a slow reference matcher."""

from __future__ import annotations

import gc
import re
import weakref

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluicegate.endpoints.hosts import HostPattern
from sluicegate.endpoints.table import Endpoint, Table

from ..tables import endpoint, fallback, pattern, table
from . import reference
from .reference import Row

HOSTS = st.sampled_from(
    [None, None, "a.test", "b.test", "{t}.test", "a.{t}", "{s}.{t}", "{t}.a.test", "b.{t}.test", "localhost", "[::1]"]
)
LITERALS = st.sampled_from(["a", "b", "F", "2F", "%2F", "a.json", "v1", "%252F", "aF"])
SHAPES = st.sampled_from(
    ["{}", "{}", "{}.json", "{}F", "{}2F", "{}%2F", "%2F{}", "v{}", "a{}", "a{}F", "{}aF", "%25{}", "aF{}", "{}n"]
)
VALUES = st.sampled_from(["a", "b", "F", "2F", "%2F", "%252F", "a%2F", "a.json", "v1", "a%2FF", ".json", "%C3%A9", "n"])
METHODS = st.sampled_from(["GET", "GET", "POST", "HEAD"])
ASKED_HOSTS = st.sampled_from(
    ["a.test", "b.test", "c.test", "a.b", "b.a", "x.a.test", "b.a.test", "b.x.test", "localhost", "[::1]", "", "test"]
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    segments = draw(st.lists(st.one_of(LITERALS, SHAPES), min_size=1, max_size=4))
    named = [segment.replace("{}", f"{{v{number}}}") for number, segment in enumerate(segments)]
    ending = draw(st.sampled_from(["", "", "", "/"]))
    return Row(draw(METHODS), draw(HOSTS), "/" + "/".join(named) + ending)


@st.composite
def requests(draw: st.DrawFn, known: list[Row]) -> tuple[str, str, str]:
    """A request near one of the table's endpoints: its variables filled in, a segment exchanged now and then."""
    row = draw(st.sampled_from(known)) if known else Row("GET", None, "/{x}")
    path = re.sub(r"\{\w+\}", lambda _: draw(VALUES), row.path)
    segments = path.split("/")[1:]
    match draw(st.sampled_from(["as it is", "as it is", "mixed", "exchanged", "longer", "shorter", "slash"])):
        case "mixed":  # the end of another endpoint, so that the way to this one leads nowhere
            other = draw(st.sampled_from(known or [row])).path.split("/")[1:]
            end = [re.sub(r"\{\w+\}", lambda _: draw(VALUES), one) for one in other]
            at = draw(st.integers(0, len(segments)))
            segments = [*segments[:at], *end[at:]] or [""]
        case "exchanged":
            segments[draw(st.integers(0, len(segments) - 1))] = draw(VALUES)
        case "longer":
            segments.append(draw(VALUES))
        case "shorter":
            segments = segments[:-1] or [""]
        case "slash":
            segments.append("")
    host = draw(ASKED_HOSTS)
    if row.host and draw(st.booleans()):
        host = re.sub(r"\{\w+\}", "x", row.host)
    return draw(st.sampled_from([row.method, "GET", "OPTIONS"])), host, "/" + "/".join(segments)


def build(known: list[Row]) -> tuple[Table, dict[str, Row], list[Row]]:
    """A table of rows (each operation once), the rows by operation id, and the rows that are in."""
    made = Table()
    by_id: dict[str, Row] = {}
    for row in known:
        one = endpoint(f"{row.method} {row.path}", host=row.host)
        if one.operation_id not in by_id:
            by_id[one.operation_id] = row
            made.add(one)
    return made, by_id, list(by_id.values())


@settings(max_examples=400, deadline=None)
@given(st.lists(rows(), max_size=12), st.data())
def test_any_table_answers_what_the_reference_matcher_answers(known: list[Row], data: st.DataObject) -> None:
    made, by_id, there = build(known)
    assert len(made) == len(there)
    for _ in range(4):
        method, host, path = data.draw(requests(there))
        expected = reference.matches(there, method, host, path)
        found = made.lookup(method, host, path)
        assert (by_id[found.operation_id] if found else None) == (expected[0] if expected else None)
        assert [by_id[one.operation_id] for one in made.matches(method, host, path)] == expected
        allowed = {row.method for row in there if reference.matches([row], row.method, host, path)}
        assert made.methods(host, path) == sorted(allowed)
        if found is not None:
            assert found.fits_path(path.split("/"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(HOSTS, st.booleans()), max_size=8, unique_by=lambda one: one[0]), ASKED_HOSTS)
def test_the_origin_of_the_most_specific_host_that_fits_takes_the_rest(
    hosts: list[tuple[str | None, bool]], asked: str
) -> None:
    made = Table()
    origins = {}
    for number, (host, has_origin) in enumerate(hosts):
        origins[host] = fallback(f"http://10.0.0.{number}") if has_origin else None
        made.add_host(pattern(host), origins[host])
    expected = reference.serving([host for host, _ in hosts], asked)
    assert [one.pattern for one in made.serving(asked)] == [pattern(host) for host in expected]
    assert made.fallback(asked) is (origins[expected[0]] if expected else None)


@given(st.lists(rows(), max_size=8), st.randoms(use_true_random=False), st.data())
def test_the_order_in_which_endpoints_are_added_does_not_count(
    known: list[Row], chance: object, data: st.DataObject
) -> None:
    made, _, there = build(known)
    shuffled = list(there)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    other, _, _ = build(shuffled)
    request = data.draw(requests(there))
    ids = [one.operation_id for one in made.matches(*request)]
    assert [one.operation_id for one in other.matches(*request)] == ids


def winner(made: Table, request: str, host: str = "a.test") -> str | None:
    method, _, path = request.partition(" ")
    found = made.lookup(method, host, path)
    return found.text if found else None


def test_a_literal_early_in_the_path_beats_one_that_comes_later() -> None:
    made = table(endpoint("GET /a/{x}/c"), endpoint("GET /a/b/{x}"))
    assert winner(made, "GET /a/b/c") == "GET /a/b/{x}"
    assert winner(made, "GET /a/x/c") == "GET /a/{x}/c"
    assert winner(made, "GET /a/x/d") is None


def test_a_literal_path_beats_one_with_a_variable() -> None:
    made = table(endpoint("GET /checkout/{x}"), endpoint("GET /checkout/pay"))
    assert winner(made, "GET /checkout/pay") == "GET /checkout/pay"
    assert winner(made, "GET /checkout/other") == "GET /checkout/{x}"


def test_a_way_that_leads_nowhere_is_left_for_the_next_best_one() -> None:
    made = table(endpoint("GET /a/b/c/d"), endpoint("GET /a/b/{x}/e"), endpoint("GET /{w}/{x}.y/c/{z}"))
    assert winner(made, "GET /a/b/c/d") == "GET /a/b/c/d"
    assert winner(made, "GET /a/b/c/e") == "GET /a/b/{x}/e"
    assert winner(made, "GET /a/b.y/c/f") == "GET /{w}/{x}.y/c/{z}"
    made = table(endpoint("GET /a.json/x"), endpoint("GET /{x}.json/y"))
    assert winner(made, "GET /a.json/y") == "GET /{x}.json/y"


def test_text_beside_a_variable_ranks_between_a_literal_and_a_bare_variable_the_longest_first() -> None:
    ranked = ["/i/a.b.json", "/i/{x}.b.json", "/i/a{x}json", "/i/{x}.json", "/i/a{x}", "/i/{x}"]
    made = table(*(endpoint(f"GET {path}") for path in reversed(ranked)))
    assert [one.path.text for one in made.matches("GET", "a.test", "/i/a.b.json")] == ranked


@pytest.mark.parametrize(
    ("path", "asked", "fits"),
    [
        ("/{id}F", "/%2F", False),
        ("/{id}2F", "/%2F", False),
        ("/{id}F", "/a%2F", False),
        ("/{id}F", "/%2FF", True),
        ("/{id}%2F", "/a%2F", True),
        ("/{id}", "/a%2Fb", True),
        ("/a/{id}", "/a%2Fb", False),
        ("/{x}", "/", False),
        ("/a/{x}", "/a/", False),
        ("/a", "/a/", False),
        ("/a/", "/a", False),
        ("/A", "/a", False),
        ("/", "/", True),
        ("/{x}/", "/a/", True),
    ],
)
def test_a_path_fits_segment_by_segment(path: str, asked: str, fits: bool) -> None:
    assert (winner(table(endpoint(f"GET {path}")), f"GET {asked}") is not None) is fits


def test_methods_are_exact_and_head_does_not_fall_back_to_get() -> None:
    made = table(endpoint("GET /a"), endpoint("DELETE /a"), endpoint("POST /{x}"))
    assert winner(made, "HEAD /a") is None
    assert winner(made, "get /a") is None
    assert made.methods("a.test", "/a") == ["DELETE", "GET", "POST"]
    assert made.methods("a.test", "/b") == ["POST"]
    assert made.methods("a.test", "/a/b") == []


def test_the_more_specific_host_wins_whatever_the_paths() -> None:
    made = table(endpoint("GET /a/b"), endpoint("GET /a/{x}", host="{t}.test"), endpoint("GET /{x}/{y}", host="a.test"))
    assert winner(made, "GET /a/b") == "GET /{x}/{y}"
    assert winner(made, "GET /a/b", "b.test") == "GET /a/{x}"
    assert winner(made, "GET /a/b", "other") == "GET /a/b"


def test_a_less_specific_host_takes_what_the_more_specific_one_has_no_endpoint_for() -> None:
    made = table(endpoint("GET /a", host="{t}.test"), endpoint("GET /b", host="a.test"))
    assert winner(made, "GET /a", "a.test") == "GET /a"


def test_a_host_pattern_that_comes_later_is_served_from_then_on() -> None:
    made = table(endpoint("GET /{x}", host="{t}.test"))
    assert winner(made, "GET /a") == "GET /{x}"
    made.add(endpoint("GET /a", host="a.test"))
    assert winner(made, "GET /a") == "GET /a"


def test_an_origin_is_added_to_a_host_without_taking_its_endpoints_away() -> None:
    origin = fallback("http://h")
    one = endpoint("GET /a", host="a.test")
    made = table(one, origins=[("a.test", origin)])
    made.add_host(HostPattern.parse("a.test"))
    assert made.own_fallback(one) is origin
    assert made.fallback("a.test") is origin
    assert made.lookup("GET", "a.test", "/a") is one


def test_host_tables_are_listed_most_specific_first_and_endpoints_all() -> None:
    listed = [endpoint("GET /a", host=host) for host in (None, "{t}.test", "a.test")]
    made = table(*listed)
    assert [one.pattern.text for one in made.hosts] == ["a.test", "{t}.test", "*"]
    assert set(made.endpoints()) == set(listed)
    assert len(made) == 3


@example(depth=12)
@given(depth=st.integers(1, 12))
@settings(max_examples=5, deadline=None)
def test_every_endpoint_of_a_full_tree_of_literals_and_variables_is_found(depth: int) -> None:
    ways = [
        "/" + "/".join("a" if number >> place & 1 else f"{{v{place}}}" for place in range(depth))
        for number in range(min(2**depth, 64))
    ]
    made = table(*(endpoint(f"GET {way}") for way in ways))
    assert len(list(made.matches("GET", "a.test", "/a" * depth))) == len(ways)


def test_a_table_that_is_let_go_frees_itself_without_the_cycle_collector() -> None:
    one: Endpoint = endpoint("GET /a/{x}.json", "http://h/{x}")
    made = table(one)
    assert made.lookup("GET", "a.test", "/a/1.json") is one
    gone = weakref.ref(made)
    gc.disable()
    try:
        del made
        assert gone() is None
    finally:
        gc.enable()
