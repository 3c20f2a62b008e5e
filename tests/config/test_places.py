"""Where to watch: the folder, what links in it lead to, and where links are replaced."""

from __future__ import annotations

from pathlib import Path

from sluicegate.config.files import list_files
from sluicegate.config.places import MOST_PLACES, Place, places, trace

from .edits import (
    file_made_in_a_linked_subfolder,
    link_above_the_folder_pointed_elsewhere,
    plain,
    swapped_as_kubernetes_does,
    target_of_a_linked_file_written,
)


def found(folder: Path) -> dict[str, Place]:
    """The places by directory, as seen from the folder's own; places above it are left out."""
    above = folder.parent.resolve()
    return {
        str(Path(place.directory).relative_to(above)): place._replace(directory="")
        for place in places(folder, list_files(folder) if folder.exists() else [])
        if Path(place.directory).is_relative_to(above)
    }


TREE = Place("")


def names(*wanted: str, writes: bool = False) -> Place:
    return Place("", frozenset(wanted), writes)


def test_a_plain_folder_is_a_tree_and_a_name_beside_others(tmp_path: Path) -> None:
    plain(tmp_path / "routes")
    assert found(tmp_path / "routes") == {"routes": TREE, ".": names("routes")}


def test_a_missing_folder_is_waited_for_where_it_would_come(tmp_path: Path) -> None:
    assert found(tmp_path / "deep" / "er" / "routes") == {}
    (place,) = places(tmp_path / "deep" / "er" / "routes", [])
    assert place == Place(str(tmp_path.resolve()), frozenset({"deep"}), writes=False)


def test_links_inside_the_folder_need_nothing_more(tmp_path: Path) -> None:
    swapped_as_kubernetes_does(tmp_path / "routes")
    assert found(tmp_path / "routes") == {"routes": TREE, ".": names("routes")}


def test_every_link_on_the_way_to_the_folder_is_watched(tmp_path: Path) -> None:
    link_above_the_folder_pointed_elsewhere(tmp_path / "routes")
    assert found(tmp_path / "routes") == {"1/routes": TREE, "1": names("routes"), ".": names("routes", "current")}


def test_a_file_that_a_link_leads_to_is_watched_where_it_is(tmp_path: Path) -> None:
    target_of_a_linked_file_written(tmp_path / "routes")
    assert found(tmp_path / "routes")["elsewhere"] == names("hotel.txt", writes=True)


def test_a_folder_that_a_link_leads_to_is_a_tree_of_its_own(tmp_path: Path) -> None:
    file_made_in_a_linked_subfolder(tmp_path / "routes")
    assert found(tmp_path / "routes")["elsewhere"] == TREE


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert len(trace(str(tmp_path / "one"))[1]) > 1
    assert places(tmp_path / "one", [])


def test_a_path_is_resolved_as_the_system_does(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "up").symlink_to("link/../missing")
    assert (
        trace(str(tmp_path / "up"))[0] == str((tmp_path / "up").resolve()) == str(tmp_path.resolve() / "a" / "missing")
    )


def test_the_number_of_places_is_bounded_and_the_folder_is_always_one(tmp_path: Path) -> None:
    plain(tmp_path / "routes")
    for number in range(2 * MOST_PLACES):
        (tmp_path / f"other{number}").mkdir()
        (tmp_path / f"other{number}" / "x.txt").touch()
        (tmp_path / "routes" / f"{number}.yaml").symlink_to(tmp_path / f"other{number}" / "x.txt")
    wanted = places(tmp_path / "routes", list_files(tmp_path / "routes"))
    assert len(wanted) == MOST_PLACES
    assert wanted[0] == Place(str((tmp_path / "routes").resolve()))
