"""`scripts/gateway --workers`: several processes on one port that load, change, log and tell as one gateway."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluicegate.control.addresses import Address
from sluicegate.control.client import fetch
from tests.console.sluice import sluice
from tests.e2e.harness import (
    Gateway,
    Upstream,
    answer,
    gateway,
    program_command,
    program_environment,
    wait_until,
)
from tests.e2e.harness.load import Load
from tests.e2e.harness.processes import children, is_running

pytestmark = pytest.mark.entry("gateway")


def moving(upstream: Upstream, path: str) -> str:
    return f"host: api.hotel.test\nendpoints:\n  GET /moving: {upstream.url}{path}\n"


@pytest.fixture(scope="module")
def shared_upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        server.on("/v1", answer(body=b"v1"))
        server.on("/v2", answer(body=b"v2"))
        yield server


@pytest.fixture(scope="module")
def pair(shared_upstream: Upstream, entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two workers; the route file names /v1. The request log is on standard output."""
    state = tmp_path_factory.mktemp("state")
    options = ("--workers", "2", "--set", f"state={state}", "--set", "request_log=-")
    with gateway({"hotel.yaml": moving(shared_upstream, "/v1")}, *options) as running:
        running.wait_log("2 workers serve at")
        running.wait_log("control: ")
        yield running


def ask(running: Gateway, path: str = "/status") -> Any:
    told = running.wait_log(r"control: unix:(\S+)")
    return json.loads(fetch(Address(path=told[1]), path)[1])


def settle(running: Gateway, upstream: Upstream, path: str) -> int:
    """Names a target in the route file and waits until the whole gateway says that it runs; returns the generation."""
    before = ask(running)["generation"]
    seen = len(running.log)
    running.write("hotel.yaml", f"# after {before}\n{moving(upstream, path)}")
    found = running.wait_log(r"routes generation (\d+): 1 file, 1 endpoint, .* on 2 workers\n", after=seen)
    assert int(found[1]) == before + 1
    return before + 1


def serve_both(running: Gateway) -> None:
    """Asks on many connections at a time until the log shows an exchange of each worker."""

    def burst() -> bool:
        with contextlib.ExitStack() as stack:
            for connection in [stack.enter_context(running.connection()) for _ in range(8)]:
                assert connection.request("GET", "/moving").status == 200
        return {"1", "2"} <= set(re.findall(r"(?m)^\[(\d)\].*client connect", running.log))

    wait_until(burst, what="an exchange of each worker")


def test_both_serve_and_one_log_has_the_whole_lines_of_all(pair: Gateway) -> None:
    serve_both(pair)
    lines = pair.log.splitlines()
    of_workers = [line for line in lines if line.startswith(("[1] ", "[2] "))]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    of_parent = [line for line in lines if re.match(r"\[\d\d:\d\d:\d\d\.\d{3}\] ", line)]
    assert len(of_workers) + len(records) + len(of_parent) == len(lines)
    assert len(records) >= 8
    assert {record["status"] for record in records if record["path"] == "/moving"} == {200}
    assert "\x1b" not in pair.log


def test_a_reload_reaches_all_and_its_receipt_comes_once_when_all_run_it(
    pair: Gateway, shared_upstream: Upstream
) -> None:
    for path in ("/v2", "/v1"):
        generation = settle(pair, shared_upstream, path)
        assert [one["generation"] for one in ask(pair)["workers"]] == [generation] * 2
        assert pair.log.count(f"routes generation {generation}:") == 1
        for _ in range(8):
            assert pair.get("/moving").text == path[1:]


def test_a_broken_file_changes_nothing_and_is_told_once(pair: Gateway, shared_upstream: Upstream) -> None:
    generation = settle(pair, shared_upstream, "/v1")
    seen = len(pair.log)
    pair.write("hotel.yaml", "endpoints:\n  GET /broken/{x}: http://127.0.0.1:1/{y}\n")
    pair.wait_log(f"route files not taken over: generation {generation} stays", after=seen)
    status = ask(pair)
    assert (status["generation"], status["error_count"], status["ready"]) == (generation, 1, True)
    assert status["last_reload"]["taken_over"] is False
    assert pair.get("/moving").text == "v1"
    assert pair.log[seen:].count("hotel.yaml:2:") == 1
    assert settle(pair, shared_upstream, "/v1") == generation + 1
    assert ask(pair)["errors"] == []


def test_the_status_is_one_for_all_and_names_each_worker(pair: Gateway) -> None:
    status = ask(pair)
    assert status["pid"] == pair.pid
    assert status["listeners"] == [f"127.0.0.1:{pair.port}"]
    workers = status["workers"]
    assert {one["pid"] for one in workers} < set(children(pair.pid))
    assert [one["ready"] for one in workers] == [True, True]
    assert ask(pair, "/readyz") == {"status": "ready", "generation": status["generation"]}
    path = pair.wait_log(r"control: (unix:\S+)")[1]
    told = sluice("status", "--url", path, cwd=pair.routes)
    assert told.code == 0
    assert f"{workers[0]['pid']} serves generation {status['generation']}" in told.out


