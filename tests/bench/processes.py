"""Server processes: started on chosen cores, measured with all that they start, stopped by their own process id."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

_TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0
"""The longest wait for a server's first answer."""
STOP_SECONDS = 15.0
"""The longest wait for a server's end before it is killed; more than a gateway's time to drain."""


class StartError(Exception):
    """A server did not come to serve; the text says why, in one line."""


def environment() -> dict[str, str]:
    """Return the environment of servers: as the user's, with bytecode kept, because a start is measured, too."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextlib.contextmanager
def on_cores(cores: frozenset[int] | None) -> Iterator[None]:
    """Processes that this thread starts meanwhile run on these cores only (None: on any)."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A running server and its children. `port` is where it listens; its output goes to the file `log`."""

    def __init__(
        self, command: Sequence[str | Path], port: int, log: Path, *, cores: frozenset[int] | None = None
    ) -> None:
        self.port = port
        self._log = log
        self.started = time.perf_counter()
        self.answered_after = 0.0
        """Seconds from the start to the first answer."""
        with log.open("wb") as output, on_cores(cores):
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=environment(),
                start_new_session=True,  # Ctrl-C is ours: it stops them in order
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_answer(self, request: bytes, timeout: float = START_SECONDS) -> None:
        """Wait until a request is answered 200. Raises StartError."""
        deadline = time.perf_counter() + timeout
        status = b""
        while time.perf_counter() < deadline:
            if self.process.poll() is not None:
                raise StartError(f"ended with status {self.process.returncode}: {self._last_line()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as probe:
                probe.sendall(request)
                status = probe.recv(16)[9:12]
                if status == b"200":
                    self.answered_after = time.perf_counter() - self.started
                    return
            time.sleep(0.005)
        raise StartError(f"no answer in {timeout:.0f} s ({status.decode() or 'none'}): {self._last_line()}")

    def _last_line(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")

    def tree(self) -> list[int]:
        """The process ids of the server and of all that it started."""
        return list(_tree(self.process.pid))

    def cpu_seconds(self) -> float:
        """Processor time that the tree used so far, with children that have ended and were waited for."""
        return sum(map(_cpu_ticks, self.tree())) / _TICK

    def own_cpu_seconds(self) -> float:
        """Processor time that the server's first process used so far."""
        return _cpu_ticks(self.process.pid) / _TICK

    def wait_idle(self) -> None:
        """Wait, two seconds at most, until it has worked off what a load left behind."""
        for _ in range(40):
            before = self.cpu_seconds()
            time.sleep(0.05)
            if self.cpu_seconds() == before:
                return

    def own_rss_mib(self) -> float:
        """Resident memory of the server's first process alone, in MiB."""
        return _status_kib(self.process.pid, "VmRSS") / 1024

    def own_peak_mib(self) -> float:
        """The largest resident memory of the first process since `forget_peak`, in MiB."""
        return _status_kib(self.process.pid, "VmHWM") / 1024

    def rss_mib(self) -> float:
        """Resident memory of the tree in MiB; pages that processes share count in each."""
        return sum(_status_kib(pid, "VmRSS") for pid in self.tree()) / 1024

    def peak_mib(self) -> float:
        """The sum of the largest resident memory of each process since `forget_peak`, in MiB."""
        return sum(_status_kib(pid, "VmHWM") for pid in self.tree()) / 1024

    def forget_peak(self) -> None:
        """Let `peak_mib` begin anew."""
        for pid in self.tree():
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        """SIGTERM to the server; what is left of it after a grace is killed."""
        if self.process.poll() is None:
            left = self.tree()
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                for pid in {*left, *self.tree()}:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.process.wait()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime


def _status_kib(pid: int, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{key}:")), 0)
