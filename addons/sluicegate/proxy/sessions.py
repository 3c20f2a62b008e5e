"""Names the sessions of flows: once for each exchange, when somebody asks, and nothing before that."""

from __future__ import annotations

from pathlib import Path

from mitmproxy import http

from ..observing.sessions import session_of
from ..sessions.session import NOBODY, Session, Sessions
from .bodies import BUFFERED
from .live import Live


class FlowSessions:
    """Names sessions once it has a key; until then everyone is NOBODY."""

    def __init__(self) -> None:
        self._sessions: Sessions | None = None

    def start(self, state: Path) -> None:
        """Take the key of a state folder, unless there is one already. Reads a file: not for the request path."""
        if self._sessions is None:
            from ..observing.session_key import session_key_of_run

            self.use(session_key_of_run(state))

    def use(self, key: bytes) -> None:
        """Name sessions under this key from now on."""
        self._sessions = Sessions(key)

    def of(self, flow: http.HTTPFlow, live: Live) -> Session:
        """Return the session of an exchange whose request is over."""
        if live.session is None:
            named = self._sessions
            live.session = NOBODY if named is None else session_of(live.exchange, named, whole_body(flow.request))
        return live.session


def whole_body(request: http.Request) -> bytes | None:
    """Return a request's body where it is known whole and as short as the gateway buffers.

    Of one that was streamed, mitmweb may keep the beginning; where mitmproxy buffers by itself, any length may come.
    """
    content: bytes | None = request.data.content
    return None if request.stream or content is None or len(content) > BUFFERED else content
