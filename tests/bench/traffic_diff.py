"""How long `sluice diff --traffic` takes for a million logged requests, and how much memory; run by hand.

    .venv/bin/python tests/bench/traffic_diff.py [--requests N] [--endpoints N]

Makes two sets of route files and request logs in a temporary folder, runs the real command on them, and prints one
line for each log: seconds, requests per second, seconds of processor time in all processes (half of these is what two
cores need at least, whatever else the machine does), and the largest resident memory of each process (Linux).
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HOSTS = 100
"""Route files, each with a host of its own."""
SERVICES = "services:\n  orders-v1: http://127.0.0.1:9001/v1\n  orders-v2: http://127.0.0.1:9002/v2\n"
DISTINCT_PATHS = 50_000
"""Different requests in the skewed mix, about."""


def write_routes(folder: Path, endpoints: int, moved: int) -> None:
    """Write route files; every `moved`-th endpoint goes to another service, every 500th is missing."""
    folder.mkdir()
    for host in range(HOSTS):
        rows = [f"host: api{host}.hotel.test\n", SERVICES, "endpoints:\n"]
        for number in range(endpoints // HOSTS):
            if moved and (host * (endpoints // HOSTS) + number) % 500 == 499:
                continue
            service = "orders-v2" if moved and number % moved == 0 else "orders-v1"
            source = f"GET /hotels/{{hotel}}/resources{number}/{{id}}"
            rows.append(f"  {source}: {service}:/r{number}/{{hotel}}/{{id}}\n")
        (folder / f"api{host}.yaml").write_text("".join(rows))


def distinct(endpoints: int) -> Iterator[tuple[str, str]]:
    """Hosts and paths of which next to none comes twice, all over the table."""
    pick = random.Random(1)
    while True:
        host, number = pick.randrange(HOSTS), pick.randrange(endpoints // HOSTS)
        yield f"api{host}.hotel.test", f"/hotels/{pick.randrange(10**6)}/resources{number}/{pick.randrange(10**6)}"


def skewed(endpoints: int) -> Iterator[tuple[str, str]]:
    """Hosts and paths of which few come often and many seldom: the n-th most frequent as often as 1/n."""
    pick = random.Random(2)
    source = distinct(endpoints)
    known = [next(source) for _ in range(DISTINCT_PATHS)]
    weights = [1 / rank for rank in range(1, DISTINCT_PATHS + 1)]
    while True:
        yield from pick.choices(known, weights, k=10_000)


def write_log(path: Path, requests: Iterator[tuple[str, str]], number: int) -> None:
    """Write a request log with the gateway's own record."""
    from sluicegate.observing.request_log import Record

    verdicts = [{"stage": "routing", "outcome": "routed", "reason": "most specific endpoint"}]
    with path.open("w") as file:
        for index in range(number):
            host, source = next(requests)
            record = Record(
                f"{index:032x}", 1.7e9 + index, 1.7e9 + index, 1.7e9 + index, 1.7e9 + index, "127.0.0.1",
                "GET", host, source, "5f2d9d5e-2f0b-5c54-8a30-7c1f6a3f3d11", "GET /hotels/{hotel}/resources/{id}",
                f"http://127.0.0.1:9001/v1{source}", 200, 0, 512, 1, verdicts,
            )  # fmt: skip
            file.write(record.line())


class Memory:
    """Watches the largest resident memory of a process and of those that it starts."""

    def __init__(self, pid: int) -> None:
        self.peaks: dict[int, int] = {}
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> str:
        self._over.set()
        self._thread.join()
        return " + ".join(f"{peak / 1024:.0f}" for peak in self.peaks.values()) + " MiB"

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for pid in [self._pid, *self._children()]:
                for line in _text(f"/proc/{pid}/status").splitlines():
                    if line.startswith("VmHWM:"):
                        self.peaks[pid] = int(line.split()[1])

    def _children(self) -> list[int]:
        return [int(pid) for task in _tasks(self._pid) for pid in _text(f"{task}/children").split()]


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def processor_time() -> float:
    """Seconds that processes which have ended took, those that they had started and waited for among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(folder: Path, log: Path, requests: int) -> None:
    started, used = time.perf_counter(), processor_time()
    command = [sys.executable, "-m", "sluicegate.console", "diff", "old", "new", "--traffic", log.name, "--most", "0"]
    env = {"PYTHONPATH": str(REPOSITORY / "addons"), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        memory = Memory(process.pid)
        out = process.communicate()[0]
    seconds = time.perf_counter() - started
    size = log.stat().st_size / 1e6
    speed = f"{seconds:7.1f} s {requests / seconds:10,.0f} requests/s  {processor_time() - used:6.1f} s of processors"
    print(f"{log.stem:10} {size:6.0f} MB {speed}  {memory.stop()}")
    print(f"           {out.splitlines()[0]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--endpoints", type=int, default=10_000)
    chosen = parser.parse_args()
    mixes: dict[str, Callable[[int], Iterator[tuple[str, str]]]] = {"distinct": distinct, "skewed": skewed}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_routes(folder / "old", chosen.endpoints, 0)
        write_routes(folder / "new", chosen.endpoints, 50)
        for mix, made in mixes.items():
            log = folder / f"{mix}.log"
            write_log(log, made(chosen.endpoints), chosen.requests)
            measure(folder, log, chosen.requests)
            log.unlink()


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY / "addons"))
    main()
