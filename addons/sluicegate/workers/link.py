"""What passes between the parent and its workers, and a worker's end of it.

Both talk in the frames of `config.transfer` over a pair of sockets; nothing else reads or writes it.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..config.building import Loaded, Reply, let_go
from ..config.transfer import LENGTH, packed
from ..endpoints.table import Endpoint

Place = tuple[str, int]
"""Host ('' for all addresses of this machine) and port (0 for any free one) to listen at."""

MOST_SOCKETS: Final = 64
"""Listening sockets that are handed over at a time, at most (the system's own limit is 253)."""


class Plan(NamedTuple):
    """What a worker made of the command line, for the parent: the first message of a worker.

    `level` is that of the log; `notes` are warnings that belong to the whole program. `names_sessions`: it needs the
    key for that. `learns`: it has exchanges to tell a learner.
    """

    places: tuple[Place, ...]
    routes: str
    own_addresses: tuple[Place, ...]
    polling: bool
    state: str
    control: str
    mitmproxy: str
    level: int
    notes: tuple[str, ...] = ()
    names_sessions: bool = False
    learns: bool = False


class Terms(NamedTuple):
    """The parent's answer to a plan: how many sockets come for each place, and the gateway's name in `Via`.

    `session_key` is one for all workers, empty where none is needed. `learns`: the last socket leads to the learner.
    """

    places: tuple[tuple[Place, int], ...]
    pseudonym: str
    session_key: bytes
    learns: bool = False


class Generation(NamedTuple):
    """Comes before the frames of a load. `number` is that of its table, or of the one that stays in force.

    `at` is when it was loaded, in seconds since the epoch.
    """

    number: int
    at: float


def framed(content: object) -> bytes:
    """A message as it is sent: its length, and itself."""
    data = packed(content)
    return LENGTH.pack(len(data)) + data


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Read the next frame. Raises EOFError or OSError where the other end is gone."""
    head = await reader.readexactly(LENGTH.size)
    return await reader.readexactly(LENGTH.unpack(head)[0])


class Link:
    """A worker's end. Before the worker serves it waits for the parent; from then on it listens on the side."""

    def __init__(self, descriptor: int) -> None:
        """Take over a connected socket."""
        self._socket = socket.socket(fileno=descriptor)
        self._writer: asyncio.StreamWriter | None = None

    def wait_for_turn(self) -> None:
        """Wait until the parent says that this worker may begin. Raises EOFError where the parent is gone."""
        self._receive()

    def agree(self, plan: Plan) -> tuple[Terms, Mapping[Place, list[socket.socket]], socket.socket | None]:
        """Tell the plan; receive the terms, the listening sockets and the one to the learner.

        Raises EOFError and OSError.
        """
        self._socket.sendall(framed(("plan", plan)))
        message, descriptors = self._receive()
        terms: Terms = message[1]
        sockets = [socket.socket(fileno=one) for one in descriptors]
        for one in sockets:
            one.setblocking(False)
        learner = sockets.pop() if terms.learns else None
        given: dict[Place, list[socket.socket]] = {}
        for place, count in terms.places:
            given[place], sockets = sockets[:count], sockets[count:]
        return terms, given, learner

    def _receive(self) -> tuple[Any, list[int]]:
        """Read one message, and the descriptors that came with it."""
        head, descriptors, _, _ = socket.recv_fds(self._socket, LENGTH.size, MOST_SOCKETS)
        for one in descriptors:
            os.set_inheritable(one, False)
        size = LENGTH.unpack(head + self._exactly(LENGTH.size - len(head)))[0]
        return pickle.loads(self._exactly(size)), list(descriptors)

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise EOFError("the parent is gone")
            data += part
        return bytes(data)

    async def follow(self, take: Callable[[Loaded, Generation], None], end: Callable[[float | None], None]) -> None:
        """Take over what the parent loads, and say so, until it wants the end or is gone itself.

        `end` gets the seconds that exchanges in flight may take; None when the parent is gone.
        """
        self._socket.setblocking(False)
        reader, self._writer = await asyncio.open_unix_connection(sock=self._socket)
        kept: list[Endpoint] = []
        try:
            while True:
                kind, content = pickle.loads(await read_frame(reader))
                if kind == "generation":
                    kept = await self._load(reader, kept, content, take)
                elif kind == "end":
                    end(content)
        except (EOFError, OSError):
            end(None)

    async def _load(
        self,
        reader: asyncio.StreamReader,
        kept: list[Endpoint],
        generation: Generation,
        take: Callable[[Loaded, Generation], None],
    ) -> list[Endpoint]:
        """Build what comes, hand it over and say so; returns the endpoints that `again` may refer to next."""
        reply = Reply(kept)
        end = await reply.receive(lambda: read_frame(reader))
        loaded = reply.loaded(end)
        take(loaded, generation)
        if loaded.table is None:
            return kept
        self.send("runs", generation.number)
        await let_go(kept)
        return reply.endpoints

    def send(self, kind: str, content: object = None) -> None:
        """Tell the parent something; a parent that is gone is noticed elsewhere."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(framed((kind, content)))


def load_frames(generation: Generation, frames: Sequence[bytes]) -> bytes:
    """A load as it is handed over: its generation, then its frames as they came."""
    parts = [framed(("generation", generation))]
    for frame in frames:
        parts += (LENGTH.pack(len(frame)), frame)
    return b"".join(parts)
