"""`sluice` run inside the test's process, and recordings of an API of hotels to run it on."""

from __future__ import annotations

import json
import os
from contextlib import chdir
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sluicegate.console.cli import sluice as command

from ...recordings.hars import document, entry
from ..sluice import Ran

HOST = "api.hotel.test"


def sluice(*arguments: str | Path, cwd: Path) -> Ran:
    """Run `sluice` in a folder; its own routes and state are there, too, unless arguments say otherwise."""
    with chdir(cwd):
        ran = CliRunner(catch_exceptions=False).invoke(command, [os.fspath(one) for one in arguments])
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def hotels(number: int = 12, first: int = 0, host: str = HOST) -> list[dict[str, Any]]:
    """Entries: each of some clients lists the hotels, looks at two of its own, at rooms, and at number 7."""
    made: list[dict[str, Any]] = []
    for client in range(number):
        hotel = first + 1000 + 37 * client
        found = [{"id": hotel, "name": "a"}, {"id": hotel + 1, "name": "b"}]
        for path, body in (
            ("/hotels", found),
            (f"/hotels/{hotel}", found[0]),
            (f"/hotels/{hotel + 1}", found[1]),
            (f"/hotels/{hotel}/rooms", [{"room": 1}]),
            ("/hotels/7", found[0]),
        ):
            made.append(asked(path, body, client=f"Bearer secret-{first}-{client}", host=host))
    return made


def asked(path: str, body: Any, *, client: str = "", status: int = 200, host: str = HOST) -> dict[str, Any]:
    """One entry with JSON in its answer."""
    return entry(
        f"http://{host}{path}",
        headers=[("Authorization", client)] if client else [],
        status=status,
        answered=[("Content-Type", "application/json")],
        content={"size": 9, "mimeType": "application/json", "text": json.dumps(body)},
    )


def recorded(folder: Path, *entries: dict[str, Any], name: str = "hotels.har") -> Path:
    """A HAR in a folder that has a folder for route files, too; returns the folder."""
    (folder / "routes").mkdir(exist_ok=True)
    (folder / name).write_bytes(document(*entries))
    return folder


def endpoints(ran: Ran) -> dict[str, dict[str, Any]]:
    """What `--json` printed, by method and path."""
    assert ran.code == 0, ran
    return {f"{one['method']} {one['endpoint']}": one for one in ran.json}
