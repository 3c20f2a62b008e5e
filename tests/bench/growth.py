"""Whether the gateway grows: resident memory before and after requests, reloads, connections; run by hand (Linux).

    .venv/bin/python -m tests.bench.growth [--requests N] [--reloads N] [--connections N] [--clients N] [PROGRAM ...]

PROGRAM is `mitmdump` or `gateway`; without one, both. Prints a row for each part: MiB before and after, and the
difference, which is to be 5 MiB at most. The last part opens clients that stay idle after one request, and counts the
sockets that the target sees: at once, and after the limit of `upstream_idle`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.ports import free_port

from .processes import Server

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "mitmdump": [REPOSITORY / ".venv/bin/mitmdump", "-q", "-s", REPOSITORY / "addons/routing.py"],
    "gateway": [REPOSITORY / "scripts/gateway", "-q"],
}
PARALLEL = 16
"""Clients at a time."""
IDLE = 4.0
"""Seconds of the default of `upstream_idle`."""
RELOADED_WITHIN = 30.0
"""The longest wait for a changed file to be in force."""


class Target:
    """A server on a thread of its own that answers each request with its path. `connections` are those open now."""

    def __init__(self) -> None:
        self.connections = 0
        self._listening = threading.Event()
        self.port = 0
        threading.Thread(target=asyncio.run, args=(self._run(),), daemon=True).start()
        self._listening.wait()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = head.split(b" ", 2)[1]
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections -= 1
            writer.close()


class Client:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> Client:
        """Open a connection."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def get(self, path: str) -> bytes:
        """Return the body of an answer. Raises ValueError for any other status than 200."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        body = await self._reader.readexactly(length)
        if head.split(b" ", 2)[1] != b"200":
            raise ValueError(f"{path}: {head.decode()}{body.decode()}")
        return body

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()


class Subject:
    """A running gateway, its route file and its target."""

    def __init__(self, server: Server, routes: Path, target: Target) -> None:
        self.server = server
        self.target = target
        self._routes = routes
        self._written = 0

    def write(self, number: int) -> None:
        """Write the route file so that `/generation` tells a number."""
        target = f"http://127.0.0.1:{self.target.port}"
        text = f"endpoints:\n  GET /a/{{x}}: {target}/b/{{x}}\n  GET /generation: {target}/{number}\n"
        written = self._routes.with_suffix(".new")
        written.write_text(text)
        written.replace(self._routes)  # at once: half a file would be routes as well

    async def requests(self, count: int) -> None:
        """Send requests over connections that are kept."""

        async def send(share: int) -> None:
            client = await Client.connect(self.server.port)
            for number in range(share):
                await client.get(f"/a/{number}")
            await client.close()

        await asyncio.gather(*(send(count // PARALLEL) for _ in range(PARALLEL)))

    async def connections(self, count: int) -> None:
        """Open connections for one request each, and close them."""

        async def send(share: int) -> None:
            for number in range(share):
                client = await Client.connect(self.server.port)
                await client.get(f"/a/{number}")
                await client.close()

        await asyncio.gather(*(send(count // PARALLEL) for _ in range(PARALLEL)))

    async def reloads(self, count: int) -> None:
        """Change the route file, each time when the change before is in force."""
        client = await Client.connect(self.server.port)
        for _ in range(count):
            self._written += 1
            self.write(self._written)
            deadline = time.monotonic() + RELOADED_WITHIN
            while await client.get("/generation") != b"/%d" % self._written:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the route file was not read within {RELOADED_WITHIN:.0f} s")
                await asyncio.sleep(0.01)
        await client.close()

    async def idle(self, count: int) -> None:
        """Open clients that stay, and print how many connections the target sees."""
        clients = []
        for number in range(count):
            clients.append(await Client.connect(self.server.port))
            await clients[-1].get(f"/a/{number}")
        at_once = self.target.connections
        await asyncio.sleep(2 * IDLE)
        print(f"  {count:,} idle clients: the target sees {at_once:,} connections, later {self.target.connections:,}")
        await asyncio.gather(*(client.get("/a/last") for client in clients))
        await asyncio.gather(*(client.close() for client in clients))


async def measure(subject: Subject, chosen: argparse.Namespace) -> None:
    """Run each part once to warm up and once to measure, and print its row."""
    parts: list[tuple[str, Callable[[int], Awaitable[None]], int, int]] = [
        ("requests", subject.requests, chosen.requests, 5_000),
        ("connections", subject.connections, chosen.connections, 1_000),
        ("reloads", subject.reloads, chosen.reloads, 50),
        ("idle clients", subject.idle, chosen.clients, chosen.clients),
    ]
    for what, run, count, before in parts:
        if count and before:
            await run(before)
        if count:
            await asyncio.to_thread(subject.server.wait_idle)
            first, started = subject.server.rss_mib(), time.monotonic()
            await run(count)
            await asyncio.to_thread(subject.server.wait_idle)
            last, seconds = subject.server.rss_mib(), time.monotonic() - started
            print(f"  {count:>9,} {what:14} {first:6.1f} -> {last:6.1f} MiB  {last - first:+5.1f}  ({seconds:.0f} s)")


def run(program: str, chosen: argparse.Namespace) -> None:
    """Start a program and measure it."""
    print(program, flush=True)
    with tempfile.TemporaryDirectory(prefix="sluicegate-growth-") as name:
        folder, port = Path(name), free_port()
        (folder / "routes").mkdir()
        options = ["--listen-host", "127.0.0.1", "-p", str(port), "--set", f"routes={folder / 'routes'}"]
        command = [*PROGRAMS[program], *options, "--set", f"confdir={folder / 'confdir'}", "--set", "control=off"]
        target = Target()
        server = Server(command, port, folder / "log")
        subject = Subject(server, folder / "routes" / "api.yaml", target)
        subject.write(0)
        with server:
            server.wait_answer(b"GET /a/ready HTTP/1.1\r\nHost: api.hotel.test\r\nConnection: close\r\n\r\n")
            asyncio.run(measure(subject, chosen))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Resident memory before and after a load.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="mitmdump, gateway; both where none is named")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--reloads", type=int, default=1_000)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=1_000)
    chosen = parser.parse_args()
    for program in chosen.programs or PROGRAMS:
        if program not in PROGRAMS:
            parser.error(f"{program} is not one of {', '.join(PROGRAMS)}")
        run(program, chosen)


if __name__ == "__main__":
    main()
