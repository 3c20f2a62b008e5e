"""A connection's events and hooks carried out where they arise, without a task or a turn of the event loop for each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, cast

from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import commands, events, server
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.server import ConnectionIO
from mitmproxy.utils import asyncio_utils

from .express import Lane, lane_of
from .hooks import Steps, finish

if TYPE_CHECKING:
    from ..chain import Chain


MOST_AT_ONCE = 65535
"""Bytes that the layers are given at a time, at most, as by mitmproxy: what they make of them may be far larger."""


class QuickHandler(ProxyConnectionHandler):
    """mitmproxy's handler of a client connection and its upstream connections.

    The same commands are carried out in the same order. Events that arise while another is being handled wait for
    it in a queue instead of at a lock.
    """

    express = False
    """Plain exchanges go past the layers."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]
        self.chain = cast("Chain", self.master.addons)
        self.lane: Lane | None = None
        """The express lane, where this connection has one and it is open."""
        self._waiting: deque[events.Event] = deque()
        self._is_handling = False
        self.behind: set[Connection] = set()
        """Connections that do not take what is written: nothing is read meanwhile."""
        self._held: set[asyncio.Transport] = set()
        self._unsent: dict[Connection, list[bytes]] = {}
        """What is to be written once the event at hand is dealt with: one write instead of several."""

    def log(self, message: str, level: int = logging.INFO, exc_info: Any = None) -> None:
        """Write to the log, where anybody takes what is written at this level."""
        if is_heard(level):
            super().log(message, level, exc_info)

    # Hooks

    async def handle_hook(self, hook: commands.StartHook) -> None:
        steps = self.chain.table.lifecycle(hook)
        for awaitable in steps:
            with self.timeout_watchdog.disarm():
                await finish(steps, awaitable)

    def _run_hook(self, hook: commands.StartHook) -> bool:
        """Run a hook; False where it has to be awaited, which a task then does."""
        steps = self.chain.table.lifecycle(hook)
        try:
            for awaitable in steps:
                self._task(self._finish_hook(hook, steps, awaitable), f"handle_hook({hook.name})", keep_ref=True)
                return False
        except Exception as error:  # as in mitmproxy: the exchange stops here, and the fault is logged
            self._task(_fail(error), f"handle_hook({hook.name})", keep_ref=True)
            return False
        return True

    async def _finish_hook(self, hook: commands.StartHook, steps: Steps, awaitable: Awaitable[Any]) -> None:
        with self.timeout_watchdog.disarm():
            await finish(steps, awaitable)
        if hook.blocking:
            self.take(events.HookCompleted(hook))

    # Events

    async def server_event(self, event: events.Event) -> None:
        self.take(event)

    def take(self, event: events.Event) -> None:
        """Handle an event, and those that arise from it."""
        waiting = self._waiting
        if self._is_handling:
            waiting.append(event)
            return
        if self.lane is not None and self.lane.exchange is not None:
            self.lane.hand_over()
        self._is_handling = True
        self.timeout_watchdog.last_activity = time.time()
        try:
            while True:
                try:
                    for command in self.layer.handle_event(event):
                        kind = command.__class__
                        if kind is commands.SendData:
                            self._send(command.connection, command.data)  # type: ignore[attr-defined]
                        elif isinstance(command, commands.StartHook):
                            if self._run_hook(command) and command.blocking:
                                waiting.append(events.HookCompleted(command))
                        elif kind is commands.Log:
                            self.log(command.message, command.level)  # type: ignore[attr-defined]
                        else:
                            self._carry_out(command)
                except Exception:
                    self.log("mitmproxy has crashed!", logging.ERROR, exc_info=True)
                if not waiting:
                    return
                event = waiting.popleft()
        finally:
            if self._unsent:
                self._flush()
            self._is_handling = False

    def _send(self, connection: Connection, data: bytes) -> None:
        if connection in self.transports:
            self._unsent.setdefault(connection, []).append(data)

    def write(self, connection: Connection, data: bytes) -> None:
        """Write to a connection, unless it is closed."""
        io = self.transports.get(connection)
        if io is not None and io.writer is not None and not io.writer.is_closing():
            io.writer.write(data)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for connection, pieces in unsent.items():
            self.write(connection, pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def _carry_out(self, command: commands.Command) -> None:
        self._flush()  # what was sent before a connection is closed goes out before that
        if isinstance(command, commands.OpenConnection):
            task = self._task(self.open_connection(command), f"server connection handler {command.connection.address}")
            self.transports.setdefault(command.connection, ConnectionIO(handler=task))
        elif isinstance(command, commands.RequestWakeup):
            self.wakeup_timer.add(self._task(self.wakeup(command), f"wakeup timer ({command.delay:.1f}s)"))
        elif isinstance(command, commands.ConnectionCommand) and command.connection not in self.transports:
            pass  # the connection has been closed
        elif isinstance(command, commands.SendData):
            self._send(command.connection, command.data)
        elif isinstance(command, commands.CloseTcpConnection):
            self.close_connection(command.connection, command.half_close)
        elif isinstance(command, commands.CloseConnection):
            self.close_connection(command.connection, False)
        elif isinstance(command, commands.Log):
            self.log(command.message, command.level)
        else:
            raise RuntimeError(f"Unexpected command: {command}")

    def _task(self, work: Any, name: str, *, keep_ref: bool = False) -> asyncio.Task[Any]:
        return asyncio_utils.create_task(work, name=name, keep_ref=keep_ref, client=self.client.peername)

    # Reading

    async def handle_connection(self, connection: Connection) -> None:
        """Read a connection to its end, then close it: what arrives is handled as it arrives."""
        io = self.transports[connection]
        if not isinstance(io.writer, asyncio.StreamWriter) or not isinstance(io.reader, asyncio.StreamReader):
            await super().handle_connection(connection)  # no TCP
            return
        transport = cast(asyncio.Transport, io.writer.transport)
        arriving = Arriving(self, connection, transport)
        transport.set_protocol(arriving)
        cancelled = None
        try:
            arriving.take_over(io.reader)
            await arriving.ended
        except asyncio.CancelledError as error:
            cancelled = error
        arriving.stop()
        if connection is self.client and self.lane is not None:
            self.lane.close()
        if cancelled is None:  # TCP connections can be half-closed
            connection.state &= ~ConnectionState.CAN_READ
        else:
            connection.state = ConnectionState.CLOSED
        self.take(events.ConnectionClosed(connection))
        if connection.state is ConnectionState.CAN_WRITE:
            try:
                await asyncio.Event().wait()  # until it is closed: there may be more to send
            except asyncio.CancelledError as error:
                cancelled = error
        transport.close()
        self.transports.pop(connection)
        if cancelled:
            raise cancelled

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Deal with what has come in on a connection."""
        lane = self.lane
        try:
            if lane is not None and not self._is_handling and lane.take(connection, data):
                self.timeout_watchdog.last_activity = time.time()
                return
        except Exception:  # nobody knows what was done and what was not
            self.log("the express lane has failed", logging.ERROR, exc_info=True)
            for known in list(self.transports):
                self.close_connection(known)
            return
        self.take(events.DataReceived(connection, data))
        if lane is None and self.express and connection is self.client:
            self.lane = lane_of(self)

    def hold(self, transport: asyncio.Transport) -> None:
        """Read no more from a connection until all others take what is written to them."""
        transport.pause_reading()
        self._held.add(transport)

    def caught_up(self, connection: Connection) -> None:
        """A connection takes again what is written to it."""
        self.behind.discard(connection)
        if not self.behind:
            held, self._held = self._held, set()
            for transport in held:
                if not transport.is_closing():
                    transport.resume_reading()


def is_heard(level: int) -> bool:
    """Whether any handler takes what a connection writes to the log at a level."""
    current: logging.Logger | None = server.logger
    while current is not None:
        if any(level >= handler.level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


class ExpressHandler(QuickHandler):
    """With an express lane for plain exchanges."""

    express = True


async def _fail(error: Exception) -> None:
    raise error


class Arriving(asyncio.Protocol):
    """What arrives on one connection, handed to its handler at once."""

    def __init__(self, handler: QuickHandler, connection: Connection, transport: asyncio.Transport) -> None:
        self._handler = handler
        self._connection = connection
        self._transport = transport
        self._is_over = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nothing more can arrive."""

    def take_over(self, reader: asyncio.StreamReader) -> None:
        """Hand over what a stream reader has taken in before."""
        while not self.ended.done() and (data := _buffered(reader)) is not None:
            if data:
                self.data_received(data)
            else:
                self._end()

    def stop(self) -> None:
        """Hand over nothing more."""
        self._is_over = True

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), MOST_AT_ONCE):
            if self._is_over:
                return
            piece = data if len(data) <= MOST_AT_ONCE else data[start : start + MOST_AT_ONCE]
            self._handler.arrived(self._connection, piece)
        if self._handler.behind and not self._is_over:
            self._handler.hold(self._transport)

    def eof_received(self) -> bool:
        self._end()
        return True  # the transport stays open: there may be more to send

    def connection_lost(self, error: Exception | None) -> None:
        self._end()
        self._handler.caught_up(self._connection)

    def pause_writing(self) -> None:
        self._handler.behind.add(self._connection)

    def resume_writing(self) -> None:
        self._handler.caught_up(self._connection)

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _buffered(reader: asyncio.StreamReader) -> bytes | None:
    """What a stream reader holds; b'' at the end of the stream, None where nothing has arrived yet."""
    reading = reader.read(1 << 16)
    try:
        reading.send(None)
    except StopIteration as done:
        return bytes(done.value)
    except OSError:
        return b""
    reading.close()  # it would wait
    return None
