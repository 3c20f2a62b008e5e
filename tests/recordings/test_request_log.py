"""Requests out of the gateway's own log."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.observing.request_log import Record
from sluicegate.recordings import request_log
from sluicegate.recordings.recording import Answer, Skipped, UnreadableError
from sluicegate.recordings.request_log import CUT, LONGEST_LINE, REFUSED, request_of
from sluicegate.trial import Request

VERDICT = {"stage": "routing", "outcome": "routed", "reason": "hotel.yaml:4"}


def line(**members: Any) -> bytes:
    """A line as the gateway writes it."""
    told = {"client": "10.0.0.9", "method": "GET", "host": "api.hotel.test", "path": "/hotels/7", "verdicts": [VERDICT]}
    return Record("id", 1760000000.25, **{**told, **members}).line().encode()


def read(data: bytes) -> tuple[list[tuple[str, Request]], Skipped]:
    skipped = Skipped()
    return [(one.place, one.request) for one in request_log.read(io.BytesIO(data), skipped)], skipped


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"decided": 1.5, "first_byte": 2e-07, "ended": 3.0, "status": 200, "target": "http://a/b"},
        {"verdicts": []},
        {"client": "2001:db8::1"},
        {"client": ""},
        {"path": '/a"b'},
        {"path": "/a\\xff"},
        {"path": ""},
        {"path": "*"},
        {"method": 'G"T'},
        {"host": "[::1]"},
    ],
)
def test_a_line_gives_its_request(members: dict[str, Any]) -> None:
    told = {"client": "10.0.0.9", "method": "GET", "host": "api.hotel.test", "path": "/hotels/7", **members}
    expected = Request(told["method"], told["host"], told["path"].encode(), (), "http", told["client"])
    assert request_of(line(**members)) == expected


@given(st.text(max_size=20), st.text(max_size=20), st.text(st.characters(codec="latin-1"), max_size=20))
def test_the_fast_way_and_json_read_the_same(path: str, method: str, host: str) -> None:
    written = line(path=path, method=method, host=host)
    as_json = json.loads(written)
    found = request_of(written)
    assert found is not None
    assert (found.method, found.host, found.target.decode()) == (method, host, path)
    spaced = json.dumps(as_json).encode() + b"\n"  # not as the gateway writes it
    assert request_of(spaced) == found


@pytest.mark.parametrize("session", ["0123456789abcdef", None])
def test_lines_with_and_without_a_session_are_read_in_the_fast_way(
    session: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "_parsed", None)
    written = line(session=session)
    before = written.replace(b'"session":' + (b'"%b"' % session.encode() if session else b"null") + b",", b"")
    assert b"session" in written
    assert b"session" not in before
    expected = Request("GET", "api.hotel.test", b"/hotels/7", (), "http", "10.0.0.9")
    assert request_of(written) == request_of(before) == expected


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        ("0123456789abcdef", "0123456789abcdef"),
        (None, ""),
        ("", ""),
        ("s3cret", ""),
        ("0123456789ABCDEF", ""),
        ("12345678", ""),
        (7, ""),
    ],
)
def test_a_recording_has_the_session_where_it_is_a_hash_and_nothing_that_may_be_its_value(
    session: object, expected: str
) -> None:
    (found,) = request_log.read(io.BytesIO(line(session=session)), Skipped())
    assert found.session == expected


def test_a_line_of_a_log_that_knew_no_sessions_has_none() -> None:
    (found,) = request_log.read(io.BytesIO(line().replace(b'"session":null,', b"")), Skipped())
    assert found.session == ""


@pytest.mark.parametrize("members", [{"method": None, "host": None, "path": None}, {"host": None}, {"path": None}])
def test_what_never_was_a_request_that_can_be_asked_again_gives_none(members: dict[str, Any]) -> None:
    assert request_of(line(**members)) is None


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"hello\n", "no JSON"),
        (b"\n", "no JSON"),
        (b"\xff\n", "no JSON"),
        (b"[]\n", "no JSON object"),
        (b"{}\n", "'method' is missing"),
        (line().replace(b'"GET"', b"7"), "'method' is no text"),
        (line().replace(b'"host":"api.hotel.test",', b""), "'host' is missing"),
        (line()[:-20] + b"\n", "no JSON"),
        (line().replace(b'"/hotels/7"', b"9" * 5000), "no JSON"),
        (line(host="hotel.☃"), "'host' or 'path' holds what no request can"),
        (line(path="/\ud800"), "'host' or 'path' holds what no request can"),
        (b"[" * 100_000 + b"\n", "no JSON"),
    ],
)
def test_a_bad_line_is_an_error_with_its_number(bad: bytes, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(line() + bad + line())
    assert str(caught.value) == f"line 2: not a line of the request log: {said}"


def test_places_are_lines_and_what_is_passed_over_is_counted() -> None:
    found, skipped = read(line() + line(method=None) + line(path="/b"))
    assert [(place, request.target) for place, request in found] == [("line 1", b"/hotels/7"), ("line 3", b"/b")]
    assert skipped == {REFUSED: 1}


def test_a_last_line_that_is_being_written_is_passed_over() -> None:
    whole = line()
    for cut in range(1, len(whole) - 1):
        found, skipped = read(whole + whole[:cut])
        assert len(found) == 1
        assert skipped == {CUT: 1}


def test_a_last_line_without_its_end_counts_where_it_is_whole() -> None:
    found, skipped = read(line() + line()[:-1])
    assert len(found) == 2
    assert not skipped


def test_an_endless_line_is_an_error() -> None:
    with pytest.raises(UnreadableError, match=r"^line 2: longer than 1,048,576 bytes$"):
        read(line() + b"{" * (LONGEST_LINE + 1))


def test_a_recording_tells_time_target_answer_and_session() -> None:
    told = {"decided": 1760000000.5, "first_byte": 1760000000.75, "target": "http://127.0.0.1:9001/h/7?x=1"}
    data = line(**told, status=201, bytes_out=12, session="00112233445566ff")
    (found,) = request_log.read(io.BytesIO(data), Skipped())
    assert (found.at, found.origin, found.session) == (1760000000.25, "http://127.0.0.1:9001", "00112233445566ff")
    assert (found.body, found.answer) == (None, Answer(201, sent=12, origin_ms=250.0))


def test_an_answer_of_the_gateway_itself_has_no_target_and_no_time_of_one() -> None:
    (found,) = request_log.read(io.BytesIO(line(decided=1.0, first_byte=2.0, status=404)), Skipped())
    assert (found.origin, found.answer) == ("", Answer(404, sent=0))


def test_lines_that_were_read_before_count_in_the_number_of_a_bad_one() -> None:
    with pytest.raises(UnreadableError, match=r"^line 8: not a line of the request log"):
        list(request_log.read(io.BytesIO(b"hello\n"), Skipped(), 7))
