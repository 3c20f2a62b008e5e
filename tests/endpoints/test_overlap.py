"""Requests that two endpoints both fit: found where there are some, and only there."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluicegate import trial
from sluicegate.endpoints.host_index import HostIndex
from sluicegate.endpoints.hosts import HostPattern, common_host
from sluicegate.endpoints.overlap import ANY_HOST, Witness, common, overlapping, witness
from sluicegate.endpoints.table import Endpoint, Table
from tests.tables import endpoint, snapshot, table

HOSTS = st.sampled_from(
    [None, "a.test", "b.test", "{t}.test", "{t}.{u}", "a.{u}", "{x}", "[::1]", "127.0.0.1", "127.{a}.{b}.1", "a"]
)
TEXTS = st.sampled_from(["", "a", "b", "ab", ".", "%2F", "2F", "F", "%2f", "-", "a.b"])


@st.composite
def endpoints(draw: st.DrawFn, method: str = "GET") -> Endpoint:
    """An endpoint of few hosts and short paths, so that two of them often have something in common."""
    segments = []
    for number in range(draw(st.integers(1, 3))):
        prefix, suffix, kind = draw(TEXTS), draw(TEXTS), draw(st.integers(0, 3))
        segments.append([prefix, f"{{v{number}}}", f"{prefix}{{v{number}}}", f"{prefix}{{v{number}}}{suffix}"][kind])
    return endpoint(f"{method} /{'/'.join(segments)}", host=draw(HOSTS))


@st.composite
def filled(draw: st.DrawFn, one: Endpoint) -> tuple[str, str]:
    """A host and a path that are often those of an endpoint: its variables filled with short texts."""
    values = st.sampled_from(["a", "b", "ab", "F", "%2F", "a.b", ".", "..", "-", "aab", "x"])
    path = "/" + "/".join(prefix + (draw(values) if name else "") + suffix for prefix, name, suffix in one.path.parts)
    host = ".".join(label or draw(st.sampled_from(["a", "test", "0", "1"])) for label in one.host.labels)
    return host or draw(st.sampled_from(["a.test", "other.test", "[::1]", "a"])), path


def fitting(made: Table, request: Witness) -> list[Endpoint]:
    """The endpoints of a table that a request fits, once it is admitted as it stands."""
    exchange = trial.decided(trial.Request(request.method, request.authority, request.path.encode()), snapshot())
    assert (exchange.host, exchange.path) == (request.authority, request.path)
    return list(made.matches(request.method, exchange.host, exchange.path))


@given(endpoints(), st.integers(1, 20))
def test_a_witness_is_admitted_as_it_stands_and_fits_its_endpoint(one: Endpoint, number: int) -> None:
    assert fitting(table(one), witness(one, number)) == [one]


@given(endpoints(), endpoints(), st.integers(1, 20))
def test_what_two_endpoints_have_in_common_fits_both(one: Endpoint, other: Endpoint, number: int) -> None:
    assume((one.host.labels, one.path.stored) != (other.host.labels, other.path.stored))
    found = common(one, other, number)
    assert (found is None) == (common(other, one, number) is None)
    if found is not None:
        assert set(fitting(table(one, other), found)) == {one, other}


@given(st.data(), endpoints(), endpoints())
def test_where_two_endpoints_have_nothing_in_common_no_request_fits_both(
    data: st.DataObject, one: Endpoint, other: Endpoint
) -> None:
    host, path = data.draw(filled(one))
    exchange = trial.decided(trial.Request("GET", host, path.encode()), snapshot())
    assume(exchange.path and exchange.host)
    segments = exchange.path.split("/")
    if all(each.host.fits(exchange.host) and each.fits_path(segments) for each in (one, other)):
        assert common(one, other) is not None


@given(endpoints(), st.lists(endpoints(), max_size=12))
def test_the_tree_gives_what_comparing_with_every_endpoint_gives(one: Endpoint, others: list[Endpoint]) -> None:
    different = {(each.host.labels, each.path.stored): each for each in others}
    made = table(*different.values())
    expected = {each for each in different.values() if common(one, each) is not None}
    found = list(overlapping(HostIndex(made.hosts), one))
    assert len(found) == len(set(found))
    assert set(found) == expected


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (("GET /hotels/{hotel}", "a.test"), ("GET /{kind}/7", "{t}.test"), "GET http://a.test/hotels/7"),
        (("GET /x/{id}.json", "{t}.test"), ("GET /x/{any}", "{u}.test"), "GET http://t1.test/x/id1.json"),
        (("GET /a{x}", None), ("GET /{y}b", None), f"GET http://{ANY_HOST}/ax1b"),
        (("GET /{x}", None), ("GET /y", "[::1]"), "GET http://[::1]/y"),
        (("GET /{x}F", None), ("GET /a%2F", None), None),
        (("GET /{x}F", None), ("GET /{y}%2F", None), None),
        (("GET /a{x}", None), ("GET /a", None), None),
        (("GET /{x}/b", None), ("GET //b", None), None),
        (("GET /{x}/", None), ("GET /{x}/{y}", None), None),
        (("GET /a", None), ("POST /a", None), None),
        (("GET /a", "{x}.test"), ("GET /a", "test"), None),
        (("GET /a", "{x}"), ("GET /a", "[::1]"), None),
    ],
)
def test_what_two_endpoints_have_in_common(
    one: tuple[str, str | None], other: tuple[str, str | None], text: str | None
) -> None:
    found = common(endpoint(one[0], host=one[1]), endpoint(other[0], host=other[1]))
    assert (found and found.text) == text


def test_patterns_whose_common_hosts_would_be_too_long_have_none() -> None:
    long = ".".join(["a" * 58] * 4)
    one = HostPattern.parse(f"{long}.{{a}}.{{b}}.{{c}}.{{d}}")
    other = HostPattern.parse(f"{{a}}.{{b}}.{{c}}.{{d}}.{long}")
    assert common_host(one, other) is None


def test_a_host_that_only_short_values_leave_within_the_limit_gets_them() -> None:
    one = HostPattern.parse(".".join(["a" * 60] * 3) + ".{longer_than_it_may_be}.{b}")
    other = HostPattern.parse("{a}.{b}.{c}.{d}." + "b" * 63)
    found = common_host(one, other)
    assert found is not None
    assert found.endswith(".x." + "b" * 63)
    assert one.fits(found)
    assert other.fits(found)


def test_a_pattern_without_an_endpoint_of_the_method_overlaps_with_nothing() -> None:
    made = table(endpoint("POST /a", host="a.test"), endpoint("GET /a/b", host="a.test"))
    assert list(overlapping(HostIndex(made.hosts), endpoint("GET /{x}", host="{t}.test"))) == []


def test_an_endpoint_of_the_table_does_not_overlap_with_itself() -> None:
    one, other = endpoint("GET /{x}"), endpoint("GET /a")
    assert list(overlapping(HostIndex(table(one, other).hosts), one)) == [other]
