"""Synthesises the traffic of an API: sessions under way side by side, what they ask for and what they are answered."""

from __future__ import annotations

import heapq
import json
import random
from typing import Final

from sluicegate.endpoints.normalise import normalise
from sluicegate.learning.observation import Observation

from .bodies import Context
from .documents import Api, Operation
from .noise import NEUTRAL, Beside, Exchange, mistyped
from .plans import Plan, Popularity, plans
from .sessions import Session, sessions
from .world import Kind, World

LEAST: Final = 3
"""2xx answers of each endpoint, at least."""
USUAL: Final = 25.0
"""Requests for each endpoint on average."""
_BEGIN: Final = 1_767_225_600.0
_HOURS: Final = 8.0
_PAGE: Final = 8
_ANONYMOUS: Final = 0.1
_UNKNOWN: Final = 0.08
"""How often a request of a session does not name it."""
_UNSEEN: Final = 0.125
"""How often a body was not recorded."""
_JSON: Final = ((b"content-type", b"application/json"),)
_QUERIES: Final = (b"", b"page=1", b"limit=20", b"page=2&per_page=8", b"sort=-created")


def synthesise(api: Api, regime: str, seed: int, mean: float = USUAL) -> list[Exchange]:
    """Return the traffic of an API in the order of time; the same arguments give the same traffic.

    `mean`: requests for each endpoint on average, LEAST at least.
    """
    return _Traffic(api, regime, random.Random(f"{api.name} {regime} {seed} {mean}")).run(mean)


