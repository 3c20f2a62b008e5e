"""Header fields of the messages that are passed on."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.exchange import Exchange
from sluicegate.forwarding.admission import admit
from sluicegate.forwarding.headers import Hop, request_id
from sluicegate.snapshot import Settings

from ..tables import exchange, snapshot

HOP = Hop("sluicegate-0a1b2c3d")
OWN = {"host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "via"}
Pairs = list[tuple[str, str]]


def trusting(*networks: str) -> Settings:
    return Settings(tuple(ip_network(network) for network in networks))


def admitted(*headers: tuple[str, str], trusted: tuple[str, ...] = (), **options: Any) -> Exchange:
    found = exchange("GET /", *headers, snapshot=snapshot(settings=trusting(*trusted)), **options)
    admit(found)
    assert found.problem is None
    return found


def sent(*headers: tuple[str, str], hop: Hop = HOP, **options: Any) -> Pairs:
    """The fields toward the target `h:81`."""
    fields = hop.request_fields(admitted(*headers, **options), "h:81")
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def values(fields: Pairs, name: str) -> list[str]:
    return [value for one, value in fields if one.lower() == name.lower()]


def others(fields: Pairs) -> Pairs:
    """The fields without those that the gateway writes itself."""
    return [(name, value) for name, value in fields if name.lower() not in OWN]


def test_end_to_end_fields_pass_in_order_with_their_case_and_repetitions() -> None:
    fields = [("Accept", "a"), ("x-B", "1"), ("X-b", "2"), ("Cookie", "c"), ("Authorization", "Basic x"), ("Empty", "")]
    found = sent(*fields)
    assert others(found) == fields
    assert found[0] == ("Host", "h:81")
    assert len(values(found, "host")) == 1


@pytest.mark.parametrize(
    "name", ["Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Upgrade", "HTTP2-Settings"]
)
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_hop_by_hop_fields_end_here(name: str, version: str) -> None:
    found = sent((name, "x"), (name.lower(), "trailers"), (name.upper(), "h2c"), ("Accept", "a"), http_version=version)
    assert others(found) == [("Accept", "a")]


def test_fields_that_connection_nominates_end_here() -> None:
    nominating = [("Connection", "close, X-One"), ("connection", " x-TWO ,,")]
    found = sent(*nominating, ("x-one", "1"), ("X-Two", "2"), ("X-3", "3"))
    assert others(found) == [("X-3", "3")]


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding"])
def test_connection_cannot_take_framing_away(name: str) -> None:
    found = sent(("Connection", name), (name, "5"))
    assert others(found) == [(name, "5")]


def test_connection_cannot_take_away_host_or_what_the_gateway_says() -> None:
    found = sent(("Connection", ", ".join(OWN)), ("Via", "1.1 other"))
    assert {name.lower() for name, _ in found} == OWN
    assert values(found, "host") == ["h:81"]


def test_what_a_client_claims_about_its_way_is_dropped() -> None:
    claimed = [
        ("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Host", "evil.test"),
        ("Forwarded", "for=9.9.9.9"), ("x-forwarded-for", "8.8.8.8"),
    ]  # fmt: skip
    for trusted in ((), ("10.0.0.0/8",)):
        found = sent(*claimed, client="192.0.2.1", scheme="https", host="A.test:8443", trusted=trusted)
        assert values(found, "X-Forwarded-For") == ["192.0.2.1"]
        assert values(found, "X-Forwarded-Proto") == ["https"]
        assert values(found, "X-Forwarded-Host") == ["A.test:8443"]
        assert values(found, "Forwarded") == []


@pytest.mark.parametrize(
    ("client", "networks", "trusted"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("11.1.2.3", ("10.0.0.0/8", "11.1.2.3/32"), True),
        ("::ffff:10.1.2.3", ("10.0.0.0/8",), True),
        ("::ffff:11.1.2.3", ("10.0.0.0/8",), False),
        ("2001:db8::1", ("2001:db8::/32",), True),
        ("2001:db9::1", ("2001:db8::/32",), False),
        ("::1", ("127.0.0.0/8",), False),
        ("::1", ("::1/128",), True),
        ("fe80::1%eth0", ("fe80::/10",), True),
        ("10.1.2.3", ("::/0",), False),
        ("2001:db8::1", ("0.0.0.0/0",), False),
    ],
)
def test_a_trusted_proxy_is_believed_and_added_to(client: str, networks: tuple[str, ...], trusted: bool) -> None:
    claimed = [
        ("X-Forwarded-For", "9.9.9.9, 8.8.8.8"), ("X-Forwarded-For", "7.7.7.7"), ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "public.test"), ("Forwarded", "for=9.9.9.9"),
    ]  # fmt: skip
    found = sent(*claimed, client=client, trusted=networks)
    expected = f"9.9.9.9, 8.8.8.8, 7.7.7.7, {client}" if trusted else client
    assert values(found, "X-Forwarded-For") == [expected]
    assert values(found, "X-Forwarded-Proto") == ["https" if trusted else "http"]
    assert values(found, "X-Forwarded-Host") == ["public.test" if trusted else "a.test"]
    assert values(found, "Forwarded") == (["for=9.9.9.9"] if trusted else [])


def test_a_trusted_proxy_that_says_nothing_is_spoken_for() -> None:
    found = sent(client="10.0.0.1", trusted=("10.0.0.0/8",), host="b.test")
    assert values(found, "X-Forwarded-For") == ["10.0.0.1"]
    assert values(found, "X-Forwarded-Proto") == ["http"]
    assert values(found, "X-Forwarded-Host") == ["b.test"]


@pytest.mark.parametrize(
    ("client", "host", "expected"),
    [
        ("192.0.2.1", "a.test", 'for=192.0.2.1;host="a.test";proto=http'),
        ("2001:db8::1", "[::1]:80", 'for="[2001:db8::1]";host="[::1]:80";proto=http'),
    ],
)
def test_forwarded_is_written_where_the_option_asks_for_it(client: str, host: str, expected: str) -> None:
    writing = Hop("g", forwarded=True)
    assert values(sent(hop=writing, client=client, host=host), "Forwarded") == [expected]
    claimed = ("Forwarded", "for=9.9.9.9")
    assert values(sent(claimed, hop=writing, client=client, host=host), "Forwarded") == [expected]
    believed = sent(claimed, hop=writing, client=client, host=host, trusted=("0.0.0.0/0", "::/0"))
    assert values(believed, "Forwarded") == [f"for=9.9.9.9, {expected}"]


@pytest.mark.parametrize("kept", ["a", "x" * 128, "AZaz09._~+/=-", "0"])
def test_a_request_id_that_is_fit_to_be_kept_is_kept(kept: str) -> None:
    assert request_id(admitted(("x-request-ID", kept))) == kept


@pytest.mark.parametrize("wrong", ["", "x" * 129, "a b", "a,b", "é", 'a"', "a:b", "{a}", "a\tb"])
def test_a_request_id_that_is_not_is_made_anew(wrong: str) -> None:
    asked = admitted(("X-Request-Id", wrong))
    one, other = request_id(asked), request_id(asked)
    assert one not in (wrong, other)
    assert len(one) == 32


def test_two_request_ids_or_none_are_made_anew() -> None:
    assert request_id(admitted(("X-Request-Id", "a"), ("X-Request-Id", "a"))) != "a"
    assert len(request_id(admitted())) == 32


@given(st.binary(max_size=140))
def test_whatever_id_a_client_sends_one_of_allowed_characters_results(value: bytes) -> None:
    asked = exchange("GET /", ("X-Request-Id", value.decode("latin-1")))
    found = request_id(asked)
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-")
    assert 1 <= len(found) <= 128
    assert set(found) <= allowed
    fit = 1 <= len(value) <= 128 and set(value.decode("latin-1")) <= allowed
    assert (found == value.decode("latin-1")) is fit


def test_the_exchange_s_request_id_is_the_one_that_is_sent() -> None:
    found = sent(("X-Request-Id", "client's own"), request_id="made-1")
    assert values(found, "X-Request-Id") == ["made-1"]
