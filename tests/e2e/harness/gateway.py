"""The real program as a user starts it, on a loopback port: mitmdump with the script, or the gateway's own entry."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .client import Connection, ConnectionEnded, HeaderList, Response
from .h2_client import H2Connection
from .ports import free_port

REPOSITORY = Path(__file__).resolve().parents[3]
DOOR = REPOSITORY / "addons" / "routing.py"
START_TIMEOUT = 45.0
STOP_GRACE = 15.0
WEB_PASSWORD = "sluicegate-tests"

ENTRIES = ("mitmdump", "gateway")
"""The programs that promise the same: `mitmdump -s addons/routing.py`, and what `scripts/gateway` starts."""

_default = ENTRIES[0]
_serving: list[Gateway] = []
"""Programs of the default kind that were not stopped yet."""


@contextlib.contextmanager
def by_default(program: str) -> Iterator[None]:
    """Inside, this is the program of whoever names none. Nothing that it started may outlive the block."""
    global _default
    _default, before = program, _default
    try:
        yield
    finally:
        _default = before
    assert not _serving, f"outlives its entry, so its fixture must ask for `entry`: {_serving[0].command}"


def program_command(program: str) -> list[str]:
    """The beginning of a command line; `program_environment` belongs to it."""
    if program == "gateway":
        return [sys.executable, "-m", "sluicegate.console.gateway"]
    return [str(Path(sys.executable).parent / program)]


def program_environment(program: str) -> dict[str, str]:
    return {"PYTHONOPTIMIZE": "1"} if program == "gateway" else {}


@functools.cache
def _confdir() -> Path:
    """A mitmproxy configuration folder with its certificate authority, made once per process and copied."""
    from mitmproxy.certs import CertStore

    folder = Path(tempfile.mkdtemp(prefix="sluicegate-confdir-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    CertStore.from_store(folder, "mitmproxy", 2048)
    return folder


class GatewayExited(Exception):
    """The program ended while it was expected to serve; the text is its output."""


class Gateway:
    """A running program. `routes` is its folder of route files; `log` what it has printed so far."""

    def __init__(
        self,
        routes: Path,
        home: Path,
        *options: str,
        program: str | None = None,
        env: Mapping[str, str] | None = None,
        scripts: tuple[Path | str, ...] = (DOOR,),
        cwd: Path = REPOSITORY,
    ) -> None:
        self.routes = routes
        self._named = program is not None
        self.program = program = program or _default
        self.port = free_port()
        self.web_port = free_port() if program == "mitmweb" else 0
        self.confdir = home / "confdir"
        if not self.confdir.exists():
            shutil.copytree(_confdir(), self.confdir)
        self._output: list[str] = []
        self._grown = threading.Condition()
        self._ended = False
        command = program_command(program)
        for script in scripts:
            # The gateway's own entry has the door in it.
            if program != "gateway" or cwd / script != DOOR:
                command += ["-s", str(script)]
        command += ["--listen-host", "127.0.0.1", "-p", str(self.port), "--set", f"confdir={self.confdir}"]
        command += ["--set", f"routes={routes}", *options]
        if not any(option.startswith("learn=") for option in options):
            command += ["--set", "learn=false"]  # a process more for each gateway: for the tests that are about it
        if program == "mitmweb":
            command += ["--no-web-open-browser", "--web-host", "127.0.0.1", "--web-port", str(self.web_port)]
            command += ["--set", f"web_password={WEB_PASSWORD}"]
        self.command = command
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={
                **os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8",
                **program_environment(program), **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        if not self._named:
            _serving.append(self)
        threading.Thread(target=self._collect, daemon=True, name="gateway output").start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        with self._grown:
            return "".join(self._output)

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._grown:
                self._output.append(line.decode("utf-8", "replace"))
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def wait_log(self, pattern: str, timeout: float = 30, *, after: int = 0) -> re.Match[str]:
        """Waits for output that matches a regular expression (from character `after` on)."""
        deadline = time.monotonic() + timeout
        with self._grown:
            while True:
                if found := re.search(pattern, "".join(self._output)[after:]):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    raise AssertionError(f"no {pattern!r} in the output:\n{''.join(self._output)}")
                self._grown.wait(left)

    def wait_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Waits for the first HTTP answer of any status; a refused or reset connection is tried again.

        The request has no Host, so that the gateway itself must refuse it and no upstream ever sees it.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self.wait_exit()
                raise GatewayExited(f"status {self.process.returncode}:\n{self.log}")
            with contextlib.suppress(OSError, ConnectionEnded):
                with Connection(self.port, timeout=5) as probe:
                    probe.send(b"GET /.ready HTTP/1.1\r\nConnection: close\r\n\r\n")
                    probe.read_head()
                return
            time.sleep(0.05)
        raise AssertionError(f"not ready within {timeout} s:\n{self.log}")

    def wait_exit(self, timeout: float = START_TIMEOUT) -> int:
        """Waits for the program to end by itself; returns its exit status. `log` is whole then."""
        status = self.process.wait(timeout)
        with self._grown:
            self._grown.wait_for(lambda: self._ended, 5)
        return status

    def stop(self) -> None:
        """SIGTERM to the program's own pid; killed after a grace."""
        if self in _serving:
            _serving.remove(self)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_GRACE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.wait_exit(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def write(self, name: str, text: str) -> Path:
        """Writes one route file in place; the text's indentation is its own."""
        path = self.routes / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def _status(self, key: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(key)

    def rss_mb(self) -> float:
        """Resident memory in MiB."""
        if Path("/proc").is_dir():
            return self._status("VmRSS")
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, check=True)
        return int(shown.stdout) / 1024

    def peak_mb(self) -> float:
        """The largest resident memory so far in MiB (where /proc is missing: the present one)."""
        return self._status("VmHWM") if Path("/proc").is_dir() else self.rss_mb()

    def tls_context(self, *alpn: str) -> ssl.SSLContext:
        """A client context that trusts the gateway's certificates and nothing else."""
        context = ssl.create_default_context(cafile=str(self.confdir / "mitmproxy-ca-cert.pem"))
        # The certificates that mitmproxy makes for names lack what this stricter reading of RFC 5280 wants.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def connection(self, *, tls: str | None = None, timeout: float = 30) -> Connection:
        """A new HTTP/1 connection; `tls` is the server name to ask for."""
        context = self.tls_context("http/1.1") if tls else None
        return Connection(self.port, tls=context, server_name=tls, timeout=timeout)

    def h2(self, *, tls: str | None = "api.hotel.test", strict: bool = True) -> H2Connection:
        """A new HTTP/2 connection: over TLS with that server name, or with prior knowledge (`tls=None`)."""
        context = self.tls_context("h2") if tls else None
        return H2Connection(self.port, tls=context, server_name=tls, strict=strict)

    def request(
        self,
        method: str,
        path: str,
        *,
        host: str | None = "api.hotel.test",
        headers: HeaderList = (),
        body: bytes | None = None,
    ) -> Response:
        """One exchange on a connection of its own."""
        with self.connection() as connection:
            return connection.request(method, path, host=host, headers=headers, body=body)

    def get(self, path: str, *, host: str | None = "api.hotel.test", headers: HeaderList = ()) -> Response:
        return self.request("GET", path, host=host, headers=headers)

    def send(self, data: bytes, method: str = "GET") -> Response:
        """The parsed response to exactly these bytes."""
        with self.connection() as connection:
            connection.send(data)
            return connection.read_response(method)

    def raw(self, data: bytes) -> bytes:
        """All that comes back for exactly these bytes until the gateway ends the connection.

        They should ask for that (`Connection: close`) or deserve it: our side stays open, because mitmproxy
        takes a half-closed client for one that left.
        """
        with self.connection() as connection:
            connection.send(data)
            return connection.read_to_end()


@contextlib.contextmanager
def gateway(
    routes: Mapping[str, str] | Path,
    *options: str,
    program: str | None = None,
    env: Mapping[str, str] | None = None,
    ready: bool = True,
    scripts: tuple[Path | str, ...] = (DOOR,),
    cwd: Path = REPOSITORY,
) -> Iterator[Gateway]:
    """Runs the program on route files given by relative name and text, or on an existing folder.

    `program` is the entry that the test runs for where it is not named. `ready=False` gives the gateway back right
    after the start of the process. `scripts` are the `-s` files in order; the door among them is for mitmdump alone.
    """
    with tempfile.TemporaryDirectory(prefix="sluicegate-e2e-") as name:
        home = Path(name)
        folder = routes if isinstance(routes, Path) else home / "routes"
        if not isinstance(routes, Path):
            folder.mkdir()
            for relative, text in routes.items():
                path = folder / relative
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        running = Gateway(folder, home, *options, program=program, env=env, scripts=scripts, cwd=cwd)
        try:
            if ready:
                running.wait_ready()
            yield running
        finally:
            running.stop()
