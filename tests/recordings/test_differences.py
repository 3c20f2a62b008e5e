"""What counts as a difference between two answers, and how it is named."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from sluicegate.exchange import Fields
from sluicegate.recordings.differences import (
    KEPT,
    VOLATILE,
    Body,
    BodyDifference,
    body_difference,
    changed_fields,
    hold,
)
from sluicegate.recordings.recording import Answer

IGNORED = frozenset(name.lower().encode() for name in VOLATILE)
JSON: Fields = ((b"Content-Type", b"application/json"),)
PROBLEM: Fields = ((b"Content-Type", b"application/problem+json; charset=utf-8"),)
GZIP: Fields = ((b"Content-Encoding", b"gzip"),)


def difference(
    recorded: bytes, now: bytes, fields: Fields = (), after: Fields | None = None, *, decoded: bool = False
) -> BodyDifference | None:
    answer = Answer(200, fields, recorded, decoded)
    return body_difference(answer, fields if after is None else after, hold([now], recorded), IGNORED)


@pytest.mark.parametrize(
    ("pieces", "recorded", "at"),
    [
        ([], b"", None),
        ([b"abc"], b"abc", None),
        ([b"a", b"b", b"c"], b"abc", None),
        ([b"ab", b"X"], b"abc", 2),
        ([b"ab"], b"abc", 2),
        ([b"ab", b"cd"], b"abc", 3),
        ([b"x"], b"", 0),
        ([], b"abc", 0),
        ([b"X", b"bc"], b"abc", 0),
        ([b"a" * 100_000, b"b"], b"a" * 100_001, 100_000),
    ],
)
def test_the_first_byte_that_differs_is_found_across_pieces(
    pieces: list[bytes], recorded: bytes, at: int | None
) -> None:
    body = hold(pieces, recorded)
    assert (body.differs_at, body.length, body.ended) == (at, sum(map(len, pieces)), True)


def test_a_body_without_end_is_left() -> None:
    given = 0

    def endless() -> object:
        nonlocal given
        while True:
            given += 1
            yield b"x" * 65536

    body = hold(endless(), b"x" * 10)  # type: ignore[arg-type]
    assert not body.ended
    assert body.differs_at == 10
    assert given * 65536 <= KEPT + 2 * 65536
    assert len(body.first) == KEPT


@pytest.mark.parametrize(
    ("recorded", "now", "member", "was", "is_now"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "$.b", "2", "3"),
        ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "y"}]}}, "$.a.b[1].c", '"x"', '"y"'),
        ({"a": 1}, {}, "$.a", "1", None),
        ({}, {"a": 1}, "$.a", None, "1"),
        ([1, 2, 3], [1, 2], "$[2]", "3", None),
        ([1], [1, None], "$[1]", None, "null"),
        ({"x y": 1}, {"x y": 2}, '$["x y"]', "1", "2"),
        ({"a": []}, {"a": {}}, "$.a", "[]", "{}"),
        ({"a": 1}, {"a": True}, "$.a", "1", "true"),
        ({"a": 1}, {"a": 1.0}, "$.a", "1", "1.0"),
        ({"a": 1, "b": 1}, {"b": 2, "a": 2}, "$.a", "1", "2"),
        ("x" * 100, 7, "$", '"' + "x" * 58 + "…", "7"),
    ],
)
def test_the_first_json_member_that_differs_is_named(
    recorded: object, now: object, member: str, was: str | None, is_now: str | None
) -> None:
    old, new = json.dumps(recorded).encode(), json.dumps(now).encode()
    assert difference(old, new, JSON) == BodyDifference(len(old), len(new), None, member, was, is_now)


def test_the_same_json_written_otherwise_differs_at_a_byte() -> None:
    assert difference(b'{"a":1}', b'{"a": 1}', JSON) == BodyDifference(7, 8, 5, None, "1}", " 1}")


def test_what_is_no_json_differs_at_a_byte() -> None:
    assert difference(b"{broken", b"{brOken", JSON) == BodyDifference(7, 7, 3, None, "oken", "Oken")
    assert difference(b"ab\x00", b"ab\xff\n") == BodyDifference(3, 4, 2, None, "\\x00", "\\\\xff\\n")
    assert difference(b"ab", b"") == BodyDifference(2, 0, 0, None, "ab", None)


def test_json_of_any_depth_is_compared() -> None:
    deep = b"[" * 900 + b"%d" + b"]" * 900
    found = difference(deep % 1, deep % 2, JSON)
    assert found is not None
    assert (found.member, found.recorded, found.now) == ("$" + "[0]" * 900, "1", "2")
    found = difference(b"[" * 100_000, b"[" * 100_001, JSON)
    assert found is not None
    assert found.byte == 100_000


def test_contents_are_compared_behind_their_coding() -> None:
    slow, fast = gzip.compress(b"hello " * 50, 9, mtime=1), gzip.compress(b"hello " * 50, 1, mtime=2)
    assert slow != fast
    assert difference(slow, fast, GZIP) is None
    assert difference(slow, zlib.compress(b"hello " * 50), GZIP, ((b"content-encoding", b"deflate"),)) is None
    assert difference(gzip.compress(b"abc"), gzip.compress(b"abX"), GZIP) == BodyDifference(3, 3, 2, None, "c", "X")


def test_a_body_that_was_stored_decoded_is_compared_with_the_content() -> None:
    assert difference(b"hello", b"hello", GZIP, (), decoded=True) is None
    assert difference(b"hello", gzip.compress(b"hello"), GZIP, decoded=True) is None
    assert difference(b"hello", gzip.compress(b"hellO"), GZIP, decoded=True) == BodyDifference(5, 5, 4, None, "o", "O")


@pytest.mark.parametrize("now", [b"no gzip", gzip.compress(b"a", mtime=1)[:-4], gzip.compress(b"a", mtime=1) + b"x"])
def test_a_coding_that_cannot_be_undone_leaves_the_bytes(now: bytes) -> None:
    old = gzip.compress(b"a")
    found = difference(old, now, GZIP)
    assert found is not None
    assert found.recorded_bytes == len(old)
    assert found.byte is not None


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    assert len(bomb) < KEPT
    found = difference(gzip.compress(b"small"), bomb, GZIP)
    assert found is not None
    assert found.now_bytes == len(bomb)


def test_beyond_what_is_looked_into_the_byte_is_named() -> None:
    old = b"x" * (3 * KEPT)
    new = old[:-1] + b"y"
    pieces = [new[at : at + 65536] for at in range(0, len(new), 65536)]
    found = body_difference(Answer(200, JSON, old), JSON, hold(pieces, old), IGNORED)
    assert found == BodyDifference(3 * KEPT, 3 * KEPT, 3 * KEPT - 1, None, "x", "…")


def test_the_request_id_of_a_problem_document_is_as_volatile_as_its_field() -> None:
    old, new = b'{"status": 404, "request_id": "1"}', b'{"status": 404, "request_id": "2"}'
    assert difference(old, new, PROBLEM) is None
    assert difference(old, new, JSON) is not None
    found = difference(old, new.replace(b"404", b"410"), PROBLEM)
    assert found is not None
    assert found.member == "$.status"
    kept = body_difference(Answer(404, PROBLEM, old), PROBLEM, hold([new], old), IGNORED - {b"x-request-id"})
    assert kept is not None
    assert kept.member == "$.request_id"


def test_a_body_that_was_not_recorded_is_not_compared() -> None:
    assert body_difference(Answer(200, (), None), (), Body(3, b"abc", 0, True), IGNORED) is None


def test_fields_are_compared_by_name_with_all_their_values() -> None:
    before: Fields = ((b"ETag", b'"1"'), (b"Set-Cookie", b"a"), (b"Set-Cookie", b"b"), (b"Gone", b"x"), (b"Date", b"1"))
    after: Fields = ((b"etag", b' "1" '), (b"set-cookie", b"b"), (b"set-cookie", b"a"), (b"New", b"y"), (b"Via", b"z"))
    assert changed_fields(Answer(200, before), after, IGNORED) == {
        "set-cookie": (["a", "b"], ["b", "a"]),
        "gone": (["x"], []),
        "new": ([], ["y"]),
    }


def test_the_coding_of_an_answer_that_was_stored_decoded_is_no_difference() -> None:
    before: Fields = ((b"Content-Encoding", b"br"), (b"Vary", b"Accept-Encoding"))
    assert changed_fields(Answer(200, before, decoded=True), (), IGNORED) == {}
    assert set(changed_fields(Answer(200, before), (), IGNORED)) == {"content-encoding", "vary"}
