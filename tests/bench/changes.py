"""Starts and reloads: how long they take, and what requests notice of them."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from .candidates import BY_NAME, MANY, Candidate, gateway_on, plain_on
from .client import Client, Steady
from .endpoints import PER_FILE, host, requests, write_route_file, write_route_files
from .figures import middle
from .processes import Server
from .setting import Setting
from .throughput import Tell

RATE = 100
"""Requests per second of the steady client."""
_CALM = 2.0
"""Seconds of steady requests before a reload."""
_LONGEST = 30.0
"""Seconds after which a reload counts as lost."""


class Reload(NamedTuple):
    """A whole table saved anew under steady requests; times in ms.

    `in_force` is from before the first file is renamed to the first answer behind the last one by the old table (None:
    that never came), `during` the longest delay of a request from then on to a second later, `outside` the longest
    before.
    """

    in_force: float | None
    failed: int
    requests: int
    during: float
    outside: float


def starts(setting: Setting, rounds: int, tell: Tell) -> dict[str, list[float]]:
    """Return the seconds from start to first answer by candidate, each in turn; the first start of each is left out."""
    names = ("bare", "plain", "gateway")
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names:
            tell(f"start {number} {name}")
            with BY_NAME[name].start(setting, alone=False) as server:
                if number:  # the first one may have written bytecode
                    found[name].append(server.answered_after)
    return found


def _on_a_copy(setting: Setting, name: str, folder: Path) -> Server:
    """Start one of both entries of the gateway on route files of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    write_route_files(folder, MANY, setting.upstream)
    made = gateway_on if name == "gateway" else plain_on
    return Candidate(name, "", lambda s, p: made(s, p, folder)).start(setting, alone=False)


def reload_all(setting: Setting, name: str, tell: Tell) -> Reload:
    """Save all route files anew, moved by another process, while a client asks steadily."""
    folder, coming = setting.folder / f"live-{name}", setting.folder / f"coming-{name}"
    tell(f"reload of {MANY:,} endpoints, {name}")
    with _on_a_copy(setting, name, folder) as server:
        write_route_files(coming, MANY, setting.upstream, version="y")
        move = ["mv", "-f", *map(str, coming.iterdir()), str(folder)]
        with Steady(server.port, requests("echo", MANY), RATE) as steady:
            time.sleep(_CALM)
            saved = time.perf_counter()
            subprocess.run(move, check=True)
            _settle(steady)
    old = [answer.answered for answer in steady.answers if answer.body.startswith(b"/echo/x")]
    new = next((answer.answered for answer in steady.answers if answer.answered > max(old) and answer.body), None)
    before = [answer.delay for answer in steady.answers[10:] if answer.answered < saved]
    during = [answer.delay for answer in steady.answers if answer.answered >= saved]
    return Reload(
        in_force=None if new is None else (new - saved) * 1e3,
        failed=sum(not answer.body for answer in steady.answers),
        requests=len(steady.answers),
        during=max(during, default=0) * 1e3,
        outside=max(before, default=0) * 1e3,
    )


def _settle(steady: Steady) -> None:
    """Wait until a second of answers, all over the table, came by the new one, or too long."""
    deadline = time.perf_counter() + _LONGEST
    while time.perf_counter() < deadline:
        time.sleep(0.1)
        if all(answer.body.startswith(b"/echo/y") for answer in steady.answers[-RATE:]):
            return


def one_file(setting: Setting, times: int, tell: Tell) -> list[float]:
    """Return the seconds from saving one file of a hundred to the first answer by what it says, for each save."""
    tell("one changed file of 100")
    folder = setting.folder / "live-one"
    numbers = range(50 * PER_FILE, 51 * PER_FILE)
    path = f"/echo/hotels/7/r{numbers[0]}/8"
    found: list[float] = []
    with _on_a_copy(setting, "gateway", folder) as server, Client(server.port) as client:
        for turn in range(times):
            version = "xy"[(turn + 1) % 2]
            time.sleep(0.3)
            write_route_file(folder, numbers, setting.upstream, version=version)
            saved = time.perf_counter()
            expected = f"/echo/{version}{numbers[0]}/7/8".encode()
            while client.get(host(numbers[0]), path) != expected:
                if time.perf_counter() - saved > _LONGEST:
                    return found
                time.sleep(0.002)
            found.append(time.perf_counter() - saved)
    return found


class Changes(NamedTuple):
    """Seconds to the first answer by candidate, reloads by candidate, seconds until one file was in force."""

    starts: dict[str, list[float]]
    reloads: dict[str, Reload]
    one_file: list[float]

    def start_over_bare(self, name: str) -> float | None:
        """Return the median of the rounds' differences to bare mitmdump, in seconds."""
        pairs = zip(self.starts.get(name, []), self.starts.get("bare", []), strict=True)
        return middle(one - bare for one, bare in pairs)


def measure(setting: Setting, rounds: int, tell: Tell) -> Changes:
    """Measure all of it."""
    began = starts(setting, rounds, tell)
    reloads = {name: reload_all(setting, name, tell) for name in ("gateway", "plain")}
    return Changes(began, reloads, one_file(setting, 5, tell))
