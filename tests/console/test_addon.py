"""`sluice addon`. From an installed wheel: tests/scripts/test_wheel.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.console.addon import door
from sluicegate.console.options import UnusableError

from .sluice import REPOSITORY, sluice, write


def test_in_a_working_tree_it_is_the_door_in_addons(tmp_path: Path) -> None:
    path = REPOSITORY / "addons" / "routing.py"
    ran = sluice("addon", cwd=tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, f"{path}\n", "")
    assert sluice("addon", "--json", cwd=tmp_path).json == {"path": str(path)}
    assert sluice("addon", "discovery", cwd=tmp_path).out == f"{path.with_name('discovery.py')}\n"


def test_an_installed_package_holds_its_own_door(tmp_path: Path) -> None:
    site = write(tmp_path, {"sluicegate/addons/routing.py": "", "routing.py": "another package's"})
    assert door(site / "sluicegate") == site / "sluicegate" / "addons" / "routing.py"


def test_a_module_of_another_package_is_no_door(tmp_path: Path) -> None:
    site = write(tmp_path, {"sluicegate/__init__.py": "", "routing.py": "another package's"})
    with pytest.raises(UnusableError, match="the addon is missing: install sluicegate again"):
        door(site / "sluicegate")
