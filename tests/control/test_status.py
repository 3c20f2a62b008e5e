"""A gateway's status as JSON."""

from __future__ import annotations

import json

import pytest

from sluicegate.control.status import read_members

from .statuses import STARTED, status

ERROR = {
    "file": "hotel.yaml",
    "line": 10,
    "column": 50,
    "severity": "error",
    "code": "variable-unknown",
    "message": "variable '{hotl}' is not one of the source's",
    "witness": None,
}


def test_the_document_tells_everything_with_times_in_rfc_3339() -> None:
    assert status(errors=(ERROR,), error_count=1).members() == {
        "ready": True,
        "not_ready": None,
        "generation": 1,
        "files": {"hotel.yaml": "ab" * 32},
        "endpoints": 4,
        "loaded_at": "2026-07-01T10:00:01.000Z",
        "errors": [ERROR],
        "error_count": 1,
        "last_reload": {"at": "2026-07-01T10:00:01.000Z", "taken_over": True, "milliseconds": 12.3},
        "routes": "/srv/hotel/routes",
        "listeners": ["*:8080"],
        "workers": [{"pid": 4711, "generation": 1, "ready": True, "restarts": 0}],
        "learning": None,
        "pid": 4711,
        "version": "0.1.0",
        "mitmproxy": "12.2.3",
        "started_at": "2026-07-01T10:00:00.000Z",
        "uptime": 61.2,
    }


def test_before_the_first_snapshot_there_is_no_time_and_no_reload() -> None:
    told = status(loaded_at=None, last_reload=None, generation=0, not_ready="not yet").members()
    assert told["loaded_at"] is None
    assert told["last_reload"] is None
    assert (told["ready"], told["not_ready"]) == (False, "not yet")


def test_what_a_gateway_writes_is_read_again() -> None:
    told = status(errors=(ERROR,), error_count=1, now=STARTED).members()
    assert read_members(json.dumps(told).encode()) == told


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"ready": tru'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        read_members(body)


@pytest.mark.parametrize(
    "change",
    [
        {"ready": "yes"},
        {"generation": None},
        {"files": []},
        {"files": {"a.yaml": 1}},
        {"listeners": [8080]},
        {"errors": ["text"]},
        {"errors": [{"file": "a.yaml"}]},
        {"errors": [{**ERROR, "line": "10"}]},
        {"last_reload": {"at": 1}},
        {"uptime": "long"},
        {"workers": [{"pid": 4711}]},
        {"learning": {"pid": 4711}},
        {"learning": "on"},
    ],
)
def test_another_shape_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not the status of a gateway"):
        read_members(json.dumps(status().members() | change).encode())


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'"text"', b"1"])
def test_another_document_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not the status of a gateway"):
        read_members(body)
