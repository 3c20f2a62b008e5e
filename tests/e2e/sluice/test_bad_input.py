"""What cannot be used: a one-line error with the place, exit code 2, no traceback, nothing on standard output."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mitmproxy.io import tnetstring

from tests.console.sluice import sluice, write
from tests.e2e.harness import Upstream, gateway
from tests.e2e.sluice.material import HOTEL, har, har_entry, hotel, no_traceback, refused

URL = "http://api.hotel.test/hotels/7"
BINARY = bytes(range(256)) * 40

WITH_A_FOLDER = {
    "check": ("check", "FOLDER"),
    "check --routes": ("check", "--routes", "FOLDER"),
    "explain": ("explain", "GET", URL, "--routes", "FOLDER"),
    "list": ("list", "--routes", "FOLDER"),
    "list --json": ("list", "--routes", "FOLDER", "--json"),
    "test": ("test", "FOLDER"),
    "diff": ("diff", "FOLDER", "routes"),
    "diff --json": ("diff", "routes", "FOLDER", "--json"),
    "fmt": ("fmt", "FOLDER"),
}


def on(folder: str, name: str) -> list[str]:
    return [folder if argument == "FOLDER" else argument for argument in WITH_A_FOLDER[name]]


@pytest.mark.parametrize("name", WITH_A_FOLDER)
def test_a_folder_that_is_missing(tmp_path: Path, name: str) -> None:
    refused(sluice(*on("no/such", name), cwd=hotel(tmp_path)), "no/such")


@pytest.mark.parametrize("name", WITH_A_FOLDER)
def test_a_folder_that_is_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / "void").mkdir()
    refused(sluice(*on("void", name), cwd=hotel(tmp_path)), "void")


@pytest.mark.parametrize("name", [name for name in WITH_A_FOLDER if not name.startswith("check")])
def test_a_folder_with_a_binary_file(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"odd/good.yaml": HOTEL})
    (tmp_path / "odd/binary.yaml").write_bytes(BINARY)
    ran = no_traceback(sluice(*on("odd", name), cwd=hotel(tmp_path)))
    if name == "fmt":  # it goes on with the other files, and says so
        assert "unchanged" in ran.out
        ran = replace(ran, out="")
    refused(ran, "odd/binary.yaml")


def test_a_binary_file_is_a_problem_that_check_can_place(tmp_path: Path) -> None:
    hotel(tmp_path)
    (tmp_path / "routes/binary.yaml").write_bytes(BINARY)
    ran = no_traceback(sluice("check", cwd=tmp_path))
    assert ran.code in (1, 2)
    assert "routes/binary.yaml" in ran.out + ran.err
    assert "\x00" not in ran.out + ran.err


def test_a_file_where_a_folder_is_wanted_and_the_other_way_round(tmp_path: Path) -> None:
    hotel(tmp_path)
    write(tmp_path, {"notes.txt": "hello"})
    ran = no_traceback(sluice("list", "--routes", "notes.txt", cwd=tmp_path))
    assert ran.code == 2
    assert "notes.txt" in ran.err
    for arguments in (("import", "openapi", "routes", "--target", "http://127.0.0.1:1"),
                      ("diff", "routes", "routes", "--traffic", "routes")):  # fmt: skip
        ran = no_traceback(sluice(*arguments, cwd=tmp_path))
        assert ran.code == 2, arguments
        assert "routes" in ran.err
        assert ran.out == ""


@pytest.mark.parametrize("part", [0.999, 0.6, 0.03])
def test_a_har_file_that_is_cut(tmp_path: Path, part: float) -> None:
    whole = har(har_entry("GET", f"{URL}?{number}") for number in range(40))
    write(hotel(tmp_path), {"cut.har": whole[: int(len(whole) * part)]})
    for more in ((), ("--json",)):
        refused(sluice("diff", "routes", "routes", "--traffic", "cut.har", *more, cwd=tmp_path), "cut.har")


@pytest.mark.parametrize(
    "text",
    [
        '{"log": {"version": "1.2"}}',
        '{"log": {"entries": {}}}',
        '{"log": {"entries": [7]}}',
        '{"log": {"entries": [{"request": {"method": "GET"}}]}}',
        '{"log": {"entries": [{"request": {"method": 7, "url": []}}]}}',
        "[" * 100_000,
        '{"log": {"entries": [' + "[" * 100_000,
        "{}",
        "null",
    ],
    ids=["no entries", "no list", "a number", "no url", "no text", "deep", "deeper", "empty object", "null"],
)
def test_json_that_is_no_har(tmp_path: Path, text: str) -> None:
    write(hotel(tmp_path), {"odd.har": text})
    refused(sluice("diff", "routes", "routes", "--traffic", "odd.har", cwd=tmp_path), "odd.har")


@pytest.mark.parametrize("name", ["binary.har", "binary.flows", "binary.log", "binary"])
def test_a_binary_file_as_traffic(tmp_path: Path, name: str) -> None:
    hotel(tmp_path)
    (tmp_path / name).write_bytes(BINARY)
    refused(sluice("diff", "routes", "routes", "--traffic", name, cwd=tmp_path), name)


def test_missing_traffic(tmp_path: Path) -> None:
    refused(sluice("diff", "routes", "routes", "--traffic", "no.har", cwd=hotel(tmp_path)), "no.har")


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flows of a real mitmdump."""
    path = tmp_path_factory.mktemp("flows") / "real.flows"
    with Upstream() as up:
        text = f"host: api.hotel.test\nendpoints:\n  GET /hotels/{{hotel}}: {up.url}/{{hotel}}\n"
        with gateway({"a.yaml": text}, "-w", str(path)) as running:
            for number in range(3):
                running.get(f"/hotels/{number}")
    return path


