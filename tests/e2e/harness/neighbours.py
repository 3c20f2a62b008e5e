"""A user's own script: addons of all kinds beside the gateway. mitmproxy loads this file; it imports no test code.

What a request wants of them it says in the field X-Want; `X-Set: NAME=VALUE` changes an option, and is answered 204.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mitmproxy import ctx, exceptions, http

HOOKS = (
    "configure", "client_connected", "client_disconnected", "next_layer", "tls_clienthello", "tls_start_client",
    "tls_established_client", "tls_start_server", "tls_established_server", "server_connect", "server_connected",
    "server_connect_error", "server_disconnected", "requestheaders", "request", "responseheaders", "response", "error",
    "websocket_start", "websocket_message", "websocket_end",
)  # fmt: skip


def wants(flow: http.HTTPFlow, what: str) -> bool:
    return flow.request.headers.get("x-want") == what


class Counting:
    """Counts the calls of each hook since it was asked for the last time."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        for name in HOOKS:
            setattr(self, name, self._counter(name))

    def _counter(self, name: str) -> Callable[[Any], None]:
        def count(_: Any) -> None:
            self.counts[name] = self.counts.get(name, 0) + 1

        return count


class Telling:
    """Answers with the counts."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "counts"):
            told = " ".join(f"{name}={count}" for name, count in sorted(counting.counts.items()))
            flow.response = http.Response.make(200, told)
            counting.counts.clear()


class Setting:
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if setting := flow.request.headers.get("x-set"):
            ctx.options.set(setting)
            flow.response = http.Response.make(204)


class Sync:
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "sync"):
            flow.request.headers["x-sync"] = "requestheaders"

    def request(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "sync"):
            flow.request.headers.add("x-sync", "request")

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "sync") and flow.response:
            flow.response.headers["x-sync"] = "responseheaders"

    def response(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "sync") and flow.response:
            flow.response.headers.add("x-sync", "response")
            flow.response.text = "rewritten"


class Async:
    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "async"):
            await asyncio.sleep(0.01)
            flow.request.headers["x-async"] = "requestheaders"

    async def request(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "async"):
            flow.request.headers.add("x-async", "request")  # without a pause

    async def response(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "async") and flow.response:
            await asyncio.sleep(0)
            flow.response.headers["x-async"] = "response"


class Halting:
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "halt-requestheaders"):
            raise exceptions.AddonHalt

    async def request(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "halt-request"):
            raise exceptions.AddonHalt

    def response(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "halt-response"):
            raise exceptions.AddonHalt


class Raising:
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "raise-requestheaders"):
            raise RuntimeError("a neighbour's fault")

    async def request(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "raise-request"):
            await asyncio.sleep(0)
            raise RuntimeError("a neighbour's fault")

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "raise-responseheaders"):
            raise RuntimeError("a neighbour's fault")

    def response(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "raise-response"):
            raise RuntimeError("a neighbour's fault")


class Answering:
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "answer-requestheaders"):
            flow.response = http.Response.make(203, b"from a script", {"X-Script": "early"})

    def request(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "answer-request"):
            flow.response = http.Response.make(203, b"from a script", {"X-Script": "late"})


class Killing:
    def request(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "kill-request"):
            flow.kill()

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if wants(flow, "kill-responseheaders"):
            flow.kill()


class Last:
    """Shows whether those before let an event through."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        flow.request.headers.add("x-last", "requestheaders")

    def request(self, flow: http.HTTPFlow) -> None:
        flow.request.headers.add("x-last", "request")

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.response:
            flow.response.headers.add("x-last", "response")


counting = Counting()
addons = [
    counting, Telling(), Setting(), Sync(), Async(), Halting(), Raising(), Answering(), Killing(), Last(),
]  # fmt: skip
