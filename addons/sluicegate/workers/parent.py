"""The parent of several workers: starts and watches them, and never serves a request itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final

from ..config.building import Loaded
from ..config.reloading import Reloader
from ..control.server import ControlServer
from ..control.starting import start
from ..control.status import Status, WorkerStatus
from ..observing.session_key import session_key_of_run
from ..state import state_file, state_folder
from .backoff import BackOff
from .learning import Learning
from .link import Plan, framed
from .listening import Listeners
from .output import LogHandler, Output, marked
from .process import WorkerProcess, words
from .relay import SLOWEST, Relay
from .reporting import status

logger = logging.getLogger(__name__)

SLOWEST_START: Final = 90.0
"""Seconds from a worker's start until it serves; one that takes longer is stuck."""
GRACE: Final = 5.0
"""Seconds in which a worker ends by itself once it must: it may have a log to write."""
_LOOK: Final = 1.0
"""Seconds between two looks for workers that are stuck."""


class Worker:
    """One of the workers, through all its processes. `restarts` counts those after the first."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process: WorkerProcess | None = None
        self.generation = 0
        self.agreed: float | None = None
        """When its process was given the sockets, by the monotonic clock."""
        self.is_ready = False
        self.has_failed = False
        self.restarts = 0
        self.back_off = BackOff()


class Parent:
    """Runs the workers until it is told to end."""

    def __init__(
        self, command: Sequence[str], arguments: Sequence[str], count: int, drain: float, output: Output
    ) -> None:
        """`command` starts a worker, which gets a descriptor and the arguments; `drain` is in seconds."""
        self._command = command
        self._arguments = arguments
        self._drain = drain
        self._output = output
        self._pseudonym = f"sluicegate-{secrets.token_hex(4)}"
        self._session_key = b""
        self._workers = [Worker(number) for number in range(1, count + 1)]
        self._relay = Relay(count)
        self._plan: asyncio.Future[Plan] = asyncio.get_running_loop().create_future()
        self._listeners: Listeners | None = None
        self._reloader: Reloader | None = None
        self._control: ControlServer | None = None
        self._learning: Learning | None = None
        self._started_at = time.time()
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._has_served = self._is_told = False
        self._is_ending = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[int]] = set()
        """Processes that are ending, each waited for to its end whatever becomes of who keeps it."""

    async def run(self) -> int:
        """Serve, by way of the workers, until told to end; returns the exit status."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.end, self._drain)
        loop.add_signal_handler(signal.SIGINT, self.end, 0.0)
        for worker in self._workers:
            self._spawn(self._keep(worker), f"worker {worker.number}")
        self._spawn(self._look_for_stuck(), "stuck workers")
        try:
            return await self._status
        finally:
            await self._close()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            logger.error("the gateway's parent failed", exc_info=fault)
            self._finish(1)

    def _finish(self, status: int) -> None:
        self._is_ending = True
        if not self._status.done():
            self._status.set_result(status)

    async def _close(self) -> None:
        for worker in self._workers:
            if worker.process is not None:
                worker.process.kill()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*self._endings, return_exceptions=True)
        if self._learning is not None:
            await self._learning.stop()
        if self._control is not None:
            await self._control.close()
        if self._reloader is not None:
            await self._reloader.close()
        if self._listeners is not None:
            self._listeners.close()

    # One worker

    async def _keep(self, worker: Worker) -> None:
        """Keep a worker alive: start its process, and the next one when that ends."""
        prints = partial(self._print, worker, self._output.out), partial(self._print, worker, self._output.err)
        while not self._is_ending:
            started, how = monotonic(), "could not be started"
            status = 1
            try:
                process = await WorkerProcess.start(self._command, self._arguments, *prints)
            except OSError as error:
                how = f"could not be started: {error.strerror}"
                if not self._plan.done():  # there is no log yet
                    self._print(worker, self._output.err, f"gateway: worker {worker.number} {how}\n".encode())
            else:
                status = await self._live(worker, process)
                how = words(status)
            delay = self._pause(worker, status, how, monotonic() - started)
            if not self._is_ending:
                await asyncio.sleep(delay)

    async def _live(self, worker: Worker, process: WorkerProcess) -> int:
        """Go with a process from its start to its end; returns its status."""
        worker.process = process
        grace = 0.0
        try:
            await self._accompany(worker, process)
            if worker.agreed is not None or not self._is_ending:
                grace = GRACE
        finally:
            ending = asyncio.get_running_loop().create_task(process.ended(grace), name=f"end of worker {worker.number}")
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            status = await asyncio.shield(ending)
            worker.process, worker.generation = None, 0
            worker.agreed, worker.is_ready = None, False
            self._relay.lost(worker.number)
        return status

    async def _accompany(self, worker: Worker, process: WorkerProcess) -> None:
        """Agree with a process, and listen to it until it ends."""
        if worker is not self._workers[0]:
            # What the first one cannot do, none can; and it alone makes what is missing on disk (certificates).
            await asyncio.wait([self._plan])
        try:
            plan = await process.plan()
        except (EOFError, OSError):
            return
        if not self._plan.done() and not await self._begin(plan):
            return
        if self._listeners is None or self._is_ending:
            return
        try:
            learner = self._learning.sender if self._learning is not None else None
            await process.agree(self._pseudonym, self._session_key, self._listeners.for_worker(), learner)
        except OSError:
            return
        worker.agreed = monotonic()
        process.send(self._relay.for_newcomer())
        async for kind, content in process.messages():
            if kind == "runs":
                worker.generation = content
                self._relay.runs(worker.number, content)
            elif kind == "serving":
                self._serves(worker)

    def _serves(self, worker: Worker) -> None:
        worker.is_ready = True
        self._has_served = True
        if not self._is_told and self._listeners is not None and all(one.is_ready for one in self._workers):
            self._is_told = True
            who = "1 worker serves" if len(self._workers) == 1 else f"{len(self._workers)} workers serve"
            logger.info("%s at %s", who, " and ".join(self._listeners.addresses))

    def _pause(self, worker: Worker, status: int, how: str, lived: float) -> float:
        """Say how a process has ended; returns the seconds before the next one, where there is to be one."""
        if self._is_ending:
            return 0.0
        if not self._plan.done():  # its arguments are wrong, or it printed what was asked for
            self._finish(status if status >= 0 else 1)
            return 0.0
        worker.has_failed = True
        if not self._has_served and all(one.has_failed for one in self._workers):
            logger.error("no worker could serve: worker %d %s", worker.number, how)
            self._finish(1)
            return 0.0
        delay = worker.back_off.after(lived)
        then = f"in {delay:g} s" if delay else "now"
        logger.error("worker %d %s; the next one starts %s", worker.number, how, then)
        worker.restarts += 1
        return delay

    async def _look_for_stuck(self) -> None:
        """Kill workers that do not do what they must in time: they are started anew."""
        while True:
            await asyncio.sleep(_LOOK)
            overdue = self._relay.overdue(SLOWEST)
            for worker in self._workers:
                process = worker.process
                if process is None or self._is_ending:
                    continue
                if worker.number in overdue and worker.agreed is not None and monotonic() - worker.agreed > SLOWEST:
                    number = overdue[worker.number]
                    logger.warning("worker %d did not take over generation %d", worker.number, number)
                    process.kill()
                elif not worker.is_ready and self._plan.done() and monotonic() - process.started > SLOWEST_START:
                    logger.warning("worker %d did not serve within %g s", worker.number, SLOWEST_START)
                    process.kill()

    # All of them

    async def _begin(self, plan: Plan) -> bool:
        """Do what needs the first worker's plan; False where it cannot be done."""
        logging.getLogger().addHandler(LogHandler(self._output))
        logging.getLogger().setLevel(plan.level)
        try:
            self._listeners = Listeners(plan.places)
        except OSError as error:
            logger.error("%s", error.strerror)
            self._finish(1)
            return False
        for note in plan.notes:
            logger.warning("%s", note)
        if plan.names_sessions:
            # One for all: a client has one name, whichever worker it comes to.
            self._session_key = session_key_of_run(state_folder(plan.state, Path(plan.routes)))
        if plan.learns:
            self._learning = Learning(state_file(plan.state, Path(plan.routes)))
            self._learning.start()
        self._plan.set_result(plan)
        self._reloader = Reloader(
            Path(plan.routes), self._take, own_addresses=plan.own_addresses, polling=plan.polling, raw=True
        )
        self._reloader.start()
        self._spawn(self._serve_control(plan), "control server")
        return True

    async def _serve_control(self, plan: Plan) -> None:
        port = self._listeners.port if self._listeners is not None else 0
        state = state_folder(plan.state, Path(plan.routes))
        self._control = await start(self._look, plan.control, state, port)

    def _look(self) -> Status:
        """How the gateway is at this moment."""
        workers = [
            WorkerStatus(one.process.pid if one.process else 0, one.generation, one.is_ready, one.restarts)
            for one in self._workers
        ]
        addresses = self._listeners.addresses if self._listeners is not None else ()
        learning = self._learning.status() if self._learning is not None else None
        return status(self._plan.result(), self._relay, workers, addresses, self._started_at, learning)

    def _take(self, loaded: Loaded) -> None:
        """Hand a load to all workers."""
        sent = self._relay.take(loaded, [one.number for one in self._workers if one.process is not None])
        for worker in self._workers:
            if worker.agreed is not None and worker.process is not None:
                worker.process.send(sent)

    def end(self, drain: float) -> None:
        """End, `drain` seconds at most after this; at once where that was asked for before."""
        if self._is_ending or not self._plan.done():
            self._finish(0)
            return
        self._is_ending = True
        if self._listeners is not None:
            self._listeners.close()
        for worker in self._workers:
            if worker.process is not None:
                worker.process.send(framed(("end", drain)))
        self._spawn(self._wait_for_end(drain), "end")

    async def _wait_for_end(self, drain: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(drain + GRACE):
                while any(one.process is not None for one in self._workers):
                    await asyncio.sleep(0.02)
        self._finish(0)

    def _print(self, worker: Worker, stream: IO[bytes], line: bytes) -> None:
        """Print a line of a worker; before there is a plan, the first one speaks for the whole program."""
        try:
            self._output.write(stream, marked(worker.number, line) if self._plan.done() else line)
        except OSError:
            self._finish(1)  # as mitmdump does that cannot print


def run(command: Sequence[str], arguments: Sequence[str], count: int, drain: float, output: Output) -> int:
    """Serve with `count` workers; see Parent. Returns the exit status."""

    async def main() -> int:
        return await Parent(command, arguments, count, drain, output).run()

    return asyncio.run(main())
