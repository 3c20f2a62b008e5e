"""The levers: each stands only on the source of mitmproxy that it was written for."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import mitmproxy
import pytest

from sluicegate.proxy.speed.all import LEVERS
from sluicegate.proxy.speed.levers import Lever, digest, pull
from tests.e2e.harness import Upstream, gateway


def slow() -> int:
    return 1


def other() -> int:
    return 2


def lever(name: str, *replaces: Any, written_for: str, pulled: list[str]) -> Lever:
    return Lever(name, replaces, frozenset({written_for}), lambda _: pulled.append(name))


@pytest.mark.parametrize("one", LEVERS, ids=lambda one: one.name)
def test_every_lever_was_written_for_the_installed_mitmproxy(one: Lever) -> None:
    assert one.fits(), f"read what has changed in mitmproxy; then its digest is {digest(one.replaces)}"


def test_a_lever_is_pulled_where_the_source_is_the_one_that_it_was_written_for() -> None:
    pulled: list[str] = []
    pull([lever("a", slow, other, written_for=digest([slow, other]), pulled=pulled)], None)  # type: ignore[arg-type]
    assert pulled == ["a"]


def test_other_source_leaves_a_lever_off_and_says_so_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    pulled: list[str] = []
    fits = lever("b", other, written_for=digest([other]), pulled=pulled)
    with caplog.at_level(logging.INFO):
        off = [lever(name, slow, written_for=digest([other]), pulled=pulled) for name in ("a", "c")]
        pull([off[0], fits, off[1]], None)  # type: ignore[arg-type]
    assert pulled == ["b"]
    assert [record.getMessage() for record in caplog.records] == [
        "speed: this mitmproxy is another one, so it stays as it is in: a, c"
    ]


def test_what_has_no_source_fits_nothing() -> None:
    assert digest([len]) == ""
    assert not replace(LEVERS[0], replaces=(len,)).fits()


def test_a_mitmproxy_with_other_source_serves_as_it_is(tmp_path: Path) -> None:
    package = Path(mitmproxy.__file__).parent
    shutil.copytree(package, tmp_path / "mitmproxy", ignore=shutil.ignore_patterns("static", "__pycache__", "contrib"))
    shutil.copytree(package / "contrib", tmp_path / "mitmproxy" / "contrib")
    changed = tmp_path / "mitmproxy" / "proxy" / "server.py"
    text = changed.read_text()
    mark = "    async def server_event(self, event: events.Event) -> None:\n"
    assert text.count(mark) == 1
    changed.write_text(text.replace(mark, f"{mark}        pass  # another release\n"))
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    with Upstream() as upstream:
        routes = {"a.yaml": f"host: api.hotel.test\nendpoints:\n  GET /a: {upstream.url}/b\n"}
        with gateway(routes, program="gateway", env={"PYTHONPATH": path}) as running:
            running.wait_log("speed: this mitmproxy is another one, so it stays as it is in: connections, express")
            assert running.get("/a").status == 200
        assert upstream.last.target == "/b"
