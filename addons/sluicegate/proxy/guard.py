"""Hooks that fail closed: mitmproxy would go on with a request whose hook has raised."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from mitmproxy.flow import Flow

from .live import live_of

logger = logging.getLogger(__name__)


def guarded[Hook: Callable[..., None]](on_fault: Callable[..., None]) -> Callable[[Hook], Hook]:
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


def observing[Hook: Callable[..., None]](hook: Hook) -> Hook:
    """Decorate a hook that only looks on: a fault in it is logged and changes nothing."""
    decorate: Callable[[Hook], Hook] = guarded(lambda *_: None)
    return decorate(hook)


def _which(args: tuple[Any, ...]) -> str:
    live = live_of(args[-1]) if args and isinstance(args[-1], Flow) else None
    return f" for request {live.exchange.request_id}" if live else ""
