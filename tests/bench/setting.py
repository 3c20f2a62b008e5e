"""Where and with what the benchmark runs: its folder, the upstream, the interpreters, the cores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).resolve().parent / "programs"
OWN_PYTHON = REPOSITORY / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the load generator and the upstream, and that of a candidate of one process; None: any."""

    load: frozenset[int] | None
    candidate: frozenset[int] | None

    @staticmethod
    def of_this_machine() -> Cores:
        """Return two different cores, or no choice where there is only one."""
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) < 2:
            return Cores(None, None)
        return Cores(frozenset(usable[:1]), frozenset(usable[1:2]))


@dataclass(frozen=True, slots=True)
class Setting:
    """What the parts of the benchmark share. `python` runs the candidates that need packages of their own."""

    folder: Path
    upstream: int
    python: Path
    cores: Cores

    @property
    def confdir(self) -> Path:
        """mitmproxy's configuration folder: empty but for the certificate authority that it makes."""
        return self.folder / "confdir"

    def routes(self, count: int) -> Path:
        """The folder of route files with that many endpoints."""
        return self.folder / f"routes-{count}"

    def paths(self, body: str) -> Path:
        """The file of paths with that body for the load."""
        return self.folder / f"paths-{body}"
