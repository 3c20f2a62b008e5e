"""The control server: bounded in connections, seconds and bytes, and quiet whatever its clients do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..problems import internal_fault
from ..state import make_state_folder
from .addresses import Address
from .answers import Answer, answer, refusal
from .conversation import Conversation
from .places import fallback_folder, make_fallback_folder
from .sockets import Listening, listen_in, remove
from .status import Status

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 32
"""Connections at a time; one more is closed at once."""
LONGEST = 5.0
"""Seconds that one connection may take, from its first moment to its last."""
MOST_IGNORED = 1 << 16
"""Bytes that are read and ignored after the answer, so that the answer is not lost in a reset."""
_TURN = 0.02
"""Seconds between two tries while another gateway is choosing its name."""
_TURNS = 50
"""Tries, at most."""


class ControlServer:
    """Serves what `look` tells, on a socket or a loopback port."""

    def __init__(self, look: Callable[[], Status]) -> None:
        self._look = look
        self._server: asyncio.Server | None = None
        self._listening: Listening | None = None
        self._fallback: Path | None = None
        self._open: set[asyncio.BaseTransport] = set()
        self._is_told = False

    async def serve_port(self, address: Address) -> None:
        """Serve on a loopback port. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, check_host=True), address.host, address.port)

    async def serve_socket(self, state: Path, port: int) -> Address:
        """Serve on a socket in the state folder, else in the one that stands in for it; `port` is the gateway's.

        Returns where. Raises OSError where neither can be.
        """
        try:
            make_state_folder(state)
            await self._serve_in(state, port)
        except OSError as error:
            fallback = fallback_folder(state)
            logger.debug("no control socket in the state folder: %s", error)
            make_fallback_folder(fallback)
            self._fallback = fallback
            await self._serve_in(fallback, port)
        return Address(path=str(self._listening.path)) if self._listening is not None else Address()

    async def _serve_in(self, folder: Path, port: int) -> None:
        for left in reversed(range(_TURNS)):
            try:
                self._listening = listen_in(folder, port)
                break
            except BlockingIOError:  # another gateway starts in this folder at this moment
                if not left:
                    raise
                await asyncio.sleep(_TURN)
        if self._listening is not None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_unix_server(
                lambda: _Connection(self, check_host=False), sock=self._listening.socket
            )

    async def close(self) -> None:
        """Serve nobody any more, and take the socket away."""
        if self._server is not None:
            self._server.close()
        for transport in list(self._open):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        if self._listening is not None:
            remove(self._listening)
        if self._fallback is not None:
            with suppress(OSError):  # another gateway has its socket there
                self._fallback.rmdir()

    def reply(self, method: str, target: str) -> Answer:
        """Answer a request; a fault in looking is told once in the log."""
        try:
            return answer(method, target, self._look)
        except Exception:
            if not self._is_told:
                self._is_told = True
                logger.warning("the control server could not tell how the gateway is", exc_info=True)
            return refusal(internal_fault(), target)

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Let a connection in, where there is room."""
        if len(self._open) >= MOST_CONNECTIONS:
            return False
        self._open.add(transport)
        return True

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """A connection is over."""
        self._open.discard(transport)


class _Connection(asyncio.Protocol):
    """One client: asks once, is answered, and goes."""

    def __init__(self, server: ControlServer, *, check_host: bool) -> None:
        self._server = server
        self._conversation = Conversation(server.reply, check_host=check_host)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_answered = False
        self._ignored = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            return
        if not self._server.enter(transport):
            transport.abort()
            return
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(LONGEST, transport.abort)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        if self._is_answered:
            self._ignored += len(data)
            if self._ignored > MOST_IGNORED:
                transport.abort()
            return
        try:
            out = self._conversation.receive(data)
        except Exception:
            logger.debug("a connection to the control server failed", exc_info=True)
            transport.abort()
            return
        if out:
            self._is_answered = True
            transport.write(out)
            transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            logger.debug("a client of the control server went away: %s", exc)
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._server.leave(self._transport)
