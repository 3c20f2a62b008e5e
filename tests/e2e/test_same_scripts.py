"""A user's script with speed on and off, and by mitmdump: the same effect, also of options set while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import REPOSITORY, head, websocket_client
from tests.e2e.harness.changing import ROUTES, prepare
from tests.e2e.harness.client import HeaderList
from tests.e2e.harness.saved import flow_texts
from tests.e2e.harness.twins import Stage, Twins, twins

# Each first test waits for three programs to start.
pytestmark = [pytest.mark.entry("gateway"), pytest.mark.timeout(180)]

NEIGHBOURS = REPOSITORY / "tests" / "e2e" / "harness" / "neighbours.py"


@pytest.fixture(scope="module")
def scripted(entry: str) -> Iterator[Twins]:
    """Gateways with a user's script of many addons."""
    with twins({"api.yaml": ROUTES}, scripts=(NEIGHBOURS,)) as started:
        yield prepare(started)


@pytest.mark.parametrize(
    ("want", "effect"),
    [
        ("sync", "rewritten"),
        ("async", "X-Async|x-async"),
        ("halt-requestheaders", ""),
        ("halt-request", ""),
        ("halt-response", ""),
        ("raise-requestheaders", ""),
        ("raise-request", ""),
        ("raise-responseheaders", ""),
        ("raise-response", ""),
        ("answer-requestheaders", "from a script"),
        ("answer-request", "from a script"),
        ("kill-request", ""),
        ("kill-responseheaders", ""),
        ("nothing", "x-last"),
    ],
)
def test_an_addon_of_a_script_has_the_same_effect(scripted: Twins, want: str, effect: str) -> None:
    def probe(stage: Stage) -> None:
        for path in ("/a/word", "/nothing", "/clear/1"):
            stage.until_end(head("GET", path, headers=[("X-Want", want), ("Connection", "close")]))
            stage.h2().request("GET", path, headers=[("x-want", want)])
        body = b"abc"
        stage.until_end(head("POST", "/a/1", headers=[("X-Want", want), ("Connection", "close")], body=body), body)

    assert re.search(effect, str(scripted.same(probe)))


