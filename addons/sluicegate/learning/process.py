"""The process that learns: `python -m sluicegate.learning.process DESCRIPTOR STATE`.

DESCRIPTOR is the socket on which gateways tell it of exchanges (`records`), STATE the state file. It learns beside the
gateway and never holds it up: what does not fit into the socket is dropped there and counted. It ends when its standard
input does, so it cannot outlive the gateway, or at SIGTERM; either way it takes in what waits and writes it down. On
standard output it says how it is, as lines of JSON; on standard error it tells people what they should know.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ..memory import limit_memory
from .budget import Budget
from .keeping import Keeper
from .records import Head, observation, unpacked
from .state_file import StoreError

OFF: Final = 3
"""Status at the end where the state file cannot be used: starting again would not help."""
MOST_MEMORY: Final = 2 << 30
"""Bytes of address space, where the system can limit them."""
NICENESS: Final = 2
TICK: Final = 0.5
"""Seconds between two looks at the state file."""
_LARGEST: Final = 1 << 22
"""Bytes of a datagram, at most."""
_IN_A_ROW: Final = 64
"""Datagrams that are taken in before the next look at anything else."""


class Process:
    """Learns from what comes in on a socket, until it is told to end."""

    def __init__(self, records: socket.socket, keeper: Keeper, budget: Budget, say: Callable[[str], None]) -> None:
        self._records = records
        self._keeper = keeper
        self._budget = budget
        self._say = say
        self._learned = self._dropped = self._told = 0
        self._has_failed = False

    def run(self, end: Any) -> None:
        """Learn until something can be read from one of the files `end`, which is to be the end of it."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._records, selectors.EVENT_READ, "records")
            for one in end:
                waiting.register(one, selectors.EVENT_READ, "end")
            tick = time.monotonic()
            while True:
                found = {key.data for key, _ in waiting.select(max(0.0, tick - time.monotonic()))}
                if "end" in found:
                    break
                if "records" in found:
                    self._take(_IN_A_ROW)
                if time.monotonic() >= tick:
                    self._keep()
                    tick = time.monotonic() + TICK
        while self._take(_IN_A_ROW):
            pass
        self._keeper.facts = self._facts()
        self._keeper.close()

    def _take(self, most: int) -> bool:
        """Take in so many datagrams; False where there were fewer."""
        for _ in range(most):
            try:
                data = self._records.recv(_LARGEST)
            except BlockingIOError:
                return False
            try:
                batch = unpacked(data)
            except (EOFError, TypeError, ValueError):
                continue
            self._dropped += batch.dropped
            for record in batch.records:
                try:
                    self._learn(record)
                except Exception:
                    self._fail()
        return True

    def _learn(self, record: tuple[Any, ...]) -> None:
        """Learn from one exchange; from its messages as long as there is time."""
        learner = self._keeper.learner
        self._learned += record[1]
        if record[0]:
            learner.count(observation(record))
            return
        if len(record) == len(Head._fields):
            learner.observe(observation(record), whole=False)
        elif not self._budget.allows():
            learner.observe(observation(record[: len(Head._fields)]), whole=False)
        else:
            began = time.thread_time()
            try:
                learner.observe(observation(record))
            finally:
                self._budget.spend(time.thread_time() - began)

    def _fail(self) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._say(
                f"an exchange could not be learned from; the next such fault is not told:\n{traceback.format_exc()}"
            )

    def _keep(self) -> None:
        try:
            self._keeper.look()
        except StoreError as error:
            self._keeper.tell(f"the state file cannot be read at present: {error}")
        if self._learned != self._told:
            self._told = self._learned
            self._keeper.facts = self._facts()
            self._report()
        self._keeper.flush()

    def _report(self) -> None:
        with suppress(OSError):
            sys.stdout.write(json.dumps(self._facts()) + "\n")
            sys.stdout.flush()

    def _facts(self) -> dict[str, str]:
        return {
            "pid": str(os.getpid()),
            "at": str(round(time.time(), 3)),
            "learned": str(self._learned),
            "dropped": str(self._dropped),
        }


def main() -> None:
    """Learn until standard input ends, or SIGTERM comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole process group; the gateway decides
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    descriptor, path = sys.argv[1:]
    records = socket.socket(fileno=int(descriptor))
    records.setblocking(False)
    with suppress(OSError):
        os.nice(NICENESS)
    limit_memory(MOST_MEMORY)
    from .parts import new_learner

    try:
        keeper = Keeper(Path(path), new_learner, _say)
        keeper.open()
    except StoreError as error:
        _say(str(error))
        sys.exit(OFF)
    gc.collect()
    gc.freeze()  # what is here now stays
    gc.set_threshold(20_000, 20, 100)
    Process(records, keeper, Budget(), _say).run([sys.stdin.fileno(), woken])


def _say(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
