"""Options and scripts beside the express lane: what may change a message has its effect, and the lane is left then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import REPOSITORY, Call, ConnectionEnded, head
from tests.e2e.harness.saved import flow_texts
from tests.e2e.harness.warmed import INSIDE, Pair, Stage, inside, pair, whole

pytestmark = pytest.mark.entry("gateway")

ROUTES = {
    "api.yaml": """
host: api.hotel.test
endpoints:
  GET /a/{{x}}: http://127.0.0.1:{one}/b/{{x}}
  HEAD /a/{{x}}: http://127.0.0.1:{one}/b/{{x}}
  POST /a/{{x}}: http://127.0.0.1:{one}/b/{{x}}
  GET /two/{{x}}: http://127.0.0.1:{two}/b/{{x}}
""",
}

NEIGHBOURS = REPOSITORY / "tests" / "e2e" / "harness" / "neighbours.py"


def asks(stage: Stage) -> None:
    """Requests of all kinds on one connection."""
    client = stage.connection(warmed=False)
    body = b"an old word"
    for method, path, content in (
        ("GET", "/a/word", None), ("POST", "/a/word", body), ("HEAD", "/a/word", None), ("GET", "/nothing", None),
        ("GET", "/a/cookie", None), ("GET", "/a/word", None), ("POST", "/nothing", body), ("GET", "/two/word", None),
    ):  # fmt: skip
        client.send(head(method, path, body=content) + (content or b""))
        answer = client.read_response(method)
        stage.note(answer.status)
        if "close" in (answer.header("Connection") or ""):
            client.read_to_end()
            client = stage.connection(warmed=False)


def prepare(world: Pair) -> Pair:
    for upstream in (world.one, world.two):
        upstream.on("/b/word", whole(headers=[("Content-Type", "text/plain")], body=b"an old word"))
        upstream.on("/b/cookie", whole(headers=[("Set-Cookie", "kept=1; Path=/")]))
    return world


ACTIVE = {
    "body_size_limit=100": "an old word",
    "body_size_limit=5": "413",
    "stream_large_bodies=1": "an old word",
    "store_streamed_bodies=true": "an old word",
    "modify_headers=/~q/X-Added/1": "X-Added: 1",
    "modify_headers=/~s/X-Added/1": "X-Added: 1",
    "modify_headers=/~s/Content-Length/": "Transfer-Encoding: chunked",
    "modify_headers=/~q & ~m POST/Content-Length/": "an old word",
    "modify_headers=/~s/Connection/close": "an old word",
    "modify_headers=/~q & ~m POST/Expect/100-continue": "100 Continue",
    "modify_body=/~q/old/much newer": "an much newer word",
    "modify_body=/~s/old/much newer": "an much newer word",
    "map_remote=|//127.0.0.1|//localhost": "500",
    "map_local=|!~m HEAD|/b/word|{folder}/local.txt": "from a file",
    "block_list=|~u word|418": "418",
    "block_list=|~u nothing|444": "an old word",
    "stickycookie=.*": "cookie: kept=1",
    "anticomp=true": "identity",
    "anticache=true": "an old word",
    "save_stream_file={folder}/saved.flows": "an old word",
    "hardump={folder}/saved.har": "an old word",
    "flow_detail=0": "an old word",
    "flow_detail=4": "an old word",
    "forwarded=true": "Forwarded: for=",
}
"""An option, and what shows that it has its effect."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("express")
    (path / "local.txt").write_text("from a file")
    return path


@pytest.fixture(scope="module")
def world(entry: str, folder: Path) -> Iterator[Pair]:
    with pair(ROUTES, folder, scripts=(INSIDE,)) as started:
        yield prepare(started)


def undo(setting: str) -> str:
    name, _, value = setting.partition("=")
    if name == "hardump":
        return "hardump="
    return {"true": f"{name}=false", "0": f"{name}=1", "4": f"{name}=1"}.get(value, name)


@pytest.mark.parametrize("setting", ACTIVE)
def test_an_option_has_the_same_effect(world: Pair, folder: Path, setting: str) -> None:
    def probe(stage: Stage) -> None:
        inside(stage.gateway, "set " + setting.format(folder=folder))
        try:
            asks(stage)
        finally:
            inside(stage.gateway, "set " + undo(setting))

    assert ACTIVE[setting] in str(world.same(probe))
    world.same(asks)


