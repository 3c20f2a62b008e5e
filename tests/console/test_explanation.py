"""Everything about one decision."""

from __future__ import annotations

from sluicegate.console.explanation import Explanation, explained
from sluicegate.trial import Request

from ..tables import endpoint, fallback, snapshot

HOTELS = (
    endpoint("GET /hotels/{hotel}", "http://h.test/{hotel}", host="api.test"),
    endpoint("GET /hotels/special", "http://s.test/", host="api.test"),
    endpoint("GET /hotels/{hotel}/dates", "http://d.test/{hotel}", host="api.test"),
    endpoint("POST /hotels/{hotel}", None, host="api.test"),
)


def asked(method: str, target: str, *headers: tuple[str, str], host: str = "api.test", origin: str = "") -> Explanation:
    origins = [("api.test", fallback(origin))] if origin else []
    fields = tuple((name.encode(), value.encode()) for name, value in headers)
    return explained(Request(method, host, target.encode(), fields), snapshot(*HOTELS, origins=origins))


def told(found: Explanation) -> list[tuple[str, str]]:
    return [(one.endpoint.text, one.reason) for one in found.losers]


def test_the_winner_its_variables_and_the_start_line_are_those_of_live_traffic() -> None:
    found = asked("GET", "/hotels/a%2fb/dates?x=1")
    assert found.exchange.endpoint is HOTELS[2]
    assert found.variables == {"hotel": "a%2Fb"}
    assert found.start_line == "GET /a%2Fb?x=1 HTTP/1.1"
    assert found.is_forwarded


def test_what_fits_and_lost_comes_first_and_then_what_differs_in_one_thing() -> None:
    assert told(asked("GET", "/hotels/special")) == [
        ("GET /hotels/{hotel}", "segment 2: '{hotel}' is less specific than 'special'"),
        ("POST /hotels/{hotel}", "the method is GET, not POST"),
        ("GET /hotels/{hotel}/dates", "the path has 2 segments, not 3"),
    ]


def test_fields_that_change_are_shown_as_sent_and_fields_that_end_here_as_gone() -> None:
    found = asked("GET", "/hotels/7", ("Connection", "x-mine"), ("X-Mine", "1"), ("Accept", "*/*"), ("Via", "1.0 far"))
    assert found.headers == {
        "Host": "h.test",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "api.test",
        "X-Request-Id": "(new for each request)",
        "Via": "1.0 far, 1.1 sluicegate",
        "Connection": None,
        "X-Mine": None,
    }


def test_a_request_id_of_the_client_stays_and_an_unfit_one_is_replaced() -> None:
    assert "X-Request-Id" not in asked("GET", "/hotels/7", ("X-Request-Id", "mine-1")).headers
    unfit = asked("GET", "/hotels/7", ("X-Request-Id", "not one")).headers
    assert unfit["X-Request-Id"] == "(new for each request)"


def test_an_unmatched_request_comes_with_the_nearest_endpoints_and_requests_that_match() -> None:
    found = asked("GET", "/hotels/7/date?x=1")
    assert not found.is_forwarded
    assert found.exchange.problem is not None
    assert found.exchange.problem.status == 404
    assert [(one.endpoint.text, one.differs, one.request) for one in found.nearest] == [
        ("GET /hotels/{hotel}/dates", "segment 3 is 'date', not 'dates'", "GET http://api.test/hotels/7/dates?x=1"),
        ("GET /hotels/{hotel}", "the path has 3 segments, not 2", "GET http://api.test/hotels/7?x=1"),
        ("POST /hotels/{hotel}", "the path has 3 segments, not 2", "POST http://api.test/hotels/7?x=1"),
    ]


def test_a_host_that_nobody_serves_comes_with_the_host_most_like_it() -> None:
    found = asked("GET", "/hotels/7", host="apy.test")
    assert found.exchange.problem is not None
    assert found.exchange.problem.status == 421
    assert found.nearest[0].differs == "the host is 'apy.test', not 'api.test'"
    assert found.nearest[0].request == "GET http://api.test/hotels/7"


def test_an_endpoint_that_nothing_routes_is_matched_and_not_forwarded() -> None:
    found = asked("POST", "/hotels/7")
    assert found.exchange.endpoint is HOTELS[3]
    assert not found.is_forwarded
    assert found.nearest == ()
    assert asked("POST", "/hotels/7", origin="http://o.test").is_forwarded


def test_what_is_refused_before_routing_has_a_trail_and_nothing_near() -> None:
    found = asked("GET", "/hotels/%zz")
    assert [(one.stage, one.outcome) for one in found.exchange.trail] == [("admission", "refused")]
    assert (found.losers, found.nearest, found.start_line, found.headers) == ((), (), None, {})
