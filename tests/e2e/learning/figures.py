"""Traffic whose figures are known before it is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from .shop import Exchange, token

TEN_MINUTES = 600.0


def of_latencies(path: str, milliseconds: Iterable[float], *, at: float, clients: int = 20) -> Iterator[Exchange]:
    """One request for each latency, a second apart."""
    for step, each in enumerate(milliseconds):
        yield Exchange("GET", path, token=token(step % clients), at=at + step, took=each / 1000, body={"ok": True})


def of_statuses(path: str, *statuses: tuple[int, int], at: float, clients: int = 20) -> Iterator[Exchange]:
    """So many requests of each status."""
    step = 0
    for status, count in statuses:
        for _ in range(count):
            yield Exchange("GET", path, status, token=token(step % clients), at=at + step, body={"ok": status})
            step += 1


def bursts(path: str, users: dict[int, int], *, at: float) -> Iterator[Exchange]:
    """By rate: so many clients that make so many requests in each of six stretches of ten minutes."""
    number = 0
    for rate, clients in users.items():
        for _ in range(clients):
            number += 1
            for stretch in range(6):
                for step in range(rate):
                    moment = at + stretch * TEN_MINUTES + (step + 0.5) * TEN_MINUTES / rate
                    yield Exchange("GET", path, token=token(number), at=moment, body={"ok": True})


def in_order(*parts: Iterable[Exchange]) -> list[Exchange]:
    return sorted((each for part in parts for each in part), key=lambda each: each.at)


def hours_ago(hours: float) -> float:
    """A time on the machine's clock."""
    return time.time() - hours * 3600