def old(flows: Path, version: object, path: Path) -> Path:
    """The same flows as another version of mitmproxy would have marked them."""
    with flows.open("rb") as file, path.open("wb") as written:
        size = flows.stat().st_size
        while file.tell() < size:
            flow = tnetstring.load(file)
            flow["version"] = version
            tnetstring.dump(flow, written)
    return path


@pytest.mark.parametrize("version", [[0, 10, 1], 10_000], ids=["older", "newer"])
def test_a_flow_file_of_another_mitmproxy(flows: Path, tmp_path: Path, version: object) -> None:
    old(flows, version, hotel(tmp_path) / "old.flows")
    refused(sluice("diff", "routes", "routes", "--traffic", "old.flows", cwd=tmp_path), "old.flows")
    refused(sluice("replay", "old.flows", "--against", "http://127.0.0.1:1", cwd=tmp_path), "old.flows")


def test_a_flow_file_of_an_older_mitmproxy_that_differs_in_its_members(flows: Path, tmp_path: Path) -> None:
    """Version 4 had other members: what cannot be converted is an error, never a traceback."""
    old(flows, 4, hotel(tmp_path) / "old.flows")
    refused(sluice("diff", "routes", "routes", "--traffic", "old.flows", cwd=tmp_path), "old.flows")


@pytest.mark.parametrize("cut", [1, 500])
def test_a_flow_file_that_is_cut(flows: Path, tmp_path: Path, cut: int) -> None:
    (hotel(tmp_path) / "cut.flows").write_bytes(flows.read_bytes()[:-cut])
    refused(sluice("diff", "routes", "routes", "--traffic", "cut.flows", cwd=tmp_path), "cut.flows")


def test_a_flow_file_that_holds_other_things(tmp_path: Path) -> None:
    hotel(tmp_path)
    for number, thing in enumerate(([1, 2], {"version": 21}, {"type": "http", "version": 21, "request": None}, b"x")):
        with (tmp_path / f"{number}.flows").open("wb") as written:
            tnetstring.dump(thing, written)
        refused(sluice("diff", "routes", "routes", "--traffic", f"{number}.flows", cwd=tmp_path), f"{number}.flows")


@pytest.mark.parametrize("content", [b"", BINARY, b"\xff\xfe{}", b"just a text", b"[]", b"openapi: [3"])
def test_a_specification_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "api.yaml").write_bytes(content)
    refused(sluice("import", "openapi", "api.yaml", "--target", "http://127.0.0.1:1", cwd=tmp_path), "api.yaml")


def test_a_specification_that_is_missing(tmp_path: Path) -> None:
    refused(sluice("import", "openapi", "no.yaml", "--target", "http://127.0.0.1:1", cwd=tmp_path), "no.yaml")


@pytest.mark.parametrize("name", ["new\nline", "bell\a", "\x1b[31mred", "caf\udce9"])
def test_names_of_files_cannot_break_the_line(tmp_path: Path, name: str) -> None:
    ran = no_traceback(sluice("list", "--routes", name, cwd=tmp_path))
    line = refused(ran)
    assert not any(mark in line for mark in "\a\x1b"), line


def test_a_folder_that_contains_itself(tmp_path: Path) -> None:
    hotel(tmp_path)
    (tmp_path / "routes/again").symlink_to(".")
    (tmp_path / "routes/nowhere.yaml").symlink_to("missing.yaml")
    ran = no_traceback(sluice("list", "--json", cwd=tmp_path))
    assert ran.code in (0, 2)
    assert ran.out.count('"/hotels/{hotel}/dates"') == (1 if ran.code == 0 else 0)
