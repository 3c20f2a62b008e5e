"""The proof refuses every layout that does harm; each text here is one that a wrong writer could give."""

from __future__ import annotations

import pytest

from sluicegate.config.diagnostics import Findings
from sluicegate.config.documents import read_document
from sluicegate.config.layout.proof import first_change, first_difference

OLD = "host: a  # one\nb: &x\n  # two\n  c: [d, 'e']\n  f: g\n"


def change(new: str, old: str = OLD) -> int | None:
    """The line of the first change that does harm, or None."""
    found = first_change(old, read_document(old.encode(), Findings("a.yaml")), new)
    return found and found.line


def test_a_text_in_the_layout_is_safe() -> None:
    assert change(OLD) is None
    assert change(OLD, OLD.replace("  ", "      ").replace("\n", "\r\n")) is None


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("host: a", "host: b", 1),
        ("[d, 'e']", "[d, e]", 4),
        ("[d, 'e']", "\n    - d\n    - 'e'", 4),
        ("[d, 'e']", "[d]", 4),
        ("f: g", "h: g", 5),
        ("  f: g", "f: g", 1),
        ("b: &x", "b:", 2),
        ("b: &x", "b: &y", 2),
        ("# one", "# One", 1),
        ("# one", "#one", 1),
        ("  # one", "", 1),
        ("  # two\n", "", 3),
        ("  # two\n  c: [d, 'e']", "  c: [d, 'e']  # two", 3),
        ("  # one\nb: &x", "\n# one\nb: &x", 1),
        ("  # one\nb: &x\n  # two", "  # two\nb: &x\n  # one", 1),
        ("[d, 'e']", "[d, 'e'", 4),
        ("host: a  # one", "host: a # one", 1),
        ("f: g", "f:  g", 5),
    ],
)
def test_a_text_that_says_something_else_is_not(old: str, new: str, line: int) -> None:
    assert old in OLD
    assert change(OLD.replace(old, new)) == line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a: &x {b: c}\nd: *x\n", "a: &x {b: c}\nd: {b: c}\n"),
        ("a: &x b\nc: &y b\nd: [*x, *x]\n", "a: &x b\nc: &y b\nd: [*x, *y]\n"),
        ("a: ''\n", "a:\n"),
        ("a: {}\n", "a: []\n"),
        ("a: |\n  b\n", "a: >\n  b\n"),
        ("a: 1\nb: 2\n", "b: 2\na: 1\n"),
        ("a: 1\n", "# nothing\n"),
    ],
)
def test_documents_that_differ(one: str, other: str) -> None:
    left, right = (read_document(text.encode(), Findings("a.yaml")) for text in (one, other))
    assert first_difference(left, left) is None
    assert first_difference(left, right) is not None
    assert first_difference(right, left) is not None
