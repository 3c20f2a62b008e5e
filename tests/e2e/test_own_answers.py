"""The gateway's own answers: problem documents for 404, 405, 421 and 503, and what HEAD and preflight get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.harness import Gateway, Upstream, gateway, head, wait_until

STRICT = """
host: strict.hotel.test
services: {{up: {main}}}
endpoints:
  GET /hotels/{{hotel}}: up:/h/{{hotel}}
  PUT /hotels/{{hotel}}: up:/h/{{hotel}}
  GET /hotels/{{hotel}}/dates: up:/d/{{hotel}}
  GET /hotels/{{hotel}}/rooms/{{room}}: up:/r/{{hotel}}/{{room}}
  GET /wholly/different/place: up:/w
  HEAD /sized: up:/sized
  GET /owned: up:/owned-get
  OPTIONS /owned: up:/owned-options
"""

OPEN = """
host: open.hotel.test
origin: {origin}
services: {{up: {main}}}
endpoints:
  GET /hotels/{{hotel}}: up:/h/{{hotel}}
  DELETE /managed:
"""


@dataclass
class World:
    gateway: Gateway
    main: Upstream
    origin: Upstream


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream("main") as main, Upstream("origin") as origin:
        files = {
            "strict.yaml": STRICT.format(main=main.url),
            "open.yaml": OPEN.format(main=main.url, origin=origin.url),
        }
        with gateway(files) as running:
            yield World(running, main, origin)


def preflight(world: World, path: str, method: str, host: str = "strict.hotel.test") -> tuple[int, str | None]:
    """Status and answering upstream of a CORS preflight."""
    headers = [("Origin", "https://app.test"), ("Access-Control-Request-Method", method)]
    response = world.gateway.request("OPTIONS", path, host=host, headers=headers)
    return response.status, response.header("x-upstream")


def test_a_path_that_no_endpoint_has_is_a_404_problem(world: World) -> None:
    response = world.gateway.get("/nothing?secret=1", host="strict.hotel.test")
    problem = response.problem(404)
    assert problem["title"]
    assert isinstance(problem["type"], str)
    assert "<html" not in response.text.lower()
    assert response.header("content-length") == str(len(response.body))


def test_a_404_shows_a_loopback_client_the_three_nearest_endpoints_of_that_host(world: World) -> None:
    text = world.gateway.get("/hotels/7/date", host="strict.hotel.test").text
    assert "GET /hotels/{hotel}/dates" in text
    assert "/wholly/different/place" not in text
    assert "open.hotel.test" not in text
    assert "date" in text


def test_a_404_does_not_name_an_upstreams_address(world: World) -> None:
    text = world.gateway.get("/hotels/7/date", host="strict.hotel.test").text
    assert str(world.main.port) not in text


def test_a_known_path_with_another_method_is_a_405_problem_with_allow(world: World) -> None:
    response = world.gateway.request("DELETE", "/hotels/7", host="strict.hotel.test")
    response.problem(405)
    allowed = {method.strip() for method in ",".join(response.all("allow")).split(",")}
    assert allowed == {"GET", "PUT"}


def test_an_unserved_method_goes_to_the_origin_where_there_is_one(world: World) -> None:
    response = world.gateway.request("DELETE", "/hotels/7", host="open.hotel.test")
    assert (response.status, response.body) == (200, b"origin")


def test_a_path_that_no_endpoint_has_goes_to_the_origin_where_there_is_one(world: World) -> None:
    response = world.gateway.get("/nothing", host="open.hotel.test")
    assert (response.status, response.body) == (200, b"origin")
    assert world.origin.last.all("host") == [world.origin.authority]


@pytest.mark.parametrize("host", ["unknown.test", "hotel.test", "a.strict.hotel.test", "mitm.it", "127.0.0.1"])
def test_a_host_that_no_file_serves_is_a_421_problem(world: World, host: str) -> None:
    """The onboarding app does not answer for mitm.it, as it would in bare mitmproxy."""
    world.gateway.get("/hotels/7", host=host).problem(421)


def test_the_404_of_http_2_is_the_same_problem_document(world: World) -> None:
    with world.gateway.h2(tls="strict.hotel.test") as client:
        answer = client.request("GET", "/nothing", authority="strict.hotel.test")
        answer.as_response().problem(404)


def test_a_problem_names_the_request_by_the_id_that_the_client_gave(world: World) -> None:
    headers = [("X-Request-Id", "client-id.1~+/=_")]
    response = world.gateway.get("/nothing", host="strict.hotel.test", headers=headers)
    assert response.problem(404)["request_id"] == "client-id.1~+/=_"


def test_each_problem_has_a_request_id_of_its_own(world: World) -> None:
    ids = {world.gateway.get("/nothing", host="strict.hotel.test").problem(404)["request_id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_connection_serves_on_after_a_404(world: World) -> None:
    with world.gateway.connection() as client:
        client.request("GET", "/nothing", host="strict.hotel.test").problem(404)
        assert client.request("GET", "/hotels/7", host="strict.hotel.test").body == b"main"
        client.request("POST", "/nothing", host="strict.hotel.test", body=b"x" * 100).problem(404)
        assert client.request("GET", "/hotels/7", host="strict.hotel.test").body == b"main"


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/nothing", "strict.hotel.test", 404), ("/hotels/7", "strict.hotel.test", 405), ("/", "no.test", 421)],
)
def test_the_answer_to_head_has_no_body(world: World, path: str, host: str, status: int) -> None:
    """Bare mitmproxy: an answer set on a HEAD request is sent with its body."""
    raw = world.gateway.raw(head("HEAD", path, host=host, headers=[("Connection", "close")]))
    shown, _, body = raw.partition(b"\r\n\r\n")
    assert shown.split()[1] == str(status).encode()
    assert b"application/problem+json" in shown
    assert body == b""


def test_a_head_endpoint_is_routed_and_its_answer_keeps_the_length_of_the_body_it_lacks(world: World) -> None:
    world.main.on("/sized", lambda call: call.respond(200, body=b"twelve bytes"))
    with world.gateway.connection() as client:
        answer = client.request("HEAD", "/sized", host="strict.hotel.test")
        assert (answer.status, answer.header("content-length")) == (200, "12")
        assert client.request("GET", "/hotels/7", host="strict.hotel.test").body == b"main"


def test_a_preflight_follows_the_route_of_the_endpoint_that_it_asks_about(world: World) -> None:
    assert preflight(world, "/hotels/7", "PUT") == (200, "main")
    assert (world.main.last.method, world.main.last.target) == ("OPTIONS", "/h/7")
    assert world.main.last.header("access-control-request-method") == "PUT"


def test_an_options_endpoint_of_its_own_takes_the_preflight(world: World) -> None:
    assert preflight(world, "/owned", "GET") == (200, "main")
    assert world.main.last.target == "/owned-options"


def test_a_preflight_about_a_method_that_no_endpoint_has_is_refused(world: World) -> None:
    before = len(world.main.requests)
    assert preflight(world, "/hotels/7", "DELETE") == (405, None)
    assert world.main.requests[before:] == []


def test_a_preflight_about_an_unrouted_endpoint_goes_to_the_origin(world: World) -> None:
    assert preflight(world, "/managed", "DELETE", "open.hotel.test") == (200, "origin")
    assert preflight(world, "/hotels/7", "GET", "open.hotel.test") == (200, "main")


def test_options_that_is_no_preflight_is_matched_like_any_method(world: World) -> None:
    world.gateway.request("OPTIONS", "/hotels/7", host="strict.hotel.test").problem(405)
    plain = world.gateway.request("OPTIONS", "/hotels/7", host="open.hotel.test")
    assert plain.body == b"origin"


@pytest.mark.parametrize("path", [b"/\xff\xe9", b'/"quoted"', b"/<script>", b"/back\\slash", b"/%00%ff?\xff"])
def test_a_problem_about_any_bytes_is_well_formed_json(world: World, path: bytes) -> None:
    request = b"GET " + path + b" HTTP/1.1\r\nHost: strict.hotel.test\r\n\r\n"
    assert world.gateway.send(request).problem()["status"] in (400, 404)


def test_no_answer_of_the_gateway_names_mitmproxy(world: World) -> None:
    for host, path in [("strict.hotel.test", "/nothing"), ("no.test", "/"), ("mitm.it", "/")]:
        response = world.gateway.get(path, host=host)
        assert b"mitmproxy" not in response.head + response.body


def test_a_start_with_a_bad_file_answers_503_and_recovers_when_it_is_mended(
    upstream: Upstream,
) -> None:
    """Bare mitmproxy ends when an error is logged while it starts."""
    good = f"endpoints:\n  GET /a: {upstream.url}/a\n"
    with gateway({"good.yaml": good, "bad.yaml": "host: x.test\nendpoints:\n  GET a: 1\n"}) as running:
        problem = running.get("/a").problem(503)
        assert "bad.yaml:3" in str(problem)
        assert upstream.requests == []
        running.wait_log(r"bad\.yaml:3:\d+")
        running.write("bad.yaml", f"host: x.test\nendpoints:\n  GET /b: {upstream.url}/b\n")
        wait_until(lambda: running.get("/a").status == 200)
        assert running.get("/a").body == b"upstream"
        assert running.get("/b", host="x.test").body == b"upstream"


def test_an_empty_folder_means_no_routes() -> None:
    with gateway({}) as running:
        running.get("/").problem(421)
