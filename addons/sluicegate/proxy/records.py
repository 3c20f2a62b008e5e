"""What the request log is told of a flow."""

from __future__ import annotations

import time

from mitmproxy import exceptions, http
from mitmproxy.connection import Client

from ..exchange import Exchange
from ..observing.request_log import Record, RequestLog
from ..problems import Problem
from .live import Live
from .sessions import FlowSessions


class Recorder:
    """Turns finished flows into records of the request log, where one is asked for."""

    def __init__(self, sessions: FlowSessions) -> None:
        self._sessions = sessions
        self._log: RequestLog | None = None
        self.path = ""

    def open(self, path: str) -> None:
        """Write to another log from now on; '' to none. Raises OptionsError where it cannot be opened."""
        try:
            log = RequestLog(path) if path else None
        except OSError as error:
            raise exceptions.OptionsError(f"request_log: '{path}' cannot be opened: {error.strerror}") from None
        self.close()
        self._log, self.path = log, path

    def close(self) -> None:
        """Write what waits and close the log."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def record(self, flow: http.HTTPFlow, live: Live) -> None:
        """Write down a finished exchange, once."""
        if self._log is None or live.logged:
            return
        live.logged = True
        exchange = live.exchange
        self._log.write(
            Record(
                request_id=exchange.request_id,
                received=exchange.received,
                decided=live.decided,
                first_byte=live.first_byte,
                ended=time.time(),
                client=exchange.client,
                method=exchange.method,
                host=exchange.host or None,
                path=exchange.client_path,
                operation_id=exchange.endpoint.operation_id if exchange.endpoint else None,
                endpoint=exchange.endpoint.text if exchange.endpoint else None,
                session=self._sessions.of(flow, live).key or None,
                target=_target(exchange),
                status=flow.response.status_code if flow.response else None,
                bytes_in=live.bytes_in,
                bytes_out=live.bytes_out,
                generation=exchange.snapshot.generation if exchange.snapshot else 0,
                verdicts=[{"stage": one.stage, "outcome": one.outcome, "reason": one.reason} for one in exchange.trail],
            )
        )

    def refused_head(self, client: Client, problem: Problem, request_id: str) -> None:
        """Write down a head that never became a request."""
        if self._log is None:
            return
        now = time.time()
        verdict = {"stage": "http", "outcome": "refused", "reason": problem.detail}
        self._log.write(
            Record(
                request_id=request_id,
                received=now,
                decided=now,
                ended=now,
                client=client.peername[0] if client.peername else "",
                status=problem.status,
                bytes_out=len(problem.body(None, request_id)),
                verdicts=[verdict],
            )
        )


def _target(exchange: Exchange) -> str | None:
    """The target without its query, which may hold credentials."""
    return exchange.forward.url.partition("?")[0] if exchange.forward else None
