"""Requests as people write them."""

from __future__ import annotations

import pytest

from sluicegate.console.requests import RequestError, read_fields, read_request

from ..tables import endpoint, snapshot

ONE_HOST = snapshot(endpoint("GET /a", host="api.test"))
ANY_HOST = snapshot(endpoint("GET /a"))
TWO_HOSTS = snapshot(endpoint("GET /a", host="api.test"), endpoint("GET /a", host="{tenant}.test"))


@pytest.mark.parametrize(
    ("url", "host", "target", "scheme"),
    [
        ("http://api.test/a?x=1&y=%2F", "api.test", b"/a?x=1&y=%2F", "http"),
        ("https://api.test:8443/a", "api.test:8443", b"/a", "https"),
        ("HTTP://api.test", "api.test", b"/", "http"),
        ("http://api.test?x=1", "api.test", b"/?x=1", "http"),
        ("http://[::1]:80/a", "[::1]:80", b"/a", "http"),
        ("http://api.test/a//b/../%2e%2E/\\c", "api.test", b"/a//b/../%2e%2E/\\c", "http"),
        ("http://api.test/é", "api.test", b"/\xc3\xa9", "http"),
        ("http://api.test/a#part?x", "api.test", b"/a", "http"),
        ("/a?next=http://x/", "api.test", b"/a?next=http://x/", "http"),
    ],
)
def test_a_url_is_taken_apart_and_its_path_stays_byte_for_byte(url: str, host: str, target: bytes, scheme: str) -> None:
    request = read_request("GET", url, (), ONE_HOST)
    assert (request.method, request.host, request.target, request.scheme) == ("GET", host, target, scheme)


def test_a_host_field_wins_over_the_url_and_is_no_field_of_its_own_any_more() -> None:
    fields = read_fields(["X-A: 1", "hOst: other.test:81", "Accept:text/plain", "X-Empty:"])
    request = read_request("GET", "http://api.test/a", fields, TWO_HOSTS)
    assert request.host == "other.test:81"
    assert request.headers == ((b"X-A", b"1"), (b"Accept", b"text/plain"), (b"X-Empty", b""))


def test_a_path_alone_needs_no_host_where_all_hosts_are_served_alike() -> None:
    assert read_request("GET", "/a", (), ANY_HOST).host is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/a", "the request names no host: write http://HOST/path; served are api.test, {tenant}.test"),
        ("api.test/a", "'api.test/a' is not a URL: write http://HOST/path, or /path with -H 'Host: …'"),
        ("ftp://api.test/a", "'ftp://api.test/a' is not a URL: write http://HOST/path, or /path with -H 'Host: …'"),
        ("", "'' is not a URL: write http://HOST/path, or /path with -H 'Host: …'"),
        ("http://me:secret@api.test/a", "the URL holds a user name: write it as an Authorization field"),
        ("http:///a", "'' is not a host with an optional port"),
        ("http://api.test:99999/a", "'api.test:99999' is not a host with an optional port"),
    ],
)
def test_what_is_no_request_is_told_with_the_fix(url: str, told: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_request("GET", url, (), TWO_HOSTS)
    assert str(raised.value) == told


def test_two_hosts_are_one_too_many() -> None:
    with pytest.raises(RequestError, match="more than one Host"):
        read_request("GET", "/a", read_fields(["Host: a.test", "Host: b.test"]), ONE_HOST)


@pytest.mark.parametrize("text", ["X-A", ": 1", "X-A : 1", " X-A: 1", ""])
def test_a_header_field_is_a_name_a_colon_and_a_value(text: str) -> None:
    with pytest.raises(RequestError, match="is not a header field: write 'Name: value'"):
        read_fields([text])
