"""`session_identifiers`: which client a request is of, told by a keyed hash and never by the value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.harness import Gateway, Upstream, gateway
from tests.e2e.harness.request_log import RequestLog
from tests.e2e.learning.learned import discovered, everything_in, keeping, the

SECRET = "s3cr3t"
"""Is in each value that names a client here, and nowhere else."""

ROUTES = """\
host: api.hotel.test
origin: {up}
session_identifiers:
  - header: X-Api-Key
  - cookie: sid
  - jwt: $.account.id
  - body: /user/key
"""


def jwt(claims: Mapping[str, Any], signature: str = f"signature-{SECRET}") -> str:
    """An unverifiable token."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    return ".".join(part(each) for each in (b'{"alg":"RS256"}', json.dumps(claims).encode(), signature.encode()))


@dataclass
class World:
    """A running gateway, its request log, and the folder of its state."""

    gateway: Gateway
    log: RequestLog
    state: Path
    asked: int = 0

    def session(self, *headers: tuple[str, str], host: str = "api.hotel.test", body: bytes | None = None) -> str | None:
        """What the request log names the client of a request with these fields, and this JSON body."""
        self.asked += 1
        path = f"/asked/{self.asked}"
        if body is not None:
            headers = (*headers, ("Content-Type", "application/json"))
        method = "GET" if body is None else "POST"
        assert self.gateway.request(method, path, host=host, headers=headers, body=body).status == 200
        found: str | None = self.log.line(path)["session"]
        return found


@pytest.fixture(scope="module")
def world(entry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sessions")
    with Upstream() as up:
        files = {
            "hotel.yaml": ROUTES.format(up=up.url),
        }
        log, state = folder / "requests.jsonl", folder / "state.db"
        with gateway(files, "--set", f"request_log={log}", *keeping(state)) as running:
            yield World(running, RequestLog(log), folder)


A, B = f"{SECRET}-of-a", f"{SECRET}-of-b"


@pytest.mark.parametrize(
    "ask",
    [
        lambda world, value: world.session(("X-Api-Key", value)),
        lambda world, value: world.session(("Cookie", f"theme=dark; sid={value}; x=1")),
        lambda world, value: world.session(("Authorization", f"Bearer {jwt({'account': {'id': value}})}")),
        lambda world, value: world.session(body=json.dumps({"user": {"key": value}, "text": "hello"}).encode()),
    ],
    ids=["header", "cookie", "claim", "body"],
)
def test_the_same_value_is_the_same_session_and_another_is_another(world: World, ask: Any) -> None:
    first, second, other = ask(world, A), ask(world, A), ask(world, B)
    assert isinstance(first, str)
    assert first == second
    assert isinstance(other, str)
    assert first != other


def test_a_claim_names_the_client_whatever_else_is_in_the_token(world: World) -> None:
    tokens = [jwt({"account": {"id": A}, "iat": number}, f"{number}") for number in (1, 2)]
    first, second = (world.session(("Authorization", f"Bearer {each}")) for each in tokens)
    assert first is not None
    assert first == second


def test_a_token_may_stand_elsewhere(tmp_path: Path) -> None:
    settings = "session_identifiers:\n  - {jwt: $.sub, from: cookie token}\n  - {jwt: $.sub, from: header X-Token}\n"
    token, elsewhere = jwt({"sub": A}), jwt({"sub": A, "iat": 3})
    found = running_with(
        settings,
        tmp_path,
        (("Cookie", f"token={token}"),),
        (("Cookie", f"token={elsewhere}"),),
        (("X-Token", token),),
        (("Authorization", f"Bearer {token}"),),
    )
    assert found[0] is not None
    assert found[0] == found[1]
    assert found[2] is not None
    assert found[3] is None


def test_a_request_without_any_identifier_has_no_session(world: World) -> None:
    assert world.session() is None
    assert world.session(("X-Other", "1"), ("Cookie", "theme=dark")) is None


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Api-Key", "")],
        [("Cookie", "sid=")],
        [("Cookie", "SID=x")],
        [("Authorization", "Bearer a.b.c")],
        [("Authorization", "Bearer " + jwt({"account": {}}))],
        [("Authorization", "Bearer " + "x" * 10_000)],
    ],
)
def test_an_empty_missing_or_broken_identifier_counts_as_absent(world: World, headers: list[tuple[str, str]]) -> None:
    assert world.session(*headers) is None


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"user": 3}', b'{"user": {}}', b"\xff\xfe", b"[" * 5000])
def test_a_body_without_the_field_counts_as_absent(world: World, body: bytes) -> None:
    assert world.session(body=body) is None


def test_names_of_header_fields_have_no_case(world: World) -> None:
    assert world.session(("x-API-key", A)) == world.session(("X-Api-Key", A))


def test_the_first_identifier_in_the_order_of_the_file_names_the_session(world: World) -> None:
    alone = world.session(("X-Api-Key", A))
    assert world.session(("Cookie", f"sid={B}"), ("X-Api-Key", A)) == alone
    by_cookie = world.session(("Cookie", f"sid={B}"))
    assert world.session(("X-Api-Key", ""), ("Cookie", f"sid={B}")) == by_cookie


