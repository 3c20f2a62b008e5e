"""Clients that ask without end while a test does something to the gateway."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

from .client import Connection, ConnectionEnded, Response
from .gateway import Gateway
from .waiting import wait_until

PACE = 0.01
"""Seconds between two requests of one client: many requests for each edit, and no heavy load."""


class Load:
    """Loops over `paths` with clients that keep their connection and clients that take a new one each time.

    `failures` holds what was not a complete 200; `latest` each client's newest body for each path.
    """

    def __init__(self, running: Gateway, paths: Sequence[str], *, keeping: int = 3, renewing: int = 1) -> None:
        self.failures: list[str] = []
        self.latest: list[dict[str, str]] = [{} for _ in range(keeping + renewing)]
        self.answered = 0
        self._gateway = running
        self._paths = paths
        self._over = threading.Event()
        self._counting = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(number, number < keeping), daemon=True)
            for number in range(keeping + renewing)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(20)

    def wait_more(self, count: int) -> None:
        """Waits until that many more requests have been answered."""
        goal = self.answered + count
        wait_until(lambda: self.answered >= goal, what=f"{count} more answers")

    def wait_all(self, path: str, body: str) -> None:
        """Waits until every client got this body for a path."""
        wait_until(
            lambda: all(latest.get(path) == body for latest in self.latest),
            what=f"{body!r} for {path} (failures: {self.failures[:3]}, log: {self._gateway.log[-1500:]})",
        )

    def _run(self, number: int, keeping: bool) -> None:
        kept: Connection | None = None
        turn = number
        while not self._over.wait(PACE):
            path = self._paths[turn % len(self._paths)]
            turn += 1
            try:
                connection = kept or self._gateway.connection()
                answer = connection.request("GET", path)
            except (ConnectionEnded, OSError) as error:
                self._fail(f"{path}: {error!r}, {'kept' if kept else 'new'} connection")
                kept = None
                continue
            self._take(number, path, answer)
            kept = connection if keeping else None
            if not keeping:
                connection.close()
        if kept:
            kept.close()

    def _take(self, number: int, path: str, answer: Response) -> None:
        if answer.status != 200 or not answer.complete:
            self._fail(f"{path}: {answer.status} {answer.text[:200]}")
        self.latest[number][path] = answer.text
        with self._counting:
            self.answered += 1

    def _fail(self, what: str) -> None:
        with self._counting:
            self.failures.append(what)
