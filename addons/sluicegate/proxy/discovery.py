"""Learns an API from any run of mitmproxy, in whatever mode: it looks at exchanges that are over and touches none."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy import ctx, exceptions, hooks, http
from mitmproxy.addonmanager import Loader

from ..config.files import routes_folder
from ..endpoints.hosts import parse_authority
from ..endpoints.normalise import BadPathError, normalise
from ..endpoints.table import Table
from ..exchange import by_name
from ..observing.sessions import identifiers_for
from ..sessions.session import NOBODY, Sessions
from ..snapshot import Snapshot
from ..state import state_file
from . import GATEWAY, options
from .guard import observing
from .learning import Seen, Teller
from .sessions import FlowSessions, whole_body

if TYPE_CHECKING:
    from ..workers.learning import Learning

logger = logging.getLogger(__name__)

NAME = "sluicegate-discovery"


class DiscoveryDoor:
    """The addon of the script: brings discovery in once. It outlives the script, which may be loaded again."""

    name = "sluicegate-discovery-door"

    def load(self, loader: Loader) -> None:
        """Install discovery among mitmproxy's own addons."""
        master = loader.master
        if master.addons.get(NAME) is not None:
            return
        options.declare_learning(loader)
        master.options.process_deferred()
        discovery = Discovery()
        master.addons.add(discovery)
        master.addons.invoke_addon_sync(discovery, hooks.ConfigureHook(set(master.options.keys())))
        scripts = master.addons.get("scriptloader")
        if scripts is not None and scripts.is_running:
            master.addons.invoke_addon_sync(discovery, hooks.RunningHook())


class Discovery:
    """Tells a learner of the exchanges that mitmproxy carries."""

    name = NAME

    def __init__(self) -> None:
        self._learning: Learning | None = None
        self._teller: Teller | None = None
        self._sessions: Sessions | None = None
        self._snapshot = Snapshot(0, Table())

    def configure(self, updated: set[str]) -> None:
        """Refuse a state that cannot be, and a change of it once something is learned."""
        options.check_state(ctx.options)
        if self._learning is not None and updated & {"state", "learn"}:
            raise exceptions.OptionsError("state and learn cannot change while exchanges are learned from.")

    def running(self) -> None:
        """Begin to look on; not where a gateway runs, which learns by itself."""
        if self._learning is not None or not ctx.options.learn:
            return
        if ctx.master.addons.get(GATEWAY) is not None:
            logger.info("discovery: the gateway learns from its traffic by itself")
            return
        from ..observing.session_key import session_key_of_run
        from ..workers.learning import Learning

        folder = routes_folder()
        state = state_file(ctx.options.state, folder)
        self._snapshot = _read(folder)
        self._sessions = Sessions(session_key_of_run(state.parent))
        self._learning = Learning(state)
        self._learning.start()
        self._teller = Teller(self._learning.sender, FlowSessions())
        logger.info("discovery: what is learned is kept in %s", state)

    async def done(self) -> None:
        """Have what was told last learned, too."""
        if self._teller is not None:
            await self._teller.close()
        if self._learning is not None:
            await self._learning.stop()

    @observing
    def response(self, flow: http.HTTPFlow) -> None:
        """Tell of an exchange that is over. What was read from a file, replayed or edited is not learned from."""
        if self._teller is None or not flow.live or flow.is_replay is not None or flow._backup is not None:
            return
        request = flow.request
        target, _, query = request.data.path.partition(b"?")
        if request.data.method == b"CONNECT":
            return
        try:
            path = normalise(target)
        except BadPathError:
            return
        named = request.pretty_host
        authority = parse_authority(f"[{named}]" if ":" in named else named)
        if authority is None:
            return
        method, host = request.data.method.decode("latin-1"), authority.host
        endpoint = self._snapshot.table.lookup(method, host, path)
        identifiers = identifiers_for(self._snapshot, endpoint, host)
        values = by_name(request.data.headers.fields)
        is_coded = b"content-encoding" in values
        session = NOBODY
        if self._sessions is not None:
            session = self._sessions.session(identifiers, values, None if is_coded else whole_body(request))
        self._teller.flow(flow, Seen(method, host, path, query, endpoint, session, identifiers, is_coded))


def _read(folder: Path) -> Snapshot:
    """What route files say of endpoints and sessions, where there are any: they are read once, before all traffic."""
    from ..config.compiler import Compiler

    if not folder.is_dir():
        return Snapshot(0, Table())
    outcome = Compiler(folder, examples=False).compile()
    if outcome.compiled is None:
        first = next(one for one in outcome.diagnostics if one.severity == "error")
        logger.warning("discovery: goes on without the route files: %s", first)
        return Snapshot(0, Table())
    return outcome.compiled.snapshot()
