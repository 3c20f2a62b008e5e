"""Requests and answers of the control server as bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sluicegate.control.answers import Answer, answer
from sluicegate.control.conversation import MOST_HEAD, Conversation
from sluicegate.control.status import Status

from .statuses import status


def conversation(told: Status | None = None, *, check_host: bool = False) -> Conversation:
    def reply(method: str, target: str) -> Answer:
        return answer(method, target, lambda: told or status())

    return Conversation(reply, check_host=check_host)


def ask(data: bytes, told: Status | None = None, *, check_host: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Status code, fields and body of the answer to these bytes."""
    out = conversation(told, check_host=check_host).receive(data)
    head, _, body = out.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), fields, body


def request(method: str, target: str, host: str = "localhost") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def problem(data: bytes, **options: Any) -> dict[str, Any]:
    code, fields, body = ask(data, **options)
    assert fields["content-type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(body)
    assert document["status"] == code
    assert document.keys() >= {"type", "title", "detail", "instance", "request_id"}
    return document


def test_status_is_the_whole_document() -> None:
    code, fields, body = ask(request("GET", "/status"))
    assert code == 200
    assert fields == {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "connection": "close",
    }
    assert json.loads(body) == status().members()


def test_a_query_changes_nothing() -> None:
    assert ask(request("GET", "/status?x=1"))[0] == 200


def test_a_head_request_gets_the_fields_of_get_and_no_body() -> None:
    _, got, body = ask(request("GET", "/status"))
    code, fields, nothing = ask(request("HEAD", "/status"))
    assert (code, nothing) == (200, b"")
    assert fields == got
    assert fields["content-length"] == str(len(body))


def test_a_gateway_that_serves_is_ready() -> None:
    code, _, body = ask(request("GET", "/readyz"))
    assert (code, json.loads(body)) == (200, {"status": "ready", "generation": 1})


def test_a_gateway_that_does_not_serve_says_why_and_is_healthy() -> None:
    told = status(not_ready="The route files are not valid: a.yaml:1:1: x: y")
    document = problem(request("GET", "/readyz"), told=told)
    assert (document["status"], document["detail"]) == (503, "The route files are not valid: a.yaml:1:1: x: y")
    assert ask(request("GET", "/healthz"), told)[0] == 200
    assert ask(request("GET", "/status"), told)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_other_methods_are_not_allowed(method: str) -> None:
    code, fields, _ = ask(request(method, "/status"))
    assert (code, fields["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "target", ["/", "/status/", "/Status", "//status", "/metrics", "*", "http://localhost/status", "/%73tatus"]
)
def test_everything_else_is_not_found(target: str) -> None:
    assert problem(request("GET", target))["status"] == 404
    assert problem(request("POST", target))["status"] == 404


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /status\r\n\r\n",
        b"GET /status HTTP/2.0 x\r\n\r\n",
        b"GET /status HTTP/1.1\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: a\r\nX\x00: b\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_garbage_is_a_bad_request(data: bytes) -> None:
    assert problem(data)["status"] in (400, 501, 505)


def test_nothing_is_answered_before_the_head_is_complete() -> None:
    one = conversation()
    data = request("GET", "/healthz")
    for byte in data[:-1]:
        assert one.receive(bytes([byte])) == b""
    assert one.receive(data[-1:]).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("step", [100, 1000, 100_000])
def test_a_head_over_the_limit_is_refused_however_it_comes(step: int) -> None:
    data = b"GET /status HTTP/1.1\r\nHost: localhost\r\n" + b"X-Long: y\r\n" * MOST_HEAD
    one = conversation()
    answered = b""
    sent = 0
    while not answered:
        answered = one.receive(data[sent : sent + step])
        sent += step
    assert answered.startswith(b"HTTP/1.1 431 ")
    assert sent <= MOST_HEAD + 2 * step


def test_a_body_is_not_waited_for() -> None:
    data = b"POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n"
    assert ask(data + b"x" * 100_000)[0] == 405


def test_on_a_port_a_page_elsewhere_cannot_ask_under_its_own_name() -> None:
    document = problem(request("GET", "/status", "evil.test:9900"), check_host=True)
    assert document["status"] == 421
    assert "evil" not in document["detail"]
    assert problem(b"GET /status HTTP/1.0\r\n\r\n", check_host=True)["status"] == 421


@pytest.mark.parametrize("host", ["localhost:9900", "127.0.0.1:9900", "[::1]:9900"])
def test_on_a_port_this_machine_is_answered(host: str) -> None:
    assert ask(request("GET", "/status", host), check_host=True)[0] == 200


def test_on_a_socket_the_host_does_not_matter() -> None:
    assert ask(request("GET", "/status", "gateway"))[0] == 200
