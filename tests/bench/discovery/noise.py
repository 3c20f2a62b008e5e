"""What arrives beside the API's own clients: scanners, mistyped paths, monitors, browsers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sluicegate.endpoints.normalise import normalise
from sluicegate.learning.observation import Observation

from .documents import Api, Operation, shape_of
from .words import listed

NEUTRAL: Final = "neutral"
NOISE: Final = "noise"
_HTML: Final = ((b"content-type", b"text/html"),)
_NOT_FOUND: Final = b"<html><body><h1>Not Found</h1></body></html>"

SCANNED: Final = listed(
    """
    /wp-login.php /wp-admin/ /xmlrpc.php /.env /.git/config /.git/HEAD /phpmyadmin/ /phpMyAdmin/index.php
    /admin/ /administrator/ /admin.php /login.php /config.json /config.php /server-status /actuator
    /actuator/env /actuator/health /swagger.json /v2/api-docs /api-docs /swagger-ui.html /graphql /robots.txt
    /sitemap.xml /.well-known/security.txt /.aws/credentials /.ssh/id_rsa /backup.zip /backup.sql /db.sql
    /dump.sql /old/ /test/ /test.php /info.php /phpinfo.php /shell.php /cgi-bin/luci /boaform/admin/formLogin
    /HNAP1 /solr/admin/info/system /jenkins/login /manager/html /console/ /owa/auth/logon.aspx
    /autodiscover/autodiscover.xml /remote/login /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php
    /_ignition/execute-solution /telescope/requests /.DS_Store /web.config /app/.env /api/.env /api/v1/pods
    /ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.app /favicon.ico /user/login /users/sign_in
    /api/users /api/user/1 /api/admin /v1/users /rest/api/latest/serverInfo
    """
)
DICTIONARY: Final = listed(
    """
    about account accounts admin api app apps archive assets auth backup beta billing blog cache cart cgi-bin
    client cms config console contact css customers dashboard data db debug demo dev docs download downloads
    email error export feed files forum help home images img import include index info install internal js lib
    log login logout logs mail manage media members metrics mobile monitor new news old panel payment portal
    private profile public register report reports search secure server service settings shop site sql staging
    static stats status store support system temp test tmp tools upload uploads user users v1 v2 v3 vendor web
    webmail www
    """
)
HEALTH: Final = ("/health", "/healthz", "/ping", "/status/health", "/livez")


class Exchange(NamedTuple):
    """One exchange and what it is in truth: an operation, NEUTRAL (counts neither way) or NOISE."""

    observation: Observation
    truth: Operation | str


def static(rng: random.Random) -> str:
    """The path of a static file, as a browser fetches them beside an API."""
    name = rng.choice(("app", "main", "vendor", "runtime", "chunk"))
    return rng.choice(
        (
            "/favicon.ico",
            "/assets/logo.svg",
            f"/static/{name}.{rng.getrandbits(32):08x}.js",
            f"/static/{name}.{rng.getrandbits(32):08x}.css",
            f"/assets/img/{rng.randint(1, 40)}.png",
        )
    )


def scan(rng: random.Random) -> list[str]:
    """The paths of one scanner: mostly some well-known ones, seldom a walk through a dictionary."""
    if rng.random() < 0.15:
        prefix = rng.choice(("/", "/", "/api/", "/v1/"))
        return [prefix + word for word in rng.sample(DICTIONARY, rng.randint(20, 60))]
    return rng.sample(SCANNED, rng.randint(2, 9))


def mistyped(path: str, rng: random.Random) -> str:
    """A path with one letter lost, doubled or exchanged with its neighbour."""
    letters = [place for place, letter in enumerate(path) if letter.isalpha()]
    if not letters or "%" in path:
        return path + "x"
    place = rng.choice(letters)
    way = rng.randrange(3)
    if way == 0 or path[place + 1 : place + 2] in ("", path[place]):
        return path[:place] + path[place + 1 :]
    if way == 1:
        return path[: place + 1] + path[place:]
    return path[:place] + path[place + 1 : place + 2] + path[place] + path[place + 2 :]


class Beside:
    """Makes what arrives beside the clients of an API: `exchanges` are theirs."""

    def __init__(self, api: Api, exchanges: Sequence[Exchange], rng: random.Random) -> None:
        self._api, self._own, self._rng = api, exchanges, rng
        self._begin, self._end = exchanges[0].observation.at, exchanges[-1].observation.at

    def make(self) -> Iterator[Exchange]:
        rng, count = self._rng, len(self._own)
        for _ in range(max(1, round(count / 250))):
            address = rng.choice((self._api.host, self._api.host, "203.0.113.7"))
            at = rng.uniform(self._begin, self._end)
            for number, path in enumerate(scan(rng)):
                if not self._exists(path):
                    yield self._stray("GET", path, 404, at + number, host=address)
        own = [exchange.observation for exchange in self._own if isinstance(exchange.truth, Operation)]
        for _ in range(round(count / 200) + 1):
            near = rng.choice(own)
            wrong = normalise(mistyped(near.path, rng).encode())
            if not self._exists(wrong):
                yield self._stray(near.method, wrong, 404, near.at + 0.1, near.session)
        for _ in range(round(count / 100)):
            yield self._stray("GET", static(rng), 200, rng.uniform(self._begin, self._end), truth=NEUTRAL)
        health = rng.choice(HEALTH)
        for number in range(round(count / 60)):
            yield self._stray("GET", health, 200, self._begin + 300.0 * number, truth=NEUTRAL)

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
    ) -> Exchange:
        seen = Observation(method, host or self._api.host, path, status, at, session)
        seen.identifier = "header authorization" if session else ""
        seen.response_headers, seen.response_body = _HTML, _NOT_FOUND if status == 404 else None
        return Exchange(seen, truth)
