"""`${NAME}` in the URLs of services."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.environment import expand
from sluicegate.endpoints.templates import TemplateError

from .folders import check, compile_files, target

FILE = "services:\n  rooms: %s\nendpoints:\n  GET /x: rooms:/x\n"
SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "environ", "text"),
    [
        ("${URL}", {"URL": "http://a.test"}, "http://a.test/x"),
        ("${URL:-http://b.test/v2}", {}, "http://b.test/v2/x"),
        ("${URL:-http://b.test}", {"URL": "http://a.test"}, "http://a.test/x"),
        ("${URL:-http://b.test}", {"URL": ""}, "http://b.test/x"),
        ("http://${HOST}:${PORT:-81}/${V:-}", {"HOST": "a.test"}, "http://a.test:81/x"),
        ("${URL}", {"URL": "http://a.test/${URL}"}, None),
    ],
)
def test_references_are_replaced(tmp_path: Path, url: str, environ: dict[str, str], text: str | None) -> None:
    if text is None:
        # What a variable holds is not looked into again.
        check(
            compile_files(tmp_path, FILE % url, environ=environ).diagnostics, "hotel.yaml:2:10: environment-value", []
        )
    else:
        assert target(tmp_path, FILE % url, environ=environ).text == text


@pytest.mark.parametrize(
    ("url", "environ", "place", "parts"),
    [
        ("${URL}", {}, "2:10: environment-unset", ["service 'rooms'", "URL is not set", "'${URL:-default}'"]),
        ("${URL}", {"URL": ""}, "2:10: environment-unset", ["URL is empty"]),
        ("http://${A:-a}/${B}", {}, "2:25: environment-unset", ["B is not set"]),
        ("http://${}", {}, "2:17: environment-syntax", ["'${}'", "'${NAME:-default}'"]),
        ("http://${A-b}", {}, "2:17: environment-syntax", ["'${A-b}'"]),
        ("http://${A:-${B}}", {}, "2:17: environment-syntax", ["'${A:-${B}}'"]),
        ("http://${A", {}, "2:17: environment-syntax", ["'${A'"]),
        ("${A:-ftp://h}", {}, "2:10: target-scheme", ["'ftp'"]),
        ("'${A}'", {}, "2:10: environment-unset", ["A is not set"]),
    ],
)
def test_a_reference_that_cannot_be_replaced_is_an_error(
    tmp_path: Path, url: str, environ: dict[str, str], place: str, parts: list[str]
) -> None:
    check(compile_files(tmp_path, FILE % url, environ=environ).diagnostics, f"hotel.yaml:{place}", parts)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (f"http://user:{SECRET}@a.test", "target-userinfo"),
        (f"http://a.test/?token={SECRET}", "base-query"),
        (f"http://a.test/#{SECRET}", "target-fragment"),
        (f"{SECRET}://a.test", "target-scheme"),
        (f"http://{SECRET}-/", "target-host"),
        (f"http://a.test:{SECRET}", "target-host"),
        (f"http://a.test/{SECRET} x", "target-text"),
        (f"http://a.test/{SECRET}/%zz", "target-text"),
        (f"http://a.test/{SECRET}/../x", "target-dot-segment"),
        (f"http://a.test/{{{SECRET}}}", "base-variable"),
        (f"http://{{{SECRET}}}/", "target-variable-place"),
        (SECRET, "service-unknown"),
        (f"{SECRET}/x", "target-origin"),
        (f"{SECRET}:/x", "service-unknown"),
    ],
)
def test_a_value_that_breaks_a_rule_is_never_shown(tmp_path: Path, value: str, rule: str) -> None:
    found = compile_files(tmp_path, FILE % "${ROOMS_URL}", environ={"ROOMS_URL": value}).diagnostics
    check(found, "hotel.yaml:2:10: environment-value", ["service 'rooms'", "${ROOMS_URL}", f"'{rule}'", "http://host"])
    assert SECRET not in str(found)


@given(st.lists(st.sampled_from(["${A}", "${B:-x}", "${C}", "$", "{", "}", "http://h/"]), max_size=6).map("".join))
def test_what_is_no_reference_stays_as_it_is(text: str) -> None:
    problem = None
    try:
        found = expand(text, {"A": "1", "B": "2"})
    except TemplateError as error:
        problem = error
    if problem is not None:
        assert text[problem.offset :].startswith("${")
        return
    assert found.text == text.replace("${A}", "1").replace("${B:-x}", "2")
    assert set(found.names) == {name for name in "AB" if f"${{{name}" in text}
