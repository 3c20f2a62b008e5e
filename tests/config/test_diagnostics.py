"""Findings, and the words around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.diagnostics import Diagnostic, Mark, excerpt, suggest


def test_a_diagnostic_reads_file_line_column_code_message() -> None:
    assert str(Diagnostic("hotel.yaml", 6, 3, "error", "code", "message")) == "hotel.yaml:6:3: code: message"


def test_diagnostics_sort_by_file_line_and_column() -> None:
    places = [("b.yaml", 1, 1), ("a.yaml", 10, 1), ("a.yaml", 9, 2), ("a.yaml", 9, 1)]
    found = [Diagnostic(*place, "error", "code", "") for place in places]
    assert [(one.file, one.line, one.column) for one in sorted(found)] == sorted(places)


@pytest.mark.parametrize(
    ("text", "known", "words"),
    [
        ("hots", ["host", "origin"], "; nearest is 'host'"),
        ("HOST", ["host", "origin"], "; nearest is 'host'"),
        ("rooms", ["Rooms"], "; nearest is 'Rooms'"),
        ("zzz", ["host", "origin"], "; known are host, origin"),
        ("zzz", [], ""),
        (
            "zzz",
            [f"k{number:02}" for number in range(20)],
            "; known are " + ", ".join(f"k{n:02}" for n in range(12)) + ", …",
        ),
    ],
)
def test_a_suggestion_is_the_nearest_name_or_all_that_are_few(text: str, known: list[str], words: str) -> None:
    assert suggest(text, known) == words


@given(st.text(max_size=200))
def test_an_excerpt_is_short_and_prints_on_one_line(text: str) -> None:
    shown = excerpt(text)
    assert shown.isprintable()
    assert text.isprintable() is False or shown == text or (len(text) > 80 and shown == text[:79] + "…")


def test_a_place_within_a_text_is_told_where_the_text_stands_letter_by_letter() -> None:
    assert Mark(3, 5, exact=True).at(4) == Mark(3, 9, exact=True)
    assert Mark(3, 5).at(4) == Mark(3, 5)
