"""The context of the gateway's layers: what mitmproxy's is, cheaper to read and to fork for each exchange."""

from __future__ import annotations

from typing import Any, cast

from mitmproxy.options import Options
from mitmproxy.proxy.context import Context


class OptionValues:
    """Options as plain attributes; mitmproxy's own are copied each time that they are read. For reading only."""

    def __init__(self, options: Options) -> None:
        self.__dict__["_options"] = options

    def __getattr__(self, name: str) -> Any:
        value = self.__dict__[name] = getattr(self.__dict__["_options"], name)
        return value

    def forget(self) -> None:
        """Read the options again: some have changed."""
        options = self.__dict__["_options"]
        self.__dict__.clear()
        self.__dict__["_options"] = options


class GatewayContext(Context):
    """Forks without making a server connection that nobody uses."""

    @classmethod
    def of(cls, context: Context, values: OptionValues) -> GatewayContext:
        """Return a context with the connections and the list of layers of another one."""
        return cls._made(context, cast(Options, values), context.layers)

    def fork(self) -> GatewayContext:
        return self._made(self, self.options, self.layers.copy())

    @classmethod
    def _made(cls, context: Context, options: Options, layers: list[Any]) -> GatewayContext:
        made = cls.__new__(cls)
        made.client = context.client
        made.server = context.server
        made.options = options
        made.layers = layers
        return made
