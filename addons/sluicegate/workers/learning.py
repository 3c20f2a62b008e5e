"""The learner's process as its owner holds it: started with the first exchange, started again, told of, ended."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from ..config.process import environment, spawn
from ..control.status import LearningStatus
from .backoff import BackOff

logger = logging.getLogger(__name__)

OFF: Final = 3
"""Status of a learner that cannot use its state file (`learning.process`)."""
BUFFER: Final = 1 << 22
"""Bytes that may wait for the learner, where the system allows as many."""
GRACE: Final = 10.0
"""Seconds in which the learner writes down what it has at the end; then it is killed."""
_LINE: Final = 1 << 16


class Learning:
    """Holds the learner of one gateway. `sender` is what exchanges are told on; it is open before anything runs."""

    def __init__(self, state: Path) -> None:
        """Prepare for a state file; nothing runs yet."""
        self.state = state
        self.pid = 0
        self.off = ""
        """Why nothing is learned; '' while it is."""
        self.sender, self._records = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for one in (self.sender, self._records):
            one.setblocking(False)
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._told: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._ending = asyncio.Event()
        self._is_over = False
        """No process is started any more."""

    def start(self) -> None:
        """Start the learner as soon as there is something to learn."""
        asyncio.get_running_loop().add_reader(self._records.fileno(), self._begin)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._records.fileno())
        self._task = loop.create_task(self._keep(), name="learner")

    async def stop(self) -> None:
        """End the learner, which takes in what was told and writes it down."""
        self._ending.set()
        if self._records.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._records.fileno())
        if self._task is None and not self.off and _has_waiting(self._records):
            self._begin()  # what was told last is to be learned, too
            await asyncio.sleep(0)
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await asyncio.shield(self._task)
            self._is_over = True
            if self._process is not None:
                with suppress(ProcessLookupError):
                    self._process.kill()
            await asyncio.wait([self._task])
        self.sender.close()
        self._records.close()

    def status(self) -> LearningStatus:
        """How it goes."""
        counts = {name: self._before.get(name, 0) + self._told.get(name, 0) for name in ("learned", "dropped")}
        return LearningStatus(self.pid, str(self.state), counts["learned"], counts["dropped"], self.off)

    async def _keep(self) -> None:
        """Run the learner, and run it again when it dies; at the end once more, where something still waits."""
        back_off = BackOff()
        is_last = False
        while not is_last and not self._is_over:
            is_last = self._ending.is_set()
            started = monotonic()
            try:
                how = await self._live()
            except OSError as error:
                how = f"could not be started: {error.strerror}"
            if self.off or (self._ending.is_set() and not _has_waiting(self._records)):
                return
            if self._ending.is_set():
                continue  # a signal for the gateway reached the learner, too, perhaps
            delay = back_off.after(monotonic() - started)
            then = f"in {delay:g} s" if delay else "now"
            logger.warning("the learner %s; the next one starts %s", how, then)
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._ending.wait()
                if not _has_waiting(self._records):
                    return

    async def _live(self) -> str:
        """Go with one process from its start to its end; returns how it ended."""
        descriptor = self._records.fileno()
        process = await spawn(
            sys.executable,
            "-P",
            "-m",
            "sluicegate.learning.process",
            str(descriptor),
            str(self.state),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=(descriptor,),
            env=environment(),
            limit=_LINE,
        )
        self._process, self.pid = process, process.pid
        if self._ending.is_set() and process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.gather(self._listen(process.stdout), self._log(process.stderr))
            status = await process.wait()
        finally:
            self._process, self.pid = None, 0
            for name, number in self._told.items():
                self._before[name] = self._before.get(name, 0) + number
            self._told = {}
        if status == OFF:
            self.off = "the state file cannot be used"
            self._records.close()  # whoever tells anything learns that nobody listens
            logger.warning("nothing is learned: the state file cannot be used; the gateway goes on without")
        return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"

    async def _listen(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and (line := await lines.readline()):
            with suppress(ValueError, AttributeError):
                self._told = {name: int(value) for name, value in json.loads(line).items() if name != "at"}

    async def _log(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and (data := await lines.read(8192)):
            for line in data.decode("utf-8", "backslashreplace").splitlines():
                logger.warning("learning: %s", line)


def _has_waiting(records: socket.socket) -> bool:
    with suppress(BlockingIOError):
        return bool(records.recv(1, socket.MSG_PEEK))
    return False
