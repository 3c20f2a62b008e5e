"""`sluice test`: the examples of route files and the tests beside them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.console.sluice import Ran, sluice, write
from tests.e2e.sluice.material import ESCAPE, HOTEL, hotel, no_traceback, refused

GOOD = """\
- request: GET /hotels/7/dates
  host: api.hotel.test
  expect: {target: "http://127.0.0.1:9001/availability/7"}
- request: GET /hotels/7/dates?x=1
  host: api.hotel.test
  headers: {X-Test: "1"}
  expect: {endpoint: "GET /hotels/{hotel}/dates"}
- request: GET /nothing
  host: api.hotel.test
  expect: {status: 404}
- request: GET /hotels/7
  host: elsewhere.test
  expect: {status: 421}
- request: PUT /hotels/7
  host: api.hotel.test
  expect: {status: 405}
"""
BAD = """\
- request: GET /hotels/7/dates
  host: api.hotel.test
  expect: {target: "http://127.0.0.1:9001/availability/8"}
- request: GET /hotels/7
  host: api.hotel.test
  expect: {status: 404}
- request: GET /hotels/7/dates
  host: api.hotel.test
  expect: {endpoint: "GET /hotels/{hotel}"}
"""


def beside(folder: Path, text: str) -> Path:
    hotel(folder)
    return write(folder, {"routes/hotel.test.yaml": text})


def counts(ran: Ran) -> tuple[int, int]:
    """How many passed and failed, as the last lines say in the words of pytest."""
    passed = re.search(r"(\d+) passed", ran.out)
    failed = re.search(r"(\d+) failed", ran.out)
    return int(passed[1]) if passed else 0, int(failed[1]) if failed else 0


def test_examples_and_tests_pass_together(tmp_path: Path) -> None:
    ran = sluice("test", cwd=beside(tmp_path, GOOD))
    assert ran.code == 0, ran.out + ran.err
    assert counts(ran) == (6, 0)
    assert ESCAPE not in ran.out


def test_each_failure_is_told_with_place_expectation_and_what_came(tmp_path: Path) -> None:
    ran = sluice("test", cwd=beside(tmp_path, BAD))
    assert ran.code == 1
    assert counts(ran) == (1, 3)
    for line in (1, 4, 7):
        assert re.search(rf"routes/hotel\.test\.yaml:{line}\b|routes/hotel\.test\.yaml:{line + 2}\b", ran.out), ran.out
    assert "http://127.0.0.1:9001/availability/8" in ran.out
    assert "http://127.0.0.1:9001/availability/7" in ran.out


def test_a_failing_example_is_a_failing_test(tmp_path: Path) -> None:
    write(tmp_path, {"routes/hotel.yaml": HOTEL.replace("rooms:/12/prices/7?x=1", "rooms:/13/prices/7?x=1")})
    ran = sluice("test", cwd=tmp_path)
    assert ran.code == 1, ran.out + ran.err
    assert counts(ran) == (0, 1)
    assert "routes/hotel.yaml:12" in ran.out
    assert "/13/prices/7" in ran.out
    assert "/12/prices/7" in ran.out


def test_json_tells_each_case(tmp_path: Path) -> None:
    ran = sluice("test", "--json", cwd=beside(tmp_path, BAD))
    assert ran.code == 1
    assert "hotel.test.yaml" in ran.out
    assert ran.json
    ran = sluice("test", "--json", cwd=beside(tmp_path, GOOD))
    assert ran.code == 0
    assert ran.json


def test_junit_counts_the_same(tmp_path: Path) -> None:
    beside(tmp_path, BAD)
    ran = sluice("test", "--junit", "report.xml", cwd=tmp_path)
    assert ran.code == 1
    suites = list(ElementTree.parse(tmp_path / "report.xml").getroot().iter("testsuite"))
    assert sum(int(suite.attrib["tests"]) for suite in suites) == 4
    assert sum(int(suite.attrib["failures"]) for suite in suites) == 3
    cases = [case for suite in suites for case in suite.iter("testcase")]
    assert len(cases) == 4
    assert sum(case.find("failure") is not None for case in cases) == 3
    assert all(case.attrib.get("name") for case in cases)


def test_junit_survives_text_that_xml_cannot_hold(tmp_path: Path) -> None:
    text = '- request: "GET /<&>\\"\\e%00]]>/café"\n  host: api.hotel.test\n  expect: {status: 200}\n'
    beside(tmp_path, text)
    ran = no_traceback(sluice("test", "--junit", "report.xml", cwd=tmp_path))
    assert ran.code in (1, 2)
    if ran.code == 1:
        ElementTree.parse(tmp_path / "report.xml")
    assert ESCAPE not in ran.out


def test_junit_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    beside(tmp_path, GOOD)
    ran = no_traceback(sluice("test", "--junit", "missing/report.xml", cwd=tmp_path))
    assert ran.code == 2
    assert "missing/report.xml" in ran.err


def test_headers_decide_as_they_do_in_traffic(tmp_path: Path) -> None:
    text = (
        "- request: OPTIONS /hotels/7/dates\n  host: api.hotel.test\n"
        "  headers: {Origin: http://app.test, Access-Control-Request-Method: GET}\n"
        '  expect: {endpoint: "GET /hotels/{hotel}/dates"}\n'
        "- request: OPTIONS /hotels/7/dates\n  host: api.hotel.test\n  expect: {status: 405}\n"
    )
    ran = sluice("test", cwd=beside(tmp_path, text))
    assert ran.code == 0, ran.out


def test_several_expectations_must_all_hold(tmp_path: Path) -> None:
    text = (
        "- request: GET /hotels/7/dates\n  host: api.hotel.test\n"
        '  expect: {endpoint: "GET /hotels/{hotel}/dates", target: "http://127.0.0.1:9001/wrong"}\n'
    )
    assert sluice("test", cwd=beside(tmp_path, text)).code == 1


def test_one_folder_or_file_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, {"one/hotel.yaml": HOTEL, "one/hotel.test.yaml": BAD, "two/hotel.yaml": HOTEL})
    assert sluice("test", "two", cwd=tmp_path).code == 0
    assert sluice("test", "one", cwd=tmp_path).code == 1
    assert sluice("test", "--routes", "one", cwd=tmp_path).code == 1


def test_tests_in_sub_folders_are_found(tmp_path: Path) -> None:
    hotel(tmp_path)
    write(tmp_path, {"routes/deep/down/more.test.yaml": BAD})
    ran = sluice("test", cwd=tmp_path)
    assert ran.code == 1
    assert "routes/deep/down/more.test.yaml" in ran.out


@pytest.mark.parametrize(
    "text",
    [
        "request: GET /\n",
        "- just a text\n",
        "- host: api.hotel.test\n  expect: {status: 404}\n",
        "- request: GET /\n  host: a.test\n",
        "- request: GET /\n  host: a.test\n  expect: {}\n",
        "- request: GET /\n  host: a.test\n  expect: {colour: blue}\n",
        "- request: GET /\n  host: a.test\n  expcet: {status: 404}\n",
        "- request: GET\n  host: a.test\n  expect: {status: 404}\n",
        "- request: GET /\n  host: a.test\n  expect: {status: many}\n",
        "- request: [GET\n",
    ],
)
def test_a_test_file_that_makes_no_sense_is_an_error_with_its_place(tmp_path: Path, text: str) -> None:
    for arguments in (("test",), ("test", "--json")):
        ran = no_traceback(sluice(*arguments, cwd=beside(tmp_path, text)))
        assert ran.code == 2, ran.out + ran.err
        assert "routes/hotel.test.yaml" in ran.err
        assert ran.out == ""


def test_route_files_that_cannot_be_used_are_an_error_with_the_place(tmp_path: Path) -> None:
    write(tmp_path, {"routes/a.yaml": "host: a.test\nendpoints:\n  GET /a/{x}: http://127.0.0.1:1/{y}\n"})
    ran = no_traceback(sluice("test", cwd=tmp_path))
    assert ran.code == 2
    assert "routes/a.yaml:3:" in ran.err


def test_a_binary_test_file_is_an_error(tmp_path: Path) -> None:
    beside(tmp_path, GOOD)
    (tmp_path / "routes/hotel.test.yaml").write_bytes(b"\x00\xff\xfe" * 50)
    refused(sluice("test", cwd=tmp_path), "routes/hotel.test.yaml")
