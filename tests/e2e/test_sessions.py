"""Sessions in the request log: the same client has the same name, and no name gives away what it stands for."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Gateway, Upstream, answer, gateway
from tests.e2e.harness.client import HeaderList
from tests.e2e.harness.request_log import RequestLog
from tests.sessions.tokens import token

ROUTES = """
host: api.hotel.test
endpoints:
  GET /a/{{x}}: {up}/a/{{x}}
  POST /a/{{x}}: {up}/a/{{x}}
"""
OTHER = """
host: other.hotel.test
session_identifiers:
  - cookie: own
origin: {up}
endpoints:
  GET /a/{{x}}: {up}/a/{{x}}
"""
GENERAL = """
session_identifiers:
  - header: X-Api-Key
  - cookie: sid
  - jwt: $.user["id"]
  - jwt: $.sub
    from: cookie t
  - body: /user/id
"""
SECRETS = ("s3cret-key", "s3cret-cookie", "s3cret-user", "s3cret-sub", "s3cret-field", "s3cret-own")
NAME = re.compile("[0-9a-f]{16}")


@pytest.fixture(scope="module")
def up() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


class World:
    """A gateway with a request log, and the session that the log has of each request."""

    def __init__(self, running: Gateway, log: RequestLog, state: Path) -> None:
        self.gateway, self.log, self.state = running, log, state
        self._count = 0

    def session(
        self, *headers: tuple[str, str], body: bytes | None = None, host: str = "api.hotel.test", path: str = ""
    ) -> str | None:
        """Sends a request to a path of its own and waits for its line."""
        self._count += 1
        path = path or f"/a/{self._count}"
        with self.gateway.connection() as connection:
            connection.request("POST" if body is not None else "GET", path, host=host, headers=headers, body=body)
        found: str | None = self.log.wait(path)[-1]["session"]
        assert found is None or NAME.fullmatch(found)
        return found


@pytest.fixture(scope="module")
def world(entry: str, up: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sessions")
    files = {"api.yaml": ROUTES.format(up=up.url), "b.yaml": OTHER.format(up=up.url), "_gateway.yaml": GENERAL}
    options = ("--set", f"request_log={folder / 'requests.jsonl'}", "--set", f"state={folder / 'state'}")
    with gateway(files, *options) as running:
        yield World(running, RequestLog(folder / "requests.jsonl"), folder / "state")


def bearer(claims: object) -> tuple[str, str]:
    return ("Authorization", f"Bearer {token(claims)}")


def test_each_kind_of_identifier_names_a_session_and_equal_values_of_two_kinds_name_two(world: World) -> None:
    value = SECRETS[0]
    names = [
        world.session(("X-Api-Key", value)),
        world.session(("Cookie", f"a=b; sid={value}")),
        world.session(bearer({"user": {"id": value}})),
        world.session(("Cookie", f"t={token({'sub': value})}")),
        world.session(("Content-Type", "application/json"), body=json.dumps({"user": {"id": value}}).encode()),
    ]
    assert None not in names
    assert len(set(names)) == 5


def test_the_same_client_is_the_same_session_and_the_first_identifier_decides(world: World) -> None:
    one = world.session(("X-Api-Key", SECRETS[0]))
    assert world.session(("x-api-key", SECRETS[0]), ("Cookie", f"sid={SECRETS[1]}")) == one
    assert world.session(("X-Api-Key", ""), ("Cookie", f"sid={SECRETS[1]}")) not in (None, one)


def test_who_has_no_identifier_has_no_session(world: World) -> None:
    assert world.session() is None
    assert world.session(("Authorization", "Basic abc")) is None
    assert world.session(body=b'{"user": {}}') is None


def test_what_a_client_sends_to_confuse_is_served_and_names_nobody(world: World) -> None:
    hostile: list[tuple[HeaderList, bytes | None]] = [
        ([("Cookie", ";" * 20_000)], None),
        ([("Authorization", "Bearer " + "a." * 9_000)], None),
        ([("Authorization", f"Bearer x.{'A' * 30_000}.y")], None),
        ([], b"[" * 60_000),
        ([], b'{"user":' * 7_000),
        ([("Content-Encoding", "gzip")], b'{"user": {"id": 7}}'),
    ]
    for headers, body in hostile:
        assert world.session(*headers, body=body) is None


def test_a_body_that_is_streamed_names_nobody(world: World) -> None:
    data = json.dumps({"user": {"id": SECRETS[4]}, "more": "x" * 70_000}).encode()
    assert world.session(body=data) is None
    assert world.session(body=json.dumps({"user": {"id": SECRETS[4]}, "more": "x" * 60_000}).encode()) is not None


def test_a_route_file_s_list_stands_for_the_gateway_s(world: World) -> None:
    other = "other.hotel.test"
    assert world.session(("X-Api-Key", SECRETS[0]), host=other) is None
    own = world.session(("Cookie", f"own={SECRETS[5]}"), host=other)
    assert own is not None
    assert world.session(("Cookie", f"own={SECRETS[5]}"), host=other, path="/of-the-origin") == own


def test_a_refused_request_has_its_session_too(world: World) -> None:
    one = world.session(("X-Api-Key", SECRETS[0]))
    assert world.session(("X-Api-Key", SECRETS[0]), path="/not-there") == one
    assert world.session(("X-Api-Key", SECRETS[0]), host="nobody.test", path="/not-served") == one


def test_http2_cookies_in_fields_of_their_own_are_read(world: World) -> None:
    one = world.session(("Cookie", f"sid={SECRETS[1]}"))
    with world.gateway.h2() as connection:
        connection.request("GET", "/a/h2", headers=[("cookie", "x=y"), ("cookie", f"sid={SECRETS[1]}")])
    assert world.log.line("/a/h2")["session"] == one


def test_no_value_is_in_the_log_the_state_or_the_output(world: World) -> None:
    for headers in (
        [("X-Api-Key", SECRETS[0])],
        [("Cookie", f"sid={SECRETS[1]}")],
        [bearer({"user": {"id": SECRETS[2]}})],
    ):
        assert world.session(*headers)
    sub = token({"sub": SECRETS[3]})
    assert world.session(("Cookie", f"t={sub}"))
    kept = world.log.path.read_bytes() + world.gateway.log.encode()
    kept += b"".join(file.read_bytes() for file in world.state.rglob("*") if file.is_file())
    for secret in (*SECRETS, sub, token({"user": {"id": SECRETS[2]}})):
        assert secret.encode() not in kept


def test_what_is_learned_holds_no_value_whichever_identifier_names_the_session(up: Upstream, tmp_path: Path) -> None:
    up.on("/a/learned", answer(headers=[("Content-Type", "application/json")], body=b'{"ok": true}'))
    files = {"api.yaml": ROUTES.format(up=up.url), "_gateway.yaml": GENERAL + "  - header: X-User\n"}
    with gateway(files, "--set", "learn=true", "--set", f"state={tmp_path / 'state'}") as running:
        asked: list[tuple[HeaderList, bytes | None]] = [
            ([("X-Api-Key", SECRETS[0]), ("X-User", "s3cret-other"), ("X-Plain", "a-plain-word")], None),
            ([("Cookie", f"sid={SECRETS[1]}")], None),
            ([bearer({"user": {"id": SECRETS[2]}})], None),
            ([("Cookie", f"t={token({'sub': SECRETS[3]})}")], None),
            ([("Content-Type", "application/json")], json.dumps({"user": {"id": SECRETS[4]}, "n": 1}).encode()),
            (
                [("X-Api-Key", SECRETS[0]), ("Content-Type", "application/json")],
                json.dumps({"user": {"id": SECRETS[4]}, "n": 1}).encode(),
            ),
        ]
        for _ in range(30):
            for headers, body in asked:
                method = "GET" if body is None else "POST"
                assert running.request(method, "/a/learned", headers=headers, body=body).status == 200
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
    assert b"x-plain" in kept
    for secret in (*SECRETS, "s3cret-other", "eyJ"):
        assert secret.encode() not in kept, secret


def test_the_key_is_for_its_owner_alone(world: World) -> None:
    assert stat.S_IMODE((world.state / "session.key").stat().st_mode) == 0o600


def test_names_stay_over_a_restart_and_are_others_under_another_key(up: Upstream, tmp_path: Path) -> None:
    names = []
    for state in ("one", "one", "two"):
        log = tmp_path / f"{len(names)}.jsonl"
        options = ("--set", f"request_log={log}", "--set", f"state={tmp_path / state}")
        with gateway({"api.yaml": ROUTES.format(up=up.url)}, *options) as running:
            names.append(World(running, RequestLog(log), tmp_path).session(("Authorization", "Basic abc")))
    assert None not in names
    assert names[0] == names[1] != names[2]


def test_another_list_is_in_force_with_the_next_reload(up: Upstream, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    options = ("--set", f"request_log={log}", "--set", f"state={tmp_path / 'state'}")
    with gateway({"api.yaml": ROUTES.format(up=up.url), "_gateway.yaml": GENERAL}, *options) as running:
        world = World(running, RequestLog(log), tmp_path)
        assert world.session(("X-Other", "1")) is None
        running.write("_gateway.yaml", "session_identifiers: [{header: X-Other}]\n")
        running.wait_log(r"routes generation 2: .*\n")
        assert world.session(("X-Other", "1")) is not None
        running.write("_gateway.yaml", "session_identifiers: [{header: X Other}]\n")
        running.wait_log(r"_gateway.yaml:1:33: session-identifier: header 'X Other'")
        assert world.session(("X-Other", "1")) is not None


def test_a_state_folder_that_cannot_be_written_gets_one_warning_and_a_key_of_the_run(
    up: Upstream, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    (tmp_path / "file").write_text("in the way")
    options = ("--set", f"request_log={log}", "--set", f"state={tmp_path / 'file' / 'state'}", "--set", "control=off")
    with gateway({"api.yaml": ROUTES.format(up=up.url)}, *options) as running:
        world = World(running, RequestLog(log), tmp_path)
        one = world.session(("Authorization", "Basic abc"))
        assert one is not None
        assert world.session(("Authorization", "Basic abc")) == one
        assert running.log.count("sessions are named by a key of this run alone") == 1


def test_without_a_log_and_without_learning_no_key_is_made(up: Upstream, tmp_path: Path) -> None:
    options = ("--set", "learn=false", "--set", f"state={tmp_path / 'state'}", "--set", "control=off")
    with gateway({"api.yaml": ROUTES.format(up=up.url)}, *options) as running:
        assert running.get("/a/1", headers=[("Authorization", "Basic abc")]).status == 200
    assert not (tmp_path / "state").exists()


@pytest.mark.entry("gateway")
def test_all_workers_give_a_client_the_same_name(up: Upstream, entry: str, tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    (tmp_path / "file").write_text("in the way: the key is one of this run")
    state = f"state={tmp_path / 'file' / 'state'}"
    options = ("--workers", "2", "--set", f"request_log={log.path}", "--set", state, "--set", "control=off")
    with gateway({"api.yaml": ROUTES.format(up=up.url)}, *options) as running:
        running.wait_log("2 workers serve at")
        world = World(running, log, tmp_path)
        names = {world.session(("Authorization", "Basic abc")) for _ in range(2)}
        while not {"1", "2"} <= set(re.findall(r"(?m)^\[(\d)\].*client connect", running.log)):
            names.add(world.session(("Authorization", "Basic abc")))
        assert len(names) == 1
        assert None not in names
        assert running.log.count("sessions are named by a key of this run alone") == 1
