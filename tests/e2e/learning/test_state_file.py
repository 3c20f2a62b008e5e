"""The file where what was learned is kept: it outlives kill -9, and nothing in it stops traffic."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.harness import Gateway, Upstream, answer, gateway, wait_until
from tests.e2e.harness.processes import children, command
from tests.e2e.learning import recorded, shop
from tests.e2e.learning.learned import discovered, keeping, learn, shapes, the
from tests.e2e.sluice.material import as_argv, environment

ROUTES = "host: api.hotel.test\norigin: {up}\n"
ACCOUNT = ("GET", "/accounts/{}")


@pytest.fixture(scope="module")
def shared_upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        server.otherwise = answer(headers=[("Content-Type", "application/json")], body=b'{"ok": true}')
        yield server


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "state.db"


def files(upstream: Upstream) -> dict[str, str]:
    return {"hotel.yaml": ROUTES.format(up=upstream.url)}


def ask(running: Gateway, numbers: range) -> None:
    """Asks for accounts, each as a client of its own, on one connection."""
    with running.connection() as connection:
        for number in numbers:
            headers = [("Authorization", f"Bearer {shop.token(number)}")]
            assert connection.request("GET", f"/accounts/{1000 + number}", headers=headers).status == 200


def requests(state: Path) -> int:
    """How many requests for accounts are kept, whatever they were made of so far."""
    found = discovered("--state", state, "--noise", cwd=state.parent) if state.exists() else []
    return sum(row["requests"] for row in found if row["endpoint"].startswith("/accounts/"))


def sound(state: Path) -> None:
    with closing(sqlite3.connect(state)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_end_keeps_all_that_was_seen(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(40))
    assert the(discovered("--state", state, cwd=state.parent), *ACCOUNT)["requests"] == 40
    sound(state)


def test_the_next_start_goes_on_where_the_last_one_ended(shared_upstream: Upstream, state: Path) -> None:
    for numbers in (range(20), range(20, 40)):
        with gateway(files(shared_upstream), *keeping(state)) as running:
            ask(running, numbers)
    row = the(discovered("--state", state, cwd=state.parent), *ACCOUNT)
    assert (row["requests"], row["sessions"]) == (40, 40)


def test_kill_9_loses_a_batch_at_most_and_never_breaks_the_file(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(60))
        wait_until(lambda: requests(state) == 60, what="the first batch in the file")
        ask(running, range(60, 90))
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait(10)
    sound(state)
    assert requests(state) >= 60
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(10))
        assert "Traceback" not in running.log
    assert requests(state) >= 70


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_corrupt_file_is_set_aside_with_a_message_and_traffic_goes_on(
    shared_upstream: Upstream, state: Path, content: bytes
) -> None:
    state.parent.mkdir()
    state.write_bytes(content)
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(40))
        running.wait_log("state.db")
        assert "Traceback" not in running.log
    assert requests(state) == 40
    (aside,) = [path for path in state.parent.iterdir() if path.is_file() and path.read_bytes() == content]
    assert aside.name in running.log


def test_a_file_cut_in_the_middle_is_set_aside_too(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(40))
    whole = state.read_bytes()
    for beside in state.parent.glob("state.db-*"):
        beside.unlink()
    state.write_bytes(whole[: len(whole) // 2])
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(30))
        running.wait_log("state.db")
        assert "Traceback" not in running.log
    assert requests(state) >= 30
    sound(state)


def newer(state: Path) -> bytes:
    """Makes a file of the gateway's own look like that of a later version."""
    with closing(sqlite3.connect(state)) as base:
        (version,) = base.execute("PRAGMA user_version").fetchone()
        assert version > 0
        base.execute(f"PRAGMA user_version = {version + 1000}")
        base.commit()
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return state.read_bytes()


def test_a_file_of_a_newer_version_is_set_aside_whole_with_a_message(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(40))
    content = newer(state)
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(30))
        running.wait_log("newer")
    assert requests(state) == 30
    (aside,) = [path for path in state.parent.iterdir() if path.is_file() and path.read_bytes() == content]
    assert aside.name in running.log


