"""Gateways side by side that differ in speed alone, and dialogues on a client connection that has warmed up.

The first request on a connection opens the one to the target: only later ones may take the express lane.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import pprint
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .client import Connection, HeaderList, Response, head
from .gateway import Gateway, gateway
from .request_log import RequestLog
from .tape import Tape, h1_text, masked, websocket_text
from .tls import authority_file, server_context
from .upstream import Call, Handler, Upstream
from .waiting import wait_until

INSIDE = Path(__file__).with_name("inside.py")
"""The script for `inside`."""
QUIET = "/.quiet"
"""A path that no endpoint has; what is asked for it is left out of the comparison."""
WARMING = head("GET", "/a/warming")
TIMES = ("received", "decided", "first_byte", "ended")


@dataclass
class Stage:
    """One gateway while a probe plays, and all that its clients get."""

    gateway: Gateway
    one: Upstream
    two: Upstream
    notes: list[str] = field(default_factory=list)
    quiet: int = 0
    _tapes: list[Tape] = field(default_factory=list)
    _clients: list[Connection] = field(default_factory=list)

    def connection(self, *, warmed: bool = True) -> Connection:
        """A new connection; a warmed one has had one plain exchange."""
        client = self.gateway.connection()
        client.socket = tape = Tape(client.socket)  # type: ignore[assignment]
        self._clients.append(client)
        self._tapes.append(tape)
        if warmed:
            client.send(WARMING)
            assert client.read_response().status == 200
        return client

    def settle(self, rounds: int = 3) -> None:
        """Returns when the gateway has dealt with all that was sent to it before.

        It reads all sockets in turn: whatever waited when it read the first request here was read before the second.
        """
        with self.gateway.connection() as other:
            for _ in range(rounds):
                other.request("GET", QUIET).problem(404)
                self.quiet += 1

    def send(self, client: Connection, *parts: bytes) -> None:
        """Sends bytes part by part, each read by itself."""
        for number, part in enumerate(parts):
            if number:
                self.settle()
            client.send(part)

    def statuses(self, client: Connection, *methods: str) -> str:
        """Reads the answers to requests of these methods; returns their statuses, interim ones included."""
        told = []
        for method in methods:
            answer = client.read_response(method)
            told += [str(each.status) for each in (*answer.interim, answer)]
        return " ".join(told)

    def after(self, client: Connection) -> Response:
        """One more plain exchange, for which the connection must have survived."""
        answer = client.request("GET", "/a/after")
        assert answer.status == 200
        return answer

    def note(self, *values: object) -> None:
        self.notes += [masked(repr(value)) for value in values]

    def received(self) -> list[object]:
        """What each connection brought, in the order of the connections, and whether the gateway ended it."""
        self.settle()
        for tape in self._tapes:
            if tape.fileno() >= 0:
                tape.settimeout(0)
                with contextlib.suppress(OSError):  # nothing is there
                    while tape.recv(65536):
                        pass
        return [(h1_text(tape.received), "ended" if tape.ended else "open") for tape in self._tapes]

    def close(self) -> None:
        for client in self._clients:
            client.close()


Probe = Callable[[Stage], None]


def inside(running: Gateway, command: str) -> tuple[int, int]:
    """Tells the script `INSIDE` a command; returns how many requests and answers have taken the express lane."""
    port = int(running.wait_log(r"inside: port (\d+)")[1])
    with Connection(port) as connection:
        connection.send(f"{command}\n".encode())
        requests, answers = connection.read_to_end().split()
    return int(requests), int(answers)


def whole(status: int = 200, headers: HeaderList = (), body: bytes | None = None) -> Handler:
    """A handler that gives a response in one write, which is read in one piece; the default body names the server."""

    def say(call: Call) -> None:
        call.read_body()
        content = call.upstream.name.encode() if body is None else body
        lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {value}" for name, value in headers)]
        lines += [f"X-Upstream: {call.upstream.name}", f"Content-Length: {len(content)}", "", ""]
        call.send("\r\n".join(lines).encode("latin-1") + (b"" if call.request.method == "HEAD" else content))

    return say


@dataclass
class Pair:
    """Gateways by what sets them apart; all have the same routes, options and targets, and each a log of its own."""

    gateways: Mapping[str, Gateway]
    logs: Mapping[str, RequestLog]
    one: Upstream
    two: Upstream
    secure: Upstream

    def play(self, way: str, probe: Probe) -> dict[str, object]:
        """All that a probe's clients, its targets and the request log get, through one of the gateways."""
        running, log = self.gateways[way], self.logs[way]
        uses = (self.one, self.two, self.secure)
        seen = [len(upstream.tapes) for upstream in uses]
        logged = len(log.lines())
        stage = Stage(running, self.one, self.two)
        try:
            probe(stage)
            told: dict[str, object] = {"client": stage.received()}
        finally:
            stage.close()
        for upstream, before in zip(uses, seen, strict=True):
            upstream.wait_closed()
            told[upstream.name] = [_shown(tape) for tape in upstream.tapes[before:]]
        stage.settle()
        told["notes"] = stage.notes
        told["log"] = _told(log, logged, stage.quiet)
        return told

    def same(self, probe: Probe) -> dict[str, object]:
        """Plays a probe through every gateway; what it gives must be the same for all. Returns that."""
        first, *others = self.gateways
        expected = self.play(first, probe)
        for other in others:
            found = self.play(other, probe)
            assert found == expected, _difference(first, expected, other, found)
        return expected


