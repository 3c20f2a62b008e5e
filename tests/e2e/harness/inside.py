"""A user's script without a hook of exchanges: the express lane stays open beside it. mitmproxy loads this file.

It listens on a port, which it prints, for one command in a line: `set NAME=VALUE` changes an option; `break NAME`
makes a function of the gateway's hooks raise until `mend NAME`; all tell how many requests and how many answers have
taken the express lane.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

from sluicegate.proxy import gateway
from sluicegate.proxy.speed.express import Lane


class Inside:
    def __init__(self) -> None:
        self.requests = self.answers = 0
        self.server: asyncio.Server | None = None
        self.whole: dict[str, Any] = {}

    def load(self, loader: Loader) -> None:
        Lane._carry_out = self._requested(Lane._carry_out)  # type: ignore[method-assign]
        Lane._response = self._answered(Lane._response)  # type: ignore[method-assign]

    def _requested(self, method: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(method)
        def carry_out(*arguments: Any) -> None:
            self.requests += 1
            method(*arguments)

        return carry_out

    def _answered(self, method: Callable[..., bool]) -> Callable[..., bool]:
        @functools.wraps(method)
        def response(*arguments: Any) -> bool:
            taken = method(*arguments)
            self.answers += taken
            return taken

        return response

    async def running(self) -> None:
        if self.server is None:
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            print(f"inside: port {self.server.sockets[0].getsockname()[1]}", flush=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command, _, setting = (await reader.readline()).decode().strip().partition(" ")
        if command == "set":
            ctx.options.set(setting)
        elif command == "break":
            self.whole[setting] = getattr(gateway, setting)
            setattr(gateway, setting, fail)
        elif command == "mend":
            setattr(gateway, setting, self.whole.pop(setting))
        writer.write(f"{self.requests} {self.answers}\n".encode())
        writer.close()


def fail(*_: Any) -> None:
    raise RuntimeError("broken by a test")


addons = [Inside()]
