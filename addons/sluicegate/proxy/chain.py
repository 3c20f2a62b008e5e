"""The addons of the gateway's own entry: all of mitmproxy's options and commands, only the addons that have work.

mitmproxy offers every hook to every addon. Most of mitmdump's have nothing to do until one of their options is set;
walking past them costs more than half of the time of a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mitmproxy import addonmanager, addons, exceptions, hooks
from mitmproxy.addons import dumper, errorcheck, keepserving, readfile
from mitmproxy.master import Master
from mitmproxy.options import Options

from .speed.hooks import HookTable, finish

IDLE_UNLESS: Final[Mapping[str, tuple[str, ...]]] = {
    "stripdnshttpsrecords": (),
    "blocklist": ("block_list",),
    "anticache": ("anticache",),
    "anticomp": ("anticomp",),
    "disableh2c": (),  # admission refuses the preface, and no Upgrade but `websocket` is let through
    "onboarding": ("onboarding",),
    "proxyauth": ("proxyauth",),
    "dnsresolver": (),
    "serverplayback": ("server_replay",),
    "mapremote": ("map_remote",),
    "maplocal": ("map_local",),
    "modifybody": ("modify_body",),
    "modifyheaders": ("modify_headers",),
    "stickyauth": ("stickyauth",),
    "stickycookie": ("stickycookie",),
    "save": ("save_stream_file",),
    "savehar": ("hardump",),
    "upstreamauth": ("upstream_auth",),
    "dumper": ("flow_detail",),
}
"""Addons of mitmdump by name, with the options of which one must be set for the addon to have work in an exchange.

What has none works on what a gateway has not (DNS, proxies). Addons without a hook for exchanges are idle as well. Any
other one stays, be it a user's; so do what protects (`block_global`) and what changes responses anyway (`Alt-Svc`).
"""

_OF_THE_PROGRAM: Final = frozenset({"load", "configure", "running", "done"})
_EVERYONE: Final = (hooks.RunningHook, hooks.DoneHook, hooks.ConfigureHook)
"""What happens to the program and not to an exchange: every addon takes part."""


_LIMITS: Final = ("body_size_limit", "stream_large_bodies", "store_streamed_bodies")


class Chain(addonmanager.AddonManager):
    """mitmproxy's manager of addons; in exchanges it leaves out those that are idle, as the options are now."""

    def __init__(self, master: Master) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]
        self.working: list[Any] = []
        """The addons that take part in exchanges, in the order of all."""
        self.table = HookTable(self, ())
        """What their hooks call."""
        self.quick = False
        """Hooks are called from the table."""
        self.limits_bodies = False
        """An option wants to know the sizes of bodies."""

    def _configure_all(self, updated: set[str]) -> None:
        super()._configure_all(updated)  # type: ignore[no-untyped-call]
        self.refresh()

    def refresh(self) -> None:
        """Sort out anew who works: after a change of options or addons."""
        self.working = [addon for addon in self.chain if not is_idle(addon, self.master.options)]
        self.table = HookTable(self, self.working)
        self._offer_log()
        options = self.master.options
        self.limits_bodies = any(name in options and getattr(options, name) for name in _LIMITS)

    def _offer_log(self) -> None:
        """Have each line of the log offered to the addons only where one hears of it (`add_log`, deprecated)."""
        events = getattr(self.master, "_legacy_log_events", None)
        if events is not None:
            events.uninstall()
            if any(hasattr(addon, "add_log") for addon in addonmanager.traverse(self.chain)):
                events.install()

    def register(self, addon: Any) -> Any:
        registered = super().register(addon)  # type: ignore[no-untyped-call]
        self.refresh()
        return registered

    def add(self, *added: Any) -> None:
        super().add(*added)  # type: ignore[no-untyped-call]
        self.refresh()

    def remove(self, addon: Any) -> None:
        super().remove(addon)  # type: ignore[no-untyped-call]
        self.refresh()

    def clear(self) -> None:
        super().clear()  # type: ignore[no-untyped-call]
        self.refresh()

    async def trigger_event(self, event: hooks.Hook) -> None:
        """As mitmproxy's, over the addons that have work."""
        everyone = isinstance(event, _EVERYONE)
        if self.quick and not everyone:
            steps = self.table.run(event)
            for awaitable in steps:
                await finish(steps, awaitable)
            return
        for addon in self.chain if everyone else self.working:
            try:
                with addonmanager.safecall():
                    await self.invoke_addon(addon, event)
            except exceptions.AddonHalt:
                break
        if everyone:
            self.refresh()


def is_idle(addon: Any, options: Options) -> bool:
    """Whether an addon has nothing to do in an exchange. `dumper` has work unless it shows nothing."""
    if not type(addon).__module__.startswith(("mitmproxy.", "sluicegate.")) or getattr(addon, "addons", None):
        return False
    if not any(hasattr(addon, hook) for hook in hooks.all_hooks if hook not in _OF_THE_PROGRAM):
        return True
    name = addonmanager._get_name(addon)
    if name not in IDLE_UNLESS:
        return False
    if name == "dumper":
        return bool("flow_detail" in options and options.flow_detail == 0)
    return not any(one in options and getattr(options, one) for one in IDLE_UNLESS[name])


def mitmdump_addons() -> Iterator[Any]:
    """The addons of mitmdump in their order (`mitmproxy.tools.dump.DumpMaster`), without its log."""
    yield from addons.default_addons()
    yield dumper.Dumper()
    yield keepserving.KeepServing()
    yield readfile.ReadFileStdin()
    yield errorcheck.ErrorCheck()
