"""HAR files: what a request was, whatever the exporter, and errors that name the place."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
from typing import Any

import pytest

from sluicegate.recordings import har
from sluicegate.recordings.recording import NOT_HTTP, UNANSWERED, Skipped, UnreadableError
from sluicegate.trial import Request
from tests.recordings.hars import document, entry, only, read


@pytest.mark.parametrize(
    ("url", "scheme", "host", "target"),
    [
        ("http://api.hotel.test/hotels/7?x=1", "http", "api.hotel.test", b"/hotels/7?x=1"),
        ("https://api.hotel.test:8443/a", "https", "api.hotel.test:8443", b"/a"),
        ("http://api.hotel.test", "http", "api.hotel.test", b"/"),
        ("http://api.hotel.test?x", "http", "api.hotel.test", b"/?x"),
        ("http://api.hotel.test/a#part?x", "http", "api.hotel.test", b"/a"),
        ("http://me:secret@api.hotel.test/a", "http", "api.hotel.test", b"/a"),
        ("http://[::1]:80/a", "http", "[::1]:80", b"/a"),
        ("HTTP://API.hotel.test/A", "http", "API.hotel.test", b"/A"),
        ("http://api.hotel.test/a/%2e%2E/%7euser//b/./c/../%2F", "http", "api.hotel.test",
         b"/a/%2e%2E/%7euser//b/./c/../%2F"),
        ("http://api.hotel.test/ü", "http", "api.hotel.test", b"/\xc3\xbc"),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart_and_its_path_kept_byte_for_byte(url: str, scheme: str, host: str, target: bytes) -> None:
    request = only(entry(url)).request
    assert (request.scheme, request.host, request.target) == (scheme, host, target)


def test_the_recorded_host_field_counts_and_the_order_of_the_others_stays() -> None:
    request = only(entry("http://10.0.0.1/a", headers=[("B", "1"), ("Host", "api.hotel.test"), ("a", "2")])).request
    assert request.host == "api.hotel.test"
    assert request.headers == ((b"B", b"1"), (b"a", b"2"))


def test_pseudo_headers_of_http2_are_no_fields() -> None:
    fields = [(":method", "GET"), (":authority", "api.hotel.test:8443"), (":path", "/a"), ("accept", "*/*")]
    request = only(entry("https://10.0.0.1/a", headers=fields)).request
    assert request.host == "api.hotel.test:8443"
    assert request.headers == ((b"accept", b"*/*"),)


def test_two_different_hosts_stay_two() -> None:
    request = only(entry(headers=[("Host", "api.hotel.test"), ("host", "evil.test")])).request
    assert request.host == "api.hotel.test"
    assert request.headers == ((b"Host", b"evil.test"),)


def test_values_that_were_joined_with_line_ends_are_fields_again() -> None:
    answer = only(entry(answered=[("Set-Cookie", "a=1\nb=2")])).answer
    assert answer is not None
    assert answer.headers == ((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"))


@pytest.mark.parametrize(
    ("request_members", "body"),
    [
        ({}, b""),
        ({"bodySize": -1}, b""),
        ({"bodySize": 5}, None),
        ({"postData": {"mimeType": "text/plain", "text": "hello"}}, b"hello"),
        ({"postData": {"mimeType": "text/plain; charset=utf-8", "text": "grün"}}, b"gr\xc3\xbcn"),
        ({"postData": {"mimeType": "text/plain; charset=iso-8859-1", "text": "grün"}}, b"gr\xfcn"),
        ({"postData": {"mimeType": "text/plain; charset=us-ascii", "text": "grün"}}, None),
        ({"postData": {"mimeType": "text/plain; charset=punycode", "text": "a"}}, None),
        ({"postData": {"mimeType": "a/b", "text": base64.b64encode(b"\0\xff").decode(), "encoding": "base64"}},
         b"\0\xff"),
        ({"postData": {"mimeType": "a/b", "params": [{"name": "a", "value": "1"}]}}, None),
        ({"postData": {"mimeType": "a/b", "text": None}, "bodySize": 9}, None),
    ],
)  # fmt: skip
def test_the_body_of_a_request(request_members: dict[str, Any], body: bytes | None) -> None:
    assert only(entry(method="POST", **request_members)).body == body


def test_a_coded_request_body_is_not_known_from_its_text() -> None:
    posted = {"mimeType": "text/plain", "text": "hello"}
    assert only(entry(method="POST", headers=[("Content-Encoding", "gzip")], postData=posted)).body is None


@pytest.mark.parametrize(
    ("content", "answered", "body"),
    [
        ({"size": 5, "mimeType": "", "text": "hello"}, [], b"hello"),
        ({"size": 0, "mimeType": ""}, [], b""),
        ({"size": 0, "mimeType": "", "text": ""}, [("Content-Length", "0")], b""),
        ({"size": 5, "mimeType": ""}, [], None),
        ({"size": 0, "mimeType": "", "text": ""}, [("Content-Length", "200000")], None),
        ({"size": 2, "mimeType": "", "text": "AP8=", "encoding": "base64"}, [], b"\0\xff"),
        ({"size": 5, "mimeType": "", "text": "grün"}, [], b"gr\xc3\xbcn"),
        ({"size": 5, "mimeType": "text/plain", "text": "grÃ¼n"}, [], b"gr\xc3\xbcn"),
    ],
    ids=["text", "none", "empty", "not kept", "said to be empty", "base64", "utf-8", "utf-8 that was read as latin-1"],
)
def test_the_body_of_an_answer(content: dict[str, Any], answered: list[tuple[str, str]], body: bytes | None) -> None:
    answer = only(entry(content=content, answered=answered)).answer
    assert answer is not None
    assert answer.body == body
    assert answer.decoded


def test_what_is_no_request_over_http_is_passed_over_and_counted() -> None:
    urls = ["data:text/plain,x", "ws://api.hotel.test/chat", "blob:http://a/b", "chrome-extension://x/y", "about:blank"]
    recordings, skipped = read(
        document(*[entry(url) for url in urls], entry(status=0), entry("http://api.hotel.test/"))
    )
    assert [(one.place, one.request.target) for one in recordings] == [("entry 7", b"/")]
    assert skipped == {NOT_HTTP: 5, UNANSWERED: 1}


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    recordings, _ = read(b"\xef\xbb\xbf" + document(entry()))
    assert len(recordings) == 1


def test_members_that_nobody_needs_may_hold_anything() -> None:
    odd = entry()
    odd["_initiator"] = [[[{"response": {"status": "no"}}]]] * 3
    whole = json.loads(document(odd, entry()))
    whole["log"]["pages"] = [{"entries": [1, 2]}]
    whole["other"] = {"log": {"entries": [3]}}
    recordings, _ = read(json.dumps(whole).encode())
    assert [one.place for one in recordings] == ["entry 1", "entry 2"]


def broken(**members: Any) -> dict[str, Any]:
    one = entry()
    for path, value in members.items():
        holder, _, name = path.partition("__")
        if name:
            one[holder][name] = value
        else:
            one[holder] = value
    return one


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{}", "not a HAR: it has no array log.entries"),
        (b"[1]", "not a HAR: it holds no object"),
        (b'{"log": {"entries": {}}}', "not a HAR: it has no array log.entries"),
        (b'{"log": [{"entries": []}]}', "not a HAR: it has no array log.entries"),
        (b'{"log": NaN}', "after byte 0: not JSON: invalid char in json text"),
        (b'{"log": {"entries": []}} x', "after byte 21: not JSON: trailing garbage"),
        (b'{"log": {"entries": [', "byte 21: the file ends in the middle of the HAR"),
        (b'{"log": {"entries": [{"request": {', "entry 1, byte 34: the file ends in the middle of it"),
        (b'{"log": "\xed\xa0\x80"}', "after byte 0: not JSON: invalid bytes in UTF8 string"),
        (b'{"log": {"entries": [{"x": "\xed\xa0\x80"}]}}',
         "entry 1, after byte 0: not JSON: invalid bytes in UTF8 string"),
        (b'{"log": "\xff"}', "after byte 0: not JSON: invalid bytes in UTF8 string"),
        (document(entry(), 7), "entry 2: not an object"),
        (document({"response": {}}), "entry 1: request is missing"),
        (document(broken(request=[])), "entry 1: request is of the wrong type"),
        (document(broken(request__url=7)), "entry 1: request.url is of the wrong type"),
        (document(broken(request__method=None)), "entry 1: request.method is missing"),
        (document(broken(request__headers={})), "entry 1: request.headers is of the wrong type"),
        (document(broken(request__headers=["Host"])), "entry 1: request.headers holds what is no name and value"),
        (document(broken(request__headers=[{"name": 1}])), "entry 1: request.headers holds what is no name and value"),
        (document(broken(response__status="200")), "entry 1: response.status is of the wrong type"),
        (document(broken(response__status=True)), "entry 1: response.status is of the wrong type"),
        (document(broken(response__content={"text": "a", "encoding": "base64"})),
         "entry 1: response.content.text is not base64"),
        (document(broken(request__url="9" * 10)).replace(b'"9999999999"', b"9" * 5000),
         "entry 1, after byte 97: not JSON: integer overflow"),
    ],
)  # fmt: skip
def test_errors_are_one_line_that_names_the_place(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(data)
    assert str(caught.value) == said


def test_the_byte_of_bad_json_is_named_within_a_block() -> None:
    data = document(*[entry() for _ in range(2000)])
    bad = data.rfind(b'"GET"')
    with pytest.raises(UnreadableError, match=r"^entry 2000, after byte (\d+): not JSON: ") as caught:
        read(data[:bad] + b"GET" + data[bad + 5 :])
    after = int(str(caught.value).split("after byte ")[1].split(":")[0])
    assert after <= bad <= after + (1 << 18)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("inside", [b'{"log": {"entries": [{"request": ', b'{"log": {"entries": [{"x": ', b'{"x": '])
def test_huge_nesting_costs_little_and_is_an_error(opening: bytes, inside: bytes) -> None:
    data = inside + opening * 200_000
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_too_many_values_in_an_entry_are_an_error() -> None:
    with pytest.raises(UnreadableError, match=r"^entry 1: more than 100,000 values"):
        read(document(broken(request__headers=[[]] * 200_000)))


def test_one_endless_text_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har, "LONGEST", 4 << 20)

    class Endless(io.RawIOBase):
        """A HAR whose first URL never ends."""

        def __init__(self) -> None:
            self.head = b'{"log": {"entries": [{"request": {"url": "'
            self.given = 0

        def read(self, size: int = -1) -> bytes:
            if not size:
                return b""
            self.given += size
            assert self.given < 6 << 20
            data, self.head = self.head or b"a" * size, b""
            return data

    with pytest.raises(UnreadableError, match=r"^entry 1: more than 4,194,304 bytes in one piece$"):
        next(har.read(Endless(), Skipped()))  # type: ignore[arg-type]


def test_every_cut_gives_the_entries_before_it_and_an_error() -> None:
    data = document(*[entry(f"http://api.hotel.test/{number}", content={"text": "é" * 9}) for number in range(3)])
    whole = [one.request for one in read(data)[0]]
    for cut in range(1, len(data)):
        found: list[Request] = []
        with pytest.raises(UnreadableError, match=r"^(entry [123], )?byte \d+: the file ends in the middle of "):
            found.extend(one.request for one in har.read(io.BytesIO(data[:cut]), Skipped()))
        assert found == whole[: len(found)]


def test_a_long_file_is_read_in_bounded_memory() -> None:
    block = json.dumps(entry(content={"text": "x" * 10_000})).encode()

    class Long(io.RawIOBase):
        """A HAR of 4,000 entries, 40 MB, that is made while it is read."""

        def __init__(self) -> None:
            self.parts = iter([b'{"log": {"entries": [', *[block + b","] * 3999, block, b"]}}"])
            self.rest = b""

        def read(self, size: int = -1) -> bytes:
            while len(self.rest) < size and (part := next(self.parts, b"")):
                self.rest += part
            data, self.rest = self.rest[:size], self.rest[size:]
            return data

    tracemalloc.start()
    try:
        assert sum(1 for _ in har.read(Long(), Skipped())) == 4000  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_recording_tells_when_it_was_asked_where_how_long_it_took_and_what_was_sent() -> None:
    found = only(entry("https://api.hotel.test:8443/a", content={"size": 9, "text": "told"}))
    assert (found.at, found.origin) == (1782900000.0, "https://api.hotel.test:8443")
    assert found.answer is not None
    assert (found.answer.origin_ms, found.answer.sent) == (1.0, 9)


@pytest.mark.parametrize("members", [{"startedDateTime": "soon"}, {"timings": None}, {"timings": {"wait": -1}}])
def test_times_that_are_none_are_unknown(members: dict[str, Any]) -> None:
    found = only({**entry(), "startedDateTime": None, "timings": {"wait": "x"}, **members})
    assert found.at == 0.0
    assert found.answer is not None
    assert found.answer.origin_ms is None
