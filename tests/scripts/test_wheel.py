"""What `pip install` gives: the command, its data, and an addon that mitmdump loads from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.e2e.harness import REPOSITORY, Gateway, Upstream, gateway

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the pinned build backend from the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages that holds nothing else."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def installed(site: Path, *arguments: str, cwd: Path) -> str:
    """What the command prints, run by its entry point as it was installed."""
    scripts = ConfigParser()
    (entry_points,) = site.glob("*.dist-info/entry_points.txt")
    scripts.read(entry_points)
    module, _, function = scripts["console_scripts"]["sluice"].partition(":")
    ran = subprocess.run(
        [sys.executable, "-P", "-c", f"from {module} import {function}; {function}()", *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def test_the_wheel_holds_the_package_its_data_and_the_door_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert len(tops) == 2
    assert "sluicegate" in tops
    assert {"sluicegate/addons/routing.py", "sluicegate/addons/discovery.py"} <= set(names)
    schemas = {path.name for path in (REPOSITORY / "addons/sluicegate/config/schemas").glob("*.json")}
    assert schemas
    assert {f"sluicegate/config/schemas/{name}" for name in schemas} <= set(names)


def test_the_command_works_where_it_was_installed(site: Path, tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes" / "a.yaml").write_text("endpoints:\n  GET /a: http://127.0.0.1:9001/b\n")
    assert '"$schema"' in installed(site, "schema", cwd=tmp_path)
    assert "http://127.0.0.1:9001/b" in installed(site, "list", cwd=tmp_path)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def test_mitmdump_loads_the_installed_addon_from_another_folder(site: Path, tmp_path: Path, upstream: Upstream) -> None:
    door = installed(site, "addon", cwd=tmp_path).rstrip("\n")
    assert Path(door) == site / "sluicegate" / "addons" / "routing.py"
    routes = {"a.yaml": f"endpoints:\n  GET /a: {upstream.url}/b\n"}
    running: Gateway
    with gateway(routes, scripts=(door,), cwd=tmp_path, env={"PYTHONPATH": str(site)}) as running:
        assert running.get("/a").status == 200
        assert upstream.last.path == "/b"
