"""The entries of a HAR out of the events of a JSON parser: only what is needed is built, and that is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Events = Iterator[tuple[str, Any]]
"""Events of `ijson.basic_parse`: `("map_key", "log")`, `("start_map", None)` …"""

MOST_VALUES = 100_000
"""Values in one entry's request or response, at most; a header field is three (our choice)."""
DEEPEST = 100
"""Objects and arrays inside each other in a request or response, at most (our choice)."""

_NEEDED = frozenset({"request", "response", "startedDateTime", "timings"})
_UNUSED = frozenset({"cookies", "queryString"})
_STARTS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})


class NotHarError(Exception):
    """JSON that is no HAR; the message says what is wrong."""


def entries(events: Events) -> Iterator[dict[str, Any] | None]:
    """Yield None where an entry under `log.entries` begins, then what is needed of it, by the names in the HAR.

    Everything else is passed over without being held. Raises NotHarError, and what the parser raises.
    """
    found = False
    event, _ = next(events)
    if event != "start_map":
        raise NotHarError("it holds no object")
    for key in _members(events):
        event, _ = next(events)
        if key != "log" or event != "start_map":
            _pass_over(events, event)
            continue
        for inner in _members(events):
            event, _ = next(events)
            if inner != "entries" or event != "start_array":
                _pass_over(events, event)
                continue
            found = True
            for event, _ in events:
                if event == "end_array":
                    break
                yield None
                yield _entry(events, event)
    for _ in events:  # the parser says what is wrong behind the end
        pass
    if not found:
        raise NotHarError("it has no array log.entries")


def _members(events: Events) -> Iterator[str]:
    """Yield the keys of an object that has begun; who takes one takes its value from the events, too."""
    for event, value in events:
        if event == "end_map":
            return
        yield value


def _entry(events: Events, event: str) -> dict[str, Any]:
    if event != "start_map":
        raise NotHarError("not an object")
    entry: dict[str, Any] = {}
    for key in _members(events):
        event, value = next(events)
        if key in _NEEDED:
            entry[key] = _built(events, event, value)
        else:
            _pass_over(events, event)
    return entry


def _pass_over(events: Events, event: str) -> None:
    """Take the rest of a value that begins with this event."""
    depth = int(event in _STARTS)
    while depth:
        event, _ = next(events)
        depth += (event in _STARTS) - (event in _ENDS)


def _built(events: Events, event: str, value: Any) -> Any:
    """Return a value that begins with this event, without recursion."""
    if event not in _STARTS:
        return value
    top: Any = {} if event == "start_map" else []
    around = [top]
    inner = top
    key = ""
    left = MOST_VALUES
    while around:
        event, value = next(events)
        if event == "map_key":
            key = value
            if key in _UNUSED:
                event, _ = next(events)
                _pass_over(events, event)
            continue
        if event in _ENDS:
            around.pop()
            inner = around[-1] if around else None
            continue
        starts = event in _STARTS
        if starts:
            value = {} if event == "start_map" else []
        if isinstance(inner, dict):
            inner[key] = value
        else:
            inner.append(value)
        left -= 1
        if starts:
            around.append(value)
            inner = value
        if not left or len(around) > DEEPEST:
            raise NotHarError(f"more than {MOST_VALUES:,} values, or more than {DEEPEST} inside each other")
    return top
