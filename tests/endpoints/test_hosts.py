"""Hosts of requests and host patterns: what is one, which fit each other, and which is the more specific."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.endpoints.hosts import Authority, HostPattern, is_host_name, parse_authority

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("api.hotel.test", "api.hotel.test", None),
        ("API.Hotel.Test", "api.hotel.test", None),
        ("api.hotel.test.", "api.hotel.test", None),
        ("api.hotel.test.:8080", "api.hotel.test", 8080),
        ("api.hotel.test:", "api.hotel.test", None),
        ("localhost:1", "localhost", 1),
        ("localhost:65535", "localhost", 65535),
        ("localhost:00080", "localhost", 80),
        ("127.0.0.1:9000", "127.0.0.1", 9000),
        ("[::1]", "[::1]", None),
        ("[::1]:", "[::1]", None),
        ("[::1]:9000", "[::1]", 9000),
        ("[0:0:0:0:0:0:0:1]", "[::1]", None),
        ("[FE80::A]:1", "[fe80::a]", 1),
        ("a_b.test", "a_b.test", None),
        ("x" * 63, "x" * 63, None),
    ],
)
def test_an_authority_is_read(text: str, host: str, port: int | None) -> None:
    assert parse_authority(text) == Authority(host, port)


@pytest.mark.parametrize(
    "text",
    [
        *["", ".", "..", "a..b", ".a", "a..", ":80", "a b", " a", "a ", "a\t", "a/b", "a?b", "a#b", "a\\b", "a,b"],
        *["user@a", "http://a", "-a.test", "a-.test", "ä.test", "\u212aa.test", "a%41", "{x}.test", "*", "*.test"],
        *["a:b", "a:0", "a:65536", "a:-1", "a:+1", "a: 1", "a:1 ", "a:1:2", "a:999999", "a:١", "::1", "[::1", "::1]"],
        *["[::1]x", "[::1]x:80", "[::1]:x", "[::1]:0", "[::1%25eth0]", "[::1%eth0]", "[a.test]", "[]", "[]:1"],
        *["x" * 64, ".".join(["x" * 63] * 4) + ".x", "a\x00b", "[[::1]]", "x[::1]"],
    ],
)
def test_what_is_not_an_authority_is_not_read_as_one(text: str) -> None:
    assert parse_authority(text) is None


@given(HOSTS, st.one_of(st.none(), st.integers(1, 65535)), st.booleans())
def test_case_and_trailing_dot_of_a_host_do_not_count(host: str, port: int | None, dotted: bool) -> None:
    written = host.upper() + "." * dotted + (f":{port}" if port else "")
    assert parse_authority(written) == Authority(host, port)


@given(st.text(max_size=12))
def test_whatever_is_read_as_an_authority_is_plain_ascii_in_lower_case(text: str) -> None:
    found = parse_authority(text)
    if found is not None:
        assert text.isascii()
        assert found.host == found.host.lower()
        assert found.host.startswith("[") or is_host_name(found.host)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("api.hotel.test", "api.hotel.test"),
        ("API.Hotel.Test.", "api.hotel.test"),
        ("{tenant}.hotel.test", "{hostVar1}.hotel.test"),
        ("foo.{h}.Example.com", "foo.{hostVar1}.example.com"),
        ("{b}.{a}.example.com", "{hostVar2}.{hostVar1}.example.com"),
        ("{b}.example.{a}", "{hostVar2}.example.{hostVar1}"),
        ("{tenant}.hotel.test.", "{hostVar1}.hotel.test"),
        ("[::1]", "[::1]"),
        ("[0:0::1]", "[::1]"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_stored_form_of_a_pattern_numbers_its_variables_from_the_right(text: str, stored: str) -> None:
    assert HostPattern.parse(text).stored == stored


def test_the_stored_form_does_not_depend_on_the_names_of_variables() -> None:
    assert HostPattern.parse("{a}.{b}.test").stored == HostPattern.parse("{b}.{a}.test").stored


def test_the_names_of_host_variables_are_kept_left_to_right_and_in_their_case() -> None:
    assert HostPattern.parse("{Tenant}.{region}.TEST").variables == ("Tenant", "region")


def test_any_host_is_shown_as_a_star() -> None:
    assert HostPattern().text == HostPattern().stored == "*"


def test_a_pattern_is_shown_as_it_was_written_in_lower_case() -> None:
    assert HostPattern.parse("{Tenant}.eu.{region}.TEST.").text == "{Tenant}.eu.{region}.test"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo-{h}.example.com", "must fill a whole label"),
        ("{h}foo.example.com", "must fill a whole label"),
        ("{a}{b}.example.com", "must fill a whole label"),
        ("{a.b}.test", "must fill a whole label"),
        ("{}.test", "must fill a whole label"),
        ("{a-b}.test", "must fill a whole label"),
        ("{1a}.test", "must fill a whole label"),
        ("a}.test", "must fill a whole label"),
        ("{a}.{a}.test", "same variable name twice"),
        ("", "not a host name"),
        ("*.test", r"label '\*'"),
        ("a..test", "not a host name"),
        ("a b.test", "not a host name"),
        ("a:80", "not a host name"),
        ("\u212aa.test", "not a host name"),
        ("{x}.\u212aa.test", "not a host name"),
        ("[::1]:80", "not an IPv6 address"),
        ("[::x]", "not an IPv6 address"),
        (".".join(["x" * 60] * 5), "longer than 255"),
    ],
)
def test_a_pattern_that_breaks_a_rule_is_refused_with_the_rule(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HostPattern.parse(text)


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("a.test", "a.test", True),
        ("a.test", "b.test", False),
        ("a.test", "x.a.test", False),
        ("{t}.test", "a.test", True),
        ("{t}.test", "a.b.test", False),
        ("{t}.test", "test", False),
        ("{t}.test", "a.other", False),
        ("{t}.test", "", False),
        ("{t}", "localhost", True),
        ("{t}", "[::1]", False),
        ("{t}", "", False),
        ("[::1]", "[::1]", True),
        ("[::1]", "[::2]", False),
        ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", True),
        ("a.{t}.test", "a.b.test", True),
        ("a.{t}.test", "b.b.test", False),
    ],
)
def test_a_variable_stands_for_exactly_one_label(pattern: str, host: str, fits: bool) -> None:
    canonical = parse_authority(host)
    assert HostPattern.parse(pattern).fits(canonical.host if canonical else "") is fits


@pytest.mark.parametrize("host", ["", "a.test", "[::1]", "10.0.0.1"])
def test_a_pattern_without_labels_fits_any_host(host: str) -> None:
    assert HostPattern().fits(host)


def test_patterns_rank_exact_first_then_fewer_variables_then_from_the_right_any_host_last() -> None:
    ranked = ["a.b.c", "{x}.b.c", "a.{x}.c", "a.b.{x}", "{x}.{y}.c", "{x}.b.{y}", "a.{x}.{y}", "{x}.{y}.{z}"]
    patterns = [*map(HostPattern.parse, ranked), HostPattern()]
    shuffled = [*patterns[4:], *patterns[:4]]
    assert sorted(shuffled, key=lambda one: one.rank) == patterns
    assert len({one.rank for one in patterns}) == len(patterns)


@given(HOSTS, st.data())
def test_a_pattern_made_of_a_host_fits_it(host: str, data: st.DataObject) -> None:
    labels = [f"{{v{number}}}" if data.draw(st.booleans()) else label for number, label in enumerate(host.split("."))]
    pattern = HostPattern.parse(".".join(labels))
    assert pattern.fits(host)
    assert not pattern.fits(f"x.{host}")
    assert pattern.is_exact is (not pattern.variables)
