"""Claims of tokens, read without verifying them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.sessions.tokens import MOST_TOKEN, unverified_claims

from .tokens import coded, token

CLAIMS = {"sub": "alice", "exp": 1, "größe": "ü>?~"}


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer ", "BEARER  "])
def test_a_leading_bearer_is_stripped(prefix: str) -> None:
    assert unverified_claims((prefix + token(CLAIMS)).encode()) == CLAIMS


def test_a_token_that_is_over_and_that_nobody_signed_is_read_all_the_same() -> None:
    assert unverified_claims(f"e30.{coded(json.dumps(CLAIMS).encode())}.".encode()) == CLAIMS


def test_the_example_of_the_standard_is_read() -> None:
    # RFC 7519 section 3.1
    text = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    assert unverified_claims(text.encode()) == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YWxpY2U6c2VjcmV0",
        "a.b",
        "a.b.c.d.e",
        f"e30.{coded(b'[1]')}.x",
        f"e30.{coded(b'nonsense')}.x",
        f"e30.{coded(bytes([255, 254]))}.x",
        "e30.e3=0.x",
        "e30.e\n30.x",
        "e30.e3+.x",
        f"e30.{coded(b'1' * 5000)}.x",
        f"e30.{coded(b'[' * 9000)}.x",
        f"e30.{coded(b'{' + b'"a":{' * 2000)}.x",
    ],
    ids=lambda value: value[:20] or "empty",
)
def test_what_is_no_token_has_no_claims(value: str) -> None:
    assert unverified_claims(value.encode()) is None


def test_a_giant_token_is_not_looked_at() -> None:
    claims = {"sub": "alice", "groups": "g" * MOST_TOKEN}
    assert unverified_claims(token(claims).encode()) is None
    fits = {"sub": "alice", "groups": "g" * (MOST_TOKEN * 3 // 4 - 200)}
    assert unverified_claims(token(fits).encode()) == fits


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=4))
def test_claims_come_out_as_they_went_in(claims: dict[str, Any]) -> None:
    assert unverified_claims(token(claims).encode()) == claims


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda data: b"x." + base64.urlsafe_b64encode(data) + b".y"))
def test_any_bytes_are_claims_or_none(data: bytes) -> None:
    assert isinstance(unverified_claims(data), dict | None)
