"""Servers for single tests. Tests that share one gateway declare a module-scoped fixture of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import H2Upstream, Upstream, refusing_port, silent_port
from tests.e2e.harness.editing import Editing, editing


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
def shared_editing() -> Iterator[Editing]:
    with editing() as started:
        yield started


@pytest.fixture
def edit(shared_editing: Editing) -> Editing:
    """The running gateway with its folder as it was at the start."""
    shared_editing.restore()
    return shared_editing