def test_no_value_is_stored_or_shown_anywhere(world: World, tmp_path: Path) -> None:
    for number in range(20):
        value = f"{SECRET}-number-{number}"
        world.session(("X-Api-Key", value))
        world.session(("Cookie", f"sid={value}"))
        world.session(("Authorization", f"Bearer {jwt({'account': {'id': value}})}"))
        world.session(body=json.dumps({"user": {"key": value}, "password": value}).encode())
    world.session(("Authorization", f"Basic {base64.b64encode(f'ann:{SECRET}'.encode()).decode()}"))
    needles = _forms(SECRET)
    assert not any(needle in world.log.path.read_bytes() for needle in needles)
    assert not any(needle in world.gateway.log.encode() for needle in needles)
    world.gateway.stop()
    kept = everything_in(world.state)
    assert b"SQLite format 3" in kept
    assert not any(needle in kept for needle in needles)
    told = sluice("discovered", "--state", world.state / "state.db", cwd=tmp_path)
    exported = sluice("export", "openapi", "--state", world.state / "state.db", "--with-responses", cwd=tmp_path)
    assert not any(needle in (told.out + exported.out).encode() for needle in needles)


def _forms(secret: str) -> list[bytes]:
    """The secret as it is, and in base64 at any offset."""
    found = [secret.encode()]
    for offset in range(3):
        encoded = base64.b64encode(b"-" * offset + secret.encode())
        found.append(encoded[4 if offset else 0 : -4])
    return [each for each in found if len(each) >= 4]


def running_with(settings: str, tmp_path: Path, *requests: tuple[tuple[str, str], ...]) -> list[str | None]:
    """The sessions that a gateway with these settings tells of such requests."""
    log = tmp_path / "requests.jsonl"
    with Upstream() as up:
        files = {"hotel.yaml": f"host: api.hotel.test\norigin: {up.url}\n{settings}"}
        with gateway(files, "--set", f"request_log={log}", *keeping(tmp_path / "state.db")) as running:
            told = World(running, RequestLog(log), tmp_path)
            return [told.session(*headers) for headers in requests]


def test_without_identifiers_it_is_authorization_then_well_known_session_cookies(tmp_path: Path) -> None:
    cookies = ("session", "sessionid", "JSESSIONID", "PHPSESSID", "connect.sid")
    by_cookie = [(("Cookie", f"theme=dark; {name}={A}"),) for name in cookies]
    authorized = (("Authorization", f"Bearer {A}"),)
    both = (("Cookie", f"session={B}"), ("Authorization", f"Bearer {A}"))
    found = running_with("", tmp_path, authorized, both, ((("Cookie", "theme=dark")),), *by_cookie)
    assert found[0] is not None
    assert found[0] == found[1]
    assert found[2] is None
    assert None not in found[3:]


@pytest.mark.entry("mitmdump")
def test_ten_are_taken_and_eleven_are_refused_with_the_line(tmp_path: Path) -> None:
    def file(count: int) -> str:
        lines = [f"  - header: X-Key-{number}" for number in range(count)]
        return "\n".join(["host: api.hotel.test", "origin: http://127.0.0.1:9000", "session_identifiers:", *lines, ""])

    write(tmp_path, {"ten/hotel.yaml": file(10), "eleven/hotel.yaml": file(11)})
    assert sluice("check", "ten", cwd=tmp_path).code == 0
    ran = sluice("check", "eleven", cwd=tmp_path)
    assert ran.code == 1
    found = re.search(r"eleven/hotel\.yaml:(\d+):\d+: ", ran.out + ran.err)
    assert found, ran
    assert int(found[1]) in (3, 14), ran.out


@pytest.mark.entry("mitmdump")
@pytest.mark.parametrize(
    "identifier",
    [
        "header: ''",
        "header: 'a b'",
        "cookie: 'a;b'",
        "jwt: account.id",
        "jwt: $..id",
        "jwt: '$.a[*]'",
        "body: user/key",
        "query: key",
        "header: [a]",
        f"header: {'x' * 200}",
    ],
)
def test_a_malformed_identifier_is_refused_with_its_place(identifier: str, tmp_path: Path) -> None:
    text = f"host: api.hotel.test\norigin: http://127.0.0.1:9000\nsession_identifiers:\n  - {identifier}\n"
    ran = sluice("check", write(tmp_path, {"routes/hotel.yaml": text}) / "routes", cwd=tmp_path)
    assert ran.code == 1, ran
    assert re.search(r"hotel\.yaml:4:\d+: ", ran.out), ran.out


@pytest.mark.entry("mitmdump")
def test_the_same_identifier_twice_is_refused(tmp_path: Path) -> None:
    text = "host: a.test\norigin: http://127.0.0.1:9000\nsession_identifiers:\n  - header: X-Key\n  - header: x-key\n"
    ran = sluice("check", write(tmp_path, {"routes/hotel.yaml": text}) / "routes", cwd=tmp_path)
    assert ran.code == 1, ran
    assert "hotel.yaml:5:" in ran.out


@pytest.mark.entry("mitmdump")
def test_learning_counts_clients_by_the_configured_identifiers(tmp_path: Path) -> None:
    """Thirty clients by cookie, who all send the same Authorization."""
    with Upstream() as up:
        files = {"hotel.yaml": f"host: api.hotel.test\norigin: {up.url}\nsession_identifiers:\n  - cookie: who\n"}
        with gateway(files, *keeping(tmp_path / "state.db")) as running:
            for number in range(30):
                headers = [("Cookie", f"who={SECRET}-{number}"), ("Authorization", "Bearer same")]
                running.get(f"/hotels/{number}", headers=headers)
    assert the(discovered("--state", "state.db", cwd=tmp_path), "GET", "/hotels/{}")["sessions"] == 30
