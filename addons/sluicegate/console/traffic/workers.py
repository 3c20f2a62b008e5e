"""Processes that compare the blocks of request logs for the command's own process, which only reads and adds up.

Were it to compare blocks itself, its threads that feed the others would wait for it most of the time.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...config.transfer import LENGTH, packed, read_frame
from ..options import UnusableError
from .blocks import Block, Compared, Task


class LogWorkers:
    """Worker processes, each with a thread that hands it blocks and takes its answers. Use it in a `with`."""

    def __init__(self, task: Task, number: int) -> None:
        """Start the processes. Raises OSError."""
        self._waiting: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Compared | _Died] = queue.SimpleQueue()
        self._open = 0
        self._most_open = 2 * number
        self._processes: list[subprocess.Popen[bytes]] = []
        data = packed(task)
        try:
            for _ in range(number):
                self._processes.append(_start())
        except OSError:
            self.close()
            raise
        for process in self._processes:
            threading.Thread(target=self._serve, args=(process, data), daemon=True).start()

    def __enter__(self) -> LogWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for process in self._processes:
            process.kill()
            process.wait()

    @property
    def pids(self) -> list[int]:
        """The process ids."""
        return [process.pid for process in self._processes]

    def compare(self, block: Block) -> Iterator[Compared]:
        """Hand a block over, and give answers until few enough blocks are open. Raises UnusableError."""
        self._waiting.put(block)
        self._open += 1
        yield from self._down_to(self._most_open)

    def rest(self) -> Iterator[Compared]:
        """Give the answers to all blocks that are still open. Raises UnusableError."""
        yield from self._down_to(0)

    def _down_to(self, most: int) -> Iterator[Compared]:
        while self._open > most:
            answer = self._answers.get()
            if isinstance(answer, _Died):
                raise UnusableError(f"a process that compares requests {answer.how}")
            self._open -= 1
            yield answer

    def _serve(self, process: subprocess.Popen[bytes], task: bytes) -> None:
        """Hand blocks to one process for as long as it lives."""
        try:
            data = task
            while True:
                _write(process, data)
                if data is not task:
                    self._answers.put(read_frame(process.stdout))  # type: ignore[arg-type]
                data = packed(self._waiting.get())
        except (OSError, EOFError, ValueError) as error:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=5)
                self._answers.put(_Died(f"ended with {code}" if code >= 0 else f"was ended by signal {-code}"))
                return
            self._answers.put(_Died(f"does not answer: {error}"))


class _Died:
    """Stands for all answers that a process will not give any more; `how` it ended, in words."""

    def __init__(self, how: str) -> None:
        self.how = how


def _write(process: subprocess.Popen[bytes], data: bytes) -> None:
    stream: Any = process.stdin
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _start() -> subprocess.Popen[bytes]:
    package = Path(__file__).resolve().parents[3]
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "sluicegate.console.traffic.worker"],  # -P: nothing out of the working directory
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        process_group=0,  # Ctrl-C is for the command, which ends its workers
    )
