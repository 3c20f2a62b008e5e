"""Options with speed on and off, and by mitmdump: they have the same effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import websocket_client
from tests.e2e.harness.changing import ROUTES, prepare
from tests.e2e.harness.client import HeaderList
from tests.e2e.harness.saved import flow_texts
from tests.e2e.harness.twins import Stage, Twins, twins

# Each first test waits for three programs to start.
pytestmark = [pytest.mark.entry("gateway"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("options")
    (path / "local.txt").write_text("from a file")
    return path


@pytest.fixture(scope="module")
def given(entry: str, folder: Path) -> Iterator[Twins]:
    """Gateways that were started with options, each for requests that want it, and a file of flows."""
    options = {
        "modify_headers": "/~hq x-want:.headers/X-Added/1",
        "modify_body": "/~hq x-want:.body/old/new",
        "map_local": f"|~hq x-want:.local|/b/|{folder}/local.txt",
        "map_remote": "|~hq x-want:.remote|//127.0.0.1|//localhost",
        "block_list": "|~hq x-want:.block|418",
        "stickycookie": "~hq x-want:.cookie",
        "stickyauth": "~hq x-want:.auth",
        "anticache": "true",
        "anticomp": "true",
        "hardump": f"{folder}/WAY.har",
        "save_stream_file": f"{folder}/WAY.flows",
    }
    arguments = [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
    with twins({"api.yaml": ROUTES}, *arguments) as started:
        yield prepare(started)


@pytest.mark.parametrize(
    ("want", "path", "effect"),
    [
        ("headers", "/a/1", "X-Added"),
        ("body", "/a/word", "an new word"),
        ("local", "/a/1", "from a file"),
        ("remote", "/a/1", ""),
        ("block", "/a/1", "418"),
        ("cookie", "/a/1", ""),
        ("auth", "/a/1", ""),
        ("nothing", "/a/1", ""),
    ],
)
def test_an_option_has_the_same_effect(given: Twins, want: str, path: str, effect: str) -> None:
    told = given.same(lambda stage: stage.ask((path, [("X-Want", want)])))
    assert effect in str(told)


def test_cookies_and_credentials_stick(given: Twins) -> None:
    cookie, auth = ("X-Want", "cookie"), ("X-Want", "auth")
    asked: list[tuple[str, HeaderList]] = [
        ("/a/cookie", [cookie]),
        ("/a/2", [cookie]),
        ("/a/3", [auth, ("Authorization", "Basic eA==")]),
        ("/a/4", [auth]),
    ]
    given.same(lambda stage: stage.ask(*asked))


def test_validators_and_codings_are_taken_away(given: Twins) -> None:
    headers = [("If-None-Match", '"1"'), ("Accept-Encoding", "gzip")]
    told = str(given.same(lambda stage: stage.ask(("/a/1", headers))))
    assert "If-None-Match" not in told
    assert "Accept-Encoding: identity" in told


def entries(path: Path) -> list[str]:
    """Request and status of each entry of a HAR."""
    log: dict[str, Any] = json.loads(path.read_text())["log"]
    return sorted(
        f"{entry['request']['method']} {entry['request']['url']} {entry['response']['status']}"
        for entry in log["entries"]
        if "undecided" not in entry["request"]["url"]
    )


def test_files_of_flows_hold_the_same(given: Twins, folder: Path) -> None:
    """Runs last: the files are whole when the gateways have ended."""

    def probe(stage: Stage) -> None:
        stage.ask(("/a/word", []), ("/nothing", []), ("/down", []), ("/clear/1", []), ("/a/1", [("X-Want", "block")]))
        with websocket_client(stage.gateway.port, "/chat") as chat:
            chat.send("hello")
            assert chat.recv(timeout=10) == "hello"
        stage.raw = False
        stage.note("asked")

    given.same(probe)
    for running in given.gateways.values():
        running.stop()
    saved = {way: flow_texts(folder / f"{way}.flows") for way in given.gateways}
    listed = {way: entries(folder / f"{way}.har") for way in given.gateways}
    first = next(iter(given.gateways))
    assert len(saved[first]) >= 11
    assert len(listed[first]) >= 11
    for way in given.gateways:
        assert saved[way] == saved[first], way
        assert listed[way] == listed[first], way
