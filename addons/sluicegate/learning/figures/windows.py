"""The figures of an endpoint in a window of time, such as the last 24 hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from .buckets import Bucket
from .spreads import Distribution

Authentication = Literal["all", "mixed", "none"]


class Span(Enum):
    """How far a window reaches back, in hours.

    A window ends with the hour that its end lies in. The last 24 h are 24 clock hours, the last one not over: between
    23 and 24 hours. Of the last seven days what is older than the newest hours is kept by days (UTC) and counts whole:
    between seven and eight days.
    """

    DAY = 24
    WEEK = 168

    @property
    def text(self) -> str:
        """As people write it."""
        return "24h" if self is Span.DAY else "7d"


def end_of(span: Span, newest: float, now: float) -> float:
    """Return when the window of this span ends: now; or with the newest exchange, where nothing is as young as that.

    Both in seconds since the epoch; `newest` of all endpoints, 0.0 for none. So what was learned of an old recording
    can be seen, and a gateway's figures are those of today.
    """
    return newest if 0.0 < newest < now - span.value * 3600 else now


@dataclass(frozen=True, slots=True)
class Window:
    """What an endpoint did in a window that ends at `until`, seconds since the epoch.

    `statuses`: requests by the first digit of the answer's status, 0 for none. `named`: requests with a session.
    `sessions`: different ones, exact up to 128, else within 3.3 % (one standard error). `successes`: requests answered
    with 2xx by the identifier that named their session, '' where none did. `latency`: milliseconds of the origin, None
    where no origin answered. `size`: bytes of the responses' bodies.
    """

    span: Span
    until: float = 0.0
    statuses: tuple[int, ...] = (0, 0, 0, 0, 0, 0)
    named: int = 0
    sessions: int = 0
    successes: dict[str, int] = field(default_factory=dict)
    latency: Distribution | None = None
    size: Distribution | None = None

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return sum(self.statuses)

    @property
    def client_errors(self) -> float | None:
        """Share of all requests that were answered with 4xx; None without requests."""
        return self._share(self.statuses[4])

    @property
    def server_errors(self) -> float | None:
        """Share of all requests that were answered with 5xx; None without requests."""
        return self._share(self.statuses[5])

    @property
    def errors(self) -> float | None:
        """Share of all requests that were answered with 4xx or 5xx; None without requests."""
        return self._share(self.statuses[4] + self.statuses[5])

    @property
    def authentication(self) -> Authentication | None:
        """Whether successful requests named a session: all, some or none of them; None without any.

        API Shield, Authentication posture: only 2xx answers are looked at.
        """
        without = self.successes.get("", 0)
        total = sum(self.successes.values())
        if not total:
            return None
        return "none" if without == total else "mixed" if without else "all"

    def _share(self, count: int) -> float | None:
        return count / self.requests if self.requests else None


@dataclass(frozen=True, slots=True)
class Totals:
    """What was counted from the beginning, whatever its time; it only grows.

    `statuses`: requests by the first digit of the answer's status, 0 for none. `latency`: milliseconds of the origin
    that `latencies` answers took. `size`: bytes of the bodies of `sizes` responses.
    """

    statuses: tuple[int, ...] = (0, 0, 0, 0, 0, 0)
    latency: float = 0.0
    latencies: int = 0
    size: float = 0.0
    sizes: int = 0


def totals_of(bucket: Bucket) -> Totals:
    """Return what a bucket holds as totals."""
    latency, size = bucket.latency, bucket.size
    return Totals(tuple(bucket.statuses), latency.total, latency.count, size.total, size.count)


def window_of(span: Span, until: float, bucket: Bucket) -> Window:
    """Return what a bucket holds as the figures of a window."""
    return Window(
        span,
        until,
        tuple(bucket.statuses),
        bucket.named,
        bucket.sessions.estimate(),
        dict(bucket.successes),
        bucket.latency.distribution(),
        bucket.size.distribution(),
    )
