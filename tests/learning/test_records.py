"""Records of exchanges: credentials stay out, bodies come without their coding, nothing grows without bounds."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from sluicegate.learning.observation import MOST_BODY
from sluicegate.learning.records import Head, decoded, observation, packed, unpacked, without_credentials

HEAD = Head(False, 3, 5.0, "GET", "a.test", "/x", 200, "5e55", "header authorization", "/{var1}", "a.test", 12, 1.5)


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def coded(coding: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"Content-Encoding", coding.encode()),)


def test_a_batch_arrives_as_it_was_sent() -> None:
    record = (*HEAD, b"q=1", ((b"a", b"b"),), None, (), b"body")
    assert unpacked(packed(7, [tuple(HEAD), record])) == (7, [tuple(HEAD), record])


@pytest.mark.parametrize("data", [b"", b"nonsense", packed(0, [])[:-3]])
def test_what_is_no_batch_is_refused(data: bytes) -> None:
    with pytest.raises((EOFError, TypeError, ValueError)):
        unpacked(data)


def test_a_record_without_messages_is_an_observation_without_them() -> None:
    seen = observation(HEAD)
    assert (seen.method, seen.host, seen.path, seen.status, seen.at, seen.weight) == (
        "GET",
        "a.test",
        "/x",
        200,
        5.0,
        3,
    )
    assert (seen.session, seen.identifier) == ("5e55", "header authorization")
    assert (seen.endpoint, seen.endpoint_host, seen.body_bytes, seen.origin_ms) == ("/{var1}", "a.test", 12, 1.5)
    assert (seen.query, seen.request_headers, seen.request_body, seen.response_body) == (b"", (), None, None)


def test_bodies_are_told_without_their_coding() -> None:
    fields = ((b"content-type", b"application/json"), (b"content-encoding", b"gzip"))
    seen = observation((*HEAD, b"", fields, gzipped(b'{"a": 1}'), fields, gzipped(b"[2]")))
    assert seen.request_json == {"a": 1}
    assert seen.response_json == [2]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzipped(b"text")),
        ("x-gzip", gzipped(b"text")),
        ("deflate", zlib.compress(b"text")),
        ("deflate", zlib.compress(b"text", wbits=-15)),
        ("br", brotli.compress(b"text")),
        ("zstd", zstandard.compress(b"text")),
        ("identity", b"text"),
        ("GZIP , br", brotli.compress(gzipped(b"text"))),
        ("", b"text"),
    ],
)
def test_the_usual_codings_are_taken_off(coding: str, body: bytes) -> None:
    assert decoded(coded(coding), body) == b"text"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("compress", b"text"),
        ("gzip", b"no gzip"),
        ("br", b"\xff\xff\xff"),
        ("zstd", b"no zstd"),
        ("gzip, gzip, gzip", b"text"),
    ],
)
def test_what_cannot_be_taken_off_leaves_no_body(coding: str, body: bytes) -> None:
    assert decoded(coded(coding), body) is None


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzipped(bytes(2 * MOST_BODY))),
        ("deflate", zlib.compress(bytes(2 * MOST_BODY))),
        ("br", brotli.compress(bytes(2 * MOST_BODY))),
        ("zstd", zstandard.compress(bytes(2 * MOST_BODY))),
    ],
)
def test_a_body_that_unpacks_to_too_much_is_left_out(coding: str, body: bytes) -> None:
    assert decoded(coded(coding), body) is None


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (b"Authorization", b"Bearer eyJhbGciOi.secret", b"Bearer ***"),
        (b"authorization", b"s3cr3t", b"***"),
        (b"Proxy-Authorization", b"Basic c2VjcmV0", b"Basic ***"),
        (b"Cookie", b"sid=secret; theme=dark", b"sid=***; theme=***"),
        (b"Set-Cookie", b"sid=secret; Path=/; HttpOnly", b"sid=***"),
        (b"cookie", b"secret", b"***"),
        (b"X-Request-Id", b"7", b"7"),
    ],
)
def test_credentials_are_told_by_their_kind_alone(name: bytes, value: bytes, told: bytes) -> None:
    assert without_credentials(((name, value),)) == ((name, told),)


def test_a_field_that_names_sessions_is_a_credential() -> None:
    assert without_credentials(((b"X-Api-Key", b"secret"),), frozenset((b"x-api-key",))) == ((b"X-Api-Key", b"***"),)
