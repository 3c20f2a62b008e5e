"""Requests and answers out of the access logs of other servers."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.recordings import access_log
from sluicegate.recordings.access_fields import FIX, time_of, unescaped
from sluicegate.recordings.recording import NOT_HTTP, UNANSWERED, Answer, Recording, Skipped, UnreadableError
from sluicegate.recordings.request_log import CUT, LONGEST_LINE
from sluicegate.trial import Request

COMMON = b'10.0.0.9 - - [10/Oct/2026:13:55:36 +0200] "GET /hotels/7?x=1 HTTP/1.1" 200 2326\n'
COMBINED = COMMON[:-1] + b' "https://hotel.test/" "curl/8.5"\n'
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
AT = 1791633336.0
"""2026-10-10 11:55:36 UTC."""

CADDY = {
    "level": "info",
    "ts": 1791633336.25,
    "logger": "http.log.access.log0",
    "msg": "handled request",
    "request": {
        "remote_ip": "10.0.0.1",
        "client_ip": "10.0.0.9",
        "proto": "HTTP/2.0",
        "method": "GET",
        "host": "api.hotel.test",
        "uri": "/hotels/7?x=1",
        "headers": {"Authorization": ["REDACTED"], "Cookie": ["sid=a; b=c"], "Accept": ["a/b", "c/d"]},
        "tls": {"version": 772},
    },
    "user_id": "ann",
    "duration": 0.25,
    "size": 2326,
    "status": 200,
    "resp_headers": {"Content-Type": ["application/json"]},
}
TRAEFIK = {
    "ClientAddr": "10.0.0.9:4711",
    "ClientHost": "10.0.0.9",
    "ClientUsername": "-",
    "DownstreamContentSize": 2326,
    "DownstreamStatus": 200,
    "Duration": 40_000_000,
    "OriginDuration": 30_000_000,
    "OriginStatus": 200,
    "RequestHost": "api.hotel.test",
    "RequestMethod": "GET",
    "RequestPath": "/hotels/7?x=1",
    "RequestScheme": "https",
    "StartUTC": "2026-10-10T11:55:36.250000000Z",
    "request_Accept": "a/b",
    "request_Authorization": "REDACTED",
    "downstream_Content-Type": "application/json",
}
NGINX = {
    "time_iso8601": "2026-10-10T13:55:36+02:00",
    "remote_addr": "10.0.0.9",
    "remote_user": "",
    "request_method": "GET",
    "request_uri": "/hotels/7?x=1",
    "status": "200",
    "body_bytes_sent": "2326",
    "http_host": "api.hotel.test",
    "http_user_agent": "curl/8.5",
    "http_referer": "-",
    "upstream_response_time": "0.004, 0.030",
}


def read(data: bytes) -> tuple[list[Recording], Skipped]:
    skipped = Skipped()
    return list(access_log.read(io.BytesIO(data), skipped)), skipped


def only(line: bytes | dict[str, Any]) -> Recording:
    (found,), skipped = read(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
    assert not skipped
    return found


def request(host: str | None = None, *fields: tuple[bytes, bytes], scheme: str = "http") -> Request:
    return Request("GET", host, b"/hotels/7?x=1", fields, scheme, "10.0.0.9")


def test_a_line_of_the_common_format_tells_request_answer_and_time() -> None:
    assert only(COMMON) == Recording(request(), "line 1", None, Answer(200, sent=2326), at=AT)


def test_the_combined_format_tells_the_client_program_too() -> None:
    assert only(COMBINED).request == request(None, (b"User-Agent", b"curl/8.5"))


def test_what_a_server_writes_behind_the_combined_format_is_passed_over() -> None:
    assert only(COMBINED[:-1] + b' "203.0.113.5" 0.004 cached\n') == only(COMBINED)


@pytest.mark.parametrize(
    ("front", "host"),
    [
        (b"api.hotel.test:443 ", "api.hotel.test:443"),
        (b"api.hotel.test ", "api.hotel.test"),
        (b"[::1]:80 ", "[::1]:80"),
    ],
)
def test_a_host_in_front_of_the_line_is_the_requests(front: bytes, host: str) -> None:
    assert only(front + COMBINED).request == request(host, (b"User-Agent", b"curl/8.5"))


@pytest.mark.parametrize("user", ["ann", "ann mary"])
def test_who_was_authenticated_is_told(user: str) -> None:
    assert only(COMMON.replace(b"- - [", f"- {user} [".encode())) == replace(only(COMMON), user=user)


def test_an_absolute_request_target_gives_scheme_and_host() -> None:
    line = COMMON.replace(b"GET /", b"GET https://api.hotel.test/")
    assert only(line).request == request("api.hotel.test", scheme="https")


@pytest.mark.parametrize(
    "asked", [b"\\x16\\x03\\x01\\x02", b"-", b"CONNECT a.test:443 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET"]
)
def test_what_is_no_request_for_a_path_is_passed_over(asked: bytes) -> None:
    assert read(COMMON.replace(b"GET /hotels/7?x=1 HTTP/1.1", asked)) == ([], Skipped({NOT_HTTP: 1}))


def test_a_request_without_an_answer_is_passed_over() -> None:
    assert read(COMMON.replace(b" 200 2326", b" - -")) == ([], Skipped({UNANSWERED: 1}))


def test_escapes_of_the_server_are_undone() -> None:
    assert unescaped(rb"/a\x22b\"c\\d\n") == b'/a"b"c\\d\n'
    assert only(COMMON.replace(b"/7?x=1", rb"/\xC3\xA9?x=\x22")).request.target == '/hotels/é?x="'.encode()


def test_a_line_of_caddy() -> None:
    fields = ((b"Cookie", b"sid=a; b=c"), (b"Accept", b"a/b"), (b"Accept", b"c/d"))
    assert only(CADDY) == Recording(
        request("api.hotel.test", *fields, scheme="https"),
        "line 1",
        None,
        Answer(200, ((b"Content-Type", b"application/json"),), sent=2326),
        at=AT + 0.25,
        user="ann",
    )


def test_other_lines_of_caddys_log_are_passed_over() -> None:
    other = {"level": "info", "ts": 1.5, "logger": "http", "msg": "serving initial configuration"}
    assert read(json.dumps(other).encode() + b"\n") == ([], Skipped({NOT_HTTP: 1}))


def test_a_line_of_traefik_tells_how_long_the_target_took() -> None:
    assert only(TRAEFIK) == Recording(
        request("api.hotel.test", (b"Accept", b"a/b"), scheme="https"),
        "line 1",
        None,
        Answer(200, ((b"Content-Type", b"application/json"),), sent=2326, origin_ms=30.0),
        at=AT + 0.25,
    )


def test_a_line_with_the_names_of_nginx_counts_the_last_server_that_was_asked() -> None:
    assert only(NGINX) == Recording(
        request("api.hotel.test", (b"user-agent", b"curl/8.5")),
        "line 1",
        None,
        Answer(200, sent=2326, origin_ms=30.0),
        at=AT,
    )


def test_a_request_line_in_json_is_taken_apart() -> None:
    line = {"remote_addr": "10.0.0.9", "request": "GET /hotels/7?x=1 HTTP/1.1", "status": 200, "msec": "1791633336.000"}
    assert only(line) == Recording(request(), "line 1", None, Answer(200), at=AT)


def test_a_query_in_a_field_of_its_own_belongs_to_the_target() -> None:
    line = {"client_ip": "10.0.0.9", "method": "GET", "path": "/hotels/7", "query": "x=1", "status": 200}
    assert only(line).request == request()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10/Oct/2026:13:55:36 +0200", AT),
        ("2026-10-10T11:55:36Z", AT),
        ("2026-10-10T11:55:36.500Z", AT + 0.5),
        ("yesterday", 0.0),
        ("99/Foo/2026:13:55:36 +0200", 0.0),
        ("", 0.0),
    ],
)
def test_times_are_seconds_since_the_epoch(written: str, seconds: float) -> None:
    assert time_of(written) == seconds


@pytest.mark.parametrize(("time", "seconds"), [(1791633336, AT), (1791633336000, AT), ("1791633336.5", AT + 0.5)])
def test_a_time_in_a_number_may_be_in_milliseconds(time: object, seconds: float) -> None:
    assert only({"time": time, "method": "GET", "uri": "/", "status": 200}).at == seconds


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"hello\n", f"not a line of an access log: {FIX}"),
        (b"{hello\n", f"not a line of an access log, and no JSON: {FIX}"),
        (b'{"status": 200, "uri": "/"}\n', f"not a line of an access log: no field tells the method: {FIX}"),
        (b'{"status": 200, "method": "GET"}\n', f"not a line of an access log: no field tells the path: {FIX}"),
        (b'{"method": "GET", "uri": "/"}\n', f"not a line of an access log: no field tells the status: {FIX}"),
        (b'{"a":' * 100_000 + b"\n", f"not a line of an access log, and no JSON: {FIX}"),
        (b"x" * (LONGEST_LINE + 1), f"longer than {LONGEST_LINE:,} bytes"),
    ],
)
def test_a_bad_line_is_an_error_with_its_number_and_the_fix(bad: bytes, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(COMMON + bad + COMMON)
    assert (str(caught.value), caught.value.line) == (said, 2)


def test_a_last_line_that_is_being_written_is_passed_over() -> None:
    for cut in range(1, len(COMMON) - 6):  # the last digits of the size cannot be missed
        found, skipped = read(COMMON + COMMON[:cut])
        assert (len(found), skipped) == (1, Skipped({CUT: 1}))


@given(st.binary(max_size=200))
def test_no_line_makes_the_reader_fail(line: bytes) -> None:
    with suppress(UnreadableError):
        read(line + b"\n")


@given(st.dictionaries(st.sampled_from([*CADDY, *TRAEFIK, *NGINX, "method", "uri"]), VALUES, max_size=8))
def test_no_json_makes_the_reader_fail(members: dict[str, object]) -> None:
    line = json.dumps({"method": "GET", "uri": "/", "status": 200, **members}).encode()
    with suppress(UnreadableError):
        read(line + b"\n")
