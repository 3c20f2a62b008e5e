"""The candidates: how each is started, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

from . import native
from .endpoints import as_bytes, requests
from .processes import Server
from .setting import PROGRAMS, REPOSITORY, Setting

MANY = 10_000
"""Endpoints of the large table."""
STREAMED = "stream_large_bodies=64k"
"""What makes bare mitmdump stream the bodies that the gateway streams."""
type Arguments = Sequence[str | Path]
type Command = Callable[[Setting, int], Arguments]
"""Makes a candidate's command for the port that it is to listen at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """`bodies` names the loads that it takes part in; `needs` are programs and Python modules.

    `one`: it serves from a single process, which gets a core of its own.
    """

    name: str
    label: str
    command: Command
    bodies: tuple[str, ...] = ("200b",)
    needs: tuple[str, ...] = ()
    one: bool = True

    def start(self, setting: Setting, *, alone: bool = True, path: str | None = None) -> Server:
        """Start it and wait for the first answer, to a path of the table or another. Raises StartError.

        `alone`: on a core of its own, where it is a single process.
        """
        port = free_port()
        server = Server(
            self.command(setting, port),
            port,
            setting.folder / f"{self.name}.log",
            cores=setting.cores.candidate if self.one and alone else None,
        )
        try:
            host, usual = requests(self.bodies[0], 1)[0]
            server.wait_answer(as_bytes(host, path or usual))
        except BaseException:
            server.stop()
            raise
        return server


def _mitmdump(confdir: Path, port: int, *more: str | Path) -> Arguments:
    return [
        REPOSITORY / ".venv/bin/mitmdump", "-q", "--set", f"confdir={confdir}",
        "--listen-host", "127.0.0.1", "-p", str(port), *more,
    ]  # fmt: skip


def bare(setting: Setting, port: int, *more: str | Path, confdir: Path | None = None) -> Arguments:
    """mitmdump without an addon."""
    return _mitmdump(confdir or setting.confdir, port, "--mode", f"reverse:http://127.0.0.1:{setting.upstream}", *more)


def plain(setting: Setting, port: int, count: int) -> Arguments:
    """mitmdump with the gateway as its script."""
    return plain_on(setting, port, setting.routes(count))


def plain_on(setting: Setting, port: int, routes: Path, *, learn: bool = False) -> Arguments:
    """mitmdump with the gateway as its script and a folder of route files."""
    return _mitmdump(
        setting.confdir, port, "-s", REPOSITORY / "addons/routing.py", "--set", f"routes={routes}",
        *_learning(setting, port, learn),
    )  # fmt: skip


def _learning(setting: Setting, port: int, learn: bool) -> Arguments:
    """Routing alone is measured, but for what learning costs (`learning`)."""
    return ["--set", f"learn={str(learn).lower()}", "--set", f"state={setting.folder / f'state-{port}'}"]


def gateway(setting: Setting, port: int, *more: str | Path, count: int = MANY) -> Arguments:
    """The gateway's own entry."""
    return gateway_on(setting, port, setting.routes(count), *more)


def gateway_on(setting: Setting, port: int, routes: Path, *more: str | Path, learn: bool = False) -> Arguments:
    """The gateway's own entry with a folder of route files."""
    return [
        REPOSITORY / "scripts/gateway", "-q", "--set", f"confdir={setting.confdir}",
        "--set", f"routes={routes}", "--listen-host", "127.0.0.1", "-p", str(port),
        *_learning(setting, port, learn), *more,
    ]  # fmt: skip


def _program(name: str) -> Command:
    return lambda setting, port: [setting.python, PROGRAMS / name, str(port), str(setting.upstream)]


def _envoy(setting: Setting, port: int) -> Arguments:
    from .machine import envoy_program

    found = envoy_program(setting.python)
    return native.envoy(found or Path("envoy"), setting.folder / "envoy", port, setting.upstream)


CANDIDATES = (
    Candidate("bare", "bare mitmdump", bare, ("200b", "10k")),
    Candidate("bare-stream", f"bare mitmdump, {STREAMED}", lambda s, p: bare(s, p, "--set", STREAMED), ("1m",)),
    Candidate("noop", "mitmdump, no-op addon", lambda s, p: bare(s, p, "-s", PROGRAMS / "noop.py"), ("200b",)),
    Candidate("plain-1", "mitmdump -s addons/routing.py, 1 endpoint", lambda s, p: plain(s, p, 1)),
    Candidate("plain", f"mitmdump -s addons/routing.py, {MANY:,} endpoints", lambda s, p: plain(s, p, MANY)),
    Candidate("gateway-slow", "scripts/gateway --set speed=off", lambda s, p: gateway(s, p, "--set", "speed=off")),
    Candidate("gateway", f"scripts/gateway, {MANY:,} endpoints", gateway, ("200b", "10k", "1m")),
    Candidate(
        "workers", "scripts/gateway --workers 2", lambda s, p: gateway(s, p, "--workers", "2"), ("200b",), one=False
    ),
    Candidate("aiohttp", "aiohttp proxy", _program("aiohttp_proxy.py"), ("200b", "10k", "1m"), ("aiohttp",)),
    Candidate(
        "starlette", "Starlette + httpx", _program("starlette_proxy.py"), ("200b",), ("starlette", "httpx", "uvicorn")
    ),
    Candidate(
        "nginx",
        "nginx",
        lambda s, p: native.nginx_proxy(s.folder / "nginx", p, s.upstream),
        ("200b", "10k", "1m"),
        ("nginx",),
    ),
    Candidate(
        "haproxy", "HAProxy", lambda s, p: native.haproxy(s.folder / "haproxy", p, s.upstream), ("200b",), ("haproxy",)
    ),
    Candidate("envoy", "Envoy", _envoy, ("200b",), ("envoy",)),
)
BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}


def reference(body: str) -> str:
    """Return the name of the candidate that the others are compared with: of 1 MB bodies one that streams."""
    return "bare-stream" if body == "1m" else "bare"
