"""Learning from live traffic: both entries and workers, what is left out, a learner that dies, discovery alone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluicegate.control.addresses import parse_url
from sluicegate.control.client import fetch
from sluicegate.learning.keeping import learned
from sluicegate.learning.observation import Key
from sluicegate.learning.parts import Learning, new_learner
from sluicegate.learning.state_file import StoreError
from tests.e2e.harness import REPOSITORY, Connection, Gateway, Upstream, answer, gateway, wait_until
from tests.e2e.harness.processes import children

DISCOVERY = REPOSITORY / "addons" / "discovery.py"
ROUTES = """
host: api.hotel.test
endpoints:
  GET /hotels/{{hotel}}: {up}
  POST /hotels/{{hotel}}/bookings: {up}
  GET /down: http://127.0.0.1:{dead}
"""
HOST = "api.hotel.test"
SECRET = "s3cr3t-0f-a-person"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        server.otherwise = answer(
            headers=[("Content-Type", "application/json"), ("Set-Cookie", f"sid={SECRET}")], body=b'{"id": 7}'
        )
        yield server


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "state.db"


def routes(upstream: Upstream) -> dict[str, str]:
    from tests.ports import free_port

    return {"hotel.yaml": ROUTES.format(up=upstream.url, dead=free_port())}


def learning(state: Path) -> tuple[str, ...]:
    return ("--set", "learn=true", "--set", f"state={state}")


def ask(connection: Connection, first: int, number: int) -> None:
    for one in range(first, first + number):
        headers = [("Authorization", f"Bearer {SECRET}-{one % 5}")]
        assert connection.request("GET", f"/hotels/{one}", host=HOST, headers=headers).status == 200


def known(state: Path) -> Learning | None:
    try:
        return learned(state, new_learner).learner  # type: ignore[return-value]
    except StoreError:
        return None


def counted(state: Path, endpoint: str = "/hotels/{var1}", method: str = "GET") -> int:
    """Requests of an endpoint in the figures that are kept."""
    learner = known(state)
    figures = learner.figures(Key(method, HOST, endpoint)) if learner else None
    return sum(figures.totals().statuses) if figures else 0


def wait_counted(state: Path, number: int, endpoint: str = "/hotels/{var1}", method: str = "GET") -> None:
    wait_until(lambda: counted(state, endpoint, method) == number, timeout=40, what=f"{number} of {method} {endpoint}")


def status(running: Gateway) -> dict[str, Any]:
    address = running.wait_log(r"control: (unix:\S+)")[1]
    code, body = fetch(parse_url(address), "/status")
    assert code == 200
    found: dict[str, Any] = json.loads(body)
    return found


def learner_of(running: Gateway) -> int:
    wait_until(lambda: status(running)["learning"]["pid"], timeout=40, what="a learner")
    return int(status(running)["learning"]["pid"])


def test_what_goes_through_is_found_in_the_state_file(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), *learning(state)) as running:
        with running.connection() as connection:
            ask(connection, 0, 40)
            headers, body = [("Content-Type", "application/json")], b'{"nights": 2, "guest": "Ann"}'
            for one in range(10):
                connection.request("POST", f"/hotels/{one}/bookings", host=HOST, headers=headers, body=body)
        wait_counted(state, 40)
        wait_counted(state, 10, "/hotels/{var1}/bookings", "POST")
        told = status(running)["learning"]
        assert (told["learned"], told["dropped"], told["off"], told["state"]) == (50, 0, "", str(state))
    learner = known(state)
    assert learner is not None
    found = {(one.method, one.endpoint): one for one in learner.endpoints()}
    assert {key: (one.state, one.requests) for key, one in found.items()} == {
        ("GET", "/hotels/{var1}"): ("saved", 40),
        ("POST", "/hotels/{var1}/bookings"): ("saved", 10),
    }
    assert found["GET", "/hotels/{var1}"].sessions == 5
    profile = learner.profile(Key("POST", HOST, "/hotels/{var1}/bookings"))
    assert profile is not None
    assert profile.bodies["application/json"].count == 10


def test_no_credential_is_written_down(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), *learning(state)) as running:
        with running.connection() as connection:
            ask(connection, 0, 10)
            named = {"Cookie": f"a=b; sid={SECRET}", "Proxy-Authorization": f"Basic {SECRET}", "X-Api-Key": SECRET}
            for header in named.items():
                connection.request("GET", "/hotels/1", host=HOST, headers=[header])
        wait_counted(state, 13)
    for file in state.parent.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file


def test_refusals_and_failures_are_counted_and_nothing_is_learned_from_them(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), *learning(state)) as running:
        with running.connection() as connection:
            ask(connection, 0, 5)
            for one in range(5):
                assert connection.request("GET", f"/admin/{one}", host=HOST).status == 404
            assert connection.request("GET", "/down", host=HOST).status == 502
        wait_counted(state, 5)
        wait_counted(state, 1, "/down")
        assert counted(state, "/admin/3") == 1
    learner = known(state)
    assert learner is not None
    assert [one.endpoint for one in learner.endpoints(noise=True)] == ["/hotels/{var1}"]


def test_without_learning_there_is_no_process_and_no_file(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), "--set", "learn=false", "--set", f"state={state}") as running:
        before = set(children(running.pid))
        with running.connection() as connection:
            ask(connection, 0, 20)
        assert status(running)["learning"] is None
        assert set(children(running.pid)) == before
    assert not state.exists()


def test_the_learner_begins_with_the_first_exchange_that_has_a_host(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), *learning(state)) as running:
        assert status(running)["learning"]["pid"] == 0
        with running.connection() as connection:
            ask(connection, 0, 1)
        assert learner_of(running)


@pytest.mark.entry("gateway")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_learner_that_is_killed_is_started_again_and_traffic_goes_on(
    workers: str, upstream: Upstream, state: Path
) -> None:
    with gateway(routes(upstream), *learning(state), "--workers", workers) as running:
        with running.connection() as connection:
            ask(connection, 0, 20)
            wait_counted(state, 20)
            first = learner_of(running)
            os.kill(first, signal.SIGKILL)
            ask(connection, 20, 20)
            wait_counted(state, 40)
        assert learner_of(running) != first
        running.wait_log(r"the learner was killed by signal 9; the next one starts")


def test_a_gateway_that_is_killed_loses_no_more_than_its_last_batch(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), *learning(state)) as running:
        with running.connection() as connection:
            ask(connection, 0, 30)
            wait_counted(state, 30)
            ask(connection, 30, 10)
        running.process.kill()
        running.wait_exit()
    wait_until(lambda: 30 <= counted(state) <= 40, what="what was kept")


@pytest.mark.entry("gateway")
def test_an_end_is_not_held_up_by_learning_and_loses_nothing(upstream: Upstream, state: Path) -> None:
    with gateway(routes(upstream), *learning(state), "--workers", "2") as running:
        for first in range(0, 40, 10):
            with running.connection() as connection:
                ask(connection, first, 10)
    assert counted(state) == 40


def test_a_state_file_that_cannot_be_used_ends_learning_with_one_warning(upstream: Upstream, state: Path) -> None:
    state.with_name("state.db.lock").mkdir(parents=True)
    with gateway(routes(upstream), *learning(state)) as running:
        with running.connection() as connection:
            ask(connection, 0, 5)
            running.wait_log("nothing is learned: the state file cannot be used", timeout=30)
            ask(connection, 5, 5)
        assert status(running)["learning"]["off"] == "the state file cannot be used"
        assert running.log.count("nothing is learned") == 1


@pytest.mark.entry("mitmdump", "mitmweb")
def test_discovery_alone_learns_from_a_forward_proxy_and_changes_nothing(upstream: Upstream, state: Path) -> None:
    options = ("--mode", "regular", *learning(state))
    with gateway({}, *options, scripts=(DISCOVERY,)) as running:
        with running.connection() as connection:
            for one in range(30):
                authority = upstream.url.removeprefix("http://")
                response = connection.request("GET", f"{upstream.url}/users/{one}/orders", host=authority)
                assert (response.status, response.body) == (200, b'{"id": 7}')
                connection.request("GET", f"{upstream.url}/users/{one}", host="a{b}.\x1b[31m.test")  # no host name
        running.wait_log("what is learned is kept in")
    learner = known(state)
    assert learner is not None
    assert [(one.host, one.endpoint, one.requests) for one in learner.endpoints()] == [
        ("127.0.0.1", "/users/{var1}/orders", 30)
    ]


SEEN = """
host: 127.0.0.1
origin: http://127.0.0.1:9
session_identifiers: [{body: /who}]
endpoints:
  POST /{shop}/orders:
