"""Traffic of a small shop whose endpoints are known: many clients, some noise, always the same for the same numbers."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HOST = "shop.example.test"

ENDPOINTS = {
    ("POST", "/accounts"),
    ("GET", "/accounts/{}"),
    ("GET", "/accounts/{}/orders"),
    ("POST", "/accounts/{}/orders"),
    ("GET", "/accounts/{}/orders/{}"),
    ("PATCH", "/accounts/{}/orders/{}"),
    ("GET", "/products"),
    ("GET", "/products/{}"),
    ("GET", "/products/{}/reviews"),
    ("GET", "/v2/settings"),
    ("GET", "/v2/profile"),
}

NOISE = ("/wp-login.php", "/.env", "/admin/config.php", "/cgi-bin/test.cgi", "/phpinfo.php")
"""What scanners ask for: 404."""
ONCE = "/old/index.html"
"""Asked once, by one client, with success."""

_FIRST = ("red", "green", "blue", "small", "large", "oak", "steel", "paper", "silk", "round")
_SECOND = ("table", "lamp", "chair", "kettle", "scarf", "clock")
PRODUCTS = [f"{first}-{second}" for first in _FIRST for second in _SECOND]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `token` is the client's bearer token; `at` seconds since the epoch."""

    method: str
    path: str
    status: int = 200
    token: str | None = None
    at: float = 0.0
    query: str = ""
    sent: Any = None
    body: Any = None
    location: str | None = None
    host: str = HOST
    client: str = "10.0.0.1"
    took: float = 0.02
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def sent_bytes(self) -> bytes:
        return b"" if self.sent is None else json.dumps(self.sent).encode()

    @property
    def body_bytes(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()

    @property
    def request_headers(self) -> list[tuple[str, str]]:
        headers = [("Host", self.host), ("User-Agent", "shop-client/1.0")]
        if self.token is not None:
            headers.append(("Authorization", f"Bearer {self.token}"))
        if self.cookies:
            headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        if self.sent is not None:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(self.sent_bytes)))]
        return headers

    @property
    def response_headers(self) -> list[tuple[str, str]]:
        headers = [("Content-Length", str(len(self.body_bytes)))]
        if self.body is not None:
            headers.append(("Content-Type", "application/json"))
        if self.location is not None:
            headers.append(("Location", self.location))
        return headers


def token(number: int) -> str:
    """The bearer token of one client: nobody may find it again in what was learned."""
    return f"s3cr3t-token-of-client-{number:04}"


def traffic(clients: int = 40, seed: int = 1, host: str = HOST, noise: bool = True) -> list[Exchange]:
    """What so many clients ask in the hour before the last, in order of time."""
    chance = random.Random(seed)
    start = time.time() - 7200
    found: list[Exchange] = []
    for number in range(clients):
        at = start + chance.uniform(0, 3000)
        for each in _client(chance, number):
            at += chance.uniform(0.1, 4)
            made = {
                name: getattr(each, name) for name in ("method", "path", "status", "query", "sent", "body", "location")
            }
            client = f"10.0.{number // 200}.{number % 200 + 1}"
            took = chance.uniform(0.005, 0.03)
            found.append(Exchange(**made, token=token(number), at=at, host=host, client=client, took=took))
    if noise:
        for step, path in enumerate(NOISE):
            found.append(Exchange("GET", path, 404, at=start + 1000 + step, host=host, client="10.9.9.9"))
        found.append(Exchange("GET", ONCE, at=start + 2000, host=host, client="10.8.8.8", token=token(0)))
    return sorted(found, key=lambda each: each.at)


def _client(chance: random.Random, number: int) -> Iterator[Exchange]:
    account = 1000 + 7 * number
    profile = {"name": f"Person {number}", "email": f"person{number}@example.test", "age": chance.randint(18, 90)}
    yield Exchange("POST", "/accounts", 201, sent=profile, body={"id": account}, location=f"/accounts/{account}")
    yield Exchange("GET", "/v2/settings", body={"currency": chance.choice(("EUR", "USD")), "dark": number % 2 == 0})
    yield Exchange("GET", f"/accounts/{account}", body={"id": account, **profile})
    yield Exchange("GET", "/v2/profile", body={"language": "en"})
    for page in range(chance.randint(1, 3)):
        shown = chance.sample(PRODUCTS, 5)
        yield Exchange("GET", "/products", query=f"page={page + 1}&sort=price", body={"products": shown})
        for product in shown[: chance.randint(1, 3)]:
            stock = chance.randint(0, 500)
            yield Exchange("GET", f"/products/{product}", body={"product": product, "price": 9.5, "stock": stock})
            yield Exchange("GET", f"/products/{product}/reviews", body=[{"stars": chance.randint(1, 5)}])
    for _ in range(chance.randint(1, 3)):
        order = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        where = f"/accounts/{account}/orders/{order}"
        placed = {"product": chance.choice(PRODUCTS), "pieces": chance.randint(1, 9)}
        yield Exchange("POST", f"/accounts/{account}/orders", 201, sent=placed, body={"order": order}, location=where)
        yield Exchange("GET", where, body={"order": order, **placed})
        yield Exchange("PATCH", where, sent={"pieces": 2}, body={"order": order, **placed, "pieces": 2})
    yield Exchange("GET", f"/accounts/{account}/orders", body={"orders": []})
    yield Exchange("GET", f"/accounts/{account}", body={"id": account, **profile})
