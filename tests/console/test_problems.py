"""A line of a file with a caret below the place of its problem, and annotations of GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from sluicegate.config.diagnostics import Diagnostic
from sluicegate.console.problems import Files, excerpt, print_annotation
from sluicegate.console.sources import Source

from .sluice import write


def under_caret(line: str, column: int) -> str:
    """What stands above the caret, from its cell on."""
    shown, caret = excerpt(line, column)
    assert caret.strip() == "^"
    cells = len(caret) - 1
    before = ""
    while cell_len(before) < cells:
        before = shown[: len(before) + 1]
    assert cell_len(before) == cells
    return shown[len(before) :]


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        ("host: x", 7, "x"),
        ("host: x", 1, "host: x"),
        ("\thost: x", 2, "host: x"),
        ("ab\tcd\tx", 7, "x"),
        ("宿: 旅館 x", 7, "x"),
        ("e\u0301: x", 5, "x"),
        ("a: \x1b[2J x", 9, "x"),
        ("ab", 3, ""),
        ("ab", 99, ""),
        ("a" * 500 + "x" + "b" * 500, 501, "x" + "b" * 39 + "…"),
        ("x" + "b" * 500, 1, "x" + "b" * 99 + "…"),
        ("宿" * 500 + "x", 501, "x"),
        ("\t" * 500 + "x", 501, "x"),
    ],
)
def test_the_caret_stands_below_the_column(line: str, column: int, found: str) -> None:
    assert under_caret(line, column) == found


def test_a_long_line_is_cut_around_the_column() -> None:
    shown, caret = excerpt("a" * 500 + "x" + "b" * 500, 501)
    assert shown == "…" + "a" * 60 + "x" + "b" * 39 + "…"
    assert caret == " " * 61 + "^"


def test_a_line_that_fits_is_not_cut() -> None:
    assert excerpt("a" * 100, 100)[0] == "a" * 100


def test_what_a_line_holds_cannot_steer_a_terminal() -> None:
    shown, caret = excerpt("a\x1b[31m\x9bx\u202ey", 8)
    assert shown.isprintable()
    assert "x" in shown
    assert caret.isprintable()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_those_of_yaml(tmp_path: Path, end: str) -> None:
    (tmp_path / "a.yaml").write_bytes(f"\ufeffone{end}two{end}three".encode())
    files = Files(Source(tmp_path, "."))
    assert [files.line("a.yaml", number) for number in range(1, 5)] == ["one", "two", "three", None]


def test_a_file_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    files = Files(Source(write(tmp_path, {"a.yaml": "x"}), "."))
    assert files.line("b.yaml", 1) is None
    assert Files(Source(tmp_path / "none", ".")).line("a.yaml", 1) is None


def test_an_annotation_cannot_be_ended_by_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = Diagnostic("a,b:c.yaml", 3, 7, "error", "code", "50% of 'a,b:c'\n::error::x", "GET http://a.test/%41")
    print_annotation(one, Source(tmp_path, "routes"))
    assert capsys.readouterr().out == (
        "::error file=routes/a%2Cb%3Ac.yaml,line=3,col=7,title=code::50%25 of 'a,b:c'\\n::error::x"
        "%0Afor example: GET http://a.test/%2541\n"
    )
