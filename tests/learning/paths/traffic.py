"""A small API's traffic, made by rule: what the tests of the search for endpoints feed it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from sluicegate.learning.observation import Observation

HOST = "api.hotel.test"
JSON = ((b"content-type", b"application/json"),)
NAMES = ("seaview", "old-mill", "harbour", "linden", "ritz", "palace", "bellevue", "crown", "excelsior", "alpina")


def exchange(path: str, method: str = "GET", **more: Any) -> Observation:
    """One exchange; `body` and `sent` are JSON for the response and the request."""
    body, sent = more.pop("body", None), more.pop("sent", None)
    seen = Observation(method, more.pop("host", HOST), path, more.pop("status", 200), **more)
    if body is not None:
        seen.response_headers = (*JSON, *seen.response_headers)
        seen.response_body = json.dumps(body).encode()
    if sent is not None:
        seen.request_headers, seen.request_body = JSON, json.dumps(sent).encode()
    return seen


def hotels(sessions: int = 12, seed: int = 1, host: str = HOST) -> Iterator[Observation]:
    """Guests who list hotels, look at some that are called by words, book rooms by number, and search."""
    rng = random.Random(seed)
    at = 1_700_000_000.0
    for number in range(sessions):
        session = f"guest-{number}"
        at += 60
        yield exchange("/hotels", session=session, at=at, host=host, body=[{"slug": name} for name in NAMES])
        yield exchange("/hotels/search", session=session, at=at + 1, host=host, body={"hits": 3, "pages": 1})
        for name in rng.sample(NAMES, 3):
            hotel = {"slug": name, "stars": rng.randint(1, 5)}
            yield exchange(f"/hotels/{name}", session=session, at=at + 2, host=host, body=hotel)
            yield exchange(f"/hotels/{name}/rooms", session=session, at=at + 3, host=host, body=[{"number": 7}])
            room = rng.randint(1, 40)
            made = {"booking": f"bk_{rng.getrandbits(40):010x}", "room": room}
            yield exchange(f"/hotels/{name}/rooms/{room}", session=session, at=at + 4, host=host, body={"number": room})
            yield exchange(
                "/bookings", "POST", session=session, at=at + 5, host=host, status=201, sent={"room": room}, body=made
            )
            yield exchange(f"/bookings/{made['booking']}", session=session, at=at + 6, host=host, body=made)
        yield exchange("/health", session=session, at=at + 7, host=host, body={"up": True})


HOTELS = {
    ("GET", "/hotels"),
    ("GET", "/hotels/search"),
    ("GET", "/hotels/{var1}"),
    ("GET", "/hotels/{var1}/rooms"),
    ("GET", "/hotels/{var1}/rooms/{var2}"),
    ("POST", "/bookings"),
    ("GET", "/bookings/{var1}"),
    ("GET", "/health"),
}
"""The endpoints of `hotels`."""
