"""Ways in which people and programs change a folder of route files, as actions for tests.

A folder begins with `hotel.yaml` that routes `GET /before`; after the action `GET /after` is routed too or instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Action = Callable[[], None]


def routes(*paths: str) -> str:
    """A route file with endpoints of these paths."""
    return "endpoints:\n" + "".join(f"  GET {path}: http://127.0.0.1:9001{path}\n" for path in paths)


def plain(folder: Path) -> None:
    folder.mkdir()
    (folder / "hotel.yaml").write_text(routes("/before"))


def replace(path: Path, text: str) -> None:
    """Write beside a file and rename over it, as editors do."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    beside.rename(path)


def swap(link: Path, target: str) -> None:
    """Point a link elsewhere in one step, as Kubernetes does with `..data`."""
    beside = link.with_name(f"{link.name}_tmp")
    beside.symlink_to(target)
    beside.rename(link)


def written_in_place(folder: Path) -> Action:
    plain(folder)
    return lambda: _discard((folder / "hotel.yaml").write_text(routes("/after")))


def written_in_chunks(folder: Path) -> Action:
    plain(folder)

    def act() -> None:
        with (folder / "hotel.yaml").open("w") as file:
            for line in routes("/before", "/between", "/after").splitlines(keepends=True):
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    return act


def renamed_over(folder: Path) -> Action:
    plain(folder)
    return lambda: replace(folder / "hotel.yaml", routes("/after"))


def deleted(folder: Path) -> Action:
    plain(folder)
    (folder / "hotel.yaml").write_text(routes("/after"))
    (folder / "other.yaml").write_text(routes("/before"))
    return (folder / "other.yaml").unlink


def created(folder: Path) -> Action:
    plain(folder)
    return lambda: _discard((folder / "other.yaml").write_text(routes("/after")))


def renamed(folder: Path) -> Action:
    plain(folder)
    (folder / "hotel.yaml").rename(folder / "hotel.yaml.off")
    (folder / "other.yaml.off").write_text(routes("/after"))
    return lambda: _discard((folder / "other.yaml.off").rename(folder / "other.yaml"))


def moved_into_a_new_subfolder(folder: Path) -> Action:
    plain(folder)
    (folder.parent / "other.yaml").write_text(routes("/after"))

    def act() -> None:
        (folder / "new" / "deep").mkdir(parents=True)
        (folder.parent / "other.yaml").rename(folder / "new" / "deep" / "other.yaml")

    return act


def moved_in_with_its_folder(folder: Path) -> Action:
    plain(folder)
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "other.yaml").write_text(routes("/after"))
    return lambda: _discard((folder.parent / "outside").rename(folder / "inside"))


def swapped_as_kubernetes_does(folder: Path) -> Action:
    folder.mkdir()
    for name, path in (("..2024_1", "/before"), ("..2024_2", "/after")):
        (folder / name).mkdir()
        (folder / name / "hotel.yaml").write_text(routes(path))
    (folder / "..data").symlink_to("..2024_1")
    (folder / "hotel.yaml").symlink_to("..data/hotel.yaml")

    def act() -> None:
        swap(folder / "..data", "..2024_2")
        shutil.rmtree(folder / "..2024_1")

    return act


def folder_link_pointed_elsewhere(folder: Path) -> Action:
    releases = folder.parent / "releases"
    releases.mkdir()
    for name, path in (("1", "/before"), ("2", "/after")):
        (releases / name).mkdir()
        (releases / name / "hotel.yaml").write_text(routes(path))
    folder.symlink_to("releases/1")
    return lambda: swap(folder, "releases/2")


def link_above_the_folder_pointed_elsewhere(folder: Path) -> Action:
    for name, path in (("1", "/before"), ("2", "/after")):
        (folder.parent / name / "routes").mkdir(parents=True)
        (folder.parent / name / "routes" / "hotel.yaml").write_text(routes(path))
    (folder.parent / "current").symlink_to("1")
    folder.symlink_to("current/routes")
    return lambda: swap(folder.parent / "current", "2")


def target_of_a_linked_file_written(folder: Path) -> Action:
    folder.mkdir()
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "hotel.txt").write_text(routes("/before"))
    (folder / "hotel.yaml").symlink_to(elsewhere / "hotel.txt")
    return lambda: _discard((elsewhere / "hotel.txt").write_text(routes("/after")))


def file_made_in_a_linked_subfolder(folder: Path) -> Action:
    plain(folder)
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "first.yaml").write_text(routes("/first"))
    (folder / "team").symlink_to(elsewhere)
    return lambda: _discard((elsewhere / "second.yaml").write_text(routes("/after")))


def folder_removed_and_put_back(folder: Path) -> Action:
    plain(folder)

    def act() -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "hotel.yaml").write_text(routes("/after"))

    return act


def folder_replaced_by_another(folder: Path) -> Action:
    plain(folder)
    other = folder.parent / "other"
    other.mkdir()
    (other / "hotel.yaml").write_text(routes("/after"))

    def act() -> None:
        folder.rename(folder.parent / "old")
        other.rename(folder)

    return act


def _discard(_: object) -> None:
    """An action returns nothing."""


EVERY_WAY = [
    pytest.param(way, id=way.__name__.replace("_", "-"))
    for way in (
        written_in_place,
        written_in_chunks,
        renamed_over,
        deleted,
        created,
        renamed,
        moved_into_a_new_subfolder,
        moved_in_with_its_folder,
        swapped_as_kubernetes_does,
        folder_link_pointed_elsewhere,
        link_above_the_folder_pointed_elsewhere,
        target_of_a_linked_file_written,
        file_made_in_a_linked_subfolder,
        folder_removed_and_put_back,
        folder_replaced_by_another,
    )
]
