"""Figures of endpoints while the gateway runs: what its clients do shows in `sluice endpoints`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.console.sluice import sluice
from tests.e2e.harness import Gateway, Upstream, answer, gateway, refusing_port, wait_until

HOST = "api.hotel.test"
ROUTES = """
host: api.hotel.test
session_identifiers:
  - header: X-Api-Key
endpoints:
  GET /hotels/{{hotel}}: {up}/hotels/{{hotel}}
  GET /mixed: {up}/mixed
  GET /open: {up}/open
  GET /faulty: {up}/faulty
  GET /refused: http://127.0.0.1:{refused}/
  GET /unused: {up}/unused
"""
PEOPLE, SCRAPER = 9, 37


def told(gateway_: Gateway, state: Path, *options: str) -> dict[str, dict[str, Any]]:
    """The figures by path; empty as long as there is no state file."""
    ran = sluice("endpoints", "--json", "--state", state, "--routes", gateway_.routes, *options, cwd=state.parent)
    return {one["endpoint"]: one for one in ran.json["endpoints"]} if ran.code == 0 else {}


def ask(running: Gateway) -> int:
    """What the clients do; returns how many requests it was."""
    asked = 0
    with running.connection() as client:

        def get(path: str, status: int, who: str = "") -> None:
            nonlocal asked
            headers = (("X-Api-Key", who),) if who else ()
            assert client.request("GET", path, host=HOST, headers=headers).status == status
            asked += 1

        for person in range(PEOPLE):
            get(f"/hotels/{person}", 200, f"person-{person}")
            get("/mixed", 200, f"person-{person}" if person % 2 else "")
            get("/open", 200)
        for step in range(SCRAPER):
            get(f"/hotels/{step}", 200, "scraper")
        for _ in range(3):
            get("/faulty", 503, "person-1")
            get("/refused", 502)
    return asked


def test_what_clients_do_shows_while_the_gateway_runs_and_after_it_has_ended(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Upstream() as up, refusing_port() as refused:
        up.on("/faulty", answer(503, body=b"no"))
        files = {"api.yaml": ROUTES.format(up=up.url, refused=refused)}
        with gateway(files, "--set", "learn=true", "--set", f"state={state}") as running:
            asked = ask(running)
            wait_until(
                lambda: sum(one["requests"] for one in told(running, state).values()) == asked, what="every request"
            )
            live = told(running, state)
            text = sluice("endpoints", "--prometheus", "--state", state, "--routes", running.routes, cwd=tmp_path).out
            running.stop()
            assert told(running, state) == live

    hotel = live["/hotels/{var1}"]
    assert (hotel["requests"], hotel["sessions"], hotel["state"]) == (PEOPLE + SCRAPER, PEOPLE + 1, "saved")
    assert hotel["origin_ms"]["count"] == PEOPLE + SCRAPER
    assert hotel["origin_ms"]["p99"] > 0
    assert hotel["authentication"] == {"status": "all", "successes": {"header x-api-key": PEOPLE + SCRAPER}}
    limit = hotel["thresholds"]
    assert (limit["suggested_threshold"], limit["p50"], limit["p99"]) == (7, 1, 37)

    assert live["/mixed"]["authentication"]["status"] == "mixed"
    assert live["/open"]["authentication"] == {"status": "none", "successes": {"none": PEOPLE}}
    assert live["/open"]["thresholds"] is None
    faulty = live["/faulty"]
    assert (faulty["error_rates"], faulty["authentication"]["status"]) == ({"4xx": 0.0, "5xx": 1.0, "all": 1.0}, None)
    assert faulty["response_bytes"]["mean"] == 2
    # The gateway's own answers count, and no origin took any time.
    assert (live["/refused"]["statuses"]["5xx"], live["/refused"]["origin_ms"]) == (3, None)
    assert (live["/unused"]["requests"], live["/unused"]["state"]) == (0, "saved")

    requests = next(one for one in text_string_to_metric_families(text) if one.name == "sluicegate_endpoint_requests")
    assert sum(one.value for one in requests.samples) == asked
