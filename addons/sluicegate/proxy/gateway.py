"""The gateway as a mitmproxy addon: each hook hands a flow to a room that knows what to do, and fails closed."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING

from mitmproxy import ctx, http
from mitmproxy.connection import Client
from mitmproxy.proxy import layer
from mitmproxy.utils import human

from ..exchange import Exchange, Forward, Verdict
from ..forwarding.headers import Hop, new_request_id, wants_websocket
from ..pipeline import decide, stages
from ..problems import Problem, internal_fault
from ..routing.stage import NAME as ROUTING
from ..routing.stage import route
from ..state import state_file, state_folder
from . import GATEWAY, answers, options, replay
from .bodies import KEPT, KeptBodies, is_streamed, through
from .connections import ConnectionHooks
from .controlled import Controlled
from .flows import FAILED, METADATA, apply_forward, apply_problem, apply_response, describe_on, exchange_of, note
from .guard import guarded, observing
from .layers import swap
from .layers.context import OptionValues
from .learning import Teller
from .live import Live, attach, detach, live_of
from .records import Recorder
from .sessions import FlowSessions

if TYPE_CHECKING:
    from ..workers.learning import Learning

logger = logging.getLogger(__name__)

_LOOPBACK = ("127.", "::ffff:127.")


def _fail_request(gateway: Gateway, flow: http.HTTPFlow) -> None:
    flow.response = answers.response(internal_fault(), None, "unknown", head=flow.request.method == "HEAD")
    live = live_of(flow) or gateway.begin(flow)
    live.exchange.refuse("gateway", internal_fault())
    apply_problem(flow, live, verbose=False)


def _fail_response(gateway: Gateway, flow: http.HTTPFlow) -> None:
    live = live_of(flow) or gateway.begin(flow)
    live.exchange.refuse("gateway", internal_fault())  # the layer answers: nothing of the response has gone out


class Gateway(ConnectionHooks):
    """Routes what comes in on the reverse listener; nothing undecided leaves it."""

    name = GATEWAY

    def __init__(self) -> None:
        super().__init__()
        self.controlled = Controlled(self.routes)
        self.sessions = FlowSessions()
        self.recorder = Recorder(self.sessions)
        self.learning: Learning | None = None
        self.teller: Teller | None = None
        """Tells the learner of exchanges, where anything is learned."""
        self.kept_bodies = KeptBodies()
        self.values = OptionValues(ctx.options)
        self.head_limit = 1 << 16
        self.is_running = False
        self.is_serving = False
        self.hop = Hop(f"sluicegate-{secrets.token_hex(4)}")
        self.stages = stages(self.hop, self._route)

    def _route(self, exchange: Exchange) -> None:
        if exchange.snapshot is None:
            exchange.refuse(ROUTING, self.routes.problem())  # names the file that is to be mended
        else:
            route(exchange)

    # Life cycle

    def configure(self, updated: set[str]) -> None:
        self.values.forget()
        options.check(ctx.options)
        if self.is_serving:
            options.check_change(updated)
        if "head_limit" in updated:
            self.head_limit = human.parse_size(ctx.options.head_limit) or self.head_limit
        if "upstream_idle" in updated:
            self.upstreams.idle_limit = options.idle_limit(ctx.options)  # for connections that come up from now on
        if "forwarded" in updated:
            self.hop = Hop(self.hop.pseudonym, ctx.options.forwarded)
            self.stages = stages(self.hop, self._route)
        if "request_log" in updated and ctx.options.request_log != self.recorder.path:
            self.recorder.open(ctx.options.request_log)
            if self.is_serving:
                self._name_sessions()

    def running(self) -> None:
        if self.is_running:
            return
        self.is_running = True
        for name in ctx.options.deferred:
            logger.warning("unknown option %s: nothing is set by it", name)
        asyncio.get_running_loop().create_task(self._start()).add_done_callback(_log_fault)

    async def _start(self) -> None:
        await self.routes.start(ctx.options)
        self._name_sessions()
        ctx.options.update(mode=options.reverse_modes(ctx.options))
        self.is_serving = True
        if ctx.options.learn and self.teller is None:  # a worker tells its parent's learner
            self._learn()
        self.controlled.start(ctx.options)

    def _learn(self) -> None:
        """Begin to learn from the traffic, in a process beside this one."""
        from ..workers.learning import Learning

        self.learning = Learning(state_file(ctx.options.state, self.routes.folder))
        self.learning.start()
        self.teller = Teller(self.learning.sender, self.sessions)
        self.controlled.learning = self.learning.status

    def _name_sessions(self) -> None:
        """Get ready to name sessions, where somebody wants to know them."""
        if options.names_sessions(ctx.options):
            self.sessions.start(state_folder(ctx.options.state, self.routes.folder))

    async def done(self) -> None:
        if self.teller is not None:
            await self.teller.close()
        if self.learning is not None:
            await self.learning.stop()
        await self.controlled.stop()
        await self.routes.stop()
        self.recorder.close()

    # Layers and exchanges

    def _refuse_layer(self, next_layer: layer.NextLayer) -> None:
        next_layer.layer = swap.Closed(next_layer.context)

    @guarded(_refuse_layer)
    def next_layer(self, next_layer: layer.NextLayer) -> None:
        if next_layer.layer is not None:
            swap.choose(next_layer, self)

    def begin(self, flow: http.HTTPFlow) -> Live:
        """Bind a new exchange, and the snapshot of this moment, to a flow."""
        exchange = exchange_of(flow, self.routes.snapshot)
        exchange.show_internals = self.values.verbose_errors or _is_loopback(exchange.client)
        live = Live(exchange, time.time())
        attach(flow, live)
        return live

    @guarded(_fail_request)
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if not flow.live:
            return  # a flow that was loaded from a file runs through the hooks again
        if flow.is_replay == "request":
            self._replay(flow)
            return
        live = live_of(flow) or self.begin(flow)
        if flow.response is not None or flow.error is not None:
            if live.exchange.problem is None:
                live.exchange.trail.append(Verdict("gateway", "noted", "answered before it was routed"))
            describe_on(flow, live)
            return
        decide(live.exchange, self.stages)
        if self.routes.preview is not None:
            self.routes.preview.keep(live.exchange)
        self._carry_out(flow, live)

    def _carry_out(self, flow: http.HTTPFlow, live: Live) -> None:
        """Make the flow do what was decided for its exchange."""
        exchange = live.exchange
        live.decided = time.time()
        if exchange.forward is not None and not live.as_edited:
            live.websocket = wants_websocket(exchange)
            apply_forward(flow, live, exchange.forward, self.hop)
            if flow.is_replay is None and is_streamed(flow.request):
                flow.request.stream = through(live, "request", keep=self._keeps())
        elif exchange.problem is not None:
            apply_problem(flow, live, verbose=self.values.verbose_errors)
        describe_on(flow, live)

    def _replay(self, flow: http.HTTPFlow) -> None:
        record = replay.recorded(flow)
        if record is not None and replay.was_edited(flow, record):
            live = self.begin(flow)
            replay.send_as_edited(flow, live, record)
        else:
            if record is not None:
                replay.restore(flow, record)
            live = self.begin(flow)
            decide(live.exchange, self.stages)
        if record is not None and "request" in record.get("cut", ()):
            live.exchange.refuse(replay.NAME, Problem(400, "cut-body", "Only the first part of the body was kept."))
        self._carry_out(flow, live)
        if live.exchange.forward is not None:
            self.upstreams.expect_replay(live.exchange.forward.target.origin)

    @guarded(_fail_request)
    def request(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        if live is None:
            return
        if "request" in live.kept:
            self.kept_bodies.put(flow.request, bytes(live.kept.pop("request")))
        elif not flow.request.stream:
            live.bytes_in = len(flow.request.data.content or b"")
        record = flow.metadata.get(METADATA)
        if record is not None and live.exchange.forward is not None:
            record["fingerprint"] = replay.fingerprint(flow.request)

    @guarded(_fail_response)
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        if live is None or flow.response is None:
            return
        live.first_byte = time.time()
        forward = live.exchange.forward
        if forward is None or live.exchange.problem is not None:
            return
        apply_response(flow.response, live.exchange, forward)
        upgraded = flow.response.status_code == 101
        if flow.is_replay is None and not upgraded and is_streamed(flow.request, flow.response):
            flow.response.stream = through(live, "response", keep=self._keeps())

    @observing
    def response(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        if live is None:
            return
        if flow.response is not None:
            if "response" in live.kept:
                self.kept_bodies.put(flow.response, bytes(live.kept.pop("response")))
            elif not flow.response.stream:
                live.bytes_out = len(flow.response.data.content or b"")
        if flow.websocket is None:
            self._finish(flow, live)

    @observing
    def error(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        if live is None:
            return
        reason = flow.error.msg if flow.error else "unknown"
        note(flow, live.exchange, Verdict("gateway", "failed", reason))
        flow.marked = flow.marked or FAILED
        self._finish(flow, live)

    @observing
    def websocket_message(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        if live is None or flow.websocket is None:
            return
        message = flow.websocket.messages[-1]
        if message.from_client:
            live.bytes_in += len(message.content)
        else:
            live.bytes_out += len(message.content)
        live.message_bytes += len(message.content)
        most = KEPT if self._keeps() else 0
        while len(flow.websocket.messages) > 1 and live.message_bytes > most:
            live.message_bytes -= len(flow.websocket.messages.pop(0).content)

    @observing
    def websocket_end(self, flow: http.HTTPFlow) -> None:
        live = live_of(flow)
        if live is not None:
            self._finish(flow, live)

    def _finish(self, flow: http.HTTPFlow, live: Live) -> None:
        """The exchange is over: write it down and let go of it."""
        if flow.is_replay == "request" and live.exchange.forward is not None:
            self.upstreams.replay_done(live.exchange.forward.target.origin)
        self.recorder.record(flow, live)
        if self.teller is not None:
            self.teller.exchange(flow, live)
        detach(flow)

    def _keeps(self) -> bool:
        """Whether someone can look at flows: mitmweb and the console keep them."""
        return ctx.master.addons.get("view") is not None

    # What the layers ask

    def forward_of(self, flow: http.HTTPFlow) -> Forward | None:
        live = live_of(flow)
        return live.exchange.forward if live else None

    def refusal_of(self, flow: http.HTTPFlow) -> Problem | None:
        live = live_of(flow)
        return live.exchange.problem if live else None

    def wants_websocket(self, flow: http.HTTPFlow) -> bool:
        live = live_of(flow)
        return live is not None and live.websocket

    def failure(self, flow: http.HTTPFlow, problem: Problem) -> http.Response:
        live = live_of(flow) or self.begin(flow)
        exchange = live.exchange
        exchange.problem = problem
        note(flow, exchange, Verdict("upstream", "failed", problem.private or problem.detail))
        flow.comment = f"{flow.comment} · {problem.status} {problem.detail}" if flow.comment else problem.detail
        flow.marked = FAILED
        return answers.response(
            problem,
            exchange.instance,
            exchange.request_id,
            verbose=self.values.verbose_errors,
            head=exchange.method == "HEAD",
        )

    def head_refused(self, client: Client, problem: Problem) -> str:
        request_id = new_request_id()
        self.recorder.refused_head(client, problem, request_id)
        return request_id


def _is_loopback(client: str) -> bool:
    return client == "::1" or client.startswith(_LOOPBACK)


def _log_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        logger.error("the gateway failed to start", exc_info=fault)
