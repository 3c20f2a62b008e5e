"""Processes as the system lists them."""

from __future__ import annotations

import subprocess


def children(pid: int) -> list[int]:
    """The process ids of a process's children."""
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in told.splitlines() if int(line.split()[1]) == pid]


def is_running(pid: int) -> bool:
    """Whether a process lives; one that only waits to be collected does not."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return told.strip() != "" and not told.startswith("Z")


def command(pid: int) -> str:
    """A process's command line; '' for none."""
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
