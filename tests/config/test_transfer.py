"""Frames between the gateway and its worker."""

from __future__ import annotations

import io
import pickle
from dataclasses import fields
from ipaddress import ip_network

import pytest

from sluicegate.config.transfer import chunks, packed, read_frame, write_frame
from sluicegate.endpoints.hosts import HostPattern
from sluicegate.endpoints.table import Endpoint, Place, operation_id
from sluicegate.endpoints.targets import Capture, Connection, HostCapture, Origin, Target
from sluicegate.endpoints.templates import parse_path
from sluicegate.snapshot import Settings


def endpoint(path: str) -> Endpoint:
    host, template = HostPattern.parse("{tenant}.hotel.test"), parse_path(path)
    route = Target(
        Origin("https", "10.0.0.1", 8443),
        "https://10.0.0.1:8443/x",
        path=("/x/", Capture(2), "/", Capture(4, 0, -5)),
        query=("tenant=", HostCapture(0)),
        connection=Connection(insecure=True),
    )
    return Endpoint("GET", host, template, operation_id("GET", host, template), route, Place("a.yaml", 3, 5), True)


def test_an_endpoint_comes_through_whole() -> None:
    sent = endpoint("/hotels/{hotel}/rooms/{room}.json")
    came = pickle.loads(packed(sent))
    assert {one.name: getattr(came, one.name) for one in fields(Endpoint)} == {
        one.name: getattr(sent, one.name) for one in fields(Endpoint)
    }
    assert type(came.place) is Place
    assert type(came.route.origin) is Origin


def test_common_parts_come_through_as_one_object() -> None:
    one, two = (pickle.loads(packed(endpoint(path))) for path in ("/hotels/{hotel}/a", "/hotels/{hotel}/b"))
    assert one.host is two.host
    assert one.path.parts[:2] == two.path.parts[:2]
    assert one.route.connection is two.route.connection


def test_settings_come_through() -> None:
    sent = Settings(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
    assert pickle.loads(packed(sent)) == sent


def test_frames_are_read_as_they_were_written() -> None:
    sent = [("files", [("a.yaml", "0" * 64)]), ("end", None), ("endpoints", [])]
    stream = io.BytesIO()
    for frame in sent:
        write_frame(stream, frame)
    stream.seek(0)
    assert [read_frame(stream) for _ in sent] == sent
    with pytest.raises(EOFError):
        read_frame(stream)


@pytest.mark.parametrize("kept", [1, 7, 8, 9, -1])
def test_a_frame_that_is_cut_short_is_the_end(kept: int) -> None:
    stream = io.BytesIO()
    write_frame(stream, ("files", [("a.yaml", "0" * 64)]))
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(stream.getvalue()[:kept]))


def test_a_list_is_cut_into_frames() -> None:
    assert list(chunks("files", [1, 2, 3, 4, 5], 2)) == [("files", [1, 2]), ("files", [3, 4]), ("files", [5])]
    assert list(chunks("files", [])) == []
