"""A diff of two layouts, and that it leads from one to the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings

from sluicegate.config.diagnostics import Findings
from sluicegate.config.layout.canonical import laid_out
from sluicegate.console.line_diff import unified
from tests.config.layout.texts import route_like

MISSING_END = "\\ No newline at end of file"


def lines_of(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def patched(old: str, diff: Sequence[str]) -> str:
    """Apply a diff as `patch` does, and check every line that it names."""
    mine, new, at = lines_of(old), list[str](), 0
    for sign, line in _changes(diff):
        if sign == "@":
            found = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", line)
            assert found
            start = int(found[1]) - (found[2] != "0")
            new += mine[at:start]
            at = start
        elif sign == "+":
            new.append(line)
        else:
            assert mine[at] == line
            at += 1
            new += [line] if sign == " " else []
    return "".join(new + mine[at:])


def _changes(diff: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line, after in pairwise([*diff, ""]):
        if line.startswith("@@"):
            yield "@", line
        elif line != MISSING_END and not line.startswith(("--- a.yaml", "+++ a.yaml")):
            yield line[0], line[1:] + ("" if after == MISSING_END else "\n")


@settings(max_examples=200, deadline=None)
@given(route_like())
def test_a_diff_leads_from_a_text_to_its_layout(text: str) -> None:
    new = laid_out(text.encode(), Findings("a.yaml"))
    if new is not None:
        assert patched(text, unified("a.yaml", text, new.decode())) == new.decode()


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a\n", "a\n", []),
        ("", "", []),
        ("a", "a\n", ["@@ -1 +1 @@", "-a", MISSING_END, "+a"]),
        ("\n\n", "", ["@@ -1,2 +0,0 @@", "-", "-"]),
        ("a\n\n\nb\n", "a\n\nb\n", ["@@ -1,4 +1,3 @@", " a", " ", "-", " b"]),
        ("a\r\nb\n", "a\nb\n", ["@@ -1,2 +1,2 @@", "-a\r", "+a", " b"]),
        (
            "1\n2\n3\n4\n5\n x\n6\n7\n8\n9\n",
            "1\n2\n3\n4\n5\nx\n6\n7\n8\n9\n",
            ["@@ -3,7 +3,7 @@", " 3", " 4", " 5", "- x", "+x", " 6", " 7", " 8"],
        ),
    ],
)
def test_a_diff_shows_what_changed_with_three_lines_around_it(old: str, new: str, lines: list[str]) -> None:
    diff = unified("a.yaml", old, new)
    assert diff == (["--- a.yaml", "+++ a.yaml", *lines] if lines else [])
    assert patched(old, diff) == new
