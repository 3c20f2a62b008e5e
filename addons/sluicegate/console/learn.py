"""`sluice learn`: the endpoints of an API, found in recorded traffic."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .learning.thresholds import settings_of, state_option, threshold_options
from .options import UnusableError, json_option, routes_option
from .output import count, print_json, print_line, print_table

if TYPE_CHECKING:
    from ..learning.keeping import AnyLearner
    from ..learning.observation import Key
    from ..learning.paths.settings import Settings
    from ..recordings.recording import Skipped
    from .learning.observing import Observer
    from .sources import Source

WHOLE: Final = 2_000
"""Exchanges of an endpoint whose messages are looked into; twice what bounds are learned from (our choice)."""
ONE_OF: Final = 8
"""Of so many more, one is looked into."""
_MOST_KEYS: Final = 50_000


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--host", default="", help="The host of requests whose recording tells none: access logs.")
@state_option
@click.option("--no-state", is_flag=True, help="Only print: keep nothing, and know nothing from before.")
@click.option("--again", is_flag=True, help="Learn also from what was learned from before.")
@threshold_options
@routes_option
@json_option
def command(
    files: tuple[str, ...],
    host: str,
    state: str,
    no_state: bool,
    again: bool,
    routes: str,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Find the endpoints of an API in recorded traffic.

    FILE is a HAR, a mitmproxy flow file, a request log of this gateway, or an access log: in the combined or common
    format, or JSON lines of nginx, Apache, Caddy or Traefik; - is standard input.

    What was learned is kept in the state file, which a running gateway shares. A file that was learned from before is
    passed over, and of a log that has grown since only what is new is read.
    """
    from .learning.state import saved_routes, snapshot, state_path

    if no_state and state:
        raise UnusableError("--state and --no-state exclude each other")
    settings = settings_of(chosen)
    source = saved_routes(routes)
    loaded = snapshot(source)
    if host:
        from ..endpoints.hosts import parse_authority

        if parse_authority(host) is None:
            raise UnusableError(f"--host {host}: this is not a host name or an IP address")
    run = _Run(settings, source, None if no_state else state_path(state, routes))
    run.learn(files, lambda key: _observer(loaded, key, host), again=again)
    if as_json:
        print_json([one.members() for one in run.endpoints])
    else:
        _print(run)


def _observer(loaded: Any, key: bytes, host: str) -> Observer:
    from ..sessions.session import Sessions
    from .learning.observing import Observer

    return Observer(loaded, Sessions(key), host)


class _Run:
    """One run of the command: what it read, and what is known after it."""

    def __init__(self, settings: Settings, source: Source | None, path: Path | None) -> None:
        from ..recordings.recording import Skipped

        self.path = path
        self._looked: Counter[Key] = Counter()
        self._source = source
        self.requests = 0
        self.skipped: Skipped = Skipped()
        self.endpoints: list[Any] = []
        self._settings = settings

    def learn(self, files: Sequence[str], observer: Any, *, again: bool) -> None:
        """Learn from files, one after the other. Raises UnusableError: what was read whole before it is kept."""
        from ..sessions.session import KEY_BYTES
        from .learning.state import maker, read_settled, settle, told_faults

        if self.path is None:
            learner = maker(self._settings)()
            for file in files:
                self._file(file, learner, observer(secrets.token_bytes(KEY_BYTES)))
            self.endpoints = settle(learner, self._source).endpoints()
            return
        with told_faults():
            self._kept(self.path, files, observer, again=again)
        self.endpoints = read_settled(self.path, self._settings, self._source).endpoints()

    def _kept(self, path: Path, files: Sequence[str], observer: Any, *, again: bool) -> None:
        from ..learning.keeping import Keeper
        from ..learning.store import read
        from ..observing.session_key import session_key
        from .learning.memory import Memory
        from .learning.state import maker, say

        try:
            watching = observer(session_key(path.parent))
        except OSError as error:
            raise UnusableError(f"{error.filename or path.parent}: {(error.strerror or str(error)).lower()}") from None
        keeper = Keeper(path, maker(self._settings), say)
        keeper.open()
        memory = Memory({} if again else read(path).facts)
        for file in files:
            known = memory.known(file)
            reading = self._file(file, keeper.learner, watching, known)
            if reading is not None:
                keeper.remembered = memory.remember(reading)  # with what was learned: killed, it counts once or not
            keeper.flush(everything=True)
            if not keeper.is_kept:
                raise UnusableError(f"{file}: what was learned of it could not be kept: it can be learned again")
        keeper.close()

    def _file(self, file: str, learner: AnyLearner, observer: Observer, known: Any = None) -> Any:
        """Learn from one file, from behind what is known of it; returns what was read of a regular file."""
        from .learning.memory import Reading
        from .traffic.files import STANDARD_INPUT, opened

        with opened(file) as traffic:
            is_file = traffic.size is not None and file != STANDARD_INPUT
            if known is not None:
                if known.size == traffic.size:
                    click.echo(f"sluice: {file}: was learned from before: --again counts it once more", err=True)
                    return None
                traffic.skip(known.size, known.lines)
            reading = Reading(file, traffic, known) if is_file and self.path is not None else None
            before = learner.observed
            for recording in traffic.recordings():
                seen = observer.observation(recording, traffic.kind, traffic.skipped)
                if seen is None:
                    continue
                if traffic.kind == "log" and not recording.origin:
                    learner.count(seen)  # the gateway answered by itself
                else:
                    learner.observe(seen, whole=self._looks_into(learner.paths.key_of(seen)))
                self.requests += 1
            if before == learner.observed and not traffic.skipped and known is None:
                click.echo(f"sluice: {file}: there are no requests in it", err=True)
            self.skipped.update(traffic.skipped)
            return reading

    def _looks_into(self, key: Key) -> bool:
        """Whether another exchange's messages are looked into, which takes most of the time; all are counted."""
        if len(self._looked) > _MOST_KEYS:
            self._looked.clear()
        self._looked[key] += 1
        number = self._looked[key]
        return number <= WHOLE or number % ONE_OF == 0


def _print(run: _Run) -> None:
    print_table(
        ("METHOD", "HOST", "ENDPOINT", "REQUESTS", "SESSIONS", "CONFIDENCE", "STATE", "VARIABLES"),
        [
            (
                one.method,
                one.host or "*",
                one.endpoint,
                f"{one.requests:,}",
                f"{one.sessions:,}",
                f"{one.confidence:.2f}",
                one.state,
                ", ".join(f"{variable.name} {variable.type}" for variable in one.variables),
            )
            for one in run.endpoints
        ],
    )
    kept = "nothing was kept" if run.path is None else f"kept in {_shown(run.path)}"
    print_line(f"{count(len(run.endpoints), 'endpoint')}, {count(run.requests, 'request')} learned from, {kept}")
    if run.skipped:
        reasons = ", ".join(f"{reason} ({number:,})" for reason, number in run.skipped.most_common())
        print_line(f"{run.skipped.total():,} skipped: {reasons}")


def _shown(path: Path) -> str:
    """A path as people read it: from the working directory where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
