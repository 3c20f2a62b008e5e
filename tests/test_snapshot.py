"""Snapshots: immutable, and whose word they take."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.snapshot import Settings, Snapshot

from .tables import endpoint, snapshot, table


def trusting(*networks: str) -> Settings:
    return Settings(tuple(ip_network(network) for network in networks))


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "", "unix:"])
def test_without_trusted_proxies_nobody_is_believed(client: str) -> None:
    assert not Settings().trusts(client)


@pytest.mark.parametrize("client", ["", "unix:", "localhost", "1.2.3"])
def test_a_peer_without_an_address_is_not_believed(client: str) -> None:
    assert not trusting("0.0.0.0/0", "::/0").trusts(client)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_mapped_into_ipv6_is_that_ipv4_address(address: object) -> None:
    assert trusting(f"{address}/32").trusts(f"::ffff:{address}")
    assert trusting(f"{address}/32").trusts(str(address))
    assert not trusting("::/0").trusts(str(address))


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6).filter(lambda one: one.ipv4_mapped is None))


@given(ADDRESSES, ADDRESSES)
def test_one_trusted_address_is_not_another(one: object, other: object) -> None:
    assert trusting(str(one)).trusts(str(other)) is (one == other)
    assert trusting(str(one)).trusts(str(one))


def test_a_zone_index_of_an_address_does_not_count() -> None:
    assert trusting("fe80::/10").trusts("fe80::1%eth0")


def test_a_snapshot_cannot_be_changed() -> None:
    held: Snapshot = snapshot(endpoint("GET /a"))
    with pytest.raises(FrozenInstanceError):
        held.generation = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        held.table = table()  # type: ignore[misc]
