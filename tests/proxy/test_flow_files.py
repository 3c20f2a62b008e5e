"""Flow files: the client's own request comes out, and damage is told with its place."""

from __future__ import annotations

import io
from typing import Any

import pytest
from mitmproxy import flow, http
from mitmproxy.io import FlowWriter, tnetstring
from mitmproxy.test import tflow
from mitmproxy.version import FLOW_FORMAT_VERSION

from sluicegate.proxy.flow_files import EDITED, read
from sluicegate.proxy.flows import METADATA
from sluicegate.recordings.recording import NOT_HTTP, Answer, Recording, Skipped, UnreadableError
from sluicegate.trial import Request

SOURCE = {
    "scheme": "https",
    "method": "GET",
    "authority": "",
    "target": b"/hotels/7?x=1",
    "http_version": "HTTP/1.1",
    "headers": [[b"Accept", b"*/*"], [b"Host", b"api.hotel.test"]],
}


def plain(path: bytes = b"/a?x=1") -> http.HTTPFlow:
    """A flow of another run of mitmproxy."""
    made = tflow.tflow(resp=True)
    made.request.data.path = path
    made.request.data.headers = http.Headers([(b"Host", b"other.test:81"), (b"X", b"1")])
    made.request.data.content = b"asked"
    assert made.response is not None
    made.response.data.headers = http.Headers([(b"Y", b"2")])
    made.response.data.content = b"told"
    return made


def routed(**record: Any) -> http.HTTPFlow:
    """A flow that came through the gateway: what it sent on is not what the client had sent."""
    made = plain(b"/availability/7")
    made.metadata[METADATA] = {"source": SOURCE, "place": "hotel.yaml:1", "cut": [], **record}
    return made


def written(*flows: flow.Flow) -> bytes:
    file = io.BytesIO()
    writer = FlowWriter(file)
    for one in flows:
        writer.add(one)
    return file.getvalue()


def recordings(content: bytes, skipped: Skipped | None = None) -> list[Recording]:
    return list(read(io.BytesIO(content), Skipped() if skipped is None else skipped))


def test_a_flow_of_another_run_is_read_as_it_went() -> None:
    (found,) = recordings(written(plain()))
    assert found.request == Request("GET", "other.test:81", b"/a?x=1", ((b"X", b"1"),), "http", "127.0.0.1")
    assert (found.place, found.body) == ("flow 1", b"asked")
    # mitmproxy's example asks for two seconds, and is answered a second later.
    assert found.answer == Answer(200, ((b"Y", b"2"),), b"told", sent=4, origin_ms=1000.0)
    assert (found.at, found.origin) == (946681200.0, "http://other.test:81")


def test_an_answer_that_no_server_gave_has_no_time_of_one() -> None:
    own = plain()
    own.server_conn.timestamp_start = None
    (found,) = recordings(written(own))
    assert found.answer is not None
    assert found.answer.origin_ms is None


def test_of_a_flow_of_the_gateway_the_request_of_its_client_counts() -> None:
    (found,) = recordings(written(routed()))
    assert found.request.text == "GET https://api.hotel.test/hotels/7?x=1"
    assert found.request.headers == ((b"Accept", b"*/*"),)
    assert found.origin == "https://api.hotel.test"


def test_a_flow_of_the_gateway_went_to_the_target_that_was_decided() -> None:
    (found,) = recordings(written(routed(origin=["http", "127.0.0.1", 9001])))
    assert found.origin == "http://127.0.0.1:9001"


def test_a_body_of_which_only_a_part_was_kept_is_none() -> None:
    (found,) = recordings(written(routed(cut=["request", "response"])))
    assert found.body is None
    assert found.answer is not None
    assert found.answer.body is None


def test_what_is_no_request_of_a_client_is_counted_by_its_reason() -> None:
    skipped = Skipped()
    found = recordings(written(tflow.ttcpflow(), routed(place="edited"), plain(), tflow.tdnsflow()), skipped)
    assert [one.place for one in found] == ["flow 3"]
    assert skipped == {NOT_HTTP: 2, EDITED: 1}


def test_a_request_without_an_answer_has_none() -> None:
    unanswered = plain()
    unanswered.response = None
    (found,) = recordings(written(unanswered))
    assert found.answer is None


def state(one: flow.Flow, **changes: Any) -> bytes:
    return tnetstring.dumps(one.get_state() | changes)


def test_a_flow_of_an_older_format_is_read_as_mitmproxy_upgrades_it() -> None:
    old = plain().get_state() | {"version": 20}
    (found,) = recordings(tnetstring.dumps(old))
    assert found.request.target == b"/a?x=1"


@pytest.mark.parametrize("version", [FLOW_FORMAT_VERSION + 1, [0, 10, 1]])
def test_a_flow_of_a_format_that_mitmproxy_cannot_read_is_told(version: object) -> None:
    with pytest.raises(UnreadableError) as raised:
        recordings(written(plain()) + state(plain(), version=version))
    assert str(raised.value).startswith(f"flow 2, byte {len(written(plain()))}: ")
    assert "\n" not in str(raised.value)


def test_a_file_that_ends_in_the_middle_of_a_flow_gives_what_is_whole_and_the_place() -> None:
    whole = written(plain())
    for cut in (*range(1, 12), len(whole) // 2, len(whole) - 2, len(whole) - 1):
        found: list[Recording] = []
        with pytest.raises(UnreadableError, match=r"^flow 2, byte \d+: the file ends in the middle of it$"):
            found.extend(read(io.BytesIO(whole + whole[:cut]), Skipped()))
        assert [one.place for one in found] == ["flow 1"]
    assert len(recordings(whole + whole)) == 2


def test_any_damaged_byte_gives_flows_or_a_place_and_never_another_error() -> None:
    whole = written(routed(), plain())
    told: list[str] = []
    for at in range(0, len(whole), 13):
        damaged = whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :]
        try:
            recordings(damaged)
        except UnreadableError as error:
            told.append(str(error))
    assert len(told) > 10
    assert all(one.startswith("flow ") and "\n" not in one for one in told)


def test_a_length_beyond_all_bounds_is_not_read() -> None:
    with pytest.raises(UnreadableError, match=r"^flow 1, byte 0: longer than [\d,]+ bytes$"):
        recordings(b"99999999999:x")
