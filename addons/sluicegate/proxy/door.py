"""Installs the gateway so that it outlives its script, or lets nothing in.

mitmproxy unloads a script before it loads it again, and one script addon that raises silences those after it. So the
script only brings the gateway in, as an addon of mitmproxy's own chain; it stays there whatever becomes of the script.
"""

from __future__ import annotations

import logging

from mitmproxy import hooks
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.master import Master

from . import GATEWAY

logger = logging.getLogger(__name__)


class Closed:
    """Stands in for a gateway that could not be installed: no connection is served."""

    name = "sluicegate-closed"

    def client_connected(self, client: Client) -> None:
        client.error = "the gateway did not start"


class Door:
    """The addon of the script: brings the gateway in once."""

    name = "sluicegate-door"

    def load(self, loader: Loader) -> None:
        """Install the gateway. Where that fails (another mitmproxy, a bad option) say why, and serve nobody."""
        master = loader.master
        if master.addons.get(GATEWAY) is not None or master.addons.get(Closed.name) is not None:
            return
        try:
            _install(master, loader)
        except Exception as error:
            logger.error("Sluicegate does not start: %s", error, exc_info=not _is_told(error))
            master.addons.add(Closed())  # mitmproxy ends by itself when an error is logged while it starts


def _install(master: Master, loader: Loader) -> None:
    from .compatibility import check_mitmproxy

    check_mitmproxy()
    from . import options
    from .gateway import Gateway
    from .retention import Retention
    from .viewing import Viewing

    options.declare(loader)
    master.options.process_deferred()  # what was set before the options were known; raises for a bad value
    options.enforce(master.options)
    options.check(master.options)
    gateway = Gateway()
    gateway.recorder.open(master.options.request_log)
    installed: list[Gateway | Viewing | Retention] = [gateway]
    if master.addons.get("view") is not None:  # mitmweb and the console: someone looks at flows
        installed += [Viewing(), Retention(gateway.kept_bodies)]
    for addon in installed:
        master.addons.add(addon)
        master.addons.invoke_addon_sync(addon, hooks.ConfigureHook(set(master.options.keys())))
    scripts = master.addons.get("scriptloader")
    if scripts is not None and scripts.is_running:
        for addon in installed:
            master.addons.invoke_addon_sync(addon, hooks.RunningHook())


def _is_told(error: Exception) -> bool:
    """Whether an error's text says all that its reader needs."""
    from mitmproxy.exceptions import OptionsError

    from .compatibility import IncompatibleError

    return isinstance(error, (OptionsError, IncompatibleError))
