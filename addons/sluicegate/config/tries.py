"""Requests tried under one table, and the steps on the way to them, as many as there is patience for."""

from __future__ import annotations

from collections import Counter

from .. import trial
from ..endpoints.overlap import Witness
from ..exchange import Exchange
from ..snapshot import Snapshot

STEPS = 350_000
"""Steps in all: some seconds at the most, whatever the route files hold."""
_STEPS_OF_A_TRIAL = 10
"""What deciding a request costs; two kinds of patterns among which its host is looked up cost one more."""


class Tries:
    """Trials under a snapshot; each counts as several steps, and other steps are counted by whoever takes them."""

    def __init__(self, snapshot: Snapshot, steps: int = STEPS) -> None:
        self.table = snapshot.table
        self._snapshot = snapshot
        self._left = steps
        # A host is looked up once for each way in which patterns of as many labels mix labels and variables.
        masks = {tuple(label is None for label in served.pattern.labels) for served in snapshot.table.hosts}
        self._masks = Counter(map(len, masks))

    @property
    def are_over(self) -> bool:
        """Whether all steps are taken: whatever was not looked at by now stays so."""
        return self._left <= 0

    def step(self) -> None:
        """Count a step: about what it costs to compare two patterns, or to go down one place in a tree."""
        self._left -= 1

    def decided(self, request: Witness) -> Exchange:
        """Return a request's exchange as live traffic would be decided."""
        self._left -= _STEPS_OF_A_TRIAL + self._masks[request.authority.count(".") + 1] // 2
        return trial.decided(
            trial.Request(request.method, request.authority, request.path.encode("ascii")), self._snapshot
        )
