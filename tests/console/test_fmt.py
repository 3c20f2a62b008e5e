"""`sluice fmt`, run for real, and what it does when a file is not its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.console import fmt

from .sluice import golden, sluice, write

FILES = {
    "routes/hotel.yaml": (
        "host:   api.hotel.test # the public name\n"
        "services: # names for targets\n"
        "    dates: http://127.0.0.1:9001\n"
        "\n"
        "\n"
        "endpoints:\n"
        "    # what guests see\n"
        "    GET /hotels/{hotel}: dates:/{hotel} # an overview\n"
        "    GET /hotels/{hotel}/dates:   dates:/availability/{hotel}\n"
        "    POST /hotels/{hotel}/bookings:\n"
    ),
    "routes/hotel.test.yaml": "-   request: GET http://api.hotel.test/hotels/7\n",
    "routes/fine.yaml": "# in the layout\nhost: b.test\n",
    "routes/broken.yaml": "host: a.test\nendpoints:\n  GET /a: [x\n",
}
BROKEN = (
    "sluice: routes/broken.yaml:3:11: yaml-unclosed: the '[' that opens here is never closed; "
    'a text wants quotes: GET /a: "[x"\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, FILES)


def test_check_shows_a_diff_of_every_file_that_would_change(folder: Path) -> None:
    ran = sluice("fmt", "--check", cwd=folder)
    assert (ran.out, ran.err, ran.code) == (golden("fmt_check.txt"), BROKEN, 2)
    assert {name: (folder / name).read_text() for name in FILES} == FILES
    (folder / "routes/broken.yaml").unlink()
    assert sluice("fmt", "--check", cwd=folder).code == 1


def test_json_holds_the_diffs_and_the_problems(folder: Path) -> None:
    ran = sluice("fmt", "--check", "--json", cwd=folder)
    assert (ran.out, ran.err, ran.code) == (golden("fmt_json.txt"), BROKEN, 2)


def test_files_are_written_beside_a_broken_one_that_stays(folder: Path) -> None:
    ran = sluice("fmt", cwd=folder)
    assert ran.out == "routes/hotel.test.yaml\nroutes/hotel.yaml\n2 files changed, 1 unchanged\n"
    assert (ran.err, ran.code) == (BROKEN, 2)
    assert (folder / "routes/hotel.yaml").read_text() == golden("fmt_hotel.yaml")
    assert (folder / "routes/hotel.test.yaml").read_text() == "- request: GET http://api.hotel.test/hotels/7\n"
    assert (folder / "routes/broken.yaml").read_text() == FILES["routes/broken.yaml"]
    assert sorted(path.name for path in (folder / "routes").iterdir()) == [
        "broken.yaml",
        "fine.yaml",
        "hotel.test.yaml",
        "hotel.yaml",
    ]


def test_standard_input_is_laid_out_to_standard_output(tmp_path: Path) -> None:
    text = FILES["routes/hotel.yaml"].encode()
    ran = sluice("fmt", "-", cwd=tmp_path, stdin=text)
    assert (ran.out, ran.err, ran.code) == (golden("fmt_hotel.yaml"), "", 0)
    ran = sluice("fmt", "--check", "-", cwd=tmp_path, stdin=text)
    assert ran.out.startswith("--- <stdin>\n+++ <stdin>\n@@ -1,10 +1,9 @@\n")
    assert ran.code == 1
    error = sluice("fmt", "-", cwd=tmp_path, stdin=b"a: [").one_line_error
    assert error.startswith("<stdin>:1:5: yaml-unclosed: ")


def test_what_goes_with_standard_input_is_said(folder: Path) -> None:
    assert sluice("fmt", "-", "routes", cwd=folder).one_line_error == (
        "-: standard input goes alone: name no files beside it"
    )
    assert sluice("fmt", "-", "--json", cwd=folder).one_line_error == (
        "-: the laid out text takes standard output: --json goes with --check only"
    )


def test_a_diff_has_colours_on_a_terminal(folder: Path) -> None:
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": ""}
    ran = sluice("fmt", "--check", "routes/hotel.test.yaml", cwd=folder, env=terminal)
    assert ran.out.splitlines() == [
        "\x1b[1m--- routes/hotel.test.yaml\x1b[0m",
        "\x1b[1m+++ routes/hotel.test.yaml\x1b[0m",
        "\x1b[36m@@ -1 +1 @@\x1b[0m",
        "\x1b[31m--   request: GET http://api.hotel.test/hotels/7\x1b[0m",
        "\x1b[32m+- request: GET http://api.hotel.test/hotels/7\x1b[0m",
        "1 file would change, 0 unchanged",
    ]


def test_a_file_that_is_named_twice_is_done_once(folder: Path) -> None:
    (folder / "other").symlink_to("routes")
    ran = sluice("fmt", "--check", "routes/fine.yaml", "other/fine.yaml", "./routes/fine.yaml", cwd=folder)
    assert ran.out == "0 files would change, 1 unchanged\n"


def test_what_is_no_route_file_is_not_touched(folder: Path) -> None:
    (folder / "routes/notes.txt").write_text("a:   b\n")
    assert sluice("fmt", "routes/notes.txt", cwd=folder).one_line_error == (
        "routes/notes.txt: not a route file: its name ends in .yaml or .yml"
    )
    assert sluice("fmt", "nowhere.yaml", cwd=folder).one_line_error == "nowhere.yaml: no such file or folder"


def done(path: Path) -> str:
    (problem,) = fmt.lay_out_file(fmt.Chosen(path, "a.yaml"), write=True).problems
    return str(problem)


def test_a_file_that_somebody_else_wrote_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("host:  a\n")
    lay_out = fmt.lay_out

    def interrupted(shown: str, content: bytes) -> fmt.Result:
        path.write_text("host:  somebody-else\n")
        return lay_out(shown, content)

    monkeypatch.setattr(fmt, "lay_out", interrupted)
    assert done(path) == (
        "a.yaml:1:1: file-changed: somebody else wrote this file meanwhile: it is left as it is, run fmt again"
    )
    assert path.read_text() == "host:  somebody-else\n"


def test_a_file_that_cannot_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("host:  a\n")

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert done(path) == "a.yaml:1:1: file-unwritable: the file cannot be written: no space left on device"
    assert path.read_text() == "host:  a\n"
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("nowhere.yaml")
    assert done(tmp_path / "a.yaml") == (
        "a.yaml:1:1: file-unreadable: the file cannot be read: no such file or directory"
    )
