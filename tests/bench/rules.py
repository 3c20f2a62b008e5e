"""Processor time per request against map_remote with equivalent rules.

A fresh process for each, and strictly one request after the other: with many rules a request takes so long that a load
of many connections would count the work for answers that nobody waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import NamedTuple

from .candidates import Arguments, Candidate, bare, gateway, plain
from .client import Client
from .endpoints import requests, write_route_files, write_rules
from .figures import middle
from .setting import Setting
from .throughput import Tell

_REQUESTS = {1: 400, 100: 200, 1_000: 15, 10_000: 3}
"""Requests to map_remote by rules: the time for each grows with them."""
_OURS = 400
"""Requests to the gateway, whose time does not."""


class Cost(NamedTuple):
    """What one request cost with `size` endpoints or rules: processor time and the median of the delays, in ms."""

    candidate: str
    size: int
    requests: int
    cpu_ms: float
    p50_ms: float


def _map_remote(setting: Setting, port: int, size: int) -> Arguments:
    confdir = setting.folder / f"rules-{size}"
    confdir.mkdir(exist_ok=True)
    write_rules(confdir / "config.yaml", size, setting.upstream)
    return bare(setting, port, confdir=confdir)


def _measure(setting: Setting, candidate: Candidate, size: int, number: int) -> Cost:
    asked = requests("200b", size)
    delays = []
    with candidate.start(setting) as server, Client(server.port) as client:
        for one in asked[: 20 if number >= 100 else 1]:
            client.get(*one)
        before = server.cpu_seconds()
        for turn in range(number):
            started = perf_counter()
            client.get(*asked[turn % len(asked)])
            delays.append(perf_counter() - started)
        used = server.cpu_seconds() - before
    return Cost(candidate.name, size, number, used / number * 1e3, (middle(delays) or 0) * 1e3)


def measure(setting: Setting, sizes: Sequence[int], tell: Tell) -> list[Cost]:
    """Measure bare mitmdump, and at each number of endpoints or rules map_remote and both entries of the gateway."""
    tell("bare")
    found = [_measure(setting, Candidate("bare", "", bare), 1, _OURS)]
    for size in sizes:
        write_route_files(setting.routes(size), size, setting.upstream)
        each = (
            (Candidate("map_remote", "", partial(_map_remote, size=size)), _REQUESTS[size]),
            (Candidate("plain", "", partial(plain, count=size)), _OURS),
            (Candidate("gateway", "", partial(gateway, count=size)), _OURS),
        )
        for candidate, number in each:
            tell(f"{candidate.name} with {size:,}")
            found.append(_measure(setting, candidate, size, number))
    return found
