"""Recordings as a learner sees them: the path in normal form, the session by its keyed hash, the saved endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...endpoints.hosts import parse_authority
from ...endpoints.normalise import BadPathError, normalise
from ...exchange import by_name
from ...learning.observation import Observation
from ...learning.records import decoded, without_credentials
from ...observing.sessions import identifiers_for
from ...recordings.formats import Kind
from ...recordings.recording import UNANSWERED, Recording, Skipped
from ...sessions.hiding import hides_body, secret_fields
from ...sessions.identifiers import Identifier
from ...sessions.session import NOBODY, Session, Sessions
from ...snapshot import Snapshot

NO_PATH: Final = "no valid path"
NO_HOST: Final = "no valid host"

_USER: Final = (Identifier("header", "authorization"),)
_CLIENT: Final = (Identifier("header", "client"),)


class Observer:
    """Turns recordings into observations.

    `snapshot`: the route files whose endpoints are saved, and which say what names a session. `host` stands for the
    host where a recording tells none.
    """

    def __init__(self, snapshot: Snapshot, sessions: Sessions, host: str = "") -> None:
        self._snapshot = snapshot
        self._sessions = sessions
        self._host = host
        self._identifiers: Sequence[Identifier] = ()
        self._secret: frozenset[bytes] = frozenset()

    def observation(self, recording: Recording, kind: Kind, skipped: Skipped) -> Observation | None:
        """Return what a learner is to see; None, counted in `skipped`, for what cannot be an endpoint's exchange."""
        request, answer = recording.request, recording.answer
        if answer is None:
            skipped[UNANSWERED] += 1
            return None
        authority = parse_authority(request.host or self._host) if request.host or self._host else None
        if authority is None and request.host:
            skipped[NO_HOST] += 1
            return None
        host = authority.host if authority is not None else ""
        target, _, query = request.target.partition(b"?")
        try:
            path = normalise(target)
        except BadPathError:
            skipped[NO_PATH] += 1
            return None
        endpoint = self._snapshot.table.lookup(request.method, host, path)
        identifiers = identifiers_for(self._snapshot, endpoint, host)
        session = self._session(recording, kind, identifiers)
        body = decoded(request.headers, recording.body)
        return Observation(
            request.method,
            host,
            path,
            answer.status,
            recording.at,
            session.key,
            session.identifier,
            query,
            without_credentials(request.headers, self._secret_fields(identifiers)),
            None if hides_body(identifiers, session.identifier, body) else body,
            without_credentials(answer.headers),
            answer.body if answer.decoded else decoded(answer.headers, answer.body),
            answer.sent,
            answer.origin_ms,
            endpoint.path.stored if endpoint is not None else "",
            endpoint.host.stored if endpoint is not None else "",
        )

    def _secret_fields(self, identifiers: Sequence[Identifier]) -> frozenset[bytes]:
        """Fields that nobody may keep; those of the request before, mostly."""
        if identifiers is not self._identifiers:
            self._identifiers, self._secret = identifiers, secret_fields(identifiers)
        return self._secret

    def _session(self, recording: Recording, kind: Kind, identifiers: Sequence[Identifier]) -> Session:
        """Who sent a request.

        Access logs have no credentials: there it is whom the server had authenticated, else the client's address and
        program, which tell sessions apart well enough to learn from, and are no identifier.
        """
        if recording.session:
            return Session(recording.session, "request log")
        request = recording.request
        found = self._sessions.session(identifiers, by_name(request.headers), recording.body)
        if found.key or kind != "access":
            return found
        if recording.user:
            return self._sessions.session(_USER, {b"authorization": [recording.user.encode()]})
        if not request.client:
            return NOBODY
        agents = [value for name, value in request.headers if name.lower() == b"user-agent"]
        client = b"\n".join([request.client.encode(), *agents])
        return Session(self._sessions.session(_CLIENT, {b"client": [client]}).key, "")
