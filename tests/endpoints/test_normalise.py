"""Normal forms of request paths: the published vectors, and what holds of every path."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluicegate.endpoints import normalise as room
from sluicegate.endpoints.normalise import BadPathError, check_bytes, normalise, normalise_rfc3986

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

# Pieces of which nearly every property below could break, more often than single random bytes would show.
PIECES = st.sampled_from(
    [
        *[b"/", b"//", b".", b"..", b"/.", b"/..", b"/./", b"/../", b"\\", b"%2F", b"%2f", b"%5C", b"%5c", b"%2E"],
        *[b"%41", b"%7e", b"%7E", b"%25", b"%2541", b"%C3%A9", b"\xc3\xa9", b"a", b"B", b"=", b":", b"@", b"{", b"}"],
        *[b"%3F", b"%23", b"%20", b'"', b"|", b"^", b";x=1", b"...", b".a", b"%2e", b"%2e%2E"],
    ]
)
ODD_PIECES = st.sampled_from([b"%", b"%0", b"%zz", b"%00", b"\x00", b" ", b"\x7f", b"#", b"\r", b"\n", b"?"])
PATHS = st.builds(lambda pieces: b"/" + b"".join(pieces), st.lists(PIECES, max_size=10))
ANY_PATHS = st.one_of(
    st.binary(max_size=20),
    st.builds(lambda pieces: b"/" + b"".join(pieces), st.lists(st.one_of(PIECES, ODD_PIECES), max_size=8)),
    st.from_regex(rb"/[a-zA-Z0-9._~/:@!$&'()*+,;=-]*", fullmatch=True),
)


@pytest.mark.parametrize(
    ("path", "rfc3986", "cloudflare"),
    [
        (rb"/%68ello//pa\th", "/hello//pa%5Cth", "/hello/pa/th"),
        (b"/hello//../path", "/hello/path", "/path"),
    ],
)
def test_the_published_examples_give_their_published_forms(path: bytes, rfc3986: str, cloudflare: str) -> None:
    assert normalise_rfc3986(path) == rfc3986
    assert normalise(path) == cloudflare


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/", "/"),
        (b"/a", "/a"),
        (b"/a/", "/a/"),
        (b"/A", "/A"),
        (b"//", "/"),
        (b"/a///b", "/a/b"),
        (b"\\".join([b"/a", b"b"]), "/a/b"),
        (b"/.", "/"),
        (b"/..", "/"),
        (b"/../../a", "/a"),
        (b"/a/./b", "/a/b"),
        (b"/a/../b", "/b"),
        (b"/a/..", "/"),
        (b"/a/b/..", "/a/"),
        (b"/a/b/.", "/a/b/"),
        (b"/a/...", "/a/..."),
        (b"/a/.hidden", "/a/.hidden"),
        (b"/a/b..", "/a/b.."),
        (b"/a/%2e%2E/b", "/b"),
        (b"/a/.%2e/b", "/b"),
        (b"/a\\..\\b", "/b"),
        (b"/a%2f..%2fb", "/a%2F..%2Fb"),
        (b"/a%5c..%5cb", "/a%5C..%5Cb"),
        (b"/%7Euser", "/~user"),
        (b"/%61%62", "/ab"),
        (b"/%e9", "/%E9"),
        (b"/\xc3\xa9", "/%C3%A9"),
        (b"/{x}", "/%7Bx%7D"),
        (b"/%25%32%46", "/%252F"),
        (b"/a:b@c;d=e,f!$&'()*+", "/a:b@c;d=e,f!$&'()*+"),
        (b"/%3A%40", "/%3A%40"),
    ],
)
def test_a_path_gets_the_cloudflare_form(path: bytes, expected: str) -> None:
    assert normalise(path) == expected


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (b"", "does not begin with '/'"),
        (b"a", "does not begin with '/'"),
        (b"*", "does not begin with '/'"),
        (b"\\a", "does not begin with '/'"),
        (b"%2Fa", "does not begin with '/'"),
        (b"/%", "malformed percent escape"),
        (b"/%4", "malformed percent escape"),
        (b"/%4/1", "malformed percent escape"),
        (b"/%zz", "malformed percent escape"),
        (b"/%%41", "malformed percent escape"),
        (b"/% 1", "control character or a space"),
        (b"/%00", "encoded NUL"),
        (b"/a\x00", "control character"),
        (b"/a\r\nb", "control character"),
        (b"/a\x7f", "control character"),
        (b"/a\tb", "control character"),
        (b"/a b", "a space"),
        (b"/a#b", "fragment"),
    ],
)
def test_a_path_without_a_normal_form_is_refused_and_the_reason_said(path: bytes, reason: str) -> None:
    for form in (normalise, normalise_rfc3986):
        with pytest.raises(BadPathError, match=re.escape(reason)):
            form(path)


@pytest.mark.parametrize("byte", [*range(0x21), 0x7F])
def test_every_control_byte_and_the_space_are_refused(byte: int) -> None:
    with pytest.raises(BadPathError):
        normalise(b"/a" + bytes([byte]))
    with pytest.raises(BadPathError):
        check_bytes(b"a=" + bytes([byte]), "query")


def test_a_query_may_hold_any_other_bytes() -> None:
    check_bytes(b"a=%zz&%00?/\\\xff\"'<>", "query")


def test_a_query_with_a_fragment_is_refused_by_its_name() -> None:
    with pytest.raises(BadPathError, match="query holds a fragment"):
        check_bytes(b"a=1#x", "query")


@given(PATHS)
def test_a_normal_form_is_its_own_normal_form(path: bytes) -> None:
    once = normalise(path)
    assert normalise(once.encode()) == once
    plain = normalise_rfc3986(path)
    assert normalise_rfc3986(plain.encode()) == plain


@given(PATHS)
@example(b"/a/%2e%2e//..%5c/")
def test_a_normal_form_holds_nothing_that_has_another_reading(path: bytes) -> None:
    found = normalise(path)
    assert found.startswith("/")
    assert found.isascii()
    assert "\\" not in found
    assert "//" not in found
    assert {".", ".."}.isdisjoint(found.split("/"))
    escapes = re.findall("%(..?)?", found)
    assert all(re.fullmatch("[0-9A-F]{2}", escape) for escape in escapes)
    assert not {chr(int(escape, 16)) for escape in escapes} & set(UNRESERVED)


@given(PATHS)
def test_the_rfc_3986_form_keeps_repeated_slashes_and_encodes_backslashes(path: bytes) -> None:
    without_dots = path.replace(b".", b"").replace(b"%2E", b"").replace(b"%2e", b"")
    found = normalise_rfc3986(without_dots)
    assert found.count("/") == without_dots.count(b"/")
    assert found.count("%5C") == without_dots.count(b"\\") + without_dots.upper().count(b"%5C")


@given(st.lists(st.sampled_from(["a", "%2F", "%2f", "b%2fc", "%5C", "%252F"]), min_size=1, max_size=6))
def test_an_encoded_slash_never_splits_a_segment(segments: list[str]) -> None:
    found = normalise("/".join(["", *segments]).encode())
    assert found.split("/")[1:] == [segment.replace("%2f", "%2F") for segment in segments]


@settings(max_examples=500)
@given(ANY_PATHS)
@example(b"/a/.hidden/b")
@example(b"/a?b")
def test_the_short_way_gives_what_the_long_way_gives(path: bytes) -> None:
    def outcome(form: object) -> str:
        try:
            return str(form(path))  # type: ignore[operator]
        except BadPathError as error:
            return f"refused: {error}"

    assert outcome(normalise) == outcome(lambda one: room._normalise(one, cloudflare=True))


@given(ANY_PATHS)
def test_whatever_has_a_normal_form_is_free_of_controls_fragments_and_bad_escapes(path: bytes) -> None:
    try:
        normalise(path)
    except BadPathError:
        bad = any(byte <= 0x20 or byte == 0x7F for byte in path) or b"#" in path or b"%00" in path
        malformed = re.search(rb"%(?![0-9A-Fa-f]{2})", path)
        assert bad or malformed or not path.startswith(b"/")
    else:
        assert path.startswith(b"/")
        assert not any(byte <= 0x20 or byte == 0x7F for byte in path)
        assert b"#" not in path
        assert b"%00" not in path
        assert not re.search(rb"%(?![0-9A-Fa-f]{2})", path)
