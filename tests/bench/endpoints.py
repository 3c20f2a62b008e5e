"""The benchmark's table of endpoints: as route files, as map_remote rules, and as requests that hit it."""

from __future__ import annotations

import json
import random
from pathlib import Path

PER_FILE = 100
"""Endpoints in one route file; each file has a host of its own."""
BODIES = {"200b": 200, "10k": 10_240, "1m": 1 << 20}
"""The upstream's bodies by the first segment of a path, in bytes."""
_PATHS = 10_000
"""Different requests of a load, at most."""


def host(number: int) -> str:
    """Return the host that endpoint `number` belongs to."""
    return f"api{number // PER_FILE}.bench.test"


def write_route_files(folder: Path, count: int, upstream: int, *, version: str = "x") -> None:
    """Write route files for `count` templated endpoints; `version` begins a segment of every target path.

    One endpoint is a single file for any host and any resource.
    """
    folder.mkdir(exist_ok=True)
    if count == 1:
        route = f"http://127.0.0.1:{upstream}/{{body}}/{version}/{{resource}}/{{hotel}}/{{id}}"
        text = f"endpoints:\n  GET /{{body}}/hotels/{{hotel}}/{{resource}}/{{id}}: {route}\n"
        (folder / "api.yaml").write_text(text)
        return
    for first in range(0, count, PER_FILE):
        write_route_file(folder, range(first, min(first + PER_FILE, count)), upstream, version=version)


def write_route_file(folder: Path, numbers: range, upstream: int, *, version: str = "x") -> None:
    """Write the route file of some endpoints of one host, beside and renamed."""
    rows = [f"host: {host(numbers[0])}\n", f"services:\n  up: http://127.0.0.1:{upstream}\n", "endpoints:\n"]
    rows += [
        f"  GET /{{body}}/hotels/{{hotel}}/r{number}/{{id}}: up:/{{body}}/{version}{number}/{{hotel}}/{{id}}\n"
        for number in numbers
    ]
    path = folder / f"api{numbers[0] // PER_FILE}.yaml"
    beside = folder / f".{path.name}.new"
    beside.write_text("".join(rows))
    beside.rename(path)


def write_rules(file: Path, count: int, upstream: int) -> None:
    """Write a mitmproxy configuration file with the map_remote rules that do what `count` endpoints do."""
    rules = [
        rf"|^http://[^/]+/([^/]+)/hotels/([^/]+)/r{number}/([^/]+)$|http://127.0.0.1:{upstream}/\1/x{number}/\2/\3"
        for number in range(count)
    ]
    file.write_text(json.dumps({"map_remote": rules}))  # JSON is YAML


def requests(body: str, count: int) -> list[tuple[str, str]]:
    """Return hosts and paths that hit `count` endpoints in random order, with values of variables all their own."""
    pick = random.Random(1)
    numbers = [number % count for number in range(min(_PATHS, max(count, 1_000)))]
    pick.shuffle(numbers)
    return [
        (host(number), f"/{body}/hotels/{pick.randrange(10**6)}/r{number}/{pick.randrange(10**6)}")
        for number in numbers
    ]


def as_bytes(host_name: str, path: str, *, method: str = "GET", fields: str = "") -> bytes:
    """Return the bytes of a request."""
    return f"{method} {path} HTTP/1.1\r\nHost: {host_name}\r\n{fields}\r\n".encode()
