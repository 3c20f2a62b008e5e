"""What a target says before its variables are looked at: origin, base path, path and query."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.addresses import Service, Services, split_address
from sluicegate.endpoints.targets import Origin
from sluicegate.endpoints.templates import TemplateError

from .folders import check, compile_files, target

ROOMS = Services({"rooms": Service("rooms", Origin("http", "127.0.0.1", 9002), "/v2"), "broken": None})
FILE = "services:\n  rooms: http://127.0.0.1:9002/v2\nendpoints:\n  GET /x: {target}\n"
COLUMN = 11


@pytest.mark.parametrize(
    ("text", "origin", "base", "path", "query"),
    [
        ("http://a.test", ("http", "a.test", 80), "", None, None),
        ("https://a.test/", ("https", "a.test", 443), "", "/", None),
        ("http://A.Test.:8080/x?y", ("http", "a.test", 8080), "", "/x", "y"),
        ("http://a.test?y=/z", ("http", "a.test", 80), "", None, "y=/z"),
        ("http://a.test/x?", ("http", "a.test", 80), "", "/x", ""),
        ("http://127.0.0.1:9000//x//", ("http", "127.0.0.1", 9000), "", "//x//", None),
        ("http://[::1]:9000/x", ("http", "::1", 9000), "", "/x", None),
        ("https://[2001:DB8::0:1]", ("https", "2001:db8::1", 443), "", None, None),
        ("127.0.0.1", ("http", "127.0.0.1", 80), "", None, None),
        ("127.0.0.1:9000/x", ("http", "127.0.0.1", 9000), "", "/x", None),
        ("[::1]", ("http", "::1", 80), "", None, None),
        ("[::1]:9000/x?y", ("http", "::1", 9000), "", "/x", "y"),
        ("rooms", ("http", "127.0.0.1", 9002), "/v2", None, None),
        ("rooms?y", ("http", "127.0.0.1", 9002), "/v2", None, "y"),
        ("rooms:/x/{y}?z={y}", ("http", "127.0.0.1", 9002), "/v2", "/x/{y}", "z={y}"),
        ("rooms:/", ("http", "127.0.0.1", 9002), "/v2", "/", None),
        ("http://a.test/x?u=http://b.test:1/", ("http", "a.test", 80), "", "/x", "u=http://b.test:1/"),
        ("rooms:/x?u=a://b", ("http", "127.0.0.1", 9002), "/v2", "/x", "u=a://b"),
    ],
)
def test_a_target_has_origin_base_path_path_and_query(
    text: str, origin: tuple[str, str, int], base: str, path: str | None, query: str | None
) -> None:
    found = split_address(text, ROOMS)
    assert found is not None
    assert (found.origin, found.base, found.path, found.query) == (Origin(*origin), base, path, query)
    assert path is None or text[found.offset :].startswith(path)


def test_nothing_is_said_of_a_service_whose_own_definition_is_wrong() -> None:
    assert split_address("broken:/x", ROOMS) is None
    assert split_address("broken", ROOMS) is None
    assert split_address("other:/x", Services(complete=False)) is None


@pytest.mark.parametrize(
    ("written", "offset", "code", "parts"),
    [
        ("http://a.test/x#y", 15, "target-fragment", ["'http://a.test/x#y'"]),
        ("http://a.test/a b", 15, "target-text", ["'%20'"]),
        ("http://a.test/100%", 17, "target-text", ["'%'", "'%25'"]),
        ("http://a.test/%zz", 14, "target-text", ["'%zz'"]),
        ("http://a.test/%00", 14, "target-text", ["'%00'"]),
        ("http://a.test/x?y=%a", 18, "target-text", ["'%a'"]),
        ("ftp://a.test/x", 0, "target-scheme", ["'ftp'", "known are http, https"]),
        ("ws://a.test/x", 0, "target-scheme", ["'ws'", "known are http, https, rooms"]),
        ("HTTP://a.test/x", 0, "target-scheme", ["'HTTP'", "'http://…'"]),
        ("rooms://x", 0, "target-scheme", ["'rooms'", "'rooms:/x'"]),
        ("room://x", 0, "target-scheme", ["nearest is 'rooms'"]),
        ("http://{host}/x", 7, "target-variable-place", ["'{host}/x'", "host"]),
        ("http://a.test:{port}/x", 14, "target-variable-place", ["port"]),
        ("'{scheme}://a.test/x'", None, "target-variable-place", ["scheme"]),
        ("'{origin}/x'", None, "target-variable-place", ["origin"]),
        ("http://user:pw@a.test/x", 14, "target-userinfo", ["user name"]),
        ("user@a.test/x", 4, "target-userinfo", ["user name"]),
        ("http:///x", 7, "target-host", ["no host"]),
        ("http://a.test:0/x", 7, "target-host", ["port '0'", "65535"]),
        ("http://a.test:65536/x", 7, "target-host", ["port '65536'"]),
        ("http://a.test:http/x", 7, "target-host", ["port 'http'"]),
        ("http://::1:9000/x", 7, "target-host", ["IPv6", "'[::1]:9000'"]),
        ("http://-a-/x", 7, "target-host", ["'-a-'"]),
        ("http://bücher.test/x", 7, "target-host", ["'xn--bcher-kva.test'"]),
        ("http://[::1/x", 7, "target-host", ["'[::1'"]),
        ("'[::g]:1/x'", None, "target-origin", ["'[::g]:1/x'"]),
        ("999.1.1.1/x", None, None, []),
        ("''", None, "target-origin", ["empty"]),
        ("/x", 0, "target-origin", ["'/x'", "'service:/x'"]),
        ("a.test/x", 0, "target-origin", ["'http://a.test/x'"]),
        ("localhost:9000", 0, "target-origin", ["'http://localhost:9000'"]),
        ("rooms:x", 6, "target-origin", ["'rooms:/x'", "'rooms'"]),
        ("room:/x", 0, "service-unknown", ["'room'", "nearest is 'rooms'"]),
        ("room:x", 0, "service-unknown", ["'room'", "nearest is 'rooms'"]),
        ("zzz", 0, "service-unknown", ["'zzz'", "known are rooms"]),
        ("http://a.test/a/../b", 16, "target-dot-segment", ["'..'"]),
        ("http://a.test/%2E%2e/b", 14, "target-dot-segment", ["'%2E%2e'"]),
        ("rooms:/x/.", 9, "target-dot-segment", ["'.'"]),
    ],
)
def test_a_target_that_breaks_a_rule_is_shown_where_it_does(
    tmp_path: Path, written: str, offset: int | None, code: str | None, parts: list[str]
) -> None:
    found = compile_files(tmp_path, FILE.replace("{target}", written)).diagnostics
    if code is None:
        # DNS has no say in what looks like an address: whoever connects finds out.
        assert found == ()
    else:
        check(found, f"hotel.yaml:4:{COLUMN + (offset or 0)}: {code}", parts)


def test_a_file_without_services_says_what_a_target_can_be(tmp_path: Path) -> None:
    found = compile_files(tmp_path, "endpoints:\n  GET /x: rooms:/x\n").diagnostics
    check(found, "hotel.yaml:2:11: service-unknown", ["'rooms'", "'services'", "http://"])


def test_text_that_is_not_ascii_is_sent_percent_encoded(tmp_path: Path) -> None:
    found = target(tmp_path, "endpoints:\n  GET /x: http://h/bücher/%c3%bc?q=€\n")
    assert found.path == ("/b%C3%BCcher/%c3%bc",)
    assert found.query == ("q=%E2%82%AC",)


pieces = [*":/?#@.9% é", "//", "http", "https", "rooms", "broken", "{a}", "a.test", "[::1]"]


@given(st.lists(st.sampled_from(pieces), max_size=10).map("".join))
def test_any_text_is_an_address_or_breaks_a_rule_at_a_place_within_it(text: str) -> None:
    found = problem = None
    try:
        found = split_address(text, ROOMS)
    except TemplateError as error:
        problem = error
    if problem is not None:
        assert 0 <= problem.offset <= len(text)
        assert str(problem)
        assert "\n" not in str(problem)
    elif found is not None:
        assert found.origin.scheme in ("http", "https")
        assert 0 < found.origin.port < 65536
        assert not {"/", "{", "@", "?"} & set(found.origin.host)
        rest = (found.path or "") + ("" if found.query is None else f"?{found.query}")
        assert text.endswith(rest)
        assert text[: len(text) - len(rest)] == text[: found.offset]
