"""The figures of one endpoint as they are told: as JSON, and to whoever prints them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..observation import Key
from .figures import Figures
from .recommendation import Interval, Recommendation, Thresholds, recommend
from .spreads import Distribution
from .windows import Span, Window

CLASSES = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
"""Names of the classes of status codes (RFC 9110 section 15); `none`: there was no answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """An endpoint and its figures. `state`: saved, review …; `limit` None: too few sessions."""

    key: Key
    state: str
    window: Window
    limit: Recommendation | None


def report(key: Key, state: str, figures: Figures | None, window: tuple[Span, float], thresholds: Thresholds) -> Report:
    """Return the figures of an endpoint in a window, which is a span and its end; zeros where there are no figures."""
    span, until = window
    if figures is None:
        return Report(key, state, Window(span, until), None)
    found = figures.window(span, until)
    limit = recommend(figures, until, thresholds, found if span is Span.DAY else None)
    return Report(key, state, found, limit)


def members_of(one: Report) -> dict[str, Any]:
    """Return a report as JSON; shares of requests from 0 to 1, null where there are none to share."""
    window = one.window
    return {
        "method": one.key.method,
        "host": one.key.host,
        "endpoint": one.key.endpoint,
        "state": one.state,
        "requests": window.requests,
        "statuses": dict(zip(CLASSES, window.statuses, strict=True)),
        "error_rates": {
            "4xx": _rounded(window.client_errors, 6),
            "5xx": _rounded(window.server_errors, 6),
            "all": _rounded(window.errors, 6),
        },
        "origin_ms": _spread(window.latency),
        "response_bytes": _spread(window.size),
        "sessions": window.sessions,
        "authentication": {
            "status": window.authentication,
            "successes": {name or "none": count for name, count in sorted(window.successes.items())},
        },
        "thresholds": None if one.limit is None else limit_members(one.limit),
    }


def limit_members(limit: Recommendation) -> dict[str, Any]:
    """Return a recommendation as JSON, with API Shield's names."""
    return {
        "period_seconds": limit.period_seconds,
        "suggested_threshold": limit.suggested_threshold,
        "p50": limit.p50,
        "p90": limit.p90,
        "p99": limit.p99,
        "requests": limit.requests,
        "auth_id_tokens": limit.auth_id_tokens,
        "data_points": limit.data_points,
        "confidence": limit.confidence,
        "p99_interval": _interval(limit.p99_interval),
        "confidence_intervals": {
            "suggested_threshold": {
                "mean": limit.mean,
                "confidence_intervals": {name: _interval(one) for name, one in limit.intervals.items()},
            }
        },
    }


def _interval(interval: Interval) -> dict[str, float]:
    return asdict(interval)


def _spread(found: Distribution | None) -> dict[str, float] | None:
    """A distribution with three digits after the point: more is noise."""
    return None if found is None else {name: round(value, 3) for name, value in asdict(found).items()}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
