"""What arrives beside the API's own clients: scanners, mistyped paths, monitors, browsers."""

from __future__ import annotations

import random
from typing import Final

SCANNED: Final = tuple(
    """/wp-login.php /wp-admin/ /xmlrpc.php /.env /.git/config /.git/HEAD /phpmyadmin/ /phpMyAdmin/index.php /admin/
    /administrator/ /admin.php /login.php /config.json /config.php /server-status /actuator /actuator/env
    /actuator/health /swagger.json /v2/api-docs /api-docs /swagger-ui.html /graphql /robots.txt /sitemap.xml
    /.well-known/security.txt /.aws/credentials /.ssh/id_rsa /backup.zip /backup.sql /db.sql /dump.sql /old/ /test/
    /test.php /info.php /phpinfo.php /shell.php /cgi-bin/luci /boaform/admin/formLogin /HNAP1 /solr/admin/info/system
    /jenkins/login /manager/html /console/ /owa/auth/logon.aspx /autodiscover/autodiscover.xml /remote/login
    /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /_ignition/execute-solution /telescope/requests /.DS_Store
    /web.config /app/.env /api/.env /api/v1/pods /ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.app
    /favicon.ico /user/login /users/sign_in /api/users /api/user/1 /api/admin /v1/users /rest/api/latest/serverInfo""".split()
)
DICTIONARY: Final = tuple(
    """about account accounts admin api app apps archive assets auth backup beta billing blog cache cart cgi-bin client
    cms config console contact css customers dashboard data db debug demo dev docs download downloads email error export
    feed files forum help home images img import include index info install internal js lib log login logout logs mail
    manage media members metrics mobile monitor new news old panel payment portal private profile public register
    report reports search secure server service settings shop site sql staging static stats status store support system
    temp test tmp tools upload uploads user users v1 v2 v3 vendor web webmail www""".split()
)
HEALTH: Final = ("/health", "/healthz", "/ping", "/status/health", "/livez")


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
    if way == 0:
        return path[:place] + path[place + 1 :]
    if way == 1:
        return path[: place + 1] + path[place:]
    return path[:place] + path[place + 1 : place + 2] + path[place] + path[place + 2 :]
