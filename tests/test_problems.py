"""Problem details as a client reads them."""

from __future__ import annotations

import json

import pytest

from sluicegate.problems import CONTENT_TYPE, Problem, internal_fault


def body(problem: Problem, instance: str | None = "/a", *, verbose: bool = False) -> dict[str, object]:
    found: dict[str, object] = json.loads(problem.body(instance, "id-1", verbose=verbose))
    return found


def test_a_problem_has_the_members_of_rfc_9457_and_the_request_id() -> None:
    assert CONTENT_TYPE == "application/problem+json"
    assert body(Problem(404, "no-endpoint", "No endpoint matches.")) == {
        "type": "urn:sluicegate:problem:no-endpoint",
        "title": "Not Found",
        "status": 404,
        "detail": "No endpoint matches.",
        "instance": "/a",
        "request_id": "id-1",
    }


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "Bad Request"),
        (405, "Method Not Allowed"),
        (421, "Misdirected Request"),
        (431, "Request Header Fields Too Large"),
        (500, "Internal Server Error"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
        (504, "Gateway Timeout"),
        (508, "Loop Detected"),
    ],
)
def test_the_title_is_the_status_s_own_phrase(status: int, title: str) -> None:
    assert Problem(status, "x", "y").title == title


def test_what_is_private_is_shown_where_internals_may_be_seen_only() -> None:
    problem = Problem(502, "refused", "The target refused the connection.", private="http://10.0.0.1:81")
    assert body(problem)["detail"] == "The target refused the connection."
    assert b"10.0.0.1" not in problem.body("/a", "id-1")
    assert body(problem, verbose=True)["detail"] == "The target refused the connection. (http://10.0.0.1:81)"


def test_extension_members_stand_beside_the_others() -> None:
    found = body(Problem(404, "x", "y", members={"nearest": [{"endpoint": "GET /häuser/{h}"}]}))
    assert found["nearest"] == [{"endpoint": "GET /häuser/{h}"}]
    assert found["status"] == 404


def test_an_instance_that_is_unknown_is_null() -> None:
    assert body(Problem(431, "x", "y"), None)["instance"] is None


def test_a_text_that_utf_8_cannot_carry_still_gives_a_body() -> None:
    assert body(Problem(404, "x", "\udcff"), "/\udcff")["status"] == 404


def test_an_internal_fault_is_a_500() -> None:
    assert internal_fault().status == 500
