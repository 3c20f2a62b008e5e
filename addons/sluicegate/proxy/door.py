"""Installs the gateway so that it outlives its script.

mitmproxy unloads a script before it loads it again, and one script addon that raises silences those after it. So the
script only brings the gateway in, as an addon of mitmproxy's own chain; it stays there whatever becomes of the script.
"""

from __future__ import annotations

from mitmproxy import ctx, hooks
from mitmproxy.addonmanager import Loader


class Door:
    """The addon of the script: brings the gateway in once."""

    name = "sluicegate-door"

    def load(self, loader: Loader) -> None:
        """Refuse to start beside a mitmproxy that the layers do not fit; else install the gateway."""
        from .compatibility import check_mitmproxy

        check_mitmproxy()
        from .gateway import Gateway
        from .retention import Retention
        from .viewing import Viewing

        master = loader.master
        if master.addons.get(Gateway.name) is not None:
            return
        gateway = Gateway()
        installed: list[Gateway | Viewing | Retention] = [gateway]
        if master.addons.get("view") is not None:  # mitmweb and the console: someone looks at flows
            installed += [Viewing(), Retention(gateway)]
        for addon in installed:
            master.addons.add(addon)
            master.addons.invoke_addon_sync(addon, hooks.ConfigureHook(set(ctx.options.keys())))
        scripts = master.addons.get("scriptloader")
        if scripts is not None and scripts.is_running:
            for addon in installed:
                master.addons.invoke_addon_sync(addon, hooks.RunningHook())