def test_a_worker_killed_under_load_costs_what_it_was_serving_and_a_new_one_comes(pair: Gateway) -> None:
    before = ask(pair)
    with Load(pair, ["/moving"], keeping=3, renewing=2) as load:
        load.wait_more(50)
        os.kill(before["workers"][1]["pid"], signal.SIGKILL)
        wait_until(lambda: ask(pair)["workers"][1]["restarts"] == before["workers"][1]["restarts"] + 1)
        wait_until(lambda: ask(pair)["workers"][1]["ready"], timeout=40, what="the new worker")
        load.wait_more(100)
    assert len(load.failures) <= 5  # one for each connection
    after = ask(pair)
    assert after["workers"][0] == before["workers"][0]
    assert after["workers"][1]["pid"] != before["workers"][1]["pid"]
    assert after["workers"][1]["generation"] == after["generation"]
    pair.wait_log("worker 2 was killed by SIGKILL; the next one starts ")


def test_a_worker_that_is_told_to_end_finishes_and_is_replaced(pair: Gateway, shared_upstream: Upstream) -> None:
    before = ask(pair)["workers"]
    with Load(pair, ["/moving"], keeping=2, renewing=2) as load:
        load.wait_more(20)
        os.kill(before[0]["pid"], signal.SIGTERM)
        wait_until(lambda: ask(pair)["workers"][0]["pid"] not in (0, before[0]["pid"]))
        wait_until(lambda: ask(pair)["workers"][0]["ready"], timeout=40, what="the new worker")
        load.wait_more(20)
    # A client that keeps its connection may ask at the moment at which that is closed.
    assert [one for one in load.failures if "new connection" in one] == []
    assert ask(pair)["workers"][1] == before[1]


def test_no_process_outlives_a_parent_that_was_killed(shared_upstream: Upstream) -> None:
    routes = {"hotel.yaml": moving(shared_upstream, "/v1")}
    with gateway(routes, "--workers", "2", "--set", "control=off") as running:
        running.wait_log("2 workers serve at")
        started = children(running.pid)
        assert len(started) == 3  # two workers, and what reads the route files
        with running.connection() as kept:
            kept.request("GET", "/moving")
            running.process.kill()
            wait_until(lambda: not any(map(is_running, started)), timeout=30, what="the end of all processes")


@pytest.mark.parametrize(
    ("option", "name"),
    [
        (("-w", "flows"), "save_stream_file"),
        (("--set", "hardump=a.har"), "hardump"),
        (("-r", "flows"), "rfile"),
        (("-C", "flows"), "client_replay"),
        (("-S", "flows"), "server_replay"),
        (("--set", "stickycookie=.*"), "stickycookie"),
        (("-n",), "listener"),
    ],
)
def test_what_cannot_be_shared_is_refused_and_touches_no_file(
    option: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    (tmp_path / "flows").write_bytes(b"kept")
    with gateway({}, "--workers", "2", *option, cwd=tmp_path, ready=False) as running:
        assert running.wait_exit() == 1
        assert len(running.log.splitlines()) == 1
        assert name in running.log
        assert "workers" in running.log
    assert (tmp_path / "flows").read_bytes() == b"kept"
    assert not (tmp_path / "a.har").exists()


def test_a_bad_option_is_told_once_as_mitmdump_tells_it() -> None:
    with gateway({}, "--workers", "2", "--set", "head_limit=banana", ready=False) as running:
        assert running.wait_exit() == 1
        assert running.log == "gateway: head_limit: 'banana' is not a size of at least 1k, such as 64k.\n"


def test_a_port_that_is_taken_ends_it_with_the_reason(shared_upstream: Upstream) -> None:
    port = shared_upstream.url.rpartition(":")[2]
    with gateway({}, "--workers", "2", "-p", port, ready=False) as running:
        assert running.wait_exit() == 1
        assert re.fullmatch(
            rf"\[.*\] cannot listen on 127\.0\.0\.1:{port}: .* in use; --listen-port chooses another\n", running.log
        )


def test_workers_that_never_serve_end_the_gateway_instead_of_being_started_for_ever(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("import logging\ndef running():\n    logging.error('this script is broken')\n")
    with gateway({}, "--workers", "2", "-s", str(script), ready=False) as running:
        assert running.wait_exit() == 1
        assert "this script is broken" in running.log
        assert re.search(r"no worker could serve: worker \d ended with status 1\n", running.log)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--workers", "0"), ("--workers", "-1"), ("--workers=two",), ("--workers", "65"), ("--workers",),
        ("--drain", "soon"), ("--drain=2h",), ("--drain", "-1s"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_what_would_be_right(arguments: tuple[str, ...]) -> None:
    told = run(*arguments)
    assert told.returncode == 2
    assert told.stdout == ""
    assert arguments[0].partition("=")[0] in told.stderr


def test_the_help_has_the_options_of_mitmdump_and_the_gateways_own() -> None:
    told = run("--help")
    assert told.returncode in (0, 1)  # as mitmdump
    assert "--listen-port" in told.stdout
    assert "--workers N|auto" in told.stdout
    assert "--drain TIME" in told.stdout


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **program_environment("gateway")}
    command = [*program_command("gateway"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
