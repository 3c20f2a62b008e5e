"""Runs the stages of an exchange in order, fails closed, and keeps the trail.

A deciding stage that raises blocks its one request with 500; an observing stage that raises is skipped. Either is
logged once for the request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .exchange import Exchange, Verdict
from .forwarding import admission
from .forwarding import headers as hops
from .problems import Problem, internal_fault
from .routing import stage as routing

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """One capability's part in an exchange."""

    name: str
    run: Callable[[Exchange], None]
    deciding: bool = True


def stages(hop: hops.Hop, route: Callable[[Exchange], None] = routing.route) -> list[Stage]:
    """Return the stages in their order, for a gateway that is this hop; `route` is the routing stage."""
    return [
        Stage(admission.NAME, admission.admit),
        Stage(hops.NAME, hop.refuse_loop),
        Stage(routing.NAME, route),
    ]


def decide(exchange: Exchange, stages: Sequence[Stage]) -> None:
    """Run the stages until one refuses; afterwards exactly one of `forward` and `problem` is set."""
    if run(exchange, stages) and exchange.forward is None:
        exchange.refuse("pipeline", Problem(500, "undecided", "The gateway came to no decision on this request."))


def run(exchange: Exchange, stages: Sequence[Stage]) -> bool:
    """Run the stages until one refuses; whether none did. A request that none refused is not decided by that."""
    for stage in stages:
        try:
            stage.run(exchange)
        except Exception:
            logger.exception("stage %s failed for request %s", stage.name, exchange.request_id)
            if stage.deciding:
                exchange.refuse(stage.name, internal_fault())
            else:
                exchange.trail.append(Verdict(stage.name, "failed", "the stage raised and was skipped"))
        if exchange.problem is not None:
            exchange.forward = None
            return False
    return True
