"""Resident memory of the gateway: of a large table, after many requests, with large bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import wrk
from .candidates import BY_NAME, MANY, Candidate, gateway, gateway_on
from .client import Client
from .endpoints import requests
from .native import LARGE, LARGE_BYTES
from .processes import Server
from .setting import Setting
from .sink import Sink
from .throughput import Tell

_MORE = 100_000
"""Requests after which memory should have stayed."""
_LONGEST = 40
"""Seconds that these may take; fewer requests are told as such."""


class Growth(NamedTuple):
    """MiB of the serving process before and after, or idle and at its peak; `whole` is the same of all processes."""

    before: float
    after: float
    whole_before: float
    whole_after: float
    requests: int = 0

    @property
    def more(self) -> float:
        """MiB that the serving process has more."""
        return self.after - self.before


class Memory(NamedTuple):
    """What was measured; see the fields of `Growth`."""

    table: Growth
    """One endpoint, and ten thousand."""
    load: Growth
    """After some thousands of small requests, and after `requests` more."""
    bodies: Growth
    """Idle and peak with 1 MB bodies at 16 connections."""
    download: Growth
    upload: Growth
    """Idle and peak of one body of 200 MB."""


def measure(setting: Setting, tell: Tell) -> Memory:
    """Measure with the gateway's own entry, one process at a time."""
    tell("memory: table")
    with Candidate("gateway-1", "", lambda s, p: gateway(s, p, count=1)).start(setting) as small:
        one = small.own_rss_mib(), small.rss_mib()
    with BY_NAME["gateway"].start(setting) as server:
        many = server.own_rss_mib(), server.rss_mib()
        wrk.write_paths(setting.paths("200b"), requests("200b", MANY))
        load = _load(setting, server, tell)
    with BY_NAME["gateway"].start(setting) as server:
        wrk.write_paths(setting.paths("1m"), requests("1m", MANY))
        tell("memory: 1 MB bodies")
        bodies = _peak(server, lambda: wrk.load(server.port, setting.paths("1m"), 16, 4, setting.cores.load))
    return Memory(Growth(one[0], many[0], one[1], many[1]), load, bodies, *_large(setting, tell))


def _load(setting: Setting, server: Server, tell: Tell) -> Growth:
    def ask(seconds: int) -> wrk.Report:
        return wrk.load(server.port, setting.paths("200b"), 16, seconds, setting.cores.load)

    tell("memory: warm-up")
    first = ask(5)
    before = server.own_rss_mib(), server.rss_mib()
    seconds = min(_LONGEST, round(_MORE / max(first.requests / first.seconds, 1)) + 1)
    tell(f"memory: {_MORE:,} requests, {seconds} s")
    more = ask(seconds).requests
    server.wait_idle()
    return Growth(before[0], server.own_rss_mib(), before[1], server.rss_mib(), more)


def _large(setting: Setting, tell: Tell) -> tuple[Growth, Growth]:
    folder = setting.folder / "routes-large"
    with Sink() as sink:
        folder.mkdir(exist_ok=True)
        download = f"  GET /{LARGE}/file: http://127.0.0.1:{setting.upstream}/{LARGE}/file\n"
        upload = f"  POST /upload: http://127.0.0.1:{sink.port}/upload\n"
        (folder / "large.yaml").write_text(
            f"endpoints:\n  GET /200b/x: http://127.0.0.1:{setting.upstream}/200b/x\n{download}{upload}"
        )
        candidate = Candidate("gateway-large", "", lambda s, p: gateway_on(s, p, folder))
        with candidate.start(setting, path="/200b/x") as server, Client(server.port) as client:
            for _ in range(200):
                client.get("a.test", "/200b/x")
            tell("memory: 200 MB down and up")
            down = _peak(server, lambda: client.download("a.test", f"/{LARGE}/file"))
            up = _peak(server, lambda: client.upload("a.test", "/upload", LARGE_BYTES))
    return down, up


def _peak(server: Server, work: Callable[[], object]) -> Growth:
    server.forget_peak()
    before = server.own_rss_mib(), server.rss_mib()
    work()
    return Growth(before[0], server.own_peak_mib(), before[1], server.peak_mib())
