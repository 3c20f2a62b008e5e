"""Load from wrk: random paths of a table over connections that are kept, and what it reports."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from .processes import on_cores

_SCRIPT = Path(__file__).parent / "programs" / "load.lua"
_TIMEOUT = 5
"""Seconds after which wrk counts a request as failed."""


class Report(NamedTuple):
    """What wrk counted. Latencies in ms; `errors` are failed connections, reads, writes, timeouts and non-2xx."""

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: int


def program() -> str | None:
    """Return where wrk is, or None."""
    return shutil.which("wrk")


def write_paths(file: Path, requests: Iterable[tuple[str, str]]) -> None:
    """Write hosts and paths for the load."""
    file.write_text("".join(f"{host} {path}\n" for host, path in requests))


def load(port: int, paths: Path, connections: int, seconds: int, cores: frozenset[int] | None) -> Report:
    """Send requests for some seconds. Raises ValueError where wrk fails."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_TIMEOUT}s", "--latency"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", str(paths)]
    with on_cores(cores):
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    return parse(done.stdout, done.stderr)


def parse(output: str, complaint: str = "") -> Report:
    """Read the line of JSON that the script prints behind wrk's own report. Raises ValueError where there is none."""
    line = next((line for line in reversed(output.splitlines()) if line.startswith("{")), None)
    if line is None:
        raise ValueError(f"wrk reported nothing: {(complaint or output).strip()[-300:]}")
    found: dict[str, Any] = json.loads(line)
    return Report(
        requests=found["requests"],
        seconds=found["duration_us"] / 1e6,
        p50=found["p50_us"] / 1e3,
        p99=found["p99_us"] / 1e3,
        errors=sum(found["errors"].values()),
    )
