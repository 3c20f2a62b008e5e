"""A recording learned from for one route file: the host it is for, where its requests went, and its endpoints."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ...config.addresses import Service
from ...config.diagnostics import excerpt
from ...importing.composing import Imported
from ...importing.recorded import Found, draft
from ...importing.route_file import read_target_url
from ...learning.parts import new_learner
from ...learning.paths.settings import LAPTOP
from ...sessions.session import KEY_BYTES, Sessions
from ..options import UnusableError
from ..output import count
from ..traffic.files import opened
from .inbox import ANY_HOST, host_pattern
from .observing import Observer
from .state import snapshot


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, and the other hosts of the recording with their endpoints, which are not in it."""

    made: Imported
    host: str
    target: str
    others: tuple[tuple[str, int], ...]


def drafted(file: str, *, target: str, host: str) -> Drafted:
    """Learn from a HAR and draft the route file of a host: of the one that is asked for, else the one asked most.

    `target` '' is where the recording went. Raises UnusableError.
    """
    learner = new_learner(LAPTOP)
    observer = Observer(snapshot(None), Sessions(secrets.token_bytes(KEY_BYTES)))
    origins: dict[str, Counter[str]] = {}
    with opened(file) as traffic:
        if traffic.kind != "har":
            raise UnusableError(f"{traffic.name}: this is not a HAR: learn from it with `sluice learn`, then save")
        for recording in traffic.recordings():
            seen = observer.observation(recording, traffic.kind, traffic.skipped)
            if seen is not None:
                learner.observe(seen)
                origins.setdefault(seen.host, Counter())[recording.origin] += 1
    by_host: dict[str, list[Any]] = {}
    for one in learner.endpoints():
        by_host.setdefault(one.host, []).append(one)
    chosen = _chosen(file, by_host, host.lower())
    found = by_host.pop(chosen)
    went = _origin(chosen, origins)
    made = draft(
        [_found(one) for one in found],
        [
            f"{chosen or 'An API'}: first draft from {file}, {count(sum(one.requests for one in found), 'request')}",
            *([f"The recording went to {went}"] if target else []),
        ],
        _service(target or went, chosen, is_option=bool(target)),
        chosen if chosen != ANY_HOST else "",
    )
    others = tuple(sorted(((name, len(ones)) for name, ones in by_host.items()), key=lambda one: (-one[1], one[0])))
    return Drafted(made, chosen, target or went, others)


def _chosen(file: str, by_host: dict[str, list[Any]], asked: str) -> str:
    if not by_host:
        raise UnusableError(f"{file}: no endpoints were found in it: successful requests are needed, three for each")
    if not asked:
        return max(by_host, key=lambda name: (sum(one.requests for one in by_host[name]), name))
    fits = [name for name in by_host if name == asked or host_pattern(name).fits(asked)]
    if not fits:
        known = ", ".join(sorted(by_host)[:5])
        raise UnusableError(f"--host {excerpt(asked)}: no endpoints were found for it, only for {known}")
    return fits[0]


def _origin(host: str, origins: dict[str, Counter[str]]) -> str:
    """Where most requests for a host, or for the hosts of a pattern, went."""
    together: Counter[str] = Counter()
    for name, counted in origins.items():
        if name == host or host_pattern(host).fits(name):
            together.update(counted)
    return together.most_common(1)[0][0]


def _service(target: str, host: str, *, is_option: bool) -> Service:
    try:
        return read_target_url(target, "" if host in ("", ANY_HOST) else host.split("{")[0])
    except ValueError as error:
        raise UnusableError(f"--target: {error}" if is_option else f"{target}: {error}: name one by --target") from None


def _found(one: Any) -> Found:
    return Found(
        one.method,
        one.endpoint,
        f"{count(one.requests, 'request')}, {count(one.sessions, 'session')}, confidence {one.confidence:.2f}",
        tuple(f"{{{variable.name}}} {variable.type}: {variable.evidence}" for variable in one.variables),
    )
