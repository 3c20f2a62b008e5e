"""Host patterns that overlap with one are found by their labels: the same ones as by comparing with all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.endpoints.host_index import HostIndex
from sluicegate.endpoints.hosts import HostPattern, common_host, host_of, hosts_overlap
from sluicegate.endpoints.table import HostTable, Table
from tests.tables import pattern

LABELS = st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=4)
BRACKETS = st.sampled_from(["[::1]", "[::2]"]).map(HostPattern.parse)


def parsed(labels: list[str | None]) -> HostPattern:
    return HostPattern.parse(
        ".".join(f"{{v{place}}}" if label is None else label for place, label in enumerate(labels))
    )


PATTERNS = st.one_of(LABELS.map(parsed), BRACKETS, st.just(HostPattern()))


def tables(patterns: list[HostPattern]) -> list[HostTable]:
    made = Table()
    for one in patterns:
        made.add_host(one)
    return made.hosts


@given(PATTERNS, st.lists(PATTERNS, max_size=30))
def test_the_index_finds_what_comparing_with_all_finds_in_the_same_order(
    one: HostPattern, others: list[HostPattern]
) -> None:
    hosts = tables(others)
    assert list(HostIndex(hosts).overlapping(one)) == [each for each in hosts if hosts_overlap(each.pattern, one)]


@given(PATTERNS, st.lists(PATTERNS, max_size=30))
def test_candidates_hold_all_that_overlap_each_once(one: HostPattern, others: list[HostPattern]) -> None:
    hosts = tables(others)
    found = list(HostIndex(hosts).candidates(one))
    assert len(found) == len({each.pattern.labels for each in found})
    assert {each.pattern.labels for each in hosts if hosts_overlap(each.pattern, one)} <= {
        each.pattern.labels for each in found
    }


@given(PATTERNS, PATTERNS)
def test_patterns_overlap_where_a_host_fits_both(one: HostPattern, other: HostPattern) -> None:
    host = common_host(one, other, 1)
    assert hosts_overlap(one, other) == (host is not None or not (one.labels or other.labels))
    if host is not None:
        assert one.fits(host)
        assert other.fits(host)


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=4), PATTERNS, PATTERNS)
def test_patterns_that_do_not_overlap_share_no_host(labels: list[str], one: HostPattern, other: HostPattern) -> None:
    host = ".".join(labels)
    if one.fits(host) and other.fits(host):
        assert hosts_overlap(one, other)


def test_the_rarest_label_decides_how_many_are_looked_at() -> None:
    hosts = tables([pattern(f"h{number}.{{t}}.test") for number in range(50)] + [pattern("{a}.b.test")])
    found = [each.pattern.text for each in HostIndex(hosts).candidates(pattern("h7.b.test"))]
    assert found == ["{a}.b.test", "h7.{t}.test"]


def test_variables_are_filled_with_their_names_in_lower_case() -> None:
    assert host_of(pattern("{Tenant}.{zone_2}.test")) == "tenant.zone_2.test"
    assert host_of(pattern("{Tenant}.test"), 3) == "tenant3.test"


def test_the_longest_name_of_a_variable_gives_a_label_that_fits() -> None:
    one = pattern(f"{{{'v' * 100}}}.test")
    host = host_of(one, 999)
    assert host == "v" * 60 + "999.test"
    assert one.fits(host)
