"""Folders of route files for tests, compiled as the gateway does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sluicegate.config.compiler import Compiled, Compiler, Outcome
from sluicegate.config.diagnostics import Diagnostic
from sluicegate.endpoints.targets import Target

Files = str | bytes | Mapping[str, str | bytes]
"""Files by name, or the content of one `hotel.yaml`."""


def write(folder: Path, files: Files) -> Path:
    for name, content in ({"hotel.yaml": files} if isinstance(files, str | bytes) else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def compile_files(
    folder: Path,
    files: Files,
    *,
    environ: Mapping[str, str] | None = None,
    own_addresses: Sequence[tuple[str, int]] = (),
) -> Outcome:
    compiler = Compiler(write(folder, files), environ=environ or {}, own_addresses=own_addresses)
    return compiler.compile()


def compiled(folder: Path, files: Files, *, environ: Mapping[str, str] | None = None) -> Compiled:
    outcome = compile_files(folder, files, environ=environ)
    assert outcome.compiled is not None, "\n".join(map(str, outcome.diagnostics))
    return outcome.compiled


def target(folder: Path, files: Files, *, environ: Mapping[str, str] | None = None) -> Target:
    """The target of the only endpoint."""
    (endpoint,) = compiled(folder, files, environ=environ).endpoints
    assert endpoint.route is not None
    return endpoint.route


def check(found: Sequence[Diagnostic], place_and_code: str, parts: Sequence[str]) -> None:
    """There is one finding: at this place (`file:line:column: code`), with these parts in its message."""
    assert [str(one).removesuffix(one.message).rstrip(": ") for one in found] == [place_and_code], found
    for part in parts:
        assert part in found[0].message


def case(sentence: str, files: Files, place_and_code: str, *parts: str) -> tuple[str, Files, str, Sequence[str]]:
    """A case for `check`: the place is in `hotel.yaml` unless it names a file."""
    place = place_and_code if place_and_code.count(":") == 3 else f"hotel.yaml:{place_and_code}"
    return sentence, files, place, parts
