"""Discovered endpoints put into route files: which file each goes into, what that says then, and a trial of it all.

Nothing is written before every file compiles with the others.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ...config.addresses import SERVICE_NAME
from ...config.compiler import Compiled, Compiler
from ...config.diagnostics import excerpt
from ...config.editing.inserting import Added, new_file, with_endpoints
from ...config.editing.places import EditError
from ...config.files import is_route_file, list_files
from ...config.route_files import RouteFile
from ...endpoints.hosts import HostPattern
from ...endpoints.table import Endpoint, operation_id
from ...endpoints.templates import TemplateError, parse_path
from ...importing.route_file import read_target_url
from ...learning.observation import Key
from ..options import UnusableError
from ..sources import Source
from ..writing import write_text
from .inbox import host_pattern

_ANY_HOST: Final = "any-host"
"""Name of a new file for endpoints of no host in particular."""


class Placed(NamedTuple):
    """An endpoint in a route file: the file as people can open it, the line; `is_new`: it was not there before."""

    key: Key
    file: str
    line: int
    target: str
    is_new: bool


@dataclass(slots=True)
class _Change:
    """What is to become of one file: its content before (None: it is a new file), and the endpoints to add."""

    before: bytes | None
    host: str
    added: list[Added] = field(default_factory=list)

    def after(self) -> bytes:
        """Raises EditError."""
        if self.before is None:
            return new_file(self.host, self.added)
        return with_endpoints(self.before, self.added)


class Placing:
    """Puts endpoints into the route files of a folder."""

    def __init__(self, folder: Path, source: Source | None, *, to: str = "", target: str = "") -> None:
        """`source` is the folder's files, None where there are none. Raises UnusableError where they have errors."""
        self._folder = folder
        self._shown = source.shown if source is not None else os.path.relpath(folder)
        self._to = self._named(to) if to else ""
        self._target = _target_of(target) if target else ""
        self._files: list[RouteFile] = []
        self._known: dict[str, Endpoint] = {}
        self._changes: dict[str, _Change] = {}
        if source is not None:
            compiler = source.compiler()
            compiled = source.usable(compiler.compile())
            self._files = compiler.route_files
            self._known = {one.operation_id: one for one in compiled.endpoints}

    def place(self, keys: Iterable[Key]) -> list[Placed]:
        """Put endpoints into files, and write these, each whole. Raises UnusableError: nothing was written then."""
        placed: list[Placed] = []
        new: dict[str, Key] = {}
        for key in sorted(keys, key=lambda one: (one.host, one.endpoint, one.method)):
            operation = _operation(key)
            known = self._known.get(operation)
            if known is None:
                new.setdefault(operation, key)
                self._put(key)
            else:
                target = known.route.text if known.route is not None else ""
                placed.append(Placed(key, self._path(known.place.file), known.place.line, target, False))
        if not new:
            return placed
        contents = {name: self._after(name, change) for name, change in self._changes.items()}
        compiled = self._trial(contents)
        there = {one.operation_id: one for one in compiled.endpoints}
        for operation, key in new.items():
            if operation not in there:
                raise UnusableError(f"{key.method} {key.endpoint}: the route files do not have it once it is added")
        self._write(contents)
        for operation, key in new.items():
            one = there[operation]
            target = one.route.text if one.route is not None else ""
            placed.append(Placed(key, self._path(one.place.file), one.place.line, target, True))
        return placed

    def _named(self, to: str) -> str:
        """The name in the folder of the file that `--to` names."""
        folder = os.path.realpath(self._folder)
        name = next(
            (
                os.path.relpath(path, folder)
                for path in (os.path.realpath(os.path.expanduser(to)), os.path.normpath(os.path.join(folder, to)))
                if Path(path).is_relative_to(folder)
            ),
            "",
        )
        if not name:
            raise UnusableError(f"--to {to}: this is not in the folder of route files, {self._shown}")
        if not is_route_file(os.path.basename(name)):
            raise UnusableError(f"--to {to}: not a route file: its name ends in .yaml or .yml")
        return name

    def _path(self, name: str) -> str:
        return os.path.normpath(os.path.join(self._shown, name))

    def _put(self, key: Key) -> None:
        pattern = _pattern(key)
        name = self._to or self._file_for(key, pattern)
        change = self._changes.get(name)
        if change is None:
            change = self._changes[name] = _Change(self._content(name), pattern.stored)
        if self._to:
            self._check_host(name, change, pattern)
        change.added.append(Added(key.method, key.endpoint, self._target_for(key)))

    def _file_for(self, key: Key, pattern: HostPattern) -> str:
        """The file for this host alone with most of the path's beginning, else a new one."""
        fits = [one for one in self._files if _is_for(one, pattern)]
        if fits:
            return max(
                fits, key=lambda one: max((_common(key.endpoint, e.path.stored) for e in one.endpoints), default=0)
            ).name
        # Without dots: `api.hotel.test.yaml` would be a file of tests.
        stem = re.sub(r"[^A-Za-z0-9_]+", "-", pattern.stored).strip("-") or _ANY_HOST
        number = 1
        name = f"{stem}.yaml"
        while (
            os.path.lexists(self._folder / name)
            or self._changes.get(name, _Change(None, pattern.stored)).host != pattern.stored
        ):
            number += 1
            name = f"{stem}-{number}.yaml"
        return name

    def _check_host(self, name: str, change: _Change, pattern: HostPattern) -> None:
        file = next((one for one in self._files if one.name == name), None)
        fits = change.host == pattern.stored if change.before is None else file is not None and _is_for(file, pattern)
        if not fits:
            served = change.host if file is None else ", ".join(one.pattern.text for one in file.hosts) or "any host"
            raise UnusableError(
                f"--to {self._path(name)}: this file is for {served}, and the endpoint is one of "
                f"{pattern.text if pattern.labels else 'any host'}: name another file, or leave --to out"
            )

    def _content(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnusableError(f"{self._path(name)}: {(error.strerror or str(error)).lower()}") from None

    def _target_for(self, key: Key) -> str:
        if not self._target:
            return ""
        return f"{self._target}{':' if SERVICE_NAME.fullmatch(self._target) else ''}{key.endpoint}"

    def _after(self, name: str, change: _Change) -> bytes:
        try:
            return change.after()
        except EditError as error:
            line = f":{error.line}" if error.line else ""
            raise UnusableError(f"{self._path(name)}{line}: {error}") from None

    def _trial(self, contents: Mapping[str, bytes]) -> Compiled:
        """Compile the folder as it would be. Raises UnusableError."""
        with tempfile.TemporaryDirectory(prefix="sluice-") as place:
            copy = Path(place)
            for found in list_files(self._folder) if self._folder.is_dir() else ():
                _copy(copy / found.name, found.path.read_bytes())
            for name, content in contents.items():
                _copy(copy / name, content)
            outcome = Compiler(copy).compile()
        errors = [one for one in outcome.diagnostics if one.severity == "error"]
        if errors or outcome.compiled is None:
            first = errors[0]
            place = f"{self._path(first.file)}:{first.line}"
            raise UnusableError(f"{place}: nothing was written, for this line would be wrong: {first.message}")
        return outcome.compiled

    def _write(self, contents: Mapping[str, bytes]) -> None:
        for name in contents:
            if self._content(name) != self._changes[name].before:
                raise UnusableError(f"{self._path(name)}: somebody else wrote this file meanwhile: run it again")
        for name, content in contents.items():
            path = self._folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UnusableError(f"{self._path(name)}: {(error.strerror or str(error)).lower()}") from None
            write_text(str(path), content.decode(), force=True)


def _copy(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _target_of(text: str) -> str:
    """What stands in front of the paths: a URL without a slash at its end, or a service's name."""
    if SERVICE_NAME.fullmatch(text):
        return text
    try:
        service = read_target_url(text, "")
    except ValueError as error:
        raise UnusableError(f"--target: {error}") from None
    return f"{service.origin}{service.base}"


def _pattern(key: Key) -> HostPattern:
    try:
        return host_pattern(key.host)
    except ValueError as error:
        raise UnusableError(f"{key.method} {excerpt(key.endpoint)}: {error}: no route file can have it") from None


def _operation(key: Key) -> str:
    try:
        return operation_id(key.method, _pattern(key), parse_path(key.endpoint))
    except TemplateError as error:
        raise UnusableError(f"{key.method} {excerpt(key.endpoint)}: {error}: no route file can have it") from None


def _is_for(file: RouteFile, pattern: HostPattern) -> bool:
    """Whether a file is for these hosts and no others."""
    if not file.hosts:
        return file.is_served and not pattern.labels
    return [one.pattern.stored for one in file.hosts] == [pattern.stored]


def _common(one: str, other: str) -> int:
    pairs: Sequence[tuple[str, str]] = list(zip(one.split("/")[1:], other.split("/")[1:], strict=False))
    return next((number for number, (mine, its) in enumerate(pairs) if mine != its), len(pairs))