class _Traffic:
    def __init__(self, api: Api, regime: str, rng: random.Random) -> None:
        self._api, self._rng = api, rng
        self._world = World(api, regime, rng)
        self._plans = plans(api, self._world, rng)
        self._popularity = Popularity(api.operations, rng)
        self._made: list[Exchange] = []

    def run(self, mean: float) -> list[Exchange]:
        rng, count = self._rng, len(self._plans)
        clients = sessions(count, max(mean, LEAST) * count, LEAST, rng.random() < _ANONYMOUS, rng)
        queue = [(_BEGIN + rng.uniform(0, _HOURS * 3600), session.number) for session in clients]
        heapq.heapify(queue)
        while queue:
            at, number = heapq.heappop(queue)
            if self._step(clients[number], at):
                heapq.heappush(queue, (at + rng.expovariate(0.25), number))
        self._made.sort(key=lambda exchange: exchange.observation.at)
        self._made += Beside(self._api, self._made, rng).make()
        self._made.sort(key=lambda exchange: exchange.observation.at)
        return self._made

    def _step(self, session: Session, at: float) -> bool:
        """Let a session make its next request; False where it is over."""
        rng = self._rng
        if session.agenda and (session.steps <= 0 or rng.random() < 0.3):
            wanted = session.agenda.pop(0)
            if not self._visit(self._plans[wanted], session, at):
                session.agenda.append(wanted)  # refused: asked again a little later
        elif session.steps > 0:
            session.steps -= 1
            self._visit(self._plans[self._popularity.next(session.area, rng)], session, at)
        else:
            return False
        return True

    def _visit(self, plan: Plan, session: Session, at: float) -> bool:
        """Make one request; returns whether it was answered with a 2xx."""
        rng, operation = self._rng, plan.operation
        session.area = operation.area
        values = session.values(plan.kinds, self._world, rng)
        status = self._refusal(operation)
        if status == 404:
            values[-1] = self._nowhere(plan.kinds[-1])
        path = _path(operation, values)
        key = "" if status == 401 or rng.random() < _UNKNOWN else session.key
        seen = Observation(operation.method, self._api.host, path, status or 200, at, key)
        seen.identifier = "header authorization" if key else ""
        if not status:
            self._answer(seen, plan, session, values)
        elif status != 304:
            seen.response_headers, seen.response_body = _JSON, _error(status)
        self._made.append(Exchange(seen, operation))
        if session.is_browser and operation.method != "GET" and rng.random() < 0.5:
            self._made.append(Exchange(Observation("OPTIONS", self._api.host, path, 204, at - 0.01), NEUTRAL))
        if operation.method == "GET" and rng.random() < 0.01:
            self._made.append(Exchange(Observation("HEAD", self._api.host, path, 200, at + 0.5, key), NEUTRAL))
        return not status

    def _refusal(self, operation: Operation) -> int:
        """The status of what goes another way; 0 for what is answered with a 2xx."""
        chance = self._rng.random() * 100
        writes = operation.method in ("POST", "PUT", "PATCH")
        for share, status, applies in (
            (3.0, 404, bool(operation.variables)),
            (1.5, 401, True),
            (1.0, 403, True),
            (0.7, 429, True),
            (0.8, 500, True),
            (3.0, 304, operation.method == "GET"),
            (1.5, 400, writes),
            (1.5, 422, writes),
        ):
            chance -= share
            if chance < 0:
                return status if applies else 0
        return 0

    def _nowhere(self, kind: Kind) -> str:
        """An identifier that leads nowhere: deleted, mistyped, or of nothing that ever was."""
        rng = self._rng
        if kind.deleted and rng.random() < 0.5:
            return rng.choice(kind.deleted)
        if kind.is_scalar or (kind.taken and rng.random() < 0.5):
            return mistyped(rng.choice(kind.pool or sorted(kind.taken)), rng)
        return kind.mint(rng)

    def _answer(self, seen: Observation, plan: Plan, session: Session, values: list[str]) -> None:
        """Fill in a 2xx answer, with what comes of it: an entity made or deleted, entities shown."""
        rng, operation, world = self._rng, plan.operation, self._world
        child = plan.child if plan.child and not plan.child.is_scalar else None
        named = [(kind, value) for kind, value in zip(plan.kinds, values, strict=True) if not kind.is_scalar]
        parent = named[-1][1] if named else ""
        subjects, path = [parent] if parent else [], seen.path
        seen.status = operation.status
        if child and operation.method == "GET":
            subjects, path = self._page(child, session, parent), f"{path.rstrip('/')}/x"
            seen.query = rng.choice(_QUERIES)
        elif child and operation.method == "POST":
            made = world.create(child, session.user, parent)
            subjects, path = [made], f"{path.rstrip('/')}/{made}"
            seen.status = 201 if operation.status == 200 and rng.random() < 0.5 else operation.status
            session.show(child, parent, made)
            session.focus[child, parent] = made
            if rng.random() < 0.4:
                seen.response_headers = ((b"location", path.encode()),)
        elif operation.method == "DELETE" and named and plan.is_about_one:
            kind, value = named[-1]
            above = named[-2][1] if len(named) > 1 else ""
            world.delete(kind, value, session.user, above)
            session.forget(kind, above, value)
        context = Context(rng, subjects, path, lambda entity: session.related(world.by_entity[entity], world))
        if plan.request is not None and operation.method not in ("GET", "DELETE"):
            seen.request_headers = _JSON
            if rng.random() >= _UNSEEN:
                seen.request_body = json.dumps(plan.request.make(context)).encode()
        if plan.response is not None and seen.status != 204:
            seen.response_headers = (*_JSON, *seen.response_headers)
            body = json.dumps(plan.response.make(context)).encode()
            seen.body_bytes = len(body)
            seen.response_body = body if rng.random() >= _UNSEEN else None

    def _page(self, kind: Kind, session: Session, parent: str) -> list[str]:
        """Some of the entities that a list has, which the session has now seen."""
        known = self._world.available(kind, session.user, parent)
        start = self._rng.randrange(max(1, len(known) - _PAGE + 1)) if self._rng.random() < 0.4 else 0
        page = known[start : start + _PAGE]
        for value in page:
            session.show(kind, parent, value)
        return page


def _path(operation: Operation, values: list[str]) -> str:
    left = iter(values)
    segments = (
        "".join(part if isinstance(part, str) else next(left) for part in segment) for segment in operation.segments
    )
    return normalise(("/" + "/".join(segments)).encode())


def _error(status: int) -> bytes:
    return json.dumps({"error": {"code": status, "message": f"request refused ({status})"}}).encode()
