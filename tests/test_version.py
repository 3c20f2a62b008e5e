"""Which version this is; an installed one: tests/scripts/test_wheel.py."""

from __future__ import annotations

import tomllib

from sluicegate.version import version
from tests.console.sluice import REPOSITORY


def test_a_working_tree_tells_its_own_version() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert version() == f"{project['version']} (working tree)"