def test_each_hook_is_called_as_often(scripted: Twins) -> None:
    """Connections, TLS, exchanges of all outcomes, a WebSocket."""

    def probe(stage: Stage) -> None:
        stage.raw = False
        counts(stage)
        with stage.connection(tls="api.hotel.test") as client:
            for path in ("/a/1", "/a/word", "/nothing", "/down", "/clear/1"):
                client.request("GET", path)
            client.request("POST", "/a/1", body=b"x" * 100_000)
        stage.until_end(b"GET /a/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        stage.h2().request("GET", "/clear/1")
        with websocket_client(stage.gateway.port, "/chat") as chat:
            chat.send("hello")
            assert chat.recv(timeout=10) == "hello"
        stage.close()
        for relay in stage.targets.relays.values():
            relay.wait_closed()
        stage.note(counts(stage))

    (told,) = scripted.same(probe)["notes"]  # type: ignore[misc]
    assert "websocket_message=2" in told
    assert "tls_established_client=2" in told


def counts(stage: Stage) -> str:
    return stage.gateway.get("/a/1", headers=[("X-Want", "counts")]).text


def change(stage: Stage, setting: str) -> None:
    """Sets an option while the gateway runs."""
    assert stage.gateway.get("/a/1", headers=[("X-Set", setting)]).status == 204


@pytest.mark.parametrize(
    ("setting", "back", "effect"),
    [
        ("modify_headers=/~q/X-Added/1", "modify_headers", "X-Added"),
        ("modify_body=/~s/old/new", "modify_body", "an new word"),
        ("map_local=|/b/word|{folder}/local.txt", "map_local", "from a file"),
        ("block_list=|~u word|418", "block_list", "418"),
        ("anticache=true", "anticache=false", ""),
        ("anticomp=true", "anticomp=false", "identity"),
        ("stickycookie=.*", "stickycookie", ""),
        ("stickyauth=.*", "stickyauth", ""),
        ("proxyauth=me:secret", "proxyauth", "401"),
        ("stream_large_bodies=1", "stream_large_bodies", ""),
        ("forwarded=true", "forwarded=false", "(?i)forwarded: for="),
        ("verbose_errors=true", "verbose_errors=false", "127.0.0.1:1"),
        ("flow_detail=0", "flow_detail=1", ""),
        ("flow_detail=4", "flow_detail=1", ""),
    ],
)
def test_an_option_that_is_set_while_it_runs_takes_effect_and_goes_again(
    scripted: Twins, tmp_path: Path, setting: str, back: str, effect: str
) -> None:
    asked: list[tuple[str, HeaderList]] = [
        ("/a/cookie", [("If-None-Match", '"1"'), ("Accept-Encoding", "gzip"), ("Authorization", "Basic eA==")]),
        ("/a/word", []),
        ("/nothing", []),
        ("/down", []),
        ("/clear/1", []),
    ]

    def before(stage: Stage) -> None:
        stage.ask(*asked)

    (tmp_path / "local.txt").write_text("from a file")

    def meanwhile(stage: Stage) -> None:
        change(stage, setting.format(folder=tmp_path))
        try:
            stage.ask(*asked)
        finally:
            change(stage, back)

    ordinary = str(scripted.same(before))
    told = str(scripted.same(meanwhile))
    assert re.search(effect, told)
    assert not effect or not re.search(effect, ordinary)
    scripted.same(before)


@pytest.mark.parametrize("message", ["~q", "~s"])
def test_a_difference_of_one_field_is_seen(scripted: Twins, message: str) -> None:
    """What all these comparisons rest on: requests and responses of HTTP/1 and HTTP/2 are told apart."""

    def probe(stage: Stage) -> None:
        differs = stage.gateway is scripted.gateways["speed off"]
        change(stage, f"modify_headers=/{message}/X-Odd/1" if differs else "modify_headers")
        try:
            stage.ask(("/a/word", []), ("/clear/1", []))
        finally:
            change(stage, "modify_headers")

    with pytest.raises(AssertionError) as seen:
        scripted.same(probe)
    lines = [line for line in str(seen.value).splitlines() if re.match(r"\+.*x-odd", line, re.IGNORECASE)]
    assert any("X-Odd: 1" in line for line in lines)
    assert any("(b'x-odd'" in line for line in lines)


def test_a_limit_of_bodies_that_is_set_while_it_runs_takes_effect(scripted: Twins) -> None:
    def probe(stage: Stage) -> None:
        change(stage, "body_size_limit=20")
        stage.until_end(head("GET", "/a/word", headers=[("Connection", "close")]))
        for body in (b"x" * 10, b"x" * 30):
            stage.until_end(head("POST", "/a/1", headers=[("Connection", "close")], body=body), body)
        change(stage, "body_size_limit")
        stage.until_end(head("POST", "/a/1", headers=[("Connection", "close")], body=body), body)

    statuses = re.findall(r"HTTP/1.1 (\d+)", str(scripted.same(probe)["client"]))
    assert statuses == ["200", "200", "413", "200"]


def test_flows_are_saved_from_when_it_is_asked_for_until_it_is_not(scripted: Twins, tmp_path: Path) -> None:
    saved: list[list[str]] = []

    def probe(stage: Stage) -> None:
        path = tmp_path / f"meanwhile-{len(saved)}"
        stage.ask(("/a/before", []))
        change(stage, f"save_stream_file={path}")
        stage.ask(("/a/word", []), ("/down", []))
        change(stage, "save_stream_file")
        stage.ask(("/a/after", []))
        saved.append(flow_texts(path))

    scripted.same(probe)
    assert all(each == saved[0] for each in saved)
    assert "/b/word" in str(saved[0])
    assert not re.search("before|after", str(saved[0]))


def test_what_is_shown_of_flows_is_the_same(scripted: Twins) -> None:
    for detail in (1, 2, 3, 4):

        def probe(stage: Stage, detail: int = detail) -> None:
            at = len(stage.gateway.log)
            change(stage, f"flow_detail={detail}")
            stage.gateway.wait_log(r"<< 204 No Content(?s:.*) disconnect", after=at)
            at = len(stage.gateway.log)
            stage.until_end(head("GET", "/a/word", headers=[("Connection", "close")]))
            stage.gateway.wait_log("server disconnect", after=at)
            shown = re.sub(r"127\.0\.0\.1:\d+|\[\d\d:\d\d:\d\d\.\d+\]", "<>", stage.gateway.log[at:])
            lines = shown.splitlines()
            stage.note(*sorted(line for line in lines if "disconnect" not in line))
            change(stage, "flow_detail=1")

        told = scripted.same(probe)
        assert "GET" in str(told["notes"])
