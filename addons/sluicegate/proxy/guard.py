"""Hooks that fail closed: mitmproxy would go on with a request whose hook has raised."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

logger = logging.getLogger(__name__)
Hook = TypeVar("Hook", bound=Callable[..., None])


def guarded(on_fault: Callable[..., None]) -> Callable[[Hook], Hook]:
    """Decorate a hook so that `on_fault`, called with the hook's own arguments, closes what it left open."""

    def decorate(hook: Hook) -> Hook:
        @functools.wraps(hook)
        def run(*args: Any) -> None:
            try:
                hook(*args)
            except Exception:
                logger.exception("hook %s failed%s", hook.__name__, _which(args))
                on_fault(*args)

        return run  # type: ignore[return-value]

    return decorate


def observing(hook: Hook) -> Hook:
    """Decorate a hook that only looks on: a fault in it is logged and changes nothing."""
    return guarded(lambda *_: None)(hook)


def _which(args: tuple[Any, ...]) -> str:
    from .live import live_of

    flow = args[-1] if args else None
    live = live_of(flow) if hasattr(flow, "metadata") else None
    return f" for request {live.exchange.request_id}" if live else ""
