"""Synthesises the traffic of an API: who asks for what, in which order, and what is answered."""

from __future__ import annotations

import heapq
import itertools
import json
import random
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sluicegate.endpoints.normalise import normalise
from sluicegate.learning.observation import Observation

from . import noise
from .bodies import Bodies, Context, Node, Subject
from .documents import Api, Operation, Variable, shape_of
from .world import Kind, World

LEAST: Final = 3
"""2xx answers of each endpoint, at least."""
USUAL: Final = 25.0
"""Requests for each endpoint on average."""
_SESSION: Final = 14
_WEIGHT: Final = {"GET": 1.0, "POST": 0.5, "PUT": 0.3, "PATCH": 0.3, "DELETE": 0.15}
_BEGIN: Final = 1_767_225_600.0
_HOURS: Final = 8.0
_PAGE: Final = 8
NEUTRAL: Final = "neutral"
NOISE: Final = "noise"
_JSON: Final = ((b"content-type", b"application/json"),)
_HTML: Final = ((b"content-type", b"text/html"),)
_HTML_BODY: Final = b"<html><body><h1>Not Found</h1></body></html>"


class Exchange(NamedTuple):
    """One exchange and what it is in truth: an operation, NEUTRAL (counts neither way) or NOISE."""

    observation: Observation
    truth: Operation | str


@dataclass(slots=True)
class Plan:
    """What is known of an operation beforehand. `kinds`: of its variables; `child`: of what a collection holds."""

    operation: Operation
    weight: float
    kinds: list[Kind]
    child: Kind | None
    response: Node | None
    request: Node | None


