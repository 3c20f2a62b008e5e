"""What the search for endpoints goes by: thresholds of the inbox, caps of what is kept, and which evidence counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EVIDENCE: Final = (
    "look",
    "words",
    "recurrence",
    "provenance",
    "siblings",
    "methods",
    "parents",
    "elsewhere",
    "misses",
    "saved",
)
"""The kinds of evidence, each of which can be left out (`Settings.without`)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds and caps; the defaults are those of a laptop.

    `requests`, `within_s`: an endpoint shows in the inbox after so many successful requests within so many seconds
    (0: ever). `sessions`: or after successful requests of so many sessions (0: sessions alone do not do). `hosts`: so
    many hosts under one domain with the same API are told as one pattern. `nodes`: places of the tree of paths, of all
    hosts together. `values`: values of one
    variable that are kept with their counts (half as many more before some are folded). `noise`: paths that nothing was
    found at. `memory`: values of bodies that are remembered. `without`: kinds of evidence (`EVIDENCE`) not to use.
    """

    requests: int = 3
    within_s: float = 0.0
    sessions: int = 2
    hosts: int = 3
    nodes: int = 100_000
    values: int = 32
    noise: int = 1_000
    memory: int = 65_536
    without: frozenset[str] = frozenset()


LAPTOP: Final = Settings()
"""Our choice: three requests, or two sessions; two hosts with one API may be two stages of it, three are not."""
API_SHIELD: Final = Settings(requests=500, within_s=10 * 86_400.0, sessions=0)
"""As documented for API Shield, API Discovery: 500 requests with a 2xx within ten days."""
PRESETS: Final = {"laptop": LAPTOP, "api-shield": API_SHIELD}