@pytest.mark.parametrize(
    ("setting", "effect"),
    [
        ("modify_body=/~s/old/much newer", "much newer"),
        ("modify_headers=/~s/Content-Length/", "Transfer-Encoding: chunked"),
        ("body_size_limit=5", "an old word"),
        ("stream_large_bodies=1", "an old word"),
    ],
)
def test_an_option_that_is_set_while_an_answer_is_awaited_has_the_same_effect(
    world: Pair, setting: str, effect: str
) -> None:
    def probe(stage: Stage) -> None:
        asked = whole(headers=[("Content-Type", "text/plain")], body=b"an old word")

        def set_and_answer(call: Call) -> None:
            inside(stage.gateway, f"set {setting}")
            asked(call)

        stage.one.on("/b/meanwhile", set_and_answer)
        client = stage.connection()
        try:
            stage.note(client.request("GET", "/a/meanwhile").status)
            if "limit" not in setting:
                stage.after(client)
        finally:
            inside(stage.gateway, "set " + undo(setting))

    world.same(probe)


@pytest.mark.parametrize("function", ["decide", "apply_response", "describe_on", "apply_forward", "apply_problem"])
def test_a_fault_in_a_hook_of_the_gateway_gives_the_same_bytes(world: Pair, function: str) -> None:
    """The exchange fails closed; the next one is as good as ever."""

    def probe(stage: Stage) -> None:
        client = stage.connection()
        for method, path in (("GET", "/a/1"), ("POST", "/a/1"), ("GET", "/nothing"), ("POST", "/nothing")):
            inside(stage.gateway, f"break {function}")
            body = b"abc" if method == "POST" else None
            client.send(head(method, path, body=body) + (body or b""))
            try:
                stage.note(client.read_response(method).status)
            except ConnectionEnded:
                client = stage.connection(warmed=False)
            finally:
                inside(stage.gateway, f"mend {function}")
            stage.after(client)

    assert "500" in str(world.same(probe)["notes"])


def test_a_script_with_hooks_has_the_same_effect(entry: str, tmp_path: Path) -> None:
    with pair(ROUTES, tmp_path, scripts=(INSIDE, NEIGHBOURS)) as started:
        prepare(started)

        def probe(stage: Stage) -> None:
            for want in ("sync", "async", "answer-requestheaders", "answer-request", "raise-response", "nothing"):
                client = stage.connection()
                for path in ("/a/word", "/nothing", "/a/word"):
                    client.send(head("GET", path, headers=[("X-Want", want)]))
                    client.read_response()
                stage.after(client)
            for want in ("kill-request", "kill-responseheaders"):
                client = stage.connection()
                client.send(head("GET", "/a/word", headers=[("X-Want", want)]))
                client.read_to_end()

        told = str(started.same(probe))
        assert "rewritten" in told
        assert inside(started.gateways["speed on"], "lane") == (0, 0)


def test_a_file_of_flows_holds_the_same(world: Pair, folder: Path) -> None:
    saved = []

    def probe(stage: Stage) -> None:
        path = folder / f"{len(saved)}.flows"
        inside(stage.gateway, f"set save_stream_file={path}")
        asks(stage)
        inside(stage.gateway, "set save_stream_file")
        saved.append(flow_texts(path))

    world.same(probe)
    assert saved[0] == saved[1]
    assert len(saved[0]) == 8


@pytest.mark.parametrize(
    ("setting", "open_"),
    [
        ("flow_detail=0", True), ("flow_detail=4", True), ("forwarded=true", True), ("anticache=true", False),
        ("save_stream_file={folder}/lane.flows", True), ("modify_headers=/~s/X-Added/1", False),
        ("body_size_limit=1m", False), ("stream_large_bodies=1m", False), ("store_streamed_bodies=true", False),
    ],
)  # fmt: skip
def test_the_lane_is_open_beside_what_looks_on_and_closed_beside_what_takes_part(
    world: Pair, folder: Path, setting: str, open_: bool
) -> None:
    running = world.gateways["speed on"]
    before = inside(running, "set " + setting.format(folder=folder))
    with running.connection() as client:
        for _ in range(4):
            assert client.request("GET", "/a/1").status == 200
    assert inside(running, "set " + undo(setting)) == (before[0] + 3 * open_, before[1] + 3 * open_)
