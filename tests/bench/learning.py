"""What learning from the traffic costs: processor time per request beside the same gateway that learns nothing.

Both are started, warmed up until the learner has had all that it is told of in full, and asked in turn, so that what
else the machine does meets both.
"""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import Final, NamedTuple

from . import wrk
from .candidates import Candidate, gateway_on, plain_on
from .endpoints import PER_FILE, requests, write_route_files
from .figures import middle
from .processes import Server
from .setting import Setting
from .throughput import Tell

CONNECTIONS: Final = 16
SECONDS: Final = 3
"""Of one run."""
ROUNDS: Final = 5
_WARM: Final = 8_000
"""Requests before anything is measured: more than the learner is told of one by one."""
_REST: Final = 2.0
"""Seconds for the learner to work that off."""


class Learning(NamedTuple):
    """Processor time per request of one entry in µs, medians: without learning, of the gateway's own process with it,
    and with the learner's process; and the medians of their ratios in pairs of runs that followed each other."""

    entry: str
    requests: int
    without_us: float
    own_us: float
    whole_us: float
    own_ratio: float
    whole_ratio: float


class _Run(NamedTuple):
    requests: int
    own_us: float
    whole_us: float


def measure(setting: Setting, tell: Tell, rounds: int = ROUNDS, seconds: int = SECONDS) -> list[Learning]:
    """Measure both entries, with a table of a hundred endpoints."""
    routes = setting.folder / "routes-learning"
    write_route_files(routes, PER_FILE, setting.upstream)
    wrk.write_paths(setting.paths("learning"), requests("200b", PER_FILE))
    found = []
    for entry, command in (("mitmdump -s addons/routing.py", plain_on), ("scripts/gateway", gateway_on)):
        tell(f"learning: {entry}")
        with contextlib.ExitStack() as stack:
            without, learning = (
                stack.enter_context(
                    Candidate(f"learning-{learns}", "", partial(command, routes=routes, learn=learns)).start(setting)
                )
                for learns in (False, True)
            )
            for server in (without, learning):
                _warm_up(setting, server)
            pairs = [(_run(setting, without, seconds), _run(setting, learning, seconds)) for _ in range(rounds)]
        found.append(_summed_up(entry, pairs))
    return found


def _warm_up(setting: Setting, server: Server) -> None:
    asked = 0
    while asked < _WARM:
        asked += wrk.load(server.port, setting.paths("learning"), CONNECTIONS, 1, setting.cores.load).requests
    time.sleep(_REST)


def _run(setting: Setting, server: Server, seconds: int) -> _Run:
    own, whole = server.own_cpu_seconds(), server.cpu_seconds()
    report = wrk.load(server.port, setting.paths("learning"), CONNECTIONS, seconds, setting.cores.load)
    if not report.requests or report.errors:
        raise ValueError(f"{report.errors} of {report.requests} requests failed")
    own, whole = server.own_cpu_seconds() - own, server.cpu_seconds() - whole
    return _Run(report.requests, own / report.requests * 1e6, whole / report.requests * 1e6)


def _summed_up(entry: str, pairs: list[tuple[_Run, _Run]]) -> Learning:
    return Learning(
        entry,
        sum(learning.requests for _, learning in pairs),
        middle([without.own_us for without, _ in pairs]) or 0.0,
        middle([learning.own_us for _, learning in pairs]) or 0.0,
        middle([learning.whole_us for _, learning in pairs]) or 0.0,
        middle([learning.own_us / without.own_us for without, learning in pairs]) or 0.0,
        middle([learning.whole_us / without.whole_us for without, learning in pairs]) or 0.0,
    )
