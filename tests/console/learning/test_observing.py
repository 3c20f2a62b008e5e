"""Recordings as a learner sees them."""

from __future__ import annotations

import pytest

from sluicegate.config.compiler import Compiled
from sluicegate.console.learning.observing import NO_HOST, NO_PATH, Observer
from sluicegate.endpoints.table import Table
from sluicegate.exchange import Fields
from sluicegate.learning.observation import Observation
from sluicegate.recordings.formats import Kind
from sluicegate.recordings.recording import UNANSWERED, Answer, Recording, Skipped
from sluicegate.sessions.identifiers import Identifier
from sluicegate.sessions.session import Sessions
from sluicegate.snapshot import Settings, Snapshot
from sluicegate.trial import Request

from ...tables import endpoint

SESSIONS = Sessions(b"k" * 32)
EMPTY = Snapshot(0, Table())


def recording(
    target: bytes = b"/hotels/7?x=1",
    *fields: tuple[bytes, bytes],
    host: str | None = "API.hotel.test:8443",
    **more: object,
) -> Recording:
    told = {"place": "entry 1", "answer": Answer(200, sent=3, origin_ms=1.5), "at": 9.0, **more}
    return Recording(Request("GET", host, target, fields, "http", "10.0.0.9"), **told)  # type: ignore[arg-type]


def seen(one: Recording, kind: Kind = "har", snapshot: Snapshot = EMPTY, host: str = "") -> Observation:
    skipped = Skipped()
    found = Observer(snapshot, SESSIONS, host).observation(one, kind, skipped)
    assert found is not None
    assert not skipped
    return found


def test_path_and_host_are_in_normal_form() -> None:
    found = seen(recording(b"/%68otels//7/../8?x=%41"))
    assert (found.method, found.host, found.path, found.query) == ("GET", "api.hotel.test", "/hotels/8", b"x=%41")
    assert (found.status, found.at, found.body_bytes, found.origin_ms) == (200, 9.0, 3, 1.5)


def test_a_host_can_stand_in_for_one_that_nothing_tells() -> None:
    assert seen(recording(host=None)).host == ""
    assert seen(recording(host=None), host="api.hotel.test").host == "api.hotel.test"
    assert seen(recording(host="b.test"), host="api.hotel.test").host == "b.test"


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (recording(b"hotels"), NO_PATH),
        (recording(b"/a%00"), NO_PATH),
        (recording(host="a b"), NO_HOST),
        (recording(answer=None), UNANSWERED),
    ],
)
def test_what_is_no_exchange_of_an_endpoint_is_counted(one: Recording, reason: str) -> None:
    skipped = Skipped()
    assert Observer(EMPTY, SESSIONS).observation(one, "har", skipped) is None
    assert skipped == {reason: 1}


def test_the_saved_endpoint_is_told_in_its_stored_form() -> None:
    one = endpoint("GET /hotels/{hotel}", "http://a.test/{hotel}")
    table = Compiled([one], []).table()
    found = seen(recording(host=None), snapshot=Snapshot(1, table))
    assert (found.endpoint, found.endpoint_host) == ("/hotels/{var1}", one.host.stored)
    assert seen(recording(b"/rooms")).endpoint == ""


AUTHORIZED = (b"Authorization", b"Bearer secret")
COOKIE = (b"Cookie", b"a=b; PHPSESSID=secret")


def test_a_session_is_named_by_authorization_else_by_a_well_known_cookie() -> None:
    both, cookie = seen(recording(b"/", AUTHORIZED, COOKIE)), seen(recording(b"/", COOKIE))
    assert (both.identifier, cookie.identifier) == ("header authorization", "cookie PHPSESSID")
    assert both.session
    assert cookie.session
    assert both.session != cookie.session
    assert (seen(recording()).session, seen(recording()).identifier) == ("", "")


def test_configured_identifiers_come_instead_of_the_usual_ones() -> None:
    configured = Snapshot(1, Table(), Settings(session_identifiers=(Identifier("cookie", "a"),)))
    assert seen(recording(b"/", AUTHORIZED, COOKIE), snapshot=configured).identifier == "cookie a"
    assert seen(recording(b"/", AUTHORIZED), snapshot=configured).identifier == ""


def test_a_request_logs_own_session_is_taken_over() -> None:
    assert seen(recording(session="0011223344556677"), "log").session == "0011223344556677"


def test_in_access_logs_the_user_or_the_client_tells_sessions_apart() -> None:
    user = seen(recording(user="ann"), "access")
    assert (bool(user.session), user.identifier) == (True, "header authorization")
    client = seen(recording(), "access")
    other = seen(recording(b"/", (b"User-Agent", b"other")), "access")
    assert (client.identifier, other.identifier) == ("", "")
    assert "" not in (client.session, other.session)
    assert len({user.session, client.session, other.session}) == 3


def test_credentials_do_not_reach_the_learner() -> None:
    answered: Fields = ((b"Set-Cookie", b"PHPSESSID=secret; Path=/"),)
    found = seen(recording(b"/", AUTHORIZED, COOKIE, answer=Answer(200, answered)))
    assert b"secret" not in repr(found).encode()


def test_what_could_have_named_the_session_does_not_reach_the_learner_either() -> None:
    told = Settings(session_identifiers=(Identifier("header", "x-key"), Identifier("body", "/token")))
    named = Snapshot(1, Table(), told)
    found = seen(recording(b"/", (b"X-Key", b"secret"), body=b'{"token": "secret", "a": 1}'), snapshot=named)
    assert found.identifier == "header x-key"
    assert b"secret" not in repr(found).encode()
    assert seen(recording(b"/", (b"X-Key", b"secret"), body=b'{"a": 1}'), snapshot=named).request_body == b'{"a": 1}'


def test_bodies_are_told_without_their_coding() -> None:
    import gzip

    coded: Fields = ((b"Content-Encoding", b"gzip"),)
    assert seen(recording(answer=Answer(200, coded, gzip.compress(b"told")))).response_body == b"told"
    assert seen(recording(answer=Answer(200, coded, b"told", decoded=True))).response_body == b"told"
