"""`sluice replay`: recorded requests again, through a running gateway."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.sluice import Ran, sluice, write
from tests.e2e.harness import Call, Gateway, Upstream, answer, free_port, gateway
from tests.e2e.sluice.material import ESCAPE, no_traceback, refused, sentence

ROUTES = """
host: api.hotel.test
endpoints:
  GET /hotels/{{hotel}}: {url}/one/{{hotel}}
  POST /hotels/{{hotel}}: {url}/posted/{{hotel}}
  HEAD /hotels/{{hotel}}: {url}/one/{{hotel}}
  GET /moved: {url}/moved
  GET /dated: {url}/dated
"""
BODY = bytes(range(256)) * 8


class Service:
    """The service behind the gateway; a test may change what it says."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.count = 0
        self.restore()

    def restore(self) -> None:
        self.upstream.on("/one/7", answer(body=b"seven"))
        self.upstream.on("/one/8", answer(body=b"eight"))
        self.upstream.on("/moved", answer(302, [("Location", "http://elsewhere.invalid/")]))
        self.upstream.on("/posted/7", lambda call: call.respond(201, body=call.read_body() or b"posted"))
        self.upstream.on("/dated", self._dated)

    def _dated(self, call: Call) -> None:
        self.count += 1
        call.respond(200, [("Date", f"Mon, 01 Jul 2026 10:00:{self.count:02} GMT")])


@pytest.fixture(scope="module")
def started() -> Iterator[Service]:
    with Upstream() as upstream:
        yield Service(upstream)


@pytest.fixture
def service(started: Service) -> Service:
    started.restore()
    return started


@pytest.fixture(scope="module")
def files(started: Service) -> dict[str, str]:
    return {"hotel.yaml": ROUTES.format(url=started.upstream.url)}


@pytest.fixture(scope="module")
def flows(started: Service, files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flows") / "flows"
    with gateway(files, "-w", str(path)) as running:
        running.get("/hotels/7?a=1&b=%20")
        running.get("/hotels/8")
        running.request("HEAD", "/hotels/7")
        running.get("/moved")
        running.get("/dated")
        running.request("POST", "/hotels/7", body=BODY, headers=[("X-Mine", "yes")])
        running.get("/nothing")
    return path


@pytest.fixture(scope="module")
def running(files: dict[str, str]) -> Iterator[Gateway]:
    with gateway(files) as again:
        yield again


def replay(flows: Path, running: Gateway, folder: Path, *more: str) -> Ran:
    return no_traceback(sluice("replay", flows, "--against", running.url, *more, cwd=folder))


def test_equal_answers_are_no_difference(service: Service, flows: Path, running: Gateway, tmp_path: Path) -> None:
    ran = replay(flows, running, tmp_path)
    assert ran.code == 0, ran.out + ran.err
    assert ESCAPE not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err, "no progress bar away from a terminal"


def test_requests_go_out_as_they_were_recorded(service: Service, flows: Path, running: Gateway, tmp_path: Path) -> None:
    before = len(service.upstream.requests)
    replay(flows, running, tmp_path)
    sent = service.upstream.requests[before:]
    assert sorted((request.method, request.target) for request in sent) == sorted(
        [("GET", "/one/7?a=1&b=%20"), ("GET", "/one/8"), ("HEAD", "/one/7"), ("GET", "/moved"), ("GET", "/dated"),
         ("POST", "/posted/7")]
    )  # fmt: skip
    (posted,) = [request for request in sent if request.method == "POST"]
    assert posted.body == BODY
    assert posted.header("x-mine") == "yes"
    assert posted.header("x-forwarded-host") == "api.hotel.test"
    assert posted.all("x-forwarded-for") == ["127.0.0.1"], "what the recording gateway added is not sent again"


def test_another_status_is_a_difference(service: Service, flows: Path, running: Gateway, tmp_path: Path) -> None:
    service.upstream.on("/one/8", answer(500, body=b"eight"))
    ran = replay(flows, running, tmp_path)
    assert ran.code == 1
    assert "/hotels/8" in ran.out
    assert "500" in ran.out
    assert "200" in ran.out
    assert "/moved" not in ran.out


def test_another_body_is_a_difference(service: Service, flows: Path, running: Gateway, tmp_path: Path) -> None:
    service.upstream.on("/one/8", answer(body=b"eighT"))
    ran = replay(flows, running, tmp_path)
    assert ran.code == 1
    assert "/hotels/8" in ran.out
    assert "body" in ran.out


def test_json_reports_the_differences(service: Service, flows: Path, running: Gateway, tmp_path: Path) -> None:
    ran = replay(flows, running, tmp_path, "--json")
    assert ran.code == 0
    assert ran.json is not None
    assert "/hotels/8" not in ran.out
    service.upstream.on("/one/8", answer(404))
    ran = replay(flows, running, tmp_path, "--json")
    assert ran.code == 1
    assert ran.json
    assert "/hotels/8" in ran.out


def test_volatile_headers_are_no_difference(service: Service, flows: Path, running: Gateway, tmp_path: Path) -> None:
    """Date, the request id and the like differ in every answer; the first test shows that they do not count."""
    seen = service.count
    ran = replay(flows, running, tmp_path)
    assert service.count == seen + 1
    assert "/dated" not in ran.out


def test_few_requests_are_under_way_at_once(
    service: Service, flows: Path, files: dict[str, str], running: Gateway, tmp_path: Path
) -> None:
    path = tmp_path / "many.flows"
    with gateway(files, "-w", str(path)) as recording, recording.connection() as client:
        for _ in range(120):
            assert client.request("GET", "/hotels/8").status == 200
    lock, under_way, most = threading.Lock(), 0, 0

    def counting(call: Call) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        try:
            call.peer_left(0.02)
            call.respond(200, body=b"eight")
        finally:
            with lock:
                under_way -= 1

    service.upstream.on("/one/8", counting)
    ran = replay(path, running, tmp_path)
    assert ran.code == 0, ran.out
    assert 1 <= most < 120


def test_a_proxy_of_the_environment_is_not_asked(
    service: Service, flows: Path, running: Gateway, tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:1"
    env = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), nobody) | {
        "no_proxy": "",
        "NO_PROXY": "",
    }
    ran = sluice("replay", flows, "--against", running.url, cwd=tmp_path, env=env)
    assert ran.code == 0, ran.out + ran.err


