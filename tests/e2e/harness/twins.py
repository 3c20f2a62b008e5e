"""One gateway run in several ways side by side, and the same bytes sent through each of them."""

from __future__ import annotations

import contextlib
import difflib
import pprint
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .client import Connection, HeaderList
from .gateway import DOOR, Gateway, gateway
from .h2_client import H2Connection
from .h2_upstream import H2Upstream
from .relay import Relay
from .tape import Tape, h1_text, h2_text, masked, websocket_text
from .tls import authority_file, server_context
from .upstream import Upstream
from .websocket import WebSocketUpstream, websocket_upstream

WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "speed on": ("gateway", ("--set", "speed=on")),
    "speed off": ("gateway", ("--set", "speed=off")),
    "mitmdump": ("mitmdump", ()),
}
"""The programs that must give the same bytes, with what sets each apart."""


@dataclass
class Targets:
    """Recording upstreams, shared by all; a relay in front of those without TLS keeps their raw bytes."""

    one: Upstream
    clear: H2Upstream
    secure: Upstream
    chat: WebSocketUpstream
    relays: Mapping[str, Relay]

    def routes(self, text: str) -> str:
        """The text with the addresses of the targets filled in."""
        ports = {name: relay.port for name, relay in self.relays.items()}
        return text.format(secure=self.secure.port, **ports)


@contextlib.contextmanager
def targets() -> Iterator[Targets]:
    with (
        Upstream("one") as one,
        H2Upstream("clear") as clear,
        Upstream("secure", tls=server_context()) as secure,
        websocket_upstream(["v2.chat"]) as chat,
        Relay(one.port) as to_one,
        Relay(clear.port) as to_clear,
        Relay(chat.port) as to_chat,
    ):
        yield Targets(one, clear, secure, chat, {"one": to_one, "clear": to_clear, "chat": to_chat})


@dataclass
class Stage:
    """One gateway while a probe plays. What its connections receive is kept by itself; `note` adds to that.

    Without `raw` only the notes are compared: where a large body is cut into chunks and frames is a matter of TCP.
    """

    gateway: Gateway
    targets: Targets
    raw: bool = True
    leaves_at_once: bool = False
    """Whether a target is called before the client is seen to have left is a matter of time then."""
    notes: list[str] = field(default_factory=list)
    _tapes: list[tuple[str, Tape]] = field(default_factory=list)
    _clients: list[Connection | H2Connection] = field(default_factory=list)

    def connection(self, *, tls: str | None = None, kind: str = "h1") -> Connection:
        """A new HTTP/1 connection; of the kind "websocket" when it is upgraded to that."""
        client = self.gateway.connection(tls=tls)
        self._keep(client, kind)
        return client

    def h2(self, *, tls: str | None = "api.hotel.test", strict: bool = True) -> H2Connection:
        client = self.gateway.h2(tls=tls, strict=strict)
        self._keep(client, "h2")
        return client

    def _keep(self, client: Any, kind: str) -> None:
        client.socket = tape = Tape(client.socket)
        self._clients.append(client)
        self._tapes.append((kind, tape))

    def note(self, *values: object) -> None:
        self.notes += [masked(repr(value)) for value in values]

    def until_end(self, *parts: bytes) -> None:
        """Sends bytes on a new connection, which the gateway must end."""
        client = self.connection()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.send(*parts)
        client.read_to_end()

    def ask(self, *asked: tuple[str, HeaderList]) -> None:
        """Asks for paths over HTTP/1 on one connection, and for the same over HTTP/2."""
        client = self.connection()
        for path, headers in asked:
            client.request("GET", path, headers=headers)
        client.request("GET", "/a/last", headers=[("Connection", "close")])
        client.read_to_end()
        h2 = self.h2()
        for path, headers in asked:
            h2.request("GET", path, headers=[(name.lower(), value) for name, value in headers])

    def client_text(self) -> list[object]:
        """What came back, connection by connection, and whether the gateway ended it."""
        shown: list[object] = []
        for client, (kind, tape) in zip(self._clients, self._tapes, strict=True):
            if isinstance(client, H2Connection) and tape.fileno() >= 0:
                client.ping()
            received = {"h1": h1_text, "h2": h2_text, "websocket": websocket_text}[kind](tape.received)
            shown.append((received, "ended" if tape.ended else "open"))
        return shown

    def close(self) -> None:
        for client in self._clients:
            client.close()


Probe = Callable[[Stage], None]


@dataclass
class Twins:
    """Gateways with the same routes and options, by the names of `WAYS`."""

    gateways: Mapping[str, Gateway]
    targets: Targets

    def play(self, way: str, probe: Probe) -> dict[str, object]:
        """All that a probe's clients and its targets got, through one of the gateways."""
        relays = self.targets.relays
        for relay in relays.values():
            relay.wait_closed()
        before = {name: relay.connections for name, relay in relays.items()}
        secured = len(self.targets.secure.requests)
        stage = Stage(self.gateways[way], self.targets)
        try:
            probe(stage)
            told: dict[str, object] = {"notes": stage.notes, "client": stage.client_text()}
        finally:
            stage.close()
        for relay in relays.values():
            relay.wait_closed()
        taken = {name: relay.taken[before[name] :] for name, relay in relays.items()}
        told["one"] = [h1_text(each) for each in taken["one"] if each or not stage.leaves_at_once]
        told["clear"] = [h2_text(each) for each in taken["clear"]]
        told["chat"] = [websocket_text(each) for each in taken["chat"]]
        told["secure"] = [
            masked(f"{each.head!r} {each.body!r} {each.trailers!r}") for each in self.targets.secure.requests[secured:]
        ]
        if not stage.raw:
            assert stage.notes
            return {"notes": stage.notes}
        return told

    def same(self, probe: Probe) -> dict[str, object]:
        """Plays a probe through every gateway; what it gives must be the same for all. Returns that."""
        first, *others = self.gateways
        expected = self.play(first, probe)
        assert any(expected.values()), "nothing was said"
        for other in others:
            found = self.play(other, probe)
            assert found == expected, _difference(first, expected, other, found)
        return expected


def _difference(first: str, expected: object, other: str, found: object) -> str:
    lines = [pprint.pformat(each, width=110).splitlines() for each in (expected, found)]
    return "\n".join(difflib.unified_diff(*lines, first, other, n=1, lineterm=""))


@contextlib.contextmanager
def twins(routes: Mapping[str, str], *options: str, scripts: tuple[Path, ...] = ()) -> Iterator[Twins]:
    """Starts a gateway in each way, with route files in which {one}, {clear}, {chat} and {secure} are ports.

    In options WAY stands for the name of the way.
    """
    with contextlib.ExitStack() as stack:
        shared = stack.enter_context(targets())
        files = {name: shared.routes(text) for name, text in routes.items()}
        trust = f"ssl_verify_upstream_trusted_ca={authority_file()}"
        gateways = {}
        for name, (program, own) in WAYS.items():
            given = ("--set", trust, *(option.replace("WAY", name) for option in options), *own)
            started = gateway(files, *given, program=program, scripts=(DOOR, *scripts), ready=False)
            gateways[name] = stack.enter_context(started)
        for each in gateways.values():
            each.wait_ready()
        yield Twins(gateways, shared)
