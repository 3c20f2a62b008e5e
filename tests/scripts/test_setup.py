"""scripts/setup on small checkouts of their own, whose only dependency is a wheel made here."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Making a virtual environment takes some seconds, and many more on a busy machine.
pytestmark = pytest.mark.timeout(300)


def make_wheel(folder: Path, version: str) -> str:
    """Writes a wheel of the package `pebble`; returns the constraint that pins it."""
    info = f"pebble-{version}.dist-info"
    files = {
        "pebble.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: pebble\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text)}\n"
    wheel = folder / f"pebble-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return f"pebble=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class Checkout:
    """A folder with scripts/setup, a package and one pinned dependency; `home` is an empty home folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.wheels = folder / "wheels"
        self.root = folder / "a check out"
        for path in (self.home, self.wheels, self.root / "scripts", self.root / "addons" / "sluicegate"):
            path.mkdir(parents=True)
        shutil.copy2(REPOSITORY / "scripts" / "setup", self.root / "scripts" / "setup")
        shutil.copy2(REPOSITORY / "pyproject.toml", self.root)
        (self.root / "addons" / "sluicegate" / "__init__.py").touch()
        self.pin("1.0")

    def pin(self, version: str) -> None:
        self.constrain(make_wheel(self.wheels, version))

    def constrain(self, text: str) -> None:
        (self.root / "scripts" / "constraints.txt").write_text(text)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Starts scripts/setup from another working directory, in a process group of its own."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHON": str(getattr(sys, "_base_executable", sys.executable)),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "PIP_CONFIG_FILE": os.devnull,
            **environment,
        }
        return subprocess.Popen(
            [self.root / "scripts" / "setup"],
            env=variables,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def setup(self, **environment: str) -> tuple[int, str]:
        """Runs scripts/setup; returns its exit status and all that it printed."""
        process = self.start(**environment)
        output, _ = process.communicate()
        return process.returncode, output

    def run_python(self, code: str) -> str:
        command = [str(self.root / ".venv" / "bin" / "python"), "-c", code]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=self.home).stdout.strip()

    def installed(self) -> str:
        return self.run_python("import pebble, sluicegate; print(pebble.VERSION, sluicegate.__file__)")

    def expected(self, version: str) -> str:
        return f"{version} {self.root.resolve()}/addons/sluicegate/__init__.py"

    def state(self) -> dict[str, tuple[int, int]]:
        """Inode and time of change of everything in .venv, but for caches that running Python writes."""
        paths = (path for path in self.root.rglob("*") if "__pycache__" not in path.parts)
        return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in paths}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_second_run_changes_nothing_and_other_versions_are_installed_in_place(checkout: Checkout) -> None:
    assert checkout.setup()[0] == 0
    assert checkout.installed() == checkout.expected("1.0")
    first = checkout.state()

    status, output = checkout.setup()
    assert status == 0
    assert output.startswith("Set up already: .venv, Python 3.")
    assert checkout.state() == first

    checkout.pin("2.0")
    status, output = checkout.setup()
    assert status == 0, output
    assert "Making" not in output
    assert checkout.installed() == checkout.expected("2.0")


def test_a_checkout_that_was_moved_gets_a_new_environment(checkout: Checkout) -> None:
    assert checkout.setup()[0] == 0
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    status, output = checkout.setup()
    assert status == 0
    assert "Making .venv" in output
    assert checkout.installed() == checkout.expected("1.0")
    pip = (checkout.root / ".venv" / "bin" / "pip").read_text()
    assert str(checkout.root / ".venv") in pip


def test_a_failed_set_up_is_not_taken_for_a_finished_one(checkout: Checkout) -> None:
    good = (checkout.root / "scripts" / "constraints.txt").read_text()
    checkout.constrain(f"pebble==1.0 --hash=sha256:{'0' * 64}\n")
    for _ in range(2):
        status, output = checkout.setup()
        assert status == 1
        assert "installing the dependencies failed" in output
        assert not (checkout.root / ".setup.lock").is_symlink()
    checkout.constrain(good)
    status, output = checkout.setup()
    assert status == 0
    assert "Making .venv" in output
    assert checkout.installed() == checkout.expected("1.0")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_set_up_is_begun_afresh(checkout: Checkout, number: signal.Signals) -> None:
    process = checkout.start()
    deadline = time.monotonic() + 60
    while not (checkout.root / ".venv" / ".setup-unfinished").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, number)
    process.communicate()
    assert process.returncode != 0
    assert not (checkout.root / ".venv" / ".setup-done").exists()

    status, output = checkout.setup()
    assert status == 0, output
    assert "Making .venv" in output
    assert checkout.installed() == checkout.expected("1.0")
    assert not (checkout.root / ".setup.lock").is_symlink()


def test_set_ups_at_the_same_time_do_the_work_once(checkout: Checkout) -> None:
    # All of them find the lock of a process that is gone first.
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (checkout.root / ".setup.lock").symlink_to(str(ended.pid))
    processes = [checkout.start() for _ in range(3)]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert sum("Making .venv" in output for output in outputs) == 1, outputs
    assert checkout.installed() == checkout.expected("1.0")


UNSUITABLE = "#!/bin/sh\nexit 1\n"


def fake_tools(folder: Path, python: str) -> str:
    """A PATH on which nothing but the shell's everyday tools and a `python3` with that text are found."""
    folder.mkdir()
    for tool in ("cat", "cksum", "dirname", "grep", "ln", "ls", "readlink", "rm", "sed", "sort", "tr"):
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    (folder / "python3").write_text(python)
    (folder / "python3").chmod(0o755)
    return str(folder)


PLACES_OF_OTHERS = [
    Path(folder) / f"python3.{minor}" for folder in ("/opt/homebrew/bin", "/usr/local/bin") for minor in (12, 13, 14)
]


@pytest.mark.skipif(
    any(path.exists() for path in PLACES_OF_OTHERS),
    reason="a suitable Python stands outside the PATH, and is found",
)
def test_without_a_suitable_python_it_says_what_to_install(checkout: Checkout, tmp_path: Path) -> None:
    path = fake_tools(tmp_path / "bin", UNSUITABLE)
    status, output = checkout.setup(PATH=path, PYTHON="")
    assert status == 1
    assert "needs Python 3.12 or newer and found none" in output
    assert "apt install python3 python3-venv" in output
    assert "brew install python" in output
    assert not (checkout.root / ".venv").exists()


def test_a_python_that_was_asked_for_and_is_too_old_is_named(checkout: Checkout, tmp_path: Path) -> None:
    path = fake_tools(tmp_path / "bin", UNSUITABLE)
    status, output = checkout.setup(PYTHON=f"{path}/python3")
    assert status == 1
    assert f"PYTHON={path}/python3 is not a CPython 3.12 or newer" in output
    assert not (checkout.root / ".venv").exists()


def test_a_python_from_pyenv_is_found_when_the_path_holds_none(checkout: Checkout, tmp_path: Path) -> None:
    path = f"{fake_tools(tmp_path / 'bin', UNSUITABLE)}:/usr/bin:/bin"
    version = "{}.{}.{}".format(*sys.version_info)
    binary = checkout.home / ".pyenv" / "versions" / version / "bin" / "python"
    binary.parent.mkdir(parents=True)
    binary.symlink_to(getattr(sys, "_base_executable", sys.executable))
    status, output = checkout.setup(PATH=path, PYTHON="")
    assert status == 0, output
    assert checkout.installed() == checkout.expected("1.0")
