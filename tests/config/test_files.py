"""Which files of the folder count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sluicegate.config.files import MAX_DEPTH, is_route_file, list_files, readable, signature

from .folders import write


def names(folder: Path) -> list[str]:
    return [found.name for found in list_files(folder)]


@pytest.mark.parametrize(
    "name", ["a.yaml", "a.yml", "_gateway.yaml", "a b.yaml", "test.yaml", "é.yml", "a.test.x.yaml"]
)
def test_yaml_files_count(name: str) -> None:
    assert is_route_file(name)


@pytest.mark.parametrize(
    "name",
    [
        "a.json",
        "a.yaml~",
        ".a.yaml",
        ".a.yaml.swp",
        "a.yaml.swp",
        "a.yaml.swx",
        "a.yaml.tmp",
        ".#a.yaml",
        "#a.yaml#",
        "#a.yaml",
        "~a.yaml",
        "a.yaml.bak",
        "a.yaml.orig",
        "a.yaml.123.tmp",
        "4913",
        "a.test.yaml",
        "a.test.yml",
        "yaml",
        ".yaml",
        "a.yaml.part",
        "___jb_tmp___",
    ],
)
def test_hidden_files_leftovers_of_editors_and_tests_do_not_count(name: str) -> None:
    assert not is_route_file(name)


def test_folders_are_read_recursively_and_in_the_order_of_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"b.yaml": "", "a/z.yml": "", "a/b/c.yaml": "", ".git/x.yaml": "", "a/.idea/x.yaml": "", "a.yaml/x.yaml": ""},
    )
    assert names(tmp_path) == ["a.yaml/x.yaml", "a/b/c.yaml", "a/z.yml", "b.yaml"]


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    write(tmp_path, {"other/x.yaml": "", "one.txt": ""})
    folder = write(tmp_path / "routes", {"a.yaml": ""})
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "one.yaml").symlink_to(tmp_path / "one.txt")
    assert names(folder) == ["a.yaml", "linked/x.yaml", "one.yaml"]
    (tmp_path / "link").symlink_to(folder)
    assert names(tmp_path / "link") == names(folder)


def test_a_volume_as_kubernetes_makes_it_lists_each_file_once(tmp_path: Path) -> None:
    write(tmp_path, {"..2024_05_01/hotel.yaml": "", "..2024_05_01/sub/b.yaml": ""})
    (tmp_path / "..data").symlink_to("..2024_05_01")
    (tmp_path / "hotel.yaml").symlink_to("..data/hotel.yaml")
    (tmp_path / "sub").symlink_to("..data/sub")
    assert names(tmp_path) == ["hotel.yaml", "sub/b.yaml"]


def test_a_link_to_a_folder_above_adds_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.yaml": ""})
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(".")
    assert names(tmp_path) == ["a/b.yaml"]


def test_links_between_folders_do_not_multiply_files(tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / f"f{number}"
        folder.mkdir()
        (folder / "x.yaml").touch()
        for other in range(12):
            (folder / f"to{other}").symlink_to(tmp_path / f"f{other}")
    assert len(names(tmp_path)) == 12


def test_folders_are_entered_to_a_bounded_depth(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(MAX_DEPTH + 2):
        folder = folder / "d"
        folder.mkdir()
        (folder / "x.yaml").touch()
    assert len(names(tmp_path)) == MAX_DEPTH


def test_a_name_that_is_not_utf_8_is_shown_with_escapes(tmp_path: Path) -> None:
    name = os.fsdecode(b"h\xff.yaml")
    assert readable(name) == "h\\xff.yaml"
    assert readable("é.yaml") == "é.yaml"


def test_a_missing_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list_files(tmp_path / "nowhere")


def test_a_signature_changes_when_a_file_is_replaced_by_one_of_the_same_size_and_time(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.yaml": "one"}) / "a.yaml"
    before = signature(path)
    write(tmp_path, {"b.tmp": "two"})
    os.utime(tmp_path / "b.tmp", ns=(before.modified, before.modified))
    (tmp_path / "b.tmp").replace(path)
    assert signature(path) != before
    assert signature(path) == signature(path)


def test_what_is_no_regular_file_has_no_signature(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    with pytest.raises(OSError, match="regular"):
        signature(tmp_path / "a.yaml")
