"""The state file as commands use it, and the route files that belong to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...config.files import list_files, routes_folder
from ...learning.observation import Key
from ...snapshot import Snapshot
from ...state import state_file
from ..options import UnusableError
from ..output import printable
from ..sources import Source, routes_source
from .inbox import key_of

if TYPE_CHECKING:
    from ...learning.keeping import AnyLearner, Make
    from ...learning.paths.corrections import Correction
    from ...learning.paths.settings import Settings


def saved_routes(routes: str) -> Source | None:
    """Return the route files that `--routes` names, or the gateway's; None where there are none yet.

    Raises UnusableError for a folder that was named and is none.
    """
    folder = routes_folder(routes)
    if routes and not folder.is_dir():
        raise UnusableError(f"{routes}: no such folder: make it first, or leave --routes out")
    try:
        has_files = bool(list_files(folder))
    except OSError:
        has_files = False
    return routes_source(routes) if has_files else None


def snapshot(source: Source | None) -> Snapshot:
    """Return what route files say, an empty table for none. Raises UnusableError."""
    from ...endpoints.table import Table

    return source.compiled(examples=False).snapshot() if source is not None else Snapshot(0, Table())


def state_path(state: str, routes: str) -> Path:
    """Return the state file: as `--state` names it, else beside the routes folder."""
    return state_file(state, routes_folder(routes))


def maker(settings: Settings) -> Make:
    """Return what makes a learner with these thresholds."""
    from ...learning.parts import new_learner

    return lambda: new_learner(settings)


@contextmanager
def told_faults() -> Iterator[None]:
    """Turn a state file that cannot be used into what the command says."""
    from ...learning.state_file import BrokenStoreError, StoreError

    try:
        yield
    except BrokenStoreError as error:
        raise UnusableError(f"{error}: a gateway, or `sluice learn`, sets it aside and begins anew") from None
    except StoreError as error:
        raise UnusableError(str(error)) from None


def read_state(path: Path, settings: Settings) -> AnyLearner:
    """Return what a state file holds, also while a gateway writes it. Raises UnusableError."""
    from ...learning.keeping import learned

    with told_faults():
        return learned(path, maker(settings)).learner


def read_settled(path: Path, settings: Settings, source: Source | None) -> AnyLearner:
    """Return what a state file holds, where the endpoints of the route files are settled. Raises UnusableError."""
    return settle(read_state(path, settings), source)


def settle(learner: AnyLearner, source: Source | None) -> AnyLearner:
    """Tell a learner which endpoints the route files have: these are saved, and no others.

    Where there are no route files, or they have errors, it stays with what was told when there were good ones.
    """
    from ...learning.paths.corrections import Correction

    compiled = source.compiler(examples=False).compile().compiled if source is not None else None
    if compiled is not None:
        saved = {Key(one.method, one.host.stored, one.path.stored) for one in compiled.endpoints}
        gone = [key_of(one) for one in learner.endpoints() if one.state == "saved"]
        for key in gone:
            if key not in saved:
                learner.correct(Correction("restore", key))
        for key in saved:
            learner.correct(Correction("save", key))
    return learner


def correct(path: Path, corrections: Sequence[Correction]) -> None:
    """Leave corrections in the state file: a gateway that runs takes them in at once. Raises UnusableError."""
    from ...learning.keeping import Keeper
    from ...learning.paths.settings import LAPTOP

    with told_faults():
        keeper = Keeper(path, maker(LAPTOP), say)
        keeper.open()
        keeper.correct([json.dumps(one.members()) for one in corrections])
        keeper.close()


def say(line: str) -> None:
    """Tell people something that is no result."""
    click.echo(f"sluice: {printable(line)}", err=True)
