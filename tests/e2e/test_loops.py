"""Requests that come back to the gateway that sent them, and chains of gateways."""

from __future__ import annotations

from tests.e2e.harness import Relay, Upstream, gateway, wait_until


def test_a_request_that_comes_back_to_this_gateway_is_a_508_problem() -> None:
    """mitmproxy refuses self-calls by address; a relay hides that the target is the gateway itself."""
    with gateway({"a.yaml": ""}) as running, Relay(running.port) as relay:
        running.write("a.yaml", f"endpoints:\n  GET /loop: http://127.0.0.1:{relay.port}/loop\n")
        wait_until(lambda: running.get("/other").status == 404)
        running.get("/loop").problem(508)
        assert relay.connections == 1


def test_two_gateways_in_a_row_are_no_loop(upstream: Upstream) -> None:
    last = {"a.yaml": f"endpoints:\n  GET /a: {upstream.url}/end\n"}
    with gateway(last) as second, gateway({"a.yaml": f"origin: {second.url}\n"}) as first:
        assert first.get("/a").body == b"upstream"
    assert upstream.last.target == "/end"


def test_a_target_that_is_this_gateways_own_listener_is_refused_when_the_file_is_read() -> None:
    with gateway({"a.yaml": ""}) as running:
        running.write("a.yaml", f"endpoints:\n  GET /loop: {running.url}/loop\n")
        running.wait_log(r"a\.yaml:2:\d+")
        running.get("/loop").problem(421)
