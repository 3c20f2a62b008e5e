"""Trials decide as live traffic is decided, and send nothing."""

from __future__ import annotations

import pytest

from sluicegate.trial import Request, begin, decided

from .tables import endpoint, snapshot

TABLE = snapshot(endpoint("GET /a/{x}", "http://t.test/{x}"), endpoint("GET /h", "http://h.test/", host="api.test"))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("GET", "a.test", b"/a/7?x=1"), "http://t.test/7?x=1"),
        (Request("GET", "API.test.:80", b"//h"), "http://h.test/"),
        (Request("GET", None, b"/a/7"), "http://t.test/7"),
        (Request("get", "a.test", b"/a/7"), 405),
        (Request("POST", "a.test", b"/a/7"), 405),
        (Request("GET", "a.test", b"/a/%00"), 400),
        (Request("GET", "a test", b"/a/7"), 400),
        (Request("GET", "a.test", b"/a/7", ((b"X", b"\x00"),)), 400),
        (Request("GET", "a.test", b"/a/7", ((b"Host", b"b.test"),)), 400),
    ],
)
def test_the_stages_of_live_traffic_decide(request_: Request, expected: str | int) -> None:
    exchange = decided(request_, TABLE)
    assert (exchange.forward is None) != (exchange.problem is None)
    assert expected == (exchange.forward.url if exchange.forward else exchange.problem and exchange.problem.status)


def test_a_request_that_went_through_another_gateway_is_no_loop() -> None:
    exchange = decided(Request("GET", "a.test", b"/a/7", ((b"Via", b"1.1 sluicegate-d87670bd"),)), TABLE)
    assert exchange.forward is not None


def test_a_request_without_a_host_is_of_the_version_that_allows_it() -> None:
    assert begin(Request("GET", None, b"/"), TABLE).http_version == "HTTP/1.0"
    assert begin(Request("GET", "", b"/"), TABLE).http_version == "HTTP/1.1"


def test_a_request_is_shown_in_one_line() -> None:
    assert Request("GET", "a.test:81", b"/a?x=\xc3", (), "https").text == "GET https://a.test:81/a?x=\\xc3"
