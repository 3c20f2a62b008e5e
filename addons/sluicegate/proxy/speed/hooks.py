"""Hooks called from a table, without looking through the addons for each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Generator, Iterable
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final

from mitmproxy import addonmanager, exceptions
from mitmproxy.flow import Flow
from mitmproxy.hooks import Hook, UpdateHook, all_hooks

Handlers = tuple[tuple[Callable[..., Any], ...], ...]
"""The functions of a hook by addon of the chain: when one raises, the rest of its addon is passed over."""
Steps = Generator[Awaitable[Any], None, None]
"""Runs hooks as it is advanced; yields only what has to be awaited, and takes the exceptions of that."""

_HARMLESS: Final = frozenset(
    f"mitmproxy.addons.{name}" for name in ("dumper", "save", "savehar", "tlsconfig", "update_alt_svc")
)
"""Modules of addons whose hooks leave the framing, the body and the way of messages alone; they may answer requests."""


class HookTable:
    """The functions that each hook calls, found once.

    It is forgotten when addons come or go, when an option changes and when a hook of the program itself runs, so what
    an addon sets up in `load`, `configure` and `running` counts. A function that an addon gets later than that does
    not: mitmproxy would find it.
    """

    def __init__(self, manager: addonmanager.AddonManager, addons: Iterable[Any]) -> None:
        """Serve hooks with these addons."""
        self._manager = manager
        self._addons = list(addons)
        self._handlers: dict[str, Handlers] = {}
        self.plain: bool | None = None
        """Whether exchanges may go past the layers (`express`); None: not looked yet."""

    def run(self, event: Hook) -> Steps:
        """What `AddonManager.trigger_event` does."""
        return self._steps(self._found(event), event.args())

    def lifecycle(self, event: Hook) -> Steps:
        """What `ProxyConnectionHandler.handle_hook` does for a hook of a connection: these have one argument."""
        data = getattr(event, _argument(event.__class__))
        handlers = self._handlers.get(event.name)
        if handlers is None:
            handlers = self._found(event)
        if handlers:
            yield from self._steps(handlers, (data,))
        if isinstance(data, Flow):
            handlers = self._handlers.get("update")
            if handlers is None:
                handlers = self._found(UpdateHook([data]))
            if handlers:
                yield from self._steps(handlers, ([data],))
            if data.intercepted:
                yield data.wait_for_resume()

    def functions(self, name: str) -> Handlers:
        """What the hook of a name calls."""
        handlers = self._handlers.get(name)
        return self._found(all_hooks[name](None)) if handlers is None else handlers

    def _found(self, event: Hook) -> Handlers:
        handlers = self._handlers.get(event.name)
        if handlers is None:
            found: list[tuple[Callable[..., Any], ...]] = []
            for addon in self._addons:
                with addonmanager.safecall():
                    found.append(tuple(function for _, function in self._manager._iter_hooks(addon, event)))
            handlers = self._handlers[event.name] = tuple(filter(None, found))
        return handlers

    def _steps(self, handlers: Handlers, arguments: Iterable[Any]) -> Steps:
        for functions in handlers:
            try:
                for function in functions:
                    result = function(*arguments)
                    if result is not None and isawaitable(result):
                        yield result
            except exceptions.AddonHalt:
                return
            except exceptions.OptionsError:
                raise
            except Exception:
                with addonmanager.safecall():  # logs it as mitmproxy does
                    raise


def is_plain(handlers: tuple[tuple[Any, ...], ...]) -> bool:
    """Whether a hook calls only functions that are known here, and need not be awaited."""
    return all(
        _is_known(getattr(function, "__module__", "")) and not iscoroutinefunction(function)
        for functions in handlers
        for function in functions
    )


def _is_known(module: str) -> bool:
    return module.startswith("sluicegate.") or module in _HARMLESS


_arguments: dict[type[Hook], str] = {}


def _argument(kind: type[Hook]) -> str:
    name = _arguments.get(kind)
    if name is None:
        (field,) = dataclasses.fields(kind)  # type: ignore[arg-type]
        name = _arguments[kind] = field.name
    return name


async def finish(steps: Steps, awaitable: Awaitable[Any]) -> None:
    """Go on with hooks that have to be awaited, from what was yielded last."""
    while True:
        try:
            await awaitable
        except BaseException as error:
            try:
                awaitable = steps.throw(error)
            except StopIteration:
                return
        else:
            try:
                awaitable = next(steps)
            except StopIteration:
                return
