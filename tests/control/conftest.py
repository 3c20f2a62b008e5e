"""A folder whose name is short enough for the path of a socket, wherever the tests keep theirs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with a temporary directory of its own, `tmp`, in it."""
    with tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as name:
        path = Path(name)
        (path / "tmp").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(path / "tmp"))
        yield path
