"""Which requests are acted on at all, and what is set of those that are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.exchange import Exchange
from sluicegate.forwarding.admission import admit

from ..tables import exchange


def admitted(request: str = "GET /", *headers: tuple[str, str], **options: Any) -> Exchange:
    found = exchange(request, *headers, **options)
    admit(found)
    return found


def refusal(found: Exchange) -> tuple[int, str] | None:
    return (found.problem.status, found.problem.kind) if found.problem else None


def test_an_ordinary_request_gets_its_host_path_and_query() -> None:
    found = admitted("GET /%61//b?x=%zz", host="API.Hotel.test.:8080")
    assert found.problem is None
    assert (found.host, found.path, found.query) == ("api.hotel.test", "/a/b", b"x=%zz")
    assert found.authority == "API.Hotel.test.:8080"
    assert found.target == b"/%61//b?x=%zz"
    assert found.trail == []


@pytest.mark.parametrize(
    ("target", "query"), [("/", None), ("/?", b""), ("/?a?b", b"a?b"), ("/?%00", b"%00"), ("/?\xff", b"\xff")]
)
def test_the_query_is_what_follows_the_first_question_mark(target: str, query: bytes | None) -> None:
    assert admitted(f"GET {target}").query == query


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"])
def test_the_versions_that_exist_are_served(version: str) -> None:
    assert admitted(http_version=version).problem is None


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/1.2", "HTTP/2", "HTTP/1.10", "http/1.1", "HTTPS/1.1", ""])
def test_versions_that_do_not_exist_are_refused(version: str) -> None:
    assert refusal(admitted(http_version=version)) == (400, "bad-version")


@pytest.mark.parametrize("byte", [*range(9), *range(10, 32), 127])
def test_a_control_byte_in_the_value_or_the_name_of_a_field_is_refused(byte: int) -> None:
    assert refusal(admitted("GET /", ("X-A", f"a{chr(byte)}b"))) == (400, "bad-header")
    assert refusal(admitted("GET /", (f"X-{chr(byte)}A", "b"))) == (400, "bad-header")


def test_a_tab_and_bytes_beyond_ascii_may_stand_in_a_value() -> None:
    assert admitted("GET /", ("X-A", "a\tb\xe9\xff")).problem is None


@pytest.mark.parametrize(
    "target",
    [
        *["/a\x00", "/a\x1f", "/a\x7f", "/a b", "/?a\x00", "/?a b", "/a#b", "/?a#b"],
        *["/%", "/%zz", "/%4", "/%00", "*", "", "a"],
    ],
)
def test_a_target_with_controls_a_fragment_or_a_malformed_escape_is_refused(target: str) -> None:
    found = admitted(f"GET {target}")
    assert refusal(found) == (400, "bad-target")
    assert found.problem is not None
    assert found.problem.close


def test_no_host_in_http_1_1_is_refused() -> None:
    assert refusal(admitted(host=None)) == (400, "bad-host")
    assert refusal(admitted(host=None, authority="a.test")) == (400, "bad-host")


def test_no_host_in_http_1_0_is_admitted() -> None:
    found = admitted(host=None, http_version="HTTP/1.0")
    assert found.problem is None
    assert (found.host, found.authority) == ("", "")


def test_an_absolute_form_in_http_1_0_names_the_host() -> None:
    found = admitted(host=None, http_version="HTTP/1.0", authority="A.test:81")
    assert (refusal(found), found.host, found.authority) == (None, "a.test", "A.test:81")


def test_http_2_may_name_its_host_in_authority_alone_in_host_alone_or_in_both() -> None:
    for host, authority in ((None, "A.test"), ("A.test", ""), ("a.test", "A.test")):
        found = admitted(host=host, authority=authority, http_version="HTTP/2.0")
        assert (refusal(found), found.host) == (None, "a.test")
    assert refusal(admitted(host=None, http_version="HTTP/2.0")) == (400, "bad-host")


@pytest.mark.parametrize("second", ["a.test", "A.test", "b.test", ""])
@pytest.mark.parametrize("name", ["Host", "host", "HOST"])
def test_two_host_fields_are_refused_even_if_they_agree(name: str, second: str) -> None:
    assert refusal(admitted("GET /", (name, second))) == (400, "bad-host")
    assert refusal(admitted("GET /", (name, second), http_version="HTTP/1.0")) == (400, "bad-host")


@pytest.mark.parametrize(
    ("host", "authority", "scheme", "same"),
    [
        ("a.test", "a.test", "http", True),
        ("A.test", "a.TEST.", "http", True),
        ("a.test", "a.test:80", "http", True),
        ("a.test:80", "a.test", "http", True),
        ("a.test:443", "a.test", "https", True),
        ("[::1]", "[0::1]:80", "http", True),
        ("a.test", "b.test", "http", False),
        ("a.test:80", "a.test", "https", False),
        ("a.test:81", "a.test", "http", False),
        ("a.test:81", "a.test:82", "http", False),
        ("a.test", "x.a.test", "http", False),
    ],
)
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"])
def test_an_authority_that_differs_from_host_is_refused(
    host: str, authority: str, scheme: str, same: bool, version: str
) -> None:
    found = admitted(host=host, authority=authority, scheme=scheme, http_version=version)
    assert refusal(found) == (None if same else (400, "bad-host"))
    if same:
        assert found.authority == host


@pytest.mark.parametrize("text", ["", " ", "a b", "a/b", "u@a", "a:x", "a:0", "a,b", "http://a", "[::1", "*", "é.test"])
def test_a_host_or_authority_that_is_no_authority_is_refused(text: str) -> None:
    assert refusal(admitted(host=text)) == (400, "bad-host")
    assert refusal(admitted(host=text, http_version="HTTP/1.0")) == (400, "bad-host")
    if text:
        assert refusal(admitted(host="a.test", authority=text)) == (400, "bad-host")


def test_a_refusal_closes_the_connection_and_is_on_the_trail() -> None:
    found = admitted(host=None)
    assert found.problem is not None
    assert found.problem.close
    assert [(verdict.stage, verdict.outcome) for verdict in found.trail] == [("admission", "refused")]


@given(st.text(st.characters(max_codepoint=255), max_size=20), st.text(st.characters(max_codepoint=255), max_size=12))
def test_whatever_is_admitted_has_one_host_and_a_target_free_of_controls(target: str, host: str) -> None:
    found = admitted(f"GET {target}", host=host)
    if found.problem is None:
        assert found.host
        assert found.host == found.host.lower()
        assert found.path.startswith("/")
        assert not any(ord(character) <= 32 or ord(character) == 127 or character == "#" for character in target)
    else:
        assert found.problem.status == 400
