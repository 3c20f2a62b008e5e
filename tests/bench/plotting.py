"""The plot of a run: drawn by the interpreter of the Python candidates, where matplotlib may be."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .machine import missing
from .setting import PROGRAMS


def plot(python: Path, results: Path, picture: Path) -> str | None:
    """Draw results.json as a picture; returns why there is none, or None."""
    picture.unlink(missing_ok=True)
    if lacks := missing("matplotlib", python):
        return lacks
    command = [python, PROGRAMS / "plot.py", results, picture]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return None if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]