@pytest.mark.entry("mitmdump")
def test_the_command_sets_a_broken_file_aside_as_well(tmp_path: Path) -> None:
    recorded.write_har(tmp_path / "traffic.har", shop.traffic(clients=5))
    (tmp_path / "state.db").write_bytes(b"garbage " * 1000)
    assert shapes(learn("traffic.har", "--state", "state.db", cwd=tmp_path)) >= {("GET", "/v2/settings")}
    sound(tmp_path / "state.db")
    assert any(path.read_bytes() == b"garbage " * 1000 for path in tmp_path.iterdir())


def test_two_gateways_share_a_file(shared_upstream: Upstream, state: Path) -> None:
    with (
        gateway(files(shared_upstream), *keeping(state)) as one,
        gateway(files(shared_upstream), *keeping(state)) as two,
    ):
        for start in range(0, 40, 10):
            ask(one, range(start, start + 5))
            ask(two, range(start + 5, start + 10))
    row = the(discovered("--state", state, cwd=state.parent), *ACCOUNT)
    assert (row["requests"], row["sessions"]) == (40, 40)
    sound(state)


SLOW = """
import os, socket, sys, time
if "sluicegate.learning.process" in sys.orig_argv:
    while not os.path.exists({go!r}):
        time.sleep(0.01)
real = socket.socket.setsockopt
def usual(self, level, name, *value):
    if name in (socket.SO_SNDBUF, socket.SO_RCVBUF) and value:
        value = (min(value[0], 212992),)
    return real(self, level, name, *value)
socket.socket.setsockopt = usual
"""
"""A machine under load, where the learner takes its time to start, and with Linux' usual limits of sockets."""


class Late:
    """A learner that starts when the gateway ends, and no earlier."""

    def __init__(self, folder: Path) -> None:
        self._go = folder / "go"
        (folder / "sitecustomize.py").write_text(SLOW.format(go=str(self._go)))
        self.env = {"PYTHONPATH": str(folder)}

    def end(self, running: Gateway) -> None:
        """Ends a gateway, and lets its learner go."""
        running.process.send_signal(signal.SIGTERM)
        self._go.touch()
        running.wait_exit()


@pytest.fixture
def late(tmp_path: Path) -> Late:
    return Late(tmp_path)


def test_the_end_waits_for_a_learner_that_is_only_starting(shared_upstream: Upstream, state: Path, late: Late) -> None:
    body = b'{"a": "%s"}' % (b"x" * 20_000)
    with (
        gateway(files(shared_upstream), *keeping(state), env=late.env) as running,
        running.connection() as connection,
    ):
        for number in range(100):
            fields = [("Authorization", f"Bearer {shop.token(number)}"), ("Content-Type", "application/json")]
            assert connection.request("POST", f"/accounts/{1000 + number}", headers=fields, body=body).status == 200
        late.end(running)
    assert requests(state) == 100


def test_long_heads_of_one_client_cost_no_other_its_place(shared_upstream: Upstream, state: Path, late: Late) -> None:
    with gateway(files(shared_upstream), *keeping(state), env=late.env) as running:
        for number in range(100):
            ask(running, range(number, number + 1))
            long = running.get(f"/{'a' * 20_000}", headers=[("X-Long", "x" * 20_000)])
            assert long.status == 200
        late.end(running)
    assert requests(state) == 100


def test_a_learner_that_ends_just_before_the_gateway_loses_nothing_that_waited(
    shared_upstream: Upstream, state: Path, late: Late
) -> None:
    def learners() -> list[int]:
        return [pid for pid in children(running.pid) if "sluicegate.learning.process" in command(pid)]

    with gateway(files(shared_upstream), *keeping(state), env=late.env) as running:
        ask(running, range(20))
        wait_until(lambda: bool(learners()), what="a learner")
        for one in learners():
            os.kill(one, signal.SIGTERM)  # as a manager of services does that ends all of a service at once
        late.end(running)
    assert requests(state) == 20