def _shown(tape: bytearray) -> object:
    """What a target got on a connection; once it has become a WebSocket, without the masks of the frames."""
    upgrade = tape.find(b"\r\nUpgrade: websocket")
    end = tape.find(b"\r\n\r\n", max(upgrade, 0)) + 4
    if upgrade < 0 or tape[end : end + 1] < b"\x80":
        return h1_text(tape)
    start = tape.rfind(b"\r\n\r\n", 0, upgrade) + 4
    return [h1_text(tape[:start]), *websocket_text(tape[start:])]


def _told(log: RequestLog, start: int, quiet: int) -> list[str]:
    """The lines of a log from one on, once it has as many about the quiet path, with the times masked."""

    def lines() -> list[dict[str, Any]]:
        return log.lines()[start:]

    wait_until(lambda: sum(line["path"] == QUIET for line in lines()) == quiet, what="the log")
    told = [line for line in lines() if line["path"] not in (QUIET, "/.ready")]  # a log is written a little later
    for line in told:
        line.update({name: line[name] and "<time>" for name in TIMES})
    return [masked(json.dumps(line)) for line in told]


def _difference(first: str, expected: object, other: str, found: object) -> str:
    lines = [pprint.pformat(each, width=110).splitlines() for each in (expected, found)]
    return "\n".join(difflib.unified_diff(*lines, first, other, n=1, lineterm=""))


WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "speed on": ("gateway", ("--set", "speed=on")),
    "speed off": ("gateway", ("--set", "speed=off")),
}


@contextlib.contextmanager
def pair(
    routes: Mapping[str, str],
    folder: Path,
    *options: str,
    scripts: tuple[Path, ...] = (),
    ways: Mapping[str, tuple[str, tuple[str, ...]]] = WAYS,
) -> Iterator[Pair]:
    """Starts the gateways, with route files in which {one}, {two} and {secure} are the ports of the targets."""
    with contextlib.ExitStack() as stack:
        one, two = (stack.enter_context(Upstream(name, taped=True)) for name in ("one", "two"))
        secure = stack.enter_context(Upstream("secure", tls=server_context(), taped=True))
        for upstream in (one, two, secure):
            upstream.otherwise = whole()
        ports = {upstream.name: upstream.port for upstream in (one, two, secure)}
        files = {name: text.format(**ports) for name, text in routes.items()}
        trust = f"ssl_verify_upstream_trusted_ca={authority_file()}"
        gateways, logs = {}, {}
        for name, (program, own) in ways.items():
            logs[name] = RequestLog(folder / f"{name.replace(' ', '-')}.jsonl")
            given = ("--set", trust, "--set", f"request_log={logs[name].path}", *options, *own)
            started = gateway(files, *given, program=program, scripts=scripts, ready=False)
            gateways[name] = stack.enter_context(started)
        for each in gateways.values():
            each.wait_ready()
        yield Pair(gateways, logs, one, two, secure)
