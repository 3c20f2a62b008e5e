"""What of a request nobody may keep."""

from __future__ import annotations

import pytest

from sluicegate.sessions.hiding import hides_body, secret_fields
from sluicegate.sessions.identifiers import DEFAULT, Identifier, Source

HEADER = Identifier("header", "X-Api-Key")
LISTED = (HEADER, Identifier("body", "/id"), Identifier("body", "/user"))


def test_all_fields_that_can_name_a_session_are_secret_whichever_names_it() -> None:
    tokens = (
        Identifier("jwt", "$.sub"),
        Identifier("jwt", "$.sub", Source("header", "X-Token".lower())),
        Identifier("jwt", "$.sub", Source("cookie", "t")),
    )
    listed = (*LISTED, Identifier("cookie", "sid"), *tokens)
    assert secret_fields(listed) == {b"x-api-key", b"authorization", b"x-token"}
    assert secret_fields(DEFAULT) == {b"authorization"}
    assert secret_fields(()) == set()


@pytest.mark.parametrize(
    ("named_by", "body", "expected"),
    [
        ("body /id", b'{"id": 7, "other": 8}', False),
        ("body /id", b'{"id": 7, "user": 8}', True),
        ("header x-api-key", b'{"id": 7}', True),
        ("header x-api-key", b'{"other": 7}', False),
        ("header x-api-key", b"", False),
        ("header x-api-key", None, False),
        ("", b"id=7", False),
    ],
)
def test_a_body_with_a_value_that_could_have_named_the_session_and_did_not_is_hidden(
    named_by: str, body: bytes | None, expected: bool
) -> None:
    assert hides_body(LISTED, named_by, body) is expected
    assert not hides_body(DEFAULT, named_by, body)


def test_a_coded_body_that_could_name_a_session_is_hidden() -> None:
    assert hides_body(LISTED, "header x-api-key", b"\x1f\x8b", is_coded=True)
    assert not hides_body((HEADER,), "header x-api-key", b"\x1f\x8b", is_coded=True)