def test_a_gateway_that_is_not_there_is_told(flows: Path, tmp_path: Path) -> None:
    ran = no_traceback(sluice("replay", flows, "--against", f"http://127.0.0.1:{free_port()}", cwd=tmp_path))
    assert ran.code in (1, 2)
    assert "refused" in sentence(ran.out + ran.err).lower() or "connect" in sentence(ran.out + ran.err).lower()


def test_an_answer_that_is_no_http_is_a_difference(flows: Path, tmp_path: Path) -> None:
    with Upstream("rude", greeting=b"220 mail ready\r\n") as rude:
        ran = no_traceback(sluice("replay", flows, "--against", rude.url, cwd=tmp_path))
    assert ran.code in (1, 2)
    assert ran.out + ran.err


@pytest.mark.parametrize("url", ["nowhere", "ftp://127.0.0.1:1", "http://127.0.0.1:port", ""])
def test_against_must_be_a_url(flows: Path, tmp_path: Path, url: str) -> None:
    ran = no_traceback(sluice("replay", flows, "--against", url, cwd=tmp_path))
    assert ran.code == 2
    assert ran.out == ""


def test_against_must_be_given(flows: Path, tmp_path: Path) -> None:
    ran = no_traceback(sluice("replay", flows, cwd=tmp_path))
    assert ran.code == 2
    assert "--against" in ran.err


def test_a_recording_that_is_cut_is_an_error(flows: Path, running: Gateway, tmp_path: Path) -> None:
    (tmp_path / "cut.flows").write_bytes(flows.read_bytes()[:-40])
    ran = no_traceback(sluice("replay", "cut.flows", "--against", running.url, cwd=tmp_path))
    assert ran.code == 2
    assert "cut.flows" in ran.err


def test_a_missing_or_foreign_recording_is_an_error(running: Gateway, tmp_path: Path) -> None:
    write(tmp_path, {"text.flows": "hello\n"})
    for name in ("missing.flows", "text.flows"):
        refused(sluice("replay", name, "--against", running.url, cwd=tmp_path), name)
