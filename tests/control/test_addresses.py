"""Where the control server may be asked for, and who may ask it."""

from __future__ import annotations

import pytest

from sluicegate.control.addresses import Address, is_local_host, parse_control, parse_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Address()),
        ("off", None),
        ("9900", Address(host="127.0.0.1", port=9900)),
        ("127.0.0.1:9900", Address(host="127.0.0.1", port=9900)),
        ("[::1]:9900", Address(host="::1", port=9900)),
        ("65535", Address(host="127.0.0.1", port=65535)),
    ],
)
def test_the_control_option_names_a_socket_a_loopback_port_or_nothing(text: str, expected: Address | None) -> None:
    assert parse_control(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0:9900",
        "[::]:9900",
        "192.168.1.2:9900",
        "127.0.0.2:9900",
        "localhost:9900",
        "gateway.test:9900",
        "::1:9900",
        "127.0.0.1",
        "127.0.0.1:",
        ":9900",
        "-1",
        "９９００",
        "9900\n",
        "OFF",
        "on",
    ],
)
def test_anything_but_loopback_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it serves this machine only"):
        parse_control(text)


@pytest.mark.parametrize("text", ["0", "65536", "127.0.0.1:99999"])
def test_a_port_has_its_bounds(text: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 65535"):
        parse_control(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unix:/run/control-8080.sock", Address(path="/run/control-8080.sock")),
        ("unix:here.sock", Address(path="here.sock")),
        ("http://127.0.0.1:9900", Address(host="127.0.0.1", port=9900)),
        ("http://[::1]:9900/", Address(host="::1", port=9900)),
        ("http://localhost", Address(host="localhost", port=80)),
    ],
)
def test_a_url_names_a_socket_or_a_port(text: str, expected: Address) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unix:",
        "9900",
        "https://127.0.0.1:9900",
        "http://127.0.0.1:9900/status",
        "http://:9900",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://user@127.0.0.1",
        "http://a b/",
    ],
)
def test_other_urls_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unix:/path/to"):
        parse_url(text)


@pytest.mark.parametrize("address", ["unix:/run/control-8080.sock", "http://127.0.0.1:9900", "http://[::1]:9900"])
def test_an_address_reads_as_it_is_written(address: str) -> None:
    assert str(parse_url(address)) == address


@pytest.mark.parametrize("host", ["localhost", "LocalHost:9900", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:9900"])
def test_these_hosts_are_this_machine(host: str) -> None:
    assert is_local_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.test",
        "evil.test:9900",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "127.0.0.1:x",
        "::1",
        "localhost\n",
    ],
)
def test_other_hosts_are_not(host: str) -> None:
    assert not is_local_host(host)
