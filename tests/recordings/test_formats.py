"""Which kind of recording a file is, by its first bytes."""

from __future__ import annotations

import pytest

from sluicegate.recordings.formats import EXPECTED, kind_of
from sluicegate.recordings.recording import UnreadableError


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"2041:9:websocket;0:~8:response;", "flows"),
        (b"3079:7:version;2:21#", "flows"),
        (b"30", "flows"),  # a file that was cut there
        (b"3079:", "flows"),
        (b'{"request_id":"1","received":1.0', "log"),
        (b'{ "request_id": "1"', "log"),
        (b'{"log": {"version": "1.2"', "har"),
        (b'\xef\xbb\xbf{\r\n  "log": {', "har"),
        (b"{", "har"),
        (b'{"a": 1}', "har"),
        (b'{"comment": "", "log": {"entries": [{"request": {"url": ""}', "har"),
        (b'10.0.0.9 - - [10/Oct/2026:13:55:36 +0200] "GET / HTTP/1.1" 200 2\n', "access"),
        (b'{"level":"info","ts":1.5,"logger":"http.log.access","request":{"method":"GET"', "access"),
        (b'{"request_id":"7","remote_addr":"10.0.0.9","request":"GET / HTTP/1.1"', "access"),
        (b'{"method":"GET","uri":"/hotels","status":200}', "access"),
        (b'{"time":"2026-10-10T13:55:36Z","method":"GET","path":"/hotels","status":200}', "access"),
        (b'{"request_id":"1","received":1.0,"method":"GET","path":"/a\\"uri\\":","status":200}\n{"uri":1}', "log"),
    ],
)
def test_a_kind_is_told_by_its_beginning(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "the file is empty"),
        (b"\x1f\x8b\x08\x00", "the file is packed with gzip, unpack it first"),
        (b"PK\x03\x04\x14", "the file is packed with zip, unpack it first"),
        (b"\x7fELF\x02\x01", "the file begins with neither JSON, a flow nor a line of an access log"),
        (b"hello\n", "the file begins with neither JSON, a flow nor a line of an access log"),
        (b"2026: a diary", "the file begins with neither JSON, a flow nor a line of an access log"),
        (b"[1, 2]", "the file begins with neither JSON, a flow nor a line of an access log"),
        (b"host: api.hotel.test\n", "the file begins with neither JSON, a flow nor a line of an access log"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(head: bytes, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        kind_of(head)
    assert str(caught.value) == f"{said}: {EXPECTED}"
