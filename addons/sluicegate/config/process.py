"""A worker process as the gateway holds it: started, sent requests, read from, ended."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from .transfer import LENGTH, Request, packed

logger = logging.getLogger(__name__)


class WorkerProcess:
    """A running worker. `asked`: it had a request; `informed`: it knows the table that was kept last."""

    def __init__(self, process: Process, requests: StreamWriter, replies: StreamReader, errors: StreamReader) -> None:
        self.asked = False
        self.informed = False
        self._process = process
        self._requests = requests
        self._replies = replies
        self._log = asyncio.create_task(_log_lines(errors))

    @classmethod
    async def start(cls, folder: Path) -> WorkerProcess:
        """Start a process. Raises OSError."""
        process = await spawn(
            sys.executable,
            "-P",  # modules in the working directory are nothing to import
            "-m",
            "sluicegate.config.worker",
            os.path.abspath(folder),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment(),
        )
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise OSError("it has no pipes")
        return cls(process, process.stdin, process.stdout, process.stderr)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def send(self, request: Request) -> None:
        data = packed(request)
        self._requests.write(LENGTH.pack(len(data)) + data)
        await self._requests.drain()

    async def receive(self) -> bytes:
        """Return the next frame. Raises EOFError where the process ended."""
        head = await self._replies.readexactly(LENGTH.size)
        return await self._replies.readexactly(LENGTH.unpack(head)[0])

    async def stop(self) -> None:
        """End the process, whatever it is doing: it holds nothing that could be lost."""
        with suppress(ProcessLookupError):
            self._process.kill()
        while await self._replies.read(65536):
            pass
        await self._log
        await self._process.wait()


async def spawn(*command: str, **options: Any) -> Process:
    """Start a process as asyncio does, whole or not at all: cancelled in the middle, it is ended. Raises OSError."""
    starting = asyncio.create_task(asyncio.create_subprocess_exec(*command, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):
            process = await starting
            process.kill()
            await process.communicate()
        raise


def environment() -> dict[str, str]:
    """The environment of a process that is to import this very package."""
    package = Path(__file__).resolve().parents[2]
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


async def _log_lines(errors: StreamReader) -> None:
    while data := await errors.read(8192):
        for line in data.decode("utf-8", "backslashreplace").splitlines():
            logger.warning("reading route files: %s", line)
