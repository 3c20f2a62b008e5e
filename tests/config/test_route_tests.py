"""`*.test.yaml` files: what they say, what is wrong in them, and when a test passes."""

from __future__ import annotations

import pytest

from sluicegate import trial
from sluicegate.config.route_tests import RouteTests, read_test_file, unmet
from sluicegate.trial import Request

from ..tables import SERVICES, endpoint, snapshot


def read(text: str) -> RouteTests:
    return read_test_file("hotel.test.yaml", text.encode(), SERVICES)


def problems(text: str) -> list[str]:
    return [str(one).removeprefix("hotel.test.yaml:") for one in read(text).findings]


def test_a_test_says_a_request_and_what_is_expected() -> None:
    (test,) = read(
        "- request: GET /hotels/7?x=1\n"
        "  host: api.test\n"
        "  headers: {X-A: 1, X-B: [a, b]}\n"
        '  expect: {target: "rooms:/7?x=1", endpoint: "GET /hotels/{hotel}"}\n'
    ).tests
    assert (test.method, test.url, test.host) == ("GET", "/hotels/7?x=1", "api.test")
    assert test.headers == ((b"X-A", b"1"), (b"X-B", b"a"), (b"X-B", b"b"))
    assert test.target == "http://127.0.0.1:9002/v2/7?x=1"
    assert (test.endpoint, test.status) == ("GET /hotels/{hotel}", None)
    assert (test.mark.line, test.mark.column) == (1, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("request: GET /\n", "1:1: wrong-type: a file of tests is a list of '- request: …', not a mapping"),
        ("- request: GET /\n", "1:3: test-incomplete: a test has a 'request' and an 'expect': 'expect' is missing"),
        (
            "- expect: {status: 404}\n",
            "1:3: test-incomplete: a test has a 'request' and an 'expect': 'request' is missing",
        ),
        (
            "- {request: GET /, expect: {}}\n",
            "1:20: test-incomplete: expect one of 'target', 'status' and 'endpoint'",
        ),
        (
            "- {request: /x, expect: {status: 404}}\n",
            "1:13: test-request: '/x' is not a request: write 'GET /path'",
        ),
        (
            "- {request: GET /, expect: {status: 200}}\n",
            "1:37: test-status: 'status' is that of the gateway's own answer, such as 404, not '200'",
        ),
        (
            "- {request: GET /, expect: {statsu: 404}}\n",
            "1:29: unknown-key: 'statsu' is not a key of 'expect'; nearest is 'status'",
        ),
        (
            "- {request: GET /, hosts: a, expect: {status: 404}}\n",
            "1:20: unknown-key: 'hosts' is not a key of a test; nearest is 'host'",
        ),
        (
            '- {request: GET /, expect: {target: "room:/x"}}\n',
            "1:37: service-unknown: service 'room' is not defined; nearest is 'rooms'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_an_empty_file_has_no_tests_and_nothing_wrong() -> None:
    assert read("# nothing yet\n") == RouteTests("hotel.test.yaml")


TABLE = snapshot(endpoint("GET /hotels/{hotel}", "rooms:/{hotel}"), endpoint("GET /managed"))


def outcome(expect: str, request: str = "GET /hotels/7") -> list[str]:
    (test,) = read(f"- {{request: {request}, expect: {{{expect}}}}}\n").tests
    method, _, target = request.partition(" ")
    return unmet(test, trial.decided(Request(method, "a.test", target.encode()), TABLE))


@pytest.mark.parametrize(
    "expect",
    [
        'target: "http://127.0.0.1:9002/v2/7"',
        'target: "rooms:/7"',
        'endpoint: "GET /hotels/{hotel}"',
        'endpoint: "GET /hotels/{var1}"',
        f"endpoint: {endpoint('GET /hotels/{hotel}').operation_id}",
        'target: "rooms:/7", endpoint: "GET /hotels/{hotel}"',
    ],
)
def test_a_test_passes_where_everything_that_it_expects_is_so(expect: str) -> None:
    assert outcome(expect) == []


@pytest.mark.parametrize(
    ("request_line", "expect", "told"),
    [
        (
            "GET /hotels/7",
            'target: "rooms:/8"',
            ["expected the target http://127.0.0.1:9002/v2/8, got http://127.0.0.1:9002/v2/7 (hotel.yaml:1)"],
        ),
        ("GET /hotels/7", "status: 404", ["expected the answer 404, got http://127.0.0.1:9002/v2/7 (hotel.yaml:1)"]),
        (
            "POST /hotels/7",
            'target: "rooms:/7", endpoint: "GET /hotels/{hotel}"',
            [
                "expected the target http://127.0.0.1:9002/v2/7, got 405 The path has no endpoint for this method.",
                "expected the endpoint 'GET /hotels/{hotel}', got no endpoint",
            ],
        ),
        (
            "GET /hotels/7",
            'endpoint: "GET /managed"',
            ["expected the endpoint 'GET /managed', got 'GET /hotels/{hotel}' (hotel.yaml:1)"],
        ),
        (
            "GET /managed",
            "status: 421",
            [
                "expected the answer 421, got 404 The endpoint is managed, but it has no route and its host has no "
                "origin."
            ],
        ),
    ],
)
def test_everything_that_is_not_so_is_told(request_line: str, expect: str, told: list[str]) -> None:
    assert outcome(expect, request_line) == told
