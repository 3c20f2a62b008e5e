"""Targets that are the gateway's own listener."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.config.listeners import Listeners
from sluicegate.endpoints.targets import Origin

from .folders import check, compile_files


@pytest.mark.parametrize(
    ("listener", "host", "taken"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "api.localhost", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("", "localhost", True),
        ("0.0.0.0", "127.0.0.2", True),
        ("::", "::1", True),
        ("[::1]", "::1", True),
        ("localhost", "127.0.0.1", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("Gateway.test", "gateway.test", True),
        ("192.0.2.1", "127.0.0.1", False),
        ("127.0.0.1", "192.0.2.1", False),
        ("", "h.test", False),
    ],
)
def test_a_listener_takes_what_reaches_its_address(listener: str, host: str, taken: bool) -> None:
    listeners = Listeners([(listener, 8080)])
    assert listeners.take(Origin("http", host, 8080)) is taken
    assert not listeners.take(Origin("http", host, 8081))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("endpoints:\n  GET /x: http://localhost:8080/x\n", "2:11"),
        ("endpoints:\n  GET /x: {route: '127.0.0.1:8080'}\n", "2:19"),
        ("origin: http://127.0.0.1:8080\n", "1:9"),
        ("services:\n  s: http://[::1]:8080/v2\nendpoints:\n  GET /x: s:/x\n  GET /y: s\n", "2:6"),
        ("services:\n  s: ${URL}\n", "2:6"),
    ],
)
def test_a_target_that_is_the_gateway_is_an_error_where_it_is_written(tmp_path: Path, text: str, place: str) -> None:
    outcome = compile_files(
        tmp_path, text, own_addresses=[("127.0.0.1", 8080)], environ={"URL": "http://localhost:8080/s3cret"}
    )
    check(outcome.diagnostics, f"hotel.yaml:{place}: target-is-gateway", [":8080 is this gateway's own listener"])
    assert "s3cret" not in str(outcome.diagnostics)


def test_the_same_host_on_another_port_is_fine(tmp_path: Path) -> None:
    text = "endpoints:\n  GET /x: http://localhost:8081/x\n"
    assert compile_files(tmp_path, text, own_addresses=[("", 8080)]).diagnostics == ()