"""


@pytest.mark.entry("mitmdump")
def test_discovery_alone_reads_the_route_files_for_endpoints_and_sessions(upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes" / "shop.yaml").write_text(SEEN)
    state = tmp_path / "state.db"
    with gateway({}, "--mode", "regular", *learning(state), scripts=(DISCOVERY,), cwd=tmp_path) as running:
        with running.connection() as connection:
            for one in range(12):
                body = json.dumps({"who": f"{SECRET}-{one % 4}", "pieces": one}).encode()
                head = [("Content-Type", "application/json"), ("Authorization", f"Bearer {one}")]
                connection.request("POST", f"{upstream.url}/toys/orders", host="127.0.0.1", headers=head, body=body)
            body = json.dumps({"fill": "x" * 70_000, "who": f"{SECRET}-9"}).encode()  # too long to look for a session
            connection.request("POST", f"{upstream.url}/toys/orders", host="127.0.0.1", headers=head, body=body)
        running.wait_log("what is learned is kept in")
    learner = known(state)
    assert learner is not None
    (one,) = learner.endpoints()
    assert (one.endpoint, one.state, one.requests, one.sessions) == ("/{var1}/orders", "saved", 13, 4)
    assert SECRET.encode() not in state.read_bytes()


@pytest.mark.entry("mitmdump")
def test_discovery_alone_goes_on_without_route_files_that_have_errors(upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes" / "shop.yaml").write_text("endpoints: 7\n")
    state = tmp_path / "state.db"
    with gateway({}, "--mode", "regular", *learning(state), scripts=(DISCOVERY,), cwd=tmp_path) as running:
        with running.connection() as connection:
            for one in range(12):
                connection.request("GET", f"{upstream.url}/users/{one}", host="127.0.0.1")
        running.wait_log("discovery: goes on without the route files: shop.yaml:1:12: ")
    learner = known(state)
    assert learner is not None
    assert [(one.endpoint, one.requests) for one in learner.endpoints()] == [("/users/{var1}", 12)]


@pytest.mark.entry("mitmdump")
def test_beside_the_gateway_discovery_leaves_learning_to_it(upstream: Upstream, state: Path) -> None:
    door = REPOSITORY / "addons" / "routing.py"
    for scripts in ((DISCOVERY, door), (door, DISCOVERY)):
        kept = state.with_name(f"{scripts[0].stem}.db")
        with gateway(routes(upstream), *learning(kept), scripts=scripts) as running:
            with running.connection() as connection:
                ask(connection, 0, 12)
            running.wait_log("the gateway learns from its traffic by itself")
        assert counted(kept) == 12
