"""The entries that each test runs for, and servers for single tests.

Tests that share one gateway declare a module-scoped fixture of their own, which asks for `entry`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import ENTRIES, H2Upstream, Upstream, by_default, refusing_port, silent_port
from tests.e2e.harness.editing import Editing, editing


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "entry(*programs): the programs that a test runs for; without it both entries")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of the gateway runs for each entry; those of the `sluice` command for one, unless marked."""
    marker = metafunc.definition.get_closest_marker("entry")
    programs = marker.args if marker else ENTRIES
    if marker or "sluice" not in metafunc.definition.path.parts:
        metafunc.parametrize("entry", programs, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def entry(request: pytest.FixtureRequest) -> Iterator[str]:
    """The program that `gateway` starts for the test."""
    program: str = getattr(request, "param", ENTRIES[0])
    with by_default(program):
        yield program


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A recording HTTP/1 server."""
    with Upstream() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Upstream]:
    """A second recording HTTP/1 server."""
    with Upstream("other") as server:
        yield server


@pytest.fixture
def h2c_upstream() -> Iterator[H2Upstream]:
    """A recording HTTP/2 server without TLS."""
    with H2Upstream() as server:
        yield server


@pytest.fixture
def refused() -> Iterator[int]:
    """A port where every connection is refused."""
    with refusing_port() as port:
        yield port


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where no attempt to connect is ever answered."""
    with silent_port() as port:
        yield port


@pytest.fixture(scope="module")
def shared_editing(entry: str) -> Iterator[Editing]:
    with editing() as started:
        yield started


@pytest.fixture
def edit(shared_editing: Editing) -> Editing:
    """The running gateway with its folder as it was at the start."""
    shared_editing.restore()
    return shared_editing
