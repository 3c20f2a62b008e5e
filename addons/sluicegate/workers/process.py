"""A worker process as its parent holds it: started, agreed with, told things, listened to, ended."""

from __future__ import annotations

import asyncio
import pickle
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from ..config.process import environment, spawn
from ..config.transfer import LENGTH
from .link import Plan, Terms, framed, read_frame
from .output import Lines

LAST_WORDS: Final = 1.0
"""Seconds in which what a process has printed is still read after its end: a child of its own may hold the pipe."""

Print = Callable[[bytes], None]
"""Takes a line of output with its end."""


class WorkerProcess:
    """One process. `pid` is its id, `started` the time of the monotonic clock when it was started."""

    def __init__(self, process: Process, link: socket.socket, out: Print, err: Print) -> None:
        self.pid = process.pid
        self.started = monotonic()
        self._process = process
        self._link = link
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._printing = [
            asyncio.create_task(_print(stream, take))
            for stream, take in ((process.stdout, out), (process.stderr, err))
            if stream is not None
        ]

    @classmethod
    async def start(cls, command: Sequence[str], arguments: Sequence[str], out: Print, err: Print) -> WorkerProcess:
        """Start `command DESCRIPTOR arguments…`; `out` and `err` get what it prints. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await spawn(
                    *command,
                    str(theirs.fileno()),
                    *arguments,
                    stdin=DEVNULL,
                    stdout=PIPE,
                    stderr=PIPE,
                    pass_fds=(theirs.fileno(),),
                    env=environment(),
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        return cls(process, ours, out, err)

    async def plan(self) -> Plan:
        """Let it begin, and return what it made of its arguments. Raises EOFError where it ended instead."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._link, framed(("begin", None)))
        head = await self._exactly(LENGTH.size)
        _, plan = pickle.loads(await self._exactly(LENGTH.unpack(head)[0]))
        if not isinstance(plan, Plan):
            raise EOFError("no plan came")
        return plan

    async def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = await asyncio.get_running_loop().sock_recv(self._link, size - len(data))
            if not part:
                raise EOFError("it ended")
            data += part
        return bytes(data)

    async def agree(
        self,
        pseudonym: str,
        session_key: bytes,
        listeners: Mapping[tuple[str, int], Sequence[socket.socket]],
        learner: socket.socket | None,
    ) -> None:
        """Send the terms, the listening sockets and the one to the learner. Raises OSError where it ended."""
        counts = tuple((place, len(sockets)) for place, sockets in listeners.items())
        terms = Terms(counts, pseudonym, session_key, learner is not None)
        descriptors = [one.fileno() for sockets in listeners.values() for one in sockets]
        if learner is not None:
            descriptors.append(learner.fileno())
        # The first message in this direction after a few bytes, and a short one: the socket has room for it.
        message = framed(("terms", terms))
        if socket.send_fds(self._link, [message], descriptors) < len(message):
            raise OSError("the socket took only a part")
        self._streams = await asyncio.open_unix_connection(sock=self._link)

    def send(self, data: bytes) -> None:
        """Send frames; to a process that is gone or not agreed with they are lost."""
        if self._streams is not None and not self._streams[1].is_closing():
            self._streams[1].write(data)

    async def messages(self) -> AsyncIterator[tuple[str, Any]]:
        """Give what it tells, until it ends."""
        if self._streams is None:
            return
        with suppress(EOFError, OSError):
            while True:
                yield pickle.loads(await read_frame(self._streams[0]))

    def kill(self) -> None:
        """End it at once, be it stopped or stuck."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    async def ended(self, grace: float) -> int:
        """Wait for its end, and until all that it printed was taken; after `grace` seconds it is killed.

        Returns its status, negative for a signal.
        """
        try:
            async with asyncio.timeout(grace):
                status = await self._process.wait()
        except TimeoutError:
            self.kill()
            status = await self._process.wait()
        _, pending = await asyncio.wait(self._printing, timeout=LAST_WORDS)
        for one in pending:
            one.cancel()
        if self._streams is not None:
            self._streams[1].close()
        else:
            self._link.close()
        return status


def words(status: int) -> str:
    """How a process ended: `was killed by SIGKILL`, `ended with status 1`."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


async def _print(stream: asyncio.StreamReader, take: Print) -> None:
    lines = Lines()
    try:
        while data := await stream.read(1 << 16):
            for line in lines.take(data):
                take(line)
    finally:
        for line in lines.end():
            take(line)
