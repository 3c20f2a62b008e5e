"""`sluice test`, run for real."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from .sluice import golden, sluice, write

ROUTES = """\
host: api.hotel.test
services:
  dates: http://127.0.0.1:9001
endpoints:
  GET /hotels/{hotel}/dates:
    route: dates:/availability/{hotel}
    examples:
      /hotels/7/dates: dates:/availability/7
      /hotels/8/dates: dates:/availability/7
"""
TESTS = """\
- request: GET /hotels/7/dates
  expect: {target: "dates:/availability/7", endpoint: "GET /hotels/{hotel}/dates"}
- request: PUT /hotels/7/dates
  expect: {status: 404}
- request: GET http://other.test/x
  expect: {status: 421}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"routes/hotel.yaml": ROUTES, "routes/hotel.test.yaml": TESTS})


def without_time(text: str) -> str:
    return text.replace(text.rpartition(" in ")[2].partition("s ")[0], "0.00")


def test_examples_and_tests_are_run_and_failures_told(folder: Path) -> None:
    ran = sluice("test", cwd=folder)
    assert without_time(ran.out) == golden("test.txt")
    assert (ran.code, ran.err) == (1, "")


def test_verbose_gives_a_line_for_each_test(folder: Path) -> None:
    ran = sluice("test", "-v", "routes/hotel.test.yaml", cwd=folder)
    assert ran.out.splitlines()[:3] == [
        "routes/hotel.test.yaml:1 GET /hotels/7/dates PASSED",
        "routes/hotel.test.yaml:3 PUT /hotels/7/dates FAILED",
        "routes/hotel.test.yaml:5 GET http://other.test/x PASSED",
    ]


def test_the_results_as_json(folder: Path) -> None:
    found = sluice("test", "--json", cwd=folder)
    assert found.code == 1
    assert (found.json["passed"], found.json["failed"]) == (3, 2)
    assert found.json["tests"][1] == {
        "file": "routes/hotel.yaml",
        "line": 9,
        "request": "GET /hotels/8/dates",
        "outcome": "failed",
        "message": "example '/hotels/8/dates' gives http://127.0.0.1:9001/availability/8, not "
        "http://127.0.0.1:9001/availability/7",
    }


def test_a_report_for_ci_servers(folder: Path) -> None:
    ran = sluice("test", "routes", "--junit", "report.xml", cwd=folder)
    suite = ElementTree.parse(folder / "report.xml").getroot()[0]
    assert ran.code == 1
    assert (suite.get("tests"), suite.get("failures")) == ("5", "2")
    assert [(case.get("classname"), case.get("name"), len(case)) for case in suite] == [
        ("routes/hotel.yaml", "GET /hotels/7/dates (line 8)", 0),
        ("routes/hotel.yaml", "GET /hotels/8/dates (line 9)", 1),
        ("routes/hotel.test.yaml", "GET /hotels/7/dates (line 1)", 0),
        ("routes/hotel.test.yaml", "PUT /hotels/7/dates (line 3)", 1),
        ("routes/hotel.test.yaml", "GET http://other.test/x (line 5)", 0),
    ]


def test_what_passes_has_exit_code_0(folder: Path) -> None:
    mended = ROUTES.replace("/hotels/8/dates: dates:/availability/7", "/hotels/8/dates: dates:/availability/8")
    write(folder, {"routes/hotel.yaml": mended, "routes/hotel.test.yaml": ""})
    ran = sluice("test", cwd=folder)
    assert ran.code == 0
    assert without_time(ran.out).splitlines() == [
        "routes/hotel.yaml ..  [100%]",
        "",
        "============================== 2 passed in 0.00s ===============================",
    ]


def test_files_of_tests_that_are_wrong_are_told_and_nothing_runs(folder: Path) -> None:
    write(folder, {"routes/hotel.test.yaml": "- request: GET\n  expect: {status: 404}\n"})
    told = sluice("test", cwd=folder).one_line_error
    assert told == "routes/hotel.test.yaml:1:12: test-request: 'GET' is not a request: write 'GET /path'"


def test_tests_in_a_folder_below_are_about_the_whole_table(folder: Path) -> None:
    write(folder, {"routes/team/deep.test.yaml": TESTS.replace("dates:/", "http://127.0.0.1:9001/")})
    ran = sluice("test", "routes/team/deep.test.yaml", cwd=folder)
    assert ran.code == 1
    assert "1 failed, 2 passed" in ran.out
