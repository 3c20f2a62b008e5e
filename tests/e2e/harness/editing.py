"""A route file that a test edits again and again while clients go on asking."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .gateway import Gateway, gateway
from .load import Load
from .upstream import Upstream, answer
from .waiting import wait_until


@dataclass
class Editing:
    """The route file `moving.yaml`, whose one edited line names a new version each time."""

    gateway: Gateway
    upstream: Upstream
    version: int = 0
    load: Load | None = None

    @property
    def folder(self) -> Path:
        return self.gateway.routes

    @property
    def file(self) -> Path:
        return self.folder / "moving.yaml"

    def text(self) -> str:
        """The file's text of the next version."""
        self.version += 1
        path = f"/v{self.version}"
        self.upstream.on(path, answer(body=path.encode()))
        return moving(self.upstream, path)

    def wait_effect(self) -> None:
        """Waits until the newest version is what every client gets."""
        path = f"/v{self.version}"
        if self.load:
            self.load.wait_all("/moving", path)
        else:
            wait_until(lambda: self.gateway.get("/moving").text == path, what=path)

    def restore(self) -> None:
        """Brings the folder back to its two files and waits for that; clients should not be asking."""
        self.folder.mkdir(exist_ok=True)
        for entry in list(self.folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != "steady.yaml":
                entry.unlink()
        (self.folder / "steady.yaml").write_text(steady(self.upstream))
        self.file.write_text(self.text())
        self.wait_effect()
        wait_status(self.gateway, "/steady", 200)

    @contextlib.contextmanager
    def under_load(self) -> Iterator[Load]:
        """Clients ask for both files' endpoints meanwhile; not one of their requests may fail."""
        with Load(self.gateway, ["/steady", "/moving"]) as self.load:
            try:
                self.wait_effect()
                yield self.load
                self.load.wait_more(20)
            finally:
                load, self.load = self.load, None
        assert load.failures == []


def moving(upstream: Upstream, path: str) -> str:
    padding = "".join(f"  GET /padding/{number}: {upstream.url}/padding\n" for number in range(8))
    return f'host: api.hotel.test\nendpoints:\n{padding}  GET /moving: {{route: "{upstream.url}{path}"}}\n'


def steady(upstream: Upstream) -> str:
    return f"host: api.hotel.test\nendpoints:\n  GET /steady: {upstream.url}/steady\n"


def extra(upstream: Upstream) -> str:
    return f"host: api.hotel.test\nendpoints:\n  GET /extra: {upstream.url}/extra\n"


@contextlib.contextmanager
def editing(*options: str, env: Mapping[str, str] | None = None) -> Iterator[Editing]:
    """A gateway with two good files, `steady.yaml` and `moving.yaml`, and their upstream."""
    with Upstream() as up:
        up.on("/v0", answer(body=b"/v0"))
        files = {"steady.yaml": steady(up), "moving.yaml": moving(up, "/v0")}
        with gateway(files, *options, env=env) as running:
            yield Editing(running, up)


def wait_status(running: Gateway, path: str, wanted: int) -> None:
    wait_until(lambda: running.get(path).status == wanted, what=f"{wanted} for {path}")
