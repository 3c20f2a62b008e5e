"""Entries that are decoded at once: what they come to is what the slower way makes of the same bytes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.recordings import har
from sluicegate.recordings.recording import Recording, Skipped, UnreadableError
from sluicegate.recordings.whole_entries import Left, WholeEntries

from .hars import document, entry

Outcome = tuple[list[Recording], Skipped, str]


def outcome(data: bytes, *, slowly: bool) -> Outcome:
    """The recordings, what was passed over, and the error without the byte that it was found behind."""
    found: list[Recording] = []
    skipped = Skipped()
    stream = io.BytesIO(data)
    recordings = har._read_on(Left(stream, 0, False), 0, skipped) if slowly else har.read(stream, skipped)
    try:
        found.extend(recordings)
    except UnreadableError as error:
        return found, skipped, str(error).rpartition("byte ")[0] or str(error)
    return found, skipped, ""


def taken(data: bytes) -> int:
    return len(list(WholeEntries(io.BytesIO(data))))


ENTRIES = [entry(f"http://api.hotel.test/{number}", content={"text": "é☃" * number}) for number in range(4)]


def test_all_entries_but_the_last_are_taken_at_once() -> None:
    assert taken(document(*ENTRIES)) == 3
    assert taken(json.dumps(json.loads(document(*ENTRIES)), indent=2).encode()) == 3
    assert taken(b"\xef\xbb\xbf" + document(*ENTRIES)) == 3


def test_entries_longer_than_a_block_are_taken_at_once() -> None:
    assert taken(document(*[entry(content={"text": "x" * 700_000})] * 3)) == 2


def test_an_entry_that_was_given_back_is_left_with_what_follows() -> None:
    data = document(*ENTRIES)
    whole = WholeEntries(io.BytesIO(data))
    walk = iter(whole)
    next(walk)
    next(walk)
    whole.back()
    left = whole.left()
    assert left.inside
    assert left.stream.read() == data[left.position :]
    assert data[left.position :].startswith(json.dumps(ENTRIES[1]).encode())


@pytest.mark.parametrize(
    "data",
    [
        b'{"entries": [], "log": {"entries": []}}',
        b'{"log": {"entries": [1, 2]}}',
        document(*ENTRIES).replace(b'}]}}', b'},]}}'),
        document(*ENTRIES)[:-1] + b', "log": {"entries": []}}',
        document(*ENTRIES).replace(b'"status": 200', b'"status": NaN'),
        document(*ENTRIES).replace(b'"status": 200', b'"status": 1e999'),
        document(*ENTRIES, {"request": {}}, *ENTRIES),
        document(*ENTRIES, 7, *ENTRIES),
        document(*ENTRIES).replace(b"/2", b"/\\ud800"),
        document(*ENTRIES).replace(b"/2", b"/\xff"),
        document(*ENTRIES).replace(b"/2", b"/\n"),
        document(*[entry(cookies=[[]] * 120_000)] * 2),
        document(*[entry(content={"size": 2, "text": "{}", "more": list(range(120_000))})] * 2),
        b'{"log": ' * 3000,
        b'{"log": {"x": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_unusual_comes_to_the_same_as_the_slower_way(data: bytes) -> None:
    assert outcome(data, slowly=False) == outcome(data, slowly=True)


_VALUES = st.recursive(
    # The slower way knows no integers of more than 64 bits.
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_ENTRIES = st.builds(
    lambda path, more, text: entry(f"http://api.hotel.test/{path}", content={"text": text}) | more,
    st.text(max_size=5),
    st.dictionaries(st.sampled_from(["request", "response", "timings", "startedDateTime", "x"]), _VALUES, max_size=1),
    st.text(max_size=5),
)


@given(st.lists(_ENTRIES, max_size=4), st.dictionaries(st.text(max_size=3), _VALUES, max_size=2), st.data())
def test_any_file_and_any_cut_come_to_the_same(entries: list[Any], head: dict[str, Any], data: st.DataObject) -> None:
    ascii_only = data.draw(st.booleans())
    text = json.dumps({**head, "log": {**head, "entries": entries, "z": 1}}, ensure_ascii=ascii_only)
    written = text.encode("utf-8", "surrogatepass")
    cut = written[: data.draw(st.integers(0, len(written)))] if data.draw(st.booleans()) else written
    assert outcome(cut, slowly=False) == outcome(cut, slowly=True)
