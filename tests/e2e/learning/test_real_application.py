"""A real application and its own client: what is discovered is what the application's own document says.

Every operation that the client used at least three times with success must be found, with the template of the document.
Its names of buckets, collections and groups are words, and most of their paths were asked once or twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import REPOSITORY, Gateway, gateway
from tests.e2e.learning.kinto import Kinto, drive, kinto
from tests.e2e.learning.learned import discovered, keeping, learn, shapes

DISCOVERY = REPOSITORY / "addons" / "discovery.py"

PEOPLE_AT_WORK = 9
"""About 800 requests."""

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True, slots=True)
class Seen:
    """The operations that were used, with their counts, and what was found."""

    called: Counter[tuple[str, str]]
    found: list[dict[str, Any]]
    folder: Path
    log: str


@pytest.fixture(scope="module")
def application() -> Iterator[Kinto]:
    with kinto() as running:
        yield running


@pytest.fixture(scope="module")
def through_the_gateway(application: Kinto, entry: str, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The client asks the gateway, which knows no endpoint and sends all to the application."""
    folder = tmp_path_factory.mktemp("live")
    application.start_again()
    files = {"kinto.yaml": f"origin: {application.url}\n"}
    with gateway(files, *keeping(folder / "state.db")) as running:
        drive(running.url, people=PEOPLE_AT_WORK)
        running.stop()
        log = running.log
    found = discovered("--state", "state.db", cwd=folder)
    return Seen(application.called(), found, folder, log)


@pytest.fixture(scope="module")
def beside(application: Kinto, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The client uses mitmdump as its proxy, which watches and writes the flows to a file, too."""
    folder = tmp_path_factory.mktemp("beside")
    application.start_again()
    running = Gateway(
        folder,
        folder,
        *(*keeping(folder / "state.db"), "-w", str(folder / "flows")),
        program="mitmdump",
        scripts=(DISCOVERY,),
    )
    try:
        running.wait_ready()
        drive(application.url, proxy=running.url, people=PEOPLE_AT_WORK)
    finally:
        running.stop()
    found = discovered("--state", "state.db", cwd=folder)
    return Seen(application.called(), found, folder, running.log)


def differs(seen: Seen) -> str:
    """What is missing and what is too much; empty where nothing is."""
    found, asked = shapes(seen.found), seen.called.keys()
    missing, surplus = sorted(asked - found), sorted(found - asked)
    return f"missing {missing}, surplus {surplus}" if missing or surplus else ""


# One test for each way: whatever runs it waits for a thousand requests first.


def test_the_gateway_learns_the_applications_own_templates_and_counts_each_request(through_the_gateway: Seen) -> None:
    assert len(through_the_gateway.called) >= 20
    assert not differs(through_the_gateway)
    counts = {next(iter(shapes([row]))): row["requests"] for row in through_the_gateway.found}
    assert counts == through_the_gateway.called
    assert not re.search("Traceback|Addon error", through_the_gateway.log)


@pytest.mark.entry("mitmdump")
def test_a_watching_proxy_learns_the_same_as_does_a_file_of_its_flows(beside: Seen) -> None:
    assert len(beside.called) >= 20
    assert not differs(beside)
    (buckets,) = [row for row in beside.found if row["method"] == "GET" and row["endpoint"] == "/v1/buckets"]
    assert buckets["sessions"] == PEOPLE_AT_WORK
    assert buckets["host"].startswith("127.0.0.1")
    assert not re.search("Traceback|Addon error", beside.log)
    assert shapes(learn("--no-state", "flows", cwd=beside.folder)) == beside.called.keys()