@dataclass(slots=True)
class Session:
    """A client under way: what it has at hand (`focus`), what it was shown (`seen`), what it is still to visit."""

    number: int
    user: int
    key: str
    steps: int
    agenda: list[int] = field(default_factory=list)
    focus: dict[tuple[Kind, str], str] = field(default_factory=dict)
    seen: dict[tuple[Kind, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    area: str = ""
    browser: bool = False


def synthesise(api: Api, regime: str, seed: int, mean: float = USUAL) -> list[Exchange]:
    """Return the traffic of an API in the order of time; the same arguments give the same traffic."""
    return _Traffic(api, regime, random.Random(f"{api.name} {regime} {seed} {mean}"), mean).run()


class _Traffic:
    def __init__(self, api: Api, regime: str, rng: random.Random, mean: float) -> None:
        self._api, self._rng = api, rng
        self._world = World(api, regime, rng)
        self._plans = self._planned(api, rng)
        by_area: dict[str, list[int]] = defaultdict(list)
        for number, plan in enumerate(self._plans):
            by_area[plan.operation.area].append(number)
        self._by_area = {area: self._weighed(numbers) for area, numbers in by_area.items()}
        self._everywhere = self._weighed([*range(len(self._plans))])
        self._anonymous = rng.random() < 0.1
        self._made: list[Exchange] = []
        total = mean * len(self._plans)
        self._free = max(0, round(total) - LEAST * len(self._plans))
        self._total = max(total, LEAST * len(self._plans))

    # ---- what there is ----

    def _planned(self, api: Api, rng: random.Random) -> list[Plan]:
        world = self._world
        bodies = Bodies(api, set(world.by_entity), rng)
        below: dict[str, Variable] = {}
        for operation in api.operations:
            shapes = [shape_of(segment) for segment in operation.segments]
            for number, segment in enumerate(operation.segments):
                variable = next((part for part in segment if isinstance(part, Variable)), None)
                if variable and not variable.is_fixed:
                    below.setdefault("/" + "/".join(shapes[:number]), variable)
        ranks = [*range(1, len(api.operations) + 1)]
        rng.shuffle(ranks)
        plans = []
        for operation, rank in zip(api.operations, ranks, strict=True):
            variables = operation.variables
            last = operation.segments[-1]
            on_entity = variables and variables[-1] in last and not variables[-1].is_fixed
            child = None if on_entity else below.get(operation.shape.rstrip("/"))
            subject = child or next((v for v in reversed(variables) if not v.is_fixed), None)
            about = Subject(subject.noun, subject.name, child is not None) if subject else None
            plans.append(
                Plan(
                    operation,
                    _WEIGHT[operation.method] / rank,
                    [world.kind(variable) for variable in variables],
                    world.kind(child) if child else None,
                    bodies.compile(operation.response, about) if operation.response else None,
                    bodies.compile(operation.request, about) if operation.request else None,
                )
            )
        return plans

    def _weighed(self, numbers: list[int]) -> tuple[list[int], list[float]]:
        """Operations with their popularity, added up."""
        return numbers, [*itertools.accumulate(self._plans[number].weight for number in numbers)]

    # ---- sessions in time ----

    def run(self) -> list[Exchange]:
        rng = self._rng
        sessions = self._sessions()
        queue = [(_BEGIN + rng.uniform(0, _HOURS * 3600), session.number) for session in sessions]
        heapq.heapify(queue)
        while queue:
            at, number = heapq.heappop(queue)
            session = sessions[number]
            wanted = self._next(session)
            if wanted is not None:
                if not self._visit(self._plans[wanted[0]], session, at) and wanted[1]:
                    session.agenda.append(wanted[0])  # refused: asked again a little later
                heapq.heappush(queue, (at + rng.expovariate(0.25), number))
        self._beside(at)
        self._made.sort(key=lambda exchange: exchange.observation.at)
        return self._made

    def _sessions(self) -> list[Session]:
        rng = self._rng
        count = max(4, round(self._total / _SESSION))
        users = max(3, round(count / 1.5))
        sessions = []
        keys: dict[int, str] = {}
        for number in range(count):
            user = rng.randrange(users)
            if user not in keys or rng.random() < 0.15:  # a new token now and then
                keys[user] = f"{rng.getrandbits(64):016x}"
            steps = min(200, max(1, round(rng.lognormvariate(2.0, 0.9))))
            session = Session(number, user, "" if self._anonymous else keys[user], steps, browser=rng.random() < 0.3)
            sessions.append(session)
        whole = sum(session.steps for session in sessions)
        for session in sessions:
            session.steps = round(session.steps * self._free / whole)
        for number in range(len(self._plans)):
            for session in rng.sample(sessions, min(LEAST, len(sessions))):
                session.agenda.append(number)
        for session in sessions:
            rng.shuffle(session.agenda)
        return sessions

    def _next(self, session: Session) -> tuple[int, bool] | None:
        """The operation of the next step, and whether it has to succeed."""
        rng = self._rng
        if session.agenda and (session.steps <= 0 or rng.random() < 0.3):
            return session.agenda.pop(0), True
        if session.steps <= 0:
            return None
        session.steps -= 1
        among = self._by_area.get(session.area) if rng.random() < 0.6 else None
        numbers, weights = among or self._everywhere
        return rng.choices(numbers, cum_weights=weights)[0], False

    # ---- one request ----

    def _visit(self, plan: Plan, session: Session, at: float) -> bool:
        rng, operation = self._rng, plan.operation
        session.area = operation.area
        values = self._filled(plan, session)
        if session.browser and operation.method != "GET" and rng.random() < 0.5:
            preflight = Observation("OPTIONS", self._api.host, self._path(operation, values), 204, at - 0.01)
            self._made.append(Exchange(preflight, NEUTRAL))
        status = self._refusal(operation)
        key = "" if rng.random() < 0.08 or status == 401 else session.key
        if status == 404:
            values[-1] = self._nowhere(plan.kinds[-1])
        path = self._path(operation, values)
        seen = Observation(operation.method, self._api.host, path, status or 200, at, key)
        seen.identifier = "header authorization" if key else ""
        if status:
            if status != 304:
                seen.response_headers, seen.response_body = _JSON, _error(status)
        else:
            self._answer(seen, plan, session, values)
        self._made.append(Exchange(seen, operation))
        if operation.method == "GET" and rng.random() < 0.01:
            self._made.append(Exchange(Observation("HEAD", self._api.host, path, 200, at + 0.5, key), NEUTRAL))
        return not status

    def _filled(self, plan: Plan, session: Session) -> list[str]:
        """Choose the entities that a request names."""
        rng, values, parent = self._rng, [], ""
        for kind in plan.kinds:
            place = (kind, parent)
            seen = session.seen.get(place)
            if kind.is_scalar:
                value = self._world.pick(kind, session.user, "")
            elif place in session.focus and rng.random() < 0.6:
                value = session.focus[place]
            elif seen and rng.random() < 0.7:
                value = rng.choice(seen)
            else:
                value = self._world.pick(kind, session.user, parent)
            values.append(value)
            if not kind.is_scalar:
                session.focus[place] = value
                parent = value
        return values

    def _refusal(self, operation: Operation) -> int:
        """The status of what goes wrong; 0 for what goes well."""
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
        if kind.is_scalar or rng.random() < 0.5:
            return noise.mistyped(rng.choice(kind.pool), rng) if kind.pool else "0"
        return kind.mint(rng)

    def _path(self, operation: Operation, values: list[str]) -> str:
        left = iter(values)
        text = "/" + "/".join(
            segment[0]
            if segment[0].__class__ is str and len(segment) == 1
            else "".join(part if isinstance(part, str) else next(left) for part in segment)
            for segment in operation.segments
        )
        return normalise(text.encode())

    # ---- one answer ----

    def _answer(self, seen: Observation, plan: Plan, session: Session, values: list[str]) -> None:
        """Fill in a 2xx answer, and what comes of it: an entity made or deleted, entities shown."""
        rng, operation = self._rng, plan.operation
        child = plan.child if plan.child and not plan.child.is_scalar else None
        named = [(k, v) for k, v in zip(plan.kinds, values, strict=True) if not k.is_scalar]
        parent = named[-1][1] if named else ""
        subjects = [parent] if parent else []
        path = seen.path
        seen.status = operation.status
        if child and operation.method == "GET":
            subjects = self._page(child, session, parent)
            seen.query = rng.choice((b"", b"page=1", b"limit=20", b"page=2&per_page=8", b"sort=-created"))
            path = f"{seen.path.rstrip('/')}/x"
        elif child and operation.method == "POST":
            made = self._world.create(child, session.user, parent)
            subjects, path = [made], f"{seen.path.rstrip('/')}/{made}"
            seen.status = 201 if operation.status == 200 and rng.random() < 0.5 else operation.status
            self._show(session, (child, parent), made)
            session.focus[child, parent] = made
            if rng.random() < 0.4:
                seen.response_headers = ((b"location", path.encode()),)
        elif operation.method == "DELETE" and named and _ends_with_variable(operation):
            kind, value = named[-1]
            above = named[-2][1] if len(named) > 1 else ""
            self._world.delete(kind, value, session.user, above)
            session.focus.pop((kind, above), None)
            if value in session.seen.get((kind, above), ()):
                session.seen[kind, above].remove(value)
        context = Context(rng, subjects, path, lambda entity: self._related(entity, session))
        if plan.request is not None and operation.method not in ("GET", "DELETE"):
            seen.request_headers = _JSON
            if rng.random() >= 0.125:
                seen.request_body = json.dumps(plan.request.make(context)).encode()
        if plan.response is not None and seen.status != 204:
            seen.response_headers = (*_JSON, *seen.response_headers)
            body = json.dumps(plan.response.make(context)).encode()
            seen.body_bytes = len(body)
            if rng.random() >= 0.125:
                seen.response_body = body

    def _page(self, kind: Kind, session: Session, parent: str) -> list[str]:
        """Some of the entities that a list has, which the session has now seen."""
        known = self._world.available(kind, session.user, parent)
        start = self._rng.randrange(max(1, len(known) - _PAGE + 1)) if self._rng.random() < 0.4 else 0
        page = known[start : start + _PAGE]
        for value in page:
            self._show(session, (kind, parent), value)
        return page

    @staticmethod
    def _show(session: Session, place: tuple[Kind, str], value: str) -> None:
        if value not in session.seen[place]:
            session.seen[place].append(value)

    def _related(self, entity: str, session: Session) -> str:
        """An identifier that a body refers to: of what the session has at hand, or of what its user comes upon."""
        kind = self._world.by_entity[entity]
        for (known, _), value in session.focus.items():
            if known is kind:
                return value
        return self._world.pick(kind, session.user, "")

    # ---- beside the API ----

    def _beside(self, end: float) -> None:
        rng, count = self._rng, len(self._made)
        own = [exchange for exchange in self._made if isinstance(exchange.truth, Operation)]
        for _ in range(max(1, round(count / 250))):
            address = rng.choice((self._api.host, self._api.host, "203.0.113.7"))
            at = rng.uniform(_BEGIN, end)
            for number, path in enumerate(noise.scan(rng)):
                self._stray("GET", path, 404, at + number, host=address)
        for _ in range(round(count / 200) + 1):
            near = rng.choice(own).observation
            wrong = normalise(noise.mistyped(near.path, rng).encode())
            if not self._exists(wrong):
                self._stray(near.method, wrong, 404, near.at + 0.1, near.session)
        for _ in range(round(count / 100)):
            self._stray("GET", noise.static(rng), 200, rng.uniform(_BEGIN, end), truth=NEUTRAL)
        health = rng.choice(noise.HEALTH)
        for number in range(round(count / 60)):
            self._stray("GET", health, 200, _BEGIN + 300.0 * number, truth=NEUTRAL)

    def _exists(self, path: str) -> bool:
        """Whether a path leads to an operation after all: a letter may have changed within an identifier."""
        segments = path[1:].split("/")
        return any(
            len(operation.segments) == len(segments)
            and all(shape_of(one) in ("{}", text) for one, text in zip(operation.segments, segments, strict=True))
            for operation in self._api.operations
        )

    def _stray(
        self, method: str, path: str, status: int, at: float, session: str = "", host: str = "", truth: str = NOISE
    ) -> None:
        body = _HTML_BODY if status == 404 else None
        seen = Observation(method, host or self._api.host, path, status, at, session)
        seen.identifier = "header authorization" if session else ""
        seen.response_headers, seen.response_body = _HTML, body
        self._made.append(Exchange(seen, truth))


def _ends_with_variable(operation: Operation) -> bool:
    return any(isinstance(part, Variable) for part in operation.segments[-1])


def _error(status: int) -> bytes:
    return json.dumps({"error": {"code": status, "message": f"request refused ({status})"}}).encode()


def digest_of(exchanges: list[Exchange]) -> int:
    """A checksum over traffic, which tells whether two runs had the same."""
    total = 0
    for seen, _ in exchanges:
        total = zlib.crc32(f"{seen.method}{seen.path}{seen.status}{seen.session}".encode(), total)
    return total


def counted(exchanges: list[Exchange]) -> Iterator[tuple[Operation, int]]:
    """The operations with the number of their 2xx answers."""
    counts: dict[int, tuple[Operation, int]] = {}
    for seen, truth in exchanges:
        if isinstance(truth, Operation) and seen.is_success:
            operation, count = counts.get(id(truth), (truth, 0))
            counts[id(truth)] = (operation, count + 1)
    yield from counts.values()
