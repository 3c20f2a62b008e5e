"""The plot of a run, drawn by an interpreter that has matplotlib."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ..machine import missing
from ..setting import PROGRAMS


def plot(python: Path, folder: Path) -> str | None:
    """Draw discovery.json as discovery.png; returns why there is none, or None."""
    picture = folder / "discovery.png"
    picture.unlink(missing_ok=True)
    if lacks := missing("matplotlib", python):
        return f"needs {lacks}"
    command = [python, PROGRAMS / "plot_discovery.py", folder / "discovery.json", picture]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return None if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]