def test_the_command_reads_and_learns_while_a_gateway_writes(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state)) as running:
        ask(running, range(30))
        wait_until(lambda: requests(state) == 30, what="the first batch in the file")
        recorded.write_har(state.parent / "traffic.har", shop.traffic(clients=5, host="api.hotel.test"))
        learn("traffic.har", "--state", state, cwd=state.parent)
        ask(running, range(30, 60))
    kept = discovered("--state", state, cwd=state.parent)
    asked = sum(each.method == "GET" and each.path.count("/") == 2 and "/accounts/" in each.path
                for each in shop.traffic(clients=5))  # fmt: skip
    assert the(kept, *ACCOUNT)["requests"] == 60 + asked
    assert ("GET", "/v2/settings") in shapes(kept)


@pytest.mark.entry("gateway")
def test_workers_share_a_file_and_count_each_request_once(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state), "--workers", "2") as running:
        running.wait_log("2 workers serve at")
        for number in range(60):
            ask(running, range(number, number + 1))
    row = the(discovered("--state", state, cwd=state.parent), *ACCOUNT)
    assert (row["requests"], row["sessions"]) == (60, 60)
    sound(state)


@pytest.mark.entry("gateway")
def test_a_killed_worker_loses_its_own_last_batch_at_most(shared_upstream: Upstream, state: Path) -> None:
    with gateway(files(shared_upstream), *keeping(state), "--workers", "2") as running:
        running.wait_log("2 workers serve at")
        ask(running, range(30))
        wait_until(lambda: requests(state) == 30, what="the first batch in the file")
        os.kill(children(running.pid)[0], signal.SIGKILL)
        running.wait_log("was killed by SIGKILL")
        wait_until(lambda: running.get("/accounts/2000").status == 200, what="an answer")
    assert requests(state) >= 31
    sound(state)


def test_a_folder_that_cannot_be_written_stops_no_traffic(shared_upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with gateway(files(shared_upstream), *keeping(tmp_path / "file" / "state.db")) as running:
        ask(running, range(10))
        assert "Traceback" not in running.log


GROWING = {
    "words": lambda number: ("GET", f"/a{number * 7919 % 1000003}x/b{number}y/c{number * 31}z", "", None),
    "queries": lambda number: ("GET", "/a", f"k{number}={number}&z{number * 3}=1", None),
    "methods": lambda number: (f"M{number}", "/a", "", None),
    "members": lambda number: ("POST", "/a", "", {f"f{number}": number, f"g{number}": {f"x{number}": [1]}}),
}


@pytest.mark.entry("mitmdump")
@pytest.mark.parametrize("kind", GROWING)
def test_what_a_client_makes_up_grows_the_file_within_a_bound(kind: str, tmp_path: Path) -> None:
    """Eight times as many names of that kind as before: the file grows by less than half."""

    def size(count: int) -> int:
        name = f"{count}.har"
        exchanges = []
        for number in range(count):
            method, path, query, sent = GROWING[kind](number)
            exchanges.append(
                shop.Exchange(method, path, query=query, sent=sent, token=shop.token(number % 50), at=1.8e9 + number)
            )
        recorded.write_har(tmp_path / name, exchanges)
        learn(name, "--state", f"{count}.db", cwd=tmp_path)
        return (tmp_path / f"{count}.db").stat().st_size

    small, large = size(700), size(5600)
    assert large < 1.5 * small


@pytest.mark.entry("mitmdump")
def test_learn_that_is_killed_leaves_a_sound_file(tmp_path: Path) -> None:
    recorded.write_har(tmp_path / "traffic.har", shop.traffic(clients=60))
    learn("traffic.har", "--state", "state.db", cwd=tmp_path)
    shutil.copy(tmp_path / "state.db", tmp_path / "before.db")
    command = as_argv("learn", "--json", "--again", "traffic.har", "--state", "state.db")
    running = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL)
    wait_until(lambda: running.poll() is not None or (tmp_path / "state.db-wal").exists(), what="a write")
    running.kill()
    running.wait(10)
    sound(tmp_path / "state.db")
    counted = the(discovered("--state", "state.db", cwd=tmp_path), "GET", "/v2/settings")["requests"]
    assert counted in (60, 120)
