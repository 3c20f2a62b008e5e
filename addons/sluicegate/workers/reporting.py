"""How several workers are, as one gateway: the status that their parent's control server tells."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from ..config.telling import no_routes
from ..control.status import MOST_ERRORS, LearningStatus, Reload, Status, WorkerStatus
from ..version import version
from .link import Plan
from .relay import Relay


def status(
    plan: Plan,
    relay: Relay,
    workers: Sequence[WorkerStatus],
    addresses: Sequence[str],
    started_at: float,
    learning: LearningStatus | None,
) -> Status:
    """Return the status of this moment; `addresses` are where the workers listen."""
    force, last = relay.in_force, relay.last
    not_ready = ""
    if relay.generation == 0:
        not_ready = no_routes(relay.errors).detail
    elif not any(one.ready for one in workers):
        not_ready = "No worker serves at this moment."
    return Status(
        pid=os.getpid(),
        started_at=started_at,
        now=time.time(),
        version=version(),
        mitmproxy=plan.mitmproxy,
        routes=plan.routes,
        listeners=tuple(addresses),
        not_ready=not_ready,
        generation=force.generation,
        files=force.files,
        endpoints=force.endpoints,
        loaded_at=force.at,
        errors=tuple(one.members() for one in relay.errors[:MOST_ERRORS]),
        error_count=len(relay.errors),
        last_reload=Reload(last.at, last.taken_over, last.seconds * 1000) if last else None,
        workers=tuple(workers),
        learning=learning,
    )
