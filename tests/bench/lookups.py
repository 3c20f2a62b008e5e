"""Lookups in tables of endpoints, without a proxy around them: `python -m tests.bench.lookups` prints JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from time import thread_time

from sluicegate.endpoints.table import Table
from tests.tables import endpoint, table

from .endpoints import host

COUNTS = (1, 100, 1_000, 10_000)
_LOOKUPS = 2_000
_REPEATS = 25
type Request = tuple[str, str, str]
"""Method, host and path."""


def table_of(count: int) -> Table:
    """Return a table of that many templated endpoints, a hundred for each host."""
    return table(
        *(
            endpoint(
                f"GET /{{body}}/hotels/{{hotel}}/r{number}/{{id}}",
                f"http://127.0.0.1:9001/{{body}}/x{number}/{{hotel}}/{{id}}",
                host(number),
            )
            for number in range(count)
        )
    )


def hits(count: int) -> list[Request]:
    """Return requests that a table of so many endpoints has, at random."""
    pick = random.Random(1)
    return [("GET", host(n), f"/200b/hotels/{n}/r{n}/7") for n in pick.choices(range(count), k=_LOOKUPS)]


def misses(count: int) -> list[Request]:
    """Return requests of the same hosts that it has not: the last segment but one differs."""
    return [(method, name, path.replace("/r", "/s")) for method, name, path in hits(count)]


def look_up(lookup: Callable[[str, str, str], object], requests: Sequence[Request]) -> None:
    """Look all of them up."""
    for method, name, path in requests:
        lookup(method, name, path)


def measure() -> list[dict[str, float]]:
    """Return microseconds for a hit and a miss by number of endpoints, with the loop around them.

    Processor time, and the least of many repeats, as `timeit` advises: what disturbs can only add to it.
    """
    tables = {count: table_of(count) for count in COUNTS}
    loads = {(count, kind): made(count) for count in COUNTS for kind, made in (("hit", hits), ("miss", misses))}
    taken: dict[tuple[int, str], list[float]] = {load: [] for load in loads}
    for _ in range(_REPEATS):
        for (count, kind), requests in loads.items():
            started = thread_time()
            look_up(tables[count].lookup, requests)
            taken[count, kind].append((thread_time() - started) / len(requests) * 1e6)
    return [
        {"endpoints": count, "hit_us": min(taken[count, "hit"]), "miss_us": min(taken[count, "miss"])}
        for count in COUNTS
    ]


if __name__ == "__main__":
    print(json.dumps(measure()))
