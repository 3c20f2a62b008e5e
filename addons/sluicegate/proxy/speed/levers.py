"""Levers: quicker ways for what mitmproxy does slowly, each tied to the very source that it was written for.

Where the installed mitmproxy has other source there, the lever stays off and everything works as mitmproxy has it:
speed may vanish, safety may not. Nothing that protects is a lever.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..master import GatewayMaster

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lever:
    """One quicker way.

    `replaces`: the functions and classes of mitmproxy whose behaviour it stands in for; `written_for`: digests of
    their source (`digest`), one for each release that has another; `apply` turns it on.
    """

    name: str
    replaces: tuple[Any, ...]
    written_for: frozenset[str]
    apply: Callable[[GatewayMaster], None]

    def fits(self) -> bool:
        """Whether mitmproxy's source is one that the lever was written for."""
        return digest(self.replaces) in self.written_for


def digest(parts: Iterable[Any]) -> str:
    """Return a digest of the source of functions and classes; '' where a part has none."""
    try:
        text = "\n".join(inspect.getsource(part) for part in parts)
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pull(levers: Iterable[Lever], master: GatewayMaster) -> None:
    """Turn on the levers that fit; say in one line which do not."""
    off = []
    for lever in levers:
        if lever.fits():
            lever.apply(master)
        else:
            off.append(lever.name)
    if off:
        logger.info("speed: this mitmproxy is another one, so it stays as it is in: %s", ", ".join(off))
