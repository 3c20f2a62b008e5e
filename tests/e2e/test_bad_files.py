"""Route files with faults, as their author meets them: all problems at once, placed, without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Gateway, gateway

FILES = {
    "env.yaml": """
host: env.test
services:
  unset: ${SLUICEGATE_TEST_UNSET}
  secret: ${SLUICEGATE_TEST_SECRET}
endpoints:
  GET /a: http://127.0.0.1:1/${HOME}
""",
    "first.yaml": """
host: same.test
services:
  tls: {url: "https://127.0.0.1:2", insecure: true}
endpoints:
  GET /same/{x}: tls:/{x}
  GET /lost/{x}: tls:/nothing
""",
    "second.yaml": """
host: same.test
services:
  tls: {url: "https://127.0.0.1:2", insecure: false}
endpoints:
  GET /same/{other}: tls:/{other}
  GET /unknown: nobody:/here
""",
    "quotes.yaml": """
host: {tenant}.quotes.test
""",
    "sub/deep.yml": """
hots: deep.test
endpoints:
  get /a: http://127.0.0.1:1/a
  GET /b: http://127.0.0.1:1/b
  GET /b: http://127.0.0.1:1/c
""",
}


@pytest.fixture(scope="module")
def running(entry: str) -> Iterator[Gateway]:
    with gateway(FILES, env={"SLUICEGATE_TEST_SECRET": "http://user:hunter2@127.0.0.1:3"}) as started:
        yield started


def near(log: str, place: str) -> str:
    """The lines of the log that name a place, `file:line`, with the two after each."""
    lines = log.splitlines()
    found = [number for number, line in enumerate(lines) if re.search(re.escape(place) + r":\d+", line)]
    assert found, f"{place} is not named in:\n{log}"
    return "\n".join("\n".join(lines[number : number + 3]) for number in found)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("env.yaml:4", "SLUICEGATE_TEST_UNSET"),
        ("env.yaml:5", "user"),
        ("first.yaml:7", "{x}|x"),
        ("second.yaml:7", "nobody"),
        ("quotes.yaml:2", "quot"),
        ("sub/deep.yml:2", "host"),
        ("sub/deep.yml:4", "GET|capital"),
        ("sub/deep.yml:6", "/b"),
    ],
)
def test_every_problem_of_every_file_is_reported_with_its_place(running: Gateway, place: str, named: str) -> None:
    assert re.search(named, near(running.log, place))


def test_an_endpoint_that_two_files_define_is_reported_with_both_places(running: Gateway) -> None:
    lines = [line for line in running.log.splitlines() if "/same/" in line]
    shown = "\n".join(lines)
    assert re.search(r"first\.yaml:6", shown)
    assert re.search(r"second\.yaml:6", shown)


def test_two_places_that_disagree_about_one_origin_are_reported(running: Gateway) -> None:
    lines = [line for line in running.log.splitlines() if "insecure" in line]
    shown = "\n".join(lines)
    assert re.search(r"first\.yaml:4", shown)
    assert re.search(r"second\.yaml:4", shown)


def test_the_values_of_the_environment_do_not_show(running: Gateway) -> None:
    assert "hunter2" not in running.log
    assert "hunter2" not in running.get("/a", host="env.test").text


def test_the_answer_meanwhile_is_503(running: Gateway) -> None:
    running.get("/a", host="env.test").problem(503)


def test_the_process_stays_up(running: Gateway) -> None:
    assert running.process.poll() is None
