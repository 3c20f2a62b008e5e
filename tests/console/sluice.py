"""The real command as a user runs it, and golden outputs that are kept readable in the tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).resolve().parent / "golden"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def one_line_error(self) -> str:
        """Standard error of a run whose input could not be used: one line, and nothing else was printed."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        assert self.err.startswith("sluice: ")
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("sluice: ").rstrip("\n")


def sluice(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ran:
    """Run `sluice` in a folder, away from a terminal; 60 seconds at most."""
    ran = subprocess.run(
        [sys.executable, "-m", "sluicegate.console", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "addons"), "PYTHONIOENCODING": "utf-8", **(env or {})},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files by relative name and text; returns the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def golden(name: str) -> str:
    """Return the golden output of a name. Each was read line by line before it was committed."""
    return (GOLDEN / name).read_text(encoding="utf-8")
