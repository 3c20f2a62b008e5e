"""Endpoints that were discovered, and how people name one: by a short id, or by method, host and path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Final

from ...config.diagnostics import excerpt
from ...config.endpoints import METHODS
from ...endpoints.hosts import HostPattern
from ...endpoints.table import operation_id
from ...endpoints.templates import parse_path
from ...learning.observation import Key
from ...learning.paths.places import pattern_of
from ..options import UnusableError

ANY_HOST: Final = HostPattern().stored
"""The host of an endpoint that is known for no host in particular."""
_ID: Final = re.compile(r"[0-9a-f]{4,36}")
_NEAREST: Final = 3


def id_of(key: Key) -> str:
    """The short id of an endpoint: the first eight digits of its operation id, as saved ones have it."""
    try:
        return operation_id(key.method, host_pattern(key.host), parse_path(key.endpoint))[:8]
    except ValueError:  # no route file could have it
        return "-"


def host_pattern(host: str) -> HostPattern:
    """The host pattern of a discovered endpoint; '' and '*' are any host. Raises ValueError."""
    return HostPattern() if host in ("", ANY_HOST) else HostPattern.parse(host)


def text_of(key: Key) -> str:
    """An endpoint as people read and name it."""
    return f"{key.method} {key.host or ANY_HOST} {key.endpoint}"


def key_of(one: Any) -> Key:
    """The key of a discovered endpoint."""
    return Key(one.method, one.host, one.endpoint)


class Inbox:
    """What was discovered, noise included, and the search in it."""

    def __init__(self, found: Iterable[Any]) -> None:
        self.all: list[Any] = list(found)

    @cached_property
    def by_key(self) -> dict[Key, Any]:
        return {key_of(one): one for one in self.all}

    @cached_property
    def ids(self) -> dict[str, Key]:
        return {id_of(key): key for key in self.by_key}

    def named(self, arguments: Sequence[str]) -> list[Any]:
        """Return the endpoints that arguments name: ids, or METHOD HOST PATH. Raises UnusableError."""
        words = [word for argument in arguments for word in argument.split()]
        if words and (words[0].upper() in METHODS or not all(map(_ID.fullmatch, words))):
            return [self._by_words(words)]
        return [self._by_id(word) for word in words]

    def path(self, method: str, host: str, path: str) -> Any:
        """Return an endpoint; its variables may have any names, and its host may be left to what is known ('*').

        Raises UnusableError, which names the nearest.
        """
        method, host = method.upper(), host.lower()
        exact = self.by_key.get(Key(method, host, path))
        host = "" if host == ANY_HOST else host
        if exact is not None:
            return exact
        pattern = pattern_of(path) if path.startswith("/") else None
        fits = [
            one
            for key, one in self.by_key.items()
            if key.method == method and pattern_of(key.endpoint) == pattern and (not host or _same_host(key.host, host))
        ]
        if len(fits) == 1:
            return fits[0]
        asked = f"{method} {host or ANY_HOST} {path}"
        if fits:
            hosts = ", ".join(sorted(one.host for one in fits)[:_NEAREST])
            raise UnusableError(f"'{excerpt(asked)}' was discovered for {len(fits)} hosts: name one, such as {hosts}")
        raise UnusableError(f"'{excerpt(asked)}' was not discovered{self._nearest(asked)}")

    def _by_words(self, words: Sequence[str]) -> Any:
        if len(words) == 2 and "/" in words[1]:
            host, _, path = words[1].partition("/")
            words = [words[0], host or ANY_HOST, f"/{path}"]
        if len(words) != 3:
            asked = excerpt(" ".join(words))
            raise UnusableError(f"'{asked}' names no endpoint: write METHOD HOST PATH, or an id of `sluice discovered`")
        return self.path(*words)

    def _by_id(self, text: str) -> Any:
        fits = [key for found, key in self.ids.items() if found.startswith(text[:8])]
        if len(fits) == 1:
            return self.by_key[fits[0]]
        if fits:
            raise UnusableError(f"the id '{text}' begins {len(fits)} ids: write more of it")
        near = get_close_matches(text, self.ids, 1)
        hint = f"; nearest is '{near[0]}', {text_of(self.ids[near[0]])}" if near else ""
        raise UnusableError(f"no endpoint with the id '{text}' was discovered{hint}: see `sluice discovered`")

    def _nearest(self, asked: str) -> str:
        known = {text_of(key): key for key in self.by_key}
        near = get_close_matches(asked, known, _NEAREST, 0.5)
        if not near:
            return ": see `sluice discovered --noise`" if known else ": nothing was discovered yet, see `sluice learn`"
        return f"; nearest {'is' if len(near) == 1 else 'are'} " + ", ".join(f"'{one}'" for one in near)


def _same_host(known: str, asked: str) -> bool:
    return known == asked or re.sub(r"\{[^}]*\}", "{}", known) == re.sub(r"\{[^}]*\}", "{}", asked)
